"""The grammar of ``vault:`` references, and of text in which they stand::

vault:PATH?key=FIELD[&version=N][&namespace=NS][&decode=base64][&encode=url][&jsonPointer=/a/b]
          [&default=TEXT | &optional=true][&allowDynamic=true]
vault:PATH?format=json[&version=N][&namespace=NS][&default=TEXT | &optional=true][&allowDynamic=true]
"""

from vaultgen.errors import NOWHERE, Place, Refused, refuse
from vaultgen.ports import Read
from vaultgen.record import Record

PREFIX = "vault:"
OPENING = "${vault:"
PARAMETERS = (
    *("key", "format", "version", "namespace", "decode", "encode", "jsonPointer"),
    *("default", "optional", "allowDynamic"),
)


class Reference(Record):
    """One parsed reference."""

    read: Read
    """What has to be read for it."""
    field: str = ""
    """Name of the field; empty for the whole secret."""
    decode: bool = False
    """Whether the field's text is base64 of what is meant."""
    encode: bool = False
    """Whether what is meant is percent-encoded, as a part of a URL (RFC 3986)."""
    pointer: str | None = None
    """RFC 6901 pointer into the field, which then holds JSON."""
    default: str | None = None
    """Text that stands in for a missing path or field."""
    optional: bool = False
    """Whether a missing path or field leaves the data key out."""
    shown: str = ""
    """The reference as it may be printed: its default is left out."""


def is_reference(text: str) -> bool:
    """Return whether a value is a reference as a whole."""
    return text.startswith(PREFIX)


def unescaped(text: str) -> str:
    r"""Return a text without the backslash in front of a leading ``vault:``; of several, one goes."""
    return text[1:] if text.startswith("\\") and text.lstrip("\\").startswith(PREFIX) else text


def parse_reference(text: str, place: Place = NOWHERE, *, whole: bool = False) -> Reference:
    """Return the reference that ``text`` is.

    ``whole`` (in ``envs``) means that a bare path stands for all fields, and that none can be picked.
    Raises ``Refused`` (bad-reference) with ``place``; the fault shows no default.
    """
    path, question, query = text.removeprefix(PREFIX).partition("?")
    parameters: dict[str, str] = {}
    try:
        path = _path(path)
        if question:
            for pair in query.split("&"):
                name, equals, value = pair.partition("=")
                if name not in PARAMETERS:
                    raise _bad("it has an unknown parameter", _nearest(name))
                if not equals:
                    raise _bad(f"the parameter {name} has no value", f"write {name}=…")
                if name in parameters:
                    raise _bad(f"the parameter {name} is given twice", "keep one of them")
                if name != "default" and "default=" in value:
                    why = f"default stands inside the parameter {name}"
                    raise _bad(why, "write & in front of it, or %3D for a = that is meant")
                parameters[name] = _decoded(value, name)
        return _reference(path, parameters, whole=whole)
    except Refused as refused:
        shown = place._replace(reference=_shown(path, parameters) if parameters else PREFIX + _masked(path))
        raise Refused(fault._replace(place=shown) for fault in refused.faults) from None


