"""The grammar of argocd-vault-plugin's placeholders, as its documentation describes it.

``<KEY>`` with the path in an annotation, or ``<path:PATH#KEY[#VERSION]>``; either may end in modifiers: ``| NAME ARG``.
"""

import re
from dataclasses import dataclass

from vaultgen.importing.source import NotCarried, Source

_PLACEHOLDER = re.compile(r"<(path:[^<>\n]+?|[-\w.]+(?:\s*\|[^<>\n]+)?)>")
_JSON_PATH = re.compile(r"\{?\.?([\w-]+(?:\.[\w-]+)*)\}?")


@dataclass(frozen=True)
class Origin:
    """What a manifest's annotations say about its placeholders."""

    path: str = ""
    """``avp.kubernetes.io/path``; empty where only inline paths are used."""
    version: str = ""
    """``avp.kubernetes.io/secret-version``."""
    remove_missing: bool = False
    """``avp.kubernetes.io/remove-missing``: a missing field takes its key away."""


@dataclass(frozen=True)
class Placeholder:
    """One placeholder, understood."""

    path: str
    key: str
    version: str
    modifiers: tuple[tuple[str, str], ...]
    """Name and argument, in their order."""


def split(text: str, origin: Origin) -> list[str | Placeholder]:
    """Return the parts of a text, in order. Raises NotCarried for a placeholder without a path."""
    parts: list[str | Placeholder] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        if not match[1].startswith("path:") and not origin.path:
            # Without the annotation it is no placeholder: HTML, or an e-mail address.
            continue
        if match.start() > position:
            parts.append(text[position : match.start()])
        parts.append(_parse(match[1], origin))
        position = match.end()
    if position < len(text) or not parts:
        parts.append(text[position:])
    return parts


def _parse(text: str, origin: Origin) -> Placeholder:
    body, *modifiers = (part.strip() for part in text.split("|"))
    named = []
    for modifier in modifiers:
        name, _, argument = modifier.partition(" ")
        named.append((name, argument.strip()))
    if not body.startswith("path:"):
        return Placeholder(origin.path, body, origin.version, tuple(named))
    path, _, rest = body.removeprefix("path:").partition("#")
    key, _, version = rest.partition("#")
    if not path or not key:
        raise NotCarried("a placeholder without a path or a key")
    return Placeholder(path, key, version, tuple(named))


def source(placeholder: Placeholder, *, encoded: bool, missing: str) -> Source:
    """Return the value that a placeholder names.

    ``encoded``: it stands in a Secret's ``data``, where the result is base64. ``missing`` is what to add for a missing
    field: ``optional=true``, ``default=`` or nothing. Raises NotCarried for what a reference cannot say.
    """
    pointer: tuple[str, ...] = ()
    decode = False
    names = [name for name, _ in placeholder.modifiers]
    if encoded:
        # In data, a value that is not encoded by the placeholder is stored encoded in Vault.
        names = names[:-1] if names[-1:] == ["base64encode"] else [*names, "base64decode"]
    for index, name in enumerate(names):
        if name == "jsonPath":
            pointer += _pointer(placeholder.modifiers[index][1])
        elif name == "base64decode" and index == len(names) - 1:
            decode = True
        elif name != "jsonParse":
            raise NotCarried(f"the modifier {name}")
    return Source(
        placeholder.path, placeholder.key, placeholder.version, pointer=pointer, decode=decode, missing=missing
    )


def _pointer(path: str) -> tuple[str, ...]:
    """Return the names of a JSONPath that names one thing: ``{.a.b}``."""
    match = _JSON_PATH.fullmatch(path.strip("'\""))
    if not match:
        raise NotCarried("a jsonPath with more than names")
    return tuple(match[1].split("."))
