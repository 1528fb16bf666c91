"""The small formats inside a document, as kustomize reads them: literals, file sources, dotenv text.

Behaviour is that of kustomize's ``api/kv`` package, from running it.
"""

from vaultgen.document.api_rules import is_data_key
from vaultgen.errors import NOWHERE, Fault, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""What Go's unicode.IsSpace takes for space; Python's strip() takes more."""


def parse_literal(text: str, place: Place = NOWHERE) -> "tuple[str, str] | Fault":
    """Return key and value of ``KEY=VALUE``: split at the first ``=``, one pair of outer quotes removed."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        return Fault("bad-literal", place)
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return key, value


def parse_file_source(text: str, place: Place = NOWHERE) -> "tuple[str, str] | Fault":
    """Return key and source of ``[KEY=]SOURCE``; the key is empty where a reference's field has to name it."""
    if text.startswith("vault:"):
        return "", text
    key, equals, source = text.partition("=")
    if not equals:
        return text.rstrip("/").rpartition("/")[2], text
    if not key:
        return Fault("bad-file-source", place, {"why": "there is nothing in front of the ="})
    if not source:
        return Fault("bad-file-source", place, {"why": "there is nothing behind the ="})
    if "=" in source and not source.startswith("vault:"):
        return Fault("bad-file-source", place, {"why": "it has more than one ="})
    return key, source


def parse_dotenv(content: bytes, place: Place = NOWHERE) -> "Iterator[tuple[str, str] | Fault]":
    """Yield key and value of each line that has one; a line without ``=`` has an empty value.

    A line that is not UTF-8, or whose key the API server refuses, is a ``Fault`` (bad-dotenv) that quotes nothing.
    From a line of 64 KiB on kustomize leaves out the rest of a file and says nothing: that is not copied.
    """
    for number, raw in enumerate(content.split(b"\n"), 1):
        try:
            line = raw.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            yield Fault("bad-dotenv", place, {"number": str(number), "why": "it is not UTF-8"})
            continue
        line = (line.removeprefix("\ufeff") if number == 1 else line).lstrip(GO_SPACE)
        if not line or line.startswith("#"):
            continue
        key, _, value = line.partition("=")
        if key and not is_data_key(key):
            # Not shown: it may be a line of a private key that was pasted as it is.
            yield Fault("bad-dotenv", place, {"number": str(number), "why": "what stands before the = is no data key"})
        elif key:
            yield key, value