def split_text(text: str, place: Place = NOWHERE) -> "tuple[str | Reference, ...]":
    r"""Return a value's parts, in order: plain text and references.

    A text that starts with ``vault:`` is one reference. Elsewhere ``${vault:…}`` is one. Of several ``$`` in front of
    ``{vault:`` each pair is a literal ``$``, so that ``$${vault:`` is a literal ``${vault:``, and ``$$${vault:…}`` a
    ``$`` and a reference. A leading ``\vault:`` is a literal ``vault:``. Raises ``Refused`` (bad-reference), also
    where text only looks like a reference: taken as it stands, it would be the value of a Secret.
    """
    if is_reference(text):
        return (parse_reference(text, place),)
    if "vault:" in text.lower() and _is_near_reference(text):
        hint = (
            "begin with vault:, or write ${vault:…} inside text; for these very characters put them into a plain file"
        )
        raise refuse("bad-reference", place, why="the text looks like one, and is none as it stands", suggestion=hint)
    text = unescaped(text)
    if OPENING not in text:
        return (text,)
    parts: list[str | Reference] = []
    plain, position = "", 0
    while (start := text.find(OPENING, position)) >= 0:
        before = text[position:start].rstrip("$")
        dollars = start - position - len(before) + 1
        plain += before + "$" * (dollars // 2)
        if dollars % 2 == 0:
            plain, position = plain + OPENING[1:], start + len(OPENING)
            continue
        end = text.find("}", start)
        # With another opening before the } this one was never closed: what lies between is no part of a reference.
        if end < 0 or text.find(OPENING, start + 1, end) >= 0:
            fault = _bad("a ${vault: in the text has no closing }", "close it, or write $${vault: for the text itself")
            raise Refused(f._replace(place=place) for f in fault.faults)
        reference = parse_reference(text[start + 2 : end], place)
        if reference.optional:
            why, hint = "optional has no meaning inside text", "give default=TEXT (it may be empty) instead"
            raise refuse("bad-reference", place._replace(reference=reference.shown), why=why, suggestion=hint)
        if plain:
            parts.append(plain)
        parts.append(reference)
        plain, position = "", end + 1
    plain += text[position:]
    if plain or not parts:
        parts.append(plain)
    return tuple(parts)


def escaped(plain: str, *, reference_follows: bool) -> str:
    """Return plain text as it stands beside references: the inverse of ``split_text``, but for a leading ``vault:``."""
    *texts, last = plain.split(OPENING[1:])
    texts = [text + "$" * (len(text) - len(text.rstrip("$"))) for text in texts]
    if reference_follows:
        last += "$" * (len(last) - len(last.rstrip("$")))
    return OPENING[1:].join([*texts, last])


def _is_near_reference(text: str) -> bool:
    """Whether text holds ``vault:PATH?key=`` where that means nothing: in capitals, behind a space or a quote."""
    import re

    return bool(re.search(r"(?i)(?<!\$\{)(?<!\\)vault:[\w./-][\w./ -]*\?(key|format)=", text))


def _path(written: str) -> str:
    if "&" in written:
        raise _bad("the path holds an &", "write ? in front of the first parameter, or %26 for the character")
    if "#" in written:
        path, _, field = written.partition("#")
        better = f"vault:{_masked(path)}?key={_masked(field)}"
        raise _bad("the path holds a #", f"write {better}, or %23 for the character")
    if written.startswith("/"):
        raise _bad("the path starts with /", "leave it out")
    path = _decoded(written, "path")
    if not path:
        raise _bad("it has no path", "write vault:secret/data/my-app?key=FIELD")
    if path != path.strip():
        raise _bad("there is space around the path", "remove it")
    for segment in path.split("/"):
        if segment in (".", ".."):
            raise _bad("the path has a dot segment", "write the path in full")
        if not segment:
            raise _bad("the path has an empty segment", "remove the extra /")
    return path


def _reference(path: str, parameters: "dict[str, str]", *, whole: bool) -> Reference:
    field, form = parameters.get("key", ""), parameters.get("format", "")
    if whole:
        if extra := sorted(parameters.keys() & {"key", "format", "decode", "encode", "jsonPointer", "default"}):
            raise _bad(
                f"in envs every field becomes a key, and {extra[0]} is about one", "use files or literals for one value"
            )
    elif "key" in parameters and "format" in parameters:
        raise _bad("it has both key and format", "keep key for one field, or format=json for the whole secret")
    elif "key" not in parameters and "format" not in parameters:
        raise _bad(
            "it names neither a field nor a format",
            "add ?key=FIELD for one field, or ?format=json for the whole secret",
        )
    elif "format" in parameters and form != "json":
        raise _bad("its format is unknown", "the one format is json")
    elif "key" in parameters and not field:
        raise _bad("key is empty", "name the field: ?key=FIELD")
    if form and (extra := sorted(parameters.keys() & {"decode", "encode", "jsonPointer"})):
        raise _bad(f"{extra[0]} needs key", "name the field that it is about: key=FIELD")
    if parameters.get("decode", "base64") != "base64":
        raise _bad("its decode is unknown", "the one encoding is base64")
    if parameters.get("encode", "url") != "url":
        raise _bad("its encode is unknown", "the one encoding is url")
    if "default" in parameters and "optional" in parameters:
        raise _bad("it has both default and optional", "keep one of them")
    pointer = parameters.get("jsonPointer")
    if pointer is not None and not _is_pointer(pointer):
        raise _bad(
            "jsonPointer is not a JSON pointer", "write /a/b, with ~1 for / and ~0 for ~ inside a name (RFC 6901)"
        )
    read = Read(path, _version(parameters), _namespace(parameters), _flag(parameters, "allowDynamic"))
    return Reference(
        read,
        field,
        "decode" in parameters,
        "encode" in parameters,
        pointer,
        parameters.get("default"),
        _flag(parameters, "optional"),
        _shown(path, parameters),
    )


def _is_pointer(text: str) -> bool:
    return text.startswith("/") and all(part[:1] in ("0", "1") for part in text.split("~")[1:])


def _version(parameters: "dict[str, str]") -> int | None:
    if (text := parameters.get("version")) is None:
        return None
    if not (text.isascii() and text.isdigit()) or text.startswith("0") or len(text) > 10:
        raise _bad("version is not a number from 1", "leave version out to read the latest")
    return int(text)


def _namespace(parameters: "dict[str, str]") -> str:
    if (text := parameters.get("namespace")) is None:
        return ""
    namespace = text.strip("/")
    if not namespace or any(segment in ("", ".", "..") for segment in namespace.split("/")):
        raise _bad("namespace is not a namespace path", "write it as VAULT_NAMESPACE would hold it: team-a/app")
    return namespace


def _flag(parameters: "dict[str, str]", name: str) -> bool:
    value = parameters.get(name, "false")
    if value not in ("true", "false"):
        raise _bad(f"{name} is neither true nor false", f"write {name}=true")
    return value == "true"


def _decoded(text: str, what: str) -> str:
    if "%" in text:
        from urllib.parse import unquote_to_bytes

        if not all(_is_hex(escape[:2]) for escape in text.split("%")[1:]):
            raise _bad(f"{what} has a % that starts no escape", "write %25 for the character itself")
        try:
            text = unquote_to_bytes(text).decode()
        except UnicodeDecodeError:
            raise _bad(f"{what} is not UTF-8 once decoded", "escape UTF-8 bytes") from None
    if what != "default" and not text.isprintable():
        raise _bad(f"{what} holds a control character", "remove it")
    return text


def _is_hex(text: str) -> bool:
    return len(text) == 2 and not text.lower().strip("0123456789abcdef")


def _shown(path: str, parameters: "dict[str, str]") -> str:
    query = "&".join(f"{name}={'…' if name == 'default' else value}" for name, value in parameters.items())
    return f"{PREFIX}{path}?{query}" if query else PREFIX + path


def _masked(path: str) -> str:
    """Return text that should be a path, up to what may be a default or more of the text around it."""
    shown = path.partition("default=")[0]
    end = next((index for index, letter in enumerate(shown) if not letter.isprintable()), len(shown))
    return path if end == len(path) else shown[:end] + "…"


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    known = {parameter.lower(): parameter for parameter in PARAMETERS} | {"field": "key", "pointer": "jsonPointer"}
    if close := get_close_matches(name.lower(), known, 1):
        return f"did you mean {known[close[0]]}?"
    return f"the parameters are {', '.join(PARAMETERS)}; write %26 for an & inside a value"


def _bad(why: str, suggestion: str) -> Refused:
    return refuse("bad-reference", NOWHERE, why=why, suggestion=suggestion)
