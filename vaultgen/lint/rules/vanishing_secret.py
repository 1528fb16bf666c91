"""An annotation that makes kustomize drop the finished Secret."""

from collections.abc import Iterator

from vaultgen.kustomize.location import steps_of
from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.generator import lookup
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name

ANNOTATION = "config.kubernetes.io/local-config"


def check(subject: Subject) -> Iterator[Found]:
    """Find the annotation among the options of each Secret; any value but false counts, as in kustomize."""
    for generator in subject.generators:
        for entry in generator.entries:
            if entry.options.annotations.get(ANNOTATION, "false") == "false":
                continue
            path = (*steps_of(entry.place.field), "options", "annotations", ANNOTATION)
            if lookup(generator.plugin.document, path) is None:
                path = ("generatorOptions", "annotations", ANNOTATION)
            name = shown_name(entry.name)
            message = f"the annotation {ANNOTATION} makes kustomize leave the Secret {name} out of the build"
            yield Found(generator.spot.below(*path), message, "remove the annotation")


RULE = Rule("vanishing-secret", "error", "an annotation makes kustomize leave the Secret out of the build", check)
