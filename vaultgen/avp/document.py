"""Writes a generator document as a person would: block style, with a comment where something is to be decided."""

import json
from typing import Any

from vaultgen.kustomize.conversion import HEADER

INTRODUCTION = """\
# The names stay as they were. Remove disableNameSuffixHash where a changed value should roll out what refers to it.
secretGenerator:
"""


def document_text(name: str, entries: list[dict[str, Any]]) -> str:
    """Return the YAML of a VaultSecretGenerator with these entries."""
    lines = []
    for entry in entries:
        lines.append(f"- name: {json.dumps(entry['name'], ensure_ascii=False)}")
        lines += [f"  # not carried over: {json.dumps(where, ensure_ascii=False)[1:-1]}" for where in entry["lacks"]]
        for field, value in entry.items():
            if field not in ("name", "lacks"):
                lines += _field(field, value, "  ")
    return HEADER.format(name=json.dumps(name)) + INTRODUCTION + "\n".join(lines) + "\n"


def _field(name: str, value: Any, pad: str) -> list[str]:
    if isinstance(value, dict):
        return [f"{pad}{name}:", *(line for key, item in value.items() for line in _field(_key(key), item, pad + "  "))]
    if isinstance(value, list):
        return [f"{pad}{name}:", *(f"{pad}- {_scalar(item)}" for item in value)]
    return [f"{pad}{name}: {_scalar(value)}"]


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalpha() and key.isascii() else json.dumps(key)
