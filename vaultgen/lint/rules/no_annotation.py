"""A document without function annotation, where no legacy plugin is installed."""

from collections.abc import Iterator

from vaultgen.kustomize.plugin_home import plugin_of
from vaultgen.kustomize.trust import function_of
from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.rules.function_annotation import ANNOTATION, misplaced
from vaultgen.lint.subject import Subject


def check(subject: Subject) -> Iterator[Found]:
    """Find documents that kustomize would look for a plugin for, and find none in this environment."""
    for generator in subject.generators:
        plugin = generator.plugin
        if function_of(plugin.document) is not None or misplaced(plugin) is not None:
            continue
        api_version, kind = (str(plugin.document.get(name) or "") for name in ("apiVersion", "kind"))
        if plugin_of(api_version, kind, subject.environ) is None:
            message = f"the document has no annotation {ANNOTATION}, and no legacy plugin is installed here"
            hint = "add it with the text `exec: {path: vaultgen}`, or run `vaultgen install` where it is built"
            yield Found(generator.spot.below("kind"), message, hint)


RULE = Rule("no-annotation", "warning", "a document names no function, and there is no legacy plugin for it", check)
