"""A Secret that is there already."""

from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find generated Secrets without a behavior, of whose name there is one before them."""
    for clash in subject.build.clashes:
        if not clash.behavior:
            message = f"there is a Secret {shown_name(clash.name)} already, which kustomize takes for a mistake"
            yield Found(
                clash.spot.below("name"), message, "write `behavior: merge` or `behavior: replace`, or another name"
            )


RULE = Rule("duplicate-secret", "error", "a Secret of that name is there already, and no behavior is given", check)
