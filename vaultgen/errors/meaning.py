"""What a code means, without a fault that has it: for pages and for ``vaultgen explain``."""

import re

from vaultgen.errors.catalogue import CATALOGUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.errors.catalogue import Family

FAMILIES: "dict[Family, str]" = {
    "document": "The document, its files or the settings are wrong. Nothing was read from Vault.",
    "access": "Vault, or the cluster, does not let you in or does not let you read.",
    "data": "Vault answered, but not with what the document needs.",
    "unavailable": "Vault cannot be reached or cannot answer now. These are retried first, where that can help.",
    "internal": "A fault of vaultgen itself.",
}
"""What the faults of a family have in common."""


def meaning(code: str) -> tuple[str, str]:
    """Return what a code says and what to do about it, with the names of facts in capitals where facts stand."""
    row = CATALOGUE[code]
    return _general(row.what), _general(row.hint)


def _general(sentence: str) -> str:
    """A hint that depends on the case has no words of its own here."""
    if sentence == "{suggestion}":
        return "the message names what fits"
    shown = re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), sentence.replace("{{", "\0").replace("}}", "\1"))
    return shown.replace("\0", "{").replace("\1", "}")
