"""A reference to a data key that its Secret does not have."""

from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.references import PULL_KEYS
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import nearest, shown_key, shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find references to keys, where all keys of the Secret are known from the text."""
    for use in subject.uses:
        reference, item = use.reference, use.item
        known = [secret.keys for secret in use.meant if secret.keys is not None and not secret.uncertain]
        if item.uncertain or reference.optional or not known or len(known) < len(use.meant):
            continue
        keys = set().union(*known)
        for key in reference.keys:
            if key.name not in keys:
                message = f"the Secret {shown_name(reference.name)} has no key {shown_key(key.name)}"
                yield Found(item.spot.below(*key.path), message, _hint(key.name, keys))
        if reference.pull and not keys & set(PULL_KEYS):
            message = f"the Secret {shown_name(reference.name)} has no key {PULL_KEYS[0]}, which pulling images needs"
            yield Found(use.spot, message, "write dockerConfig in its entry, or give it that key and its type")


def _hint(key: str, keys: set[str]) -> str:
    if like := nearest(key, sorted(keys)):
        return f"did you mean {shown_key(like)}?"
    shown = ", ".join(map(shown_key, sorted(keys)[:10]))
    return f"its keys are {shown}{', …' if len(keys) > 10 else ''}" if keys else "it has no keys at all"


# A warning, since an overlay of this tree may merge the key in.
RULE = Rule("missing-key", "warning", "a reference asks for a data key that the Secret does not have", check)
