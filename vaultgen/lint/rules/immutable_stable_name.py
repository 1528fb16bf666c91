"""A Secret that can neither change nor be replaced by one of another name."""

from collections.abc import Iterator

from vaultgen.kustomize.location import steps_of
from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.generator import lookup
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find Secrets with both immutable and disableNameSuffixHash."""
    for generator in subject.generators:
        for entry in generator.entries:
            if entry.options.immutable and entry.options.disable_name_suffix_hash:
                path = (*steps_of(entry.place.field), "options", "immutable")
                if lookup(generator.plugin.document, path) is not True:
                    path = ("generatorOptions", "immutable")
                message = (
                    f"the Secret {shown_name(entry.name)} is immutable and keeps its name: "
                    "the API server will refuse it as soon as Vault has another value"
                )
                yield Found(generator.spot.below(*path), message, "drop one of immutable and disableNameSuffixHash")


RULE = Rule(
    "immutable-stable-name", "error", "an immutable Secret keeps its name, so that no value can ever change", check
)
