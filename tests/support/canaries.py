"""Values that must not show up anywhere, and the search for them in every form they could take."""

import base64
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Bytes that a canary must have: anything shorter would be found by chance."""


def new_canary(label: str) -> str:
    """Return a random text that each encoding changes: quotes, a backslash, ``%+/=&<>`` and a letter of two bytes."""
    return f"{label}-{secrets.token_hex(8)}\"\\'%+/=&<>é-{secrets.token_hex(4)}"


def new_plain_canary(label: str) -> str:
    """Return a random text of letters, digits and dashes, for places that take nothing else (headers, URLs)."""
    return f"{label}-{secrets.token_hex(12)}"


def forms(value: str | bytes) -> dict[str, bytes]:
    """Return a value's forms, by name: raw, reversed, base64 at each alignment, hex, URL, JSON, Python, shell.

    Raises ValueError for a value that is too short to be looked for: it would be found by chance.
    """
    raw = value.encode() if isinstance(value, str) else value
    if len(raw) < SHORTEST:
        raise ValueError(f"a canary needs at least {SHORTEST} bytes")
    text = raw.decode(errors="replace")
    found = {
        "raw": raw,
        "reversed": raw[::-1],
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "URL": quote(raw, safe="").encode(),
        "URL path": quote(raw).encode(),
        "URL form": quote_plus(raw).encode(),
        "JSON": json.dumps(text)[1:-1].encode(),
        "JSON in UTF-8": json.dumps(text, ensure_ascii=False)[1:-1].encode(),
        "JSON as Go writes it": _go_json(text),
        "Python str": repr(text)[1:-1].encode(),
        "Python bytes": repr(raw)[2:-1].encode(),
        "single quotes doubled": text.replace("'", "''").encode(),
    }
    for offset in range(3):
        found[f"base64 at {offset}"] = _base64_inside(raw, offset)
        found[f"base64url at {offset}"] = _base64_inside(raw, offset).translate(_TO_URL_ALPHABET)
    return found


_TO_URL_ALPHABET = bytes.maketrans(b"+/", b"-_")


def _base64_inside(raw: bytes, offset: int) -> bytes:
    """Return the base64 characters that depend on ``raw`` alone when ``offset`` bytes (mod 3) stand before it."""
    encoded = base64.b64encode(b"\0" * offset + raw + b"\0" * (-(offset + len(raw)) % 3))
    first = (offset * 8 + 5) // 6
    last = (offset + len(raw)) * 8 // 6
    return encoded[first:last]


def _go_json(text: str) -> bytes:
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    return escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode()


def found_in(values: Mapping[str, str | bytes], content: str | bytes) -> list[str]:
    """Return ``NAME (FORM)`` for each named canary that stands in ``content``, with the first form that does.

    Text whose lines were folded or indented, as long base64 is, is searched once more without its white space.
    """
    data = content.encode() if isinstance(content, str) else content
    folded = re.sub(rb"\s+|\\n", b"", data)
    found: list[str] = []
    for name, value in values.items():
        seen = (form for form, needle in forms(value).items() if needle in data or needle in folded)
        if (form := next(seen, None)) is not None:
            found.append(f"{name} ({form})")
    return found


def found_in_files(values: Mapping[str, str | bytes], roots: Iterable[Path]) -> list[str]:
    """Return ``PATH: NAME (FORM)`` for each canary in the names or contents of the files below the roots."""
    found: list[str] = []
    for path in _files(roots):
        content = path.readlink().as_posix().encode() if path.is_symlink() else path.read_bytes()
        found += [f"{path}: {hit}" for hit in found_in(values, str(path).encode() + b"\0" + content)]
    return found


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        for path in [root, *root.rglob("*")]:
            if path.is_symlink() or path.is_file():
                yield path


def assert_no_canary(values: Mapping[str, str | bytes], contents: Mapping[str, str | bytes]) -> None:
    """Fail, naming canary, form and place, but never the value, if one stands in one of the named contents."""
    hits = [f"{place}: {hit}" for place, content in contents.items() for hit in found_in(values, content)]
    assert not hits, "leaked: " + "; ".join(hits)
