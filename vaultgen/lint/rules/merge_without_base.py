"""A Secret that is to be merged into one that is not there."""

from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find generated Secrets with behavior merge or replace, of whose name there is none before them."""
    for clash in subject.build.clashes:
        if clash.behavior:
            name = shown_name(clash.name)
            message = f"behavior {clash.behavior}, but there is no Secret {name} yet that this could {clash.behavior}"
            hint = "leave behavior out, or list what makes that Secret under resources; compare name and namespace"
            if clash.later:
                hint = "kustomize runs its own secretGenerator first: give the behavior to vaultgen's entry instead"
            yield Found(clash.spot.below("behavior"), message, hint)


RULE = Rule("merge-without-base", "error", "behavior merge or replace, and no Secret of that name is there", check)
