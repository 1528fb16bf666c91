"""A reference to a Secret that is not there, with a name much like that of one that vaultgen makes."""

import re
from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.subject import Subject
from vaultgen.lint.texts import strings
from vaultgen.lint.words import nearest, shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find names without a Secret, where one that is meant is likely and nothing else in the tree says the name."""
    if subject.build.has_unknown:
        return
    made = sorted({name for secret in subject.build.secrets if secret.makers for name in secret.names})
    for use in subject.uses:
        name = use.reference.name
        if use.named or use.item.uncertain or use.reference.optional or not (like := nearest(name, made, 0.9)):
            continue
        # shop-1 and shop-2 are two names, not one and a slip.
        if re.sub(r"\D", "", like) == re.sub(r"\D", "", name) and not _is_made_elsewhere(name, subject):
            yield Found(
                use.spot, f"there is no Secret {shown_name(name)} in the build", f"did you mean {shown_name(like)}?"
            )


def _is_made_elsewhere(name: str, subject: Subject) -> bool:
    """Whether another resource may bring a Secret of the name: an ExternalSecret, a Certificate, …"""
    references = {(id(use.item), use.reference.path) for use in subject.uses}
    return any(
        text == name and (id(item), path) not in references
        for item in subject.build.items
        for path, text in strings(item.document)
    )


RULE = Rule(
    "misspelled-secret",
    "warning",
    "a reference names no Secret of the build, but nearly one that vaultgen makes",
    check,
)
