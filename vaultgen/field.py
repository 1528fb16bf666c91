"""From what Vault holds to the bytes that one reference means."""

from vaultgen.errors import Refused, refuse
from vaultgen.json_text import JsonNumber, json_text, parse_json
from vaultgen.ports import Miss
from vaultgen.redacted import Redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from vaultgen.errors import Place
    from vaultgen.ports import Answer
    from vaultgen.reference import Reference

    _Words = Callable[[], str] | None


def extract(reference: "Reference", answer: "Answer | Miss", place: "Place") -> Redacted | None:
    """Return the bytes that a reference means, wrapped; None where it is optional and nothing is there.

    Raises ``Refused``: path-missing, lock-absent, field-missing, pointer-missing, version-*, bad-base64, not-json,
    not-text.
    """
    place = place._replace(reference=reference.shown)
    try:
        return _extract(reference, answer)
    except Refused as refused:
        raise Refused(fault._replace(place=place) for fault in refused.faults) from None


def extract_all(reference: "Reference", answer: "Answer | Miss", place: "Place") -> "Mapping[str, Redacted]":
    """Return the bytes of every field of a whole secret, wrapped; nothing where it is optional and missing.

    A null counts as absent. Raises ``Refused`` as ``extract`` does.
    """
    place = place._replace(reference=reference.shown)
    try:
        if isinstance(answer, Miss):
            _miss(reference, answer)
            return {}
        present = {name: value for name, value in answer.fields.items() if value.reveal() is not None}
        return {name: value.map(value_bytes) for name, value in present.items()}
    except Refused as refused:
        raise Refused(fault._replace(place=place) for fault in refused.faults) from None


def _extract(reference: "Reference", answer: "Answer | Miss") -> Redacted | None:
    path = reference.read.path
    if isinstance(answer, Miss):
        return _miss(reference, answer)
    if not reference.field:
        whole = {name: value.reveal() for name, value in answer.fields.items()}
        return Redacted(value_bytes(whole))
    field = answer.fields.get(reference.field)
    if field is None or field.reveal() is None:
        return _absent(
            reference, "field-missing", lambda: _nearest(reference, answer), field=reference.field, path=path
        )
    if reference.pointer is not None:
        found = field.map(lambda value: _point(value, reference))
        if found.reveal() is _NOTHING:
            return _absent(
                reference, "pointer-missing", None, field=reference.field, path=path, pointer=reference.pointer
            )
        field = found
    content = field.map(value_bytes)
    if reference.decode:
        content = content.map(lambda value: _decode(value, reference))
    return content.map(_encode) if reference.encode else content


def value_bytes(value: "Any") -> bytes:
    """Return a JSON value as a Secret holds it: a string's own text, else its JSON. Raises ``Refused`` (not-text)."""
    try:
        text = value if isinstance(value, str) else json_text(value)
        return text.encode()
    except (UnicodeEncodeError, RecursionError):
        raise refuse("not-text") from None


def _miss(reference: "Reference", miss: "Miss") -> Redacted | None:
    path, version = reference.read.path, str(miss.version or reference.read.version or "the latest")
    if miss.reason == "not_locked":
        return _absent(reference, "lock-absent", None, path=path)
    if miss.reason == "no_path":
        hint = "check the path, or add default=TEXT or optional=true if it may be missing"
        return _absent(reference, "path-missing", lambda: hint, path=path)
    code = {"no_version": "version-missing", "deleted": "version-deleted", "destroyed": "version-destroyed"}
    raise refuse(code[miss.reason], path=path, version=version)


def _absent(reference: "Reference", code: str, suggestion: "_Words", **facts: str) -> Redacted | None:
    """``suggestion`` is called only where nothing stands in for the value: it may import what a good run does not."""
    if reference.default is not None:
        return Redacted(reference.default.encode())
    if reference.optional:
        return None
    if suggestion:
        facts["suggestion"] = suggestion()
    raise refuse(code, **facts)


_NOTHING = object()


def _point(value: "Any", reference: "Reference") -> "Any":
    """Follow an RFC 6901 pointer; a string is parsed as JSON first."""
    if isinstance(value, str) and not isinstance(value, JsonNumber):
        try:
            value = parse_json(value)
        except (ValueError, RecursionError):
            raise refuse("not-json", field=reference.field, path=reference.read.path) from None
    for part in (reference.pointer or "").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and _is_index(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return _NOTHING
    return _NOTHING if value is None else value


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and (name == "0" or name[0] != "0") and len(name) < 10


def _decode(content: bytes, reference: "Reference") -> bytes:
    import base64
    import binascii

    compact = content.translate(None, b" \t\r\n")
    try:
        return base64.b64decode(compact, validate=True)
    except binascii.Error:
        raise refuse("bad-base64", field=reference.field, path=reference.read.path) from None


def _encode(content: bytes) -> bytes:
    """Percent-encode all but unreserved characters (RFC 3986, section 2.3)."""
    from urllib.parse import quote

    return quote(content, safe="").encode()


def _nearest(reference: "Reference", answer: "Answer") -> str:
    """Name a field only if it is close to what was asked for: field names can be confidential, too."""
    from difflib import get_close_matches

    if reference.field in answer.fields:
        return "it is null there: store a value, or add default=TEXT or optional=true"
    wanted = {name.lower(): name for name in answer.fields}
    if close := get_close_matches(reference.field.lower(), wanted, 1, 0.7):
        return f"did you mean key={wanted[close[0]]}?"
    return "check key=, or add default=TEXT or optional=true if the field may be missing"
