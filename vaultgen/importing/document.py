"""Writes generator documents as a person would: block style, with a comment where something is to be decided."""

import json
from collections.abc import Sequence
from typing import Any

from vaultgen.importing.entry import Entry
from vaultgen.kustomize.conversion import HEADER

_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that some readers of YAML take for something else than text."""

INTRODUCTION = """\
# The names stay as they were. Remove disableNameSuffixHash where a changed value should roll out what refers to it.
secretGenerator:
"""


def documents_text(name: str, entries: Sequence[Entry]) -> str:
    """Return the YAML of these entries: a document for each ``vault:`` block, called after what it was made from.

    Where there is one document only, ``name`` is its name.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(json.dumps(entry.vault, sort_keys=True), []).append(entry)
    names: set[str] = set()
    texts = []
    for group in groups.values():
        own = name if len(groups) == 1 or not group[0].vault else f"{name}-{group[0].origin}"
        number = 2
        while (unique := own if own not in names else f"{own}-{number}") in names:
            number += 1
        names.add(unique)
        texts.append(_document(unique, group))
    return "---\n".join(texts)


def _document(name: str, entries: Sequence[Entry]) -> str:
    lines = []
    for entry in entries:
        fields = entry.fields()
        lines.append(f"- name: {_scalar(fields.pop('name'))}")
        lines += [f"  # not carried over: {_scalar(where)[1:-1]}" for where in entry.lacks]
        for field, value in fields.items():
            lines += _field(field, value, "  ")
    vault = entries[0].vault
    block = _field("vault", vault, "") if vault else []
    return (
        HEADER.format(name=_scalar(name))
        + "".join(f"{line}\n" for line in block)
        + INTRODUCTION
        + "\n".join(lines)
        + "\n"
    )


def _field(name: str, value: Any, pad: str) -> list[str]:
    if isinstance(value, dict):
        return [f"{pad}{name}:", *(line for key, item in value.items() for line in _field(_key(key), item, pad + "  "))]
    if isinstance(value, list):
        return [f"{pad}{name}:", *(f"{pad}- {_scalar(item)}" for item in value)]
    return [f"{pad}{name}: {_scalar(value)}"]


def _scalar(value: Any) -> str:
    # A line separator would end a comment, and DEL is no character of YAML.
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" if ord(one) < 0x10000 else one for one in text)


def _key(key: str) -> str:
    is_word = key.isascii() and key.replace("-", "").replace("_", "").isalpha() and key.lower() not in _YAML_WORDS
    return key if is_word else _scalar(key)
