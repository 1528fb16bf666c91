"""kustomize's name suffix, derived once more: what proves that two Secrets hold the same bytes."""

import hashlib
import json
from collections.abc import Mapping

_LETTERS = str.maketrans("013ae", "ghkmt")


def name_suffix(type_: str, data: Mapping[str, str]) -> str:
    """Return the suffix of a Secret from its type and its data as they are written, base64 folds included.

    It is a hash of compact JSON with sorted keys and an empty name, as Go writes it: ``<``, ``>`` and ``&`` escaped.
    """
    tree = {"data": dict(data), "kind": "Secret", "name": "", "type": type_}
    text = json.dumps(tree, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(_LETTERS)
