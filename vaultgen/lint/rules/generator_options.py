"""generatorOptions of a kustomization, which kustomize applies to its own generators alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from vaultgen.document.model import GeneratorOptions
from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.subject import Subject


def check(subject: Subject) -> Iterator[Found]:
    """Find options that are not in effect for every Secret of vaultgen that the same kustomization lists."""
    for kustomization in subject.tree.kustomizations:
        options = kustomization.tree.get("generatorOptions")
        if not isinstance(options, dict):
            continue
        generators = [one for one in subject.generators if one.plugin.kustomization is kustomization]
        entries = [entry for generator in generators for entry in generator.entries]
        lacking = sorted({name for entry in entries for name in _lacking(options, entry.options)})
        if lacking:
            files = ", ".join(dict.fromkeys(one.plugin.file for one in generators))
            message = f"{' and '.join(lacking)} of generatorOptions do not reach the Secrets that vaultgen makes"
            hint = (
                f"write generatorOptions in {files} too; if that is meant for the other generators alone, ignore this"
            )
            yield Found(Spot(kustomization.file, (0, "generatorOptions", lacking[0])), message, hint)


def _lacking(options: Mapping[str, Any], own: GeneratorOptions) -> Iterator[str]:
    """Yield the names of the options that an entry does not have as well."""
    for name, pairs in (("labels", own.labels), ("annotations", own.annotations)):
        wanted = options.get(name)
        if isinstance(wanted, dict) and not wanted.items() <= pairs.items():
            yield name
    if options.get("disableNameSuffixHash") is True and not own.disable_name_suffix_hash:
        yield "disableNameSuffixHash"
    if options.get("immutable") is True and not own.immutable:
        yield "immutable"


RULE = Rule(
    "generator-options", "warning", "generatorOptions of a kustomization do not reach the Secrets of plugins", check
)
