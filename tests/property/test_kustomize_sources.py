"""Literals, file sources and dotenv text against kustomize's rules, said once more in another way.

The rules are those that ``api/kv`` and ``api/internal/generators`` of kustomize 5.5 to 5.8 follow.
"""

import posixpath
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from vaultgen.document.api_rules import is_data_key
from vaultgen.document.sources import GO_SPACE, parse_dotenv, parse_file_source, parse_literal
from vaultgen.errors import Fault

Pair = tuple[str, str]


def _literal(text: str) -> Pair | None:
    """None where kustomize refuses it."""
    at = text.find("=")
    if at <= 0:
        return None
    value = text[at + 1 :]
    for quote in "'\"":
        if len(value) > 1 and value.startswith(quote) and value.endswith(quote):
            return text[:at], value[1:-1]
    return text[:at], value


def _file_source(text: str) -> Pair | None:
    signs = text.count("=")
    if signs == 0:
        # Go's path.Base: slashes at the end do not count.
        return posixpath.basename(text.rstrip("/")), text
    left, _, right = text.partition("=")
    return (left, right) if signs == 1 and left and right else None


def _dotenv(content: bytes) -> list[Pair | int]:
    """Pairs, and the number of each line that kustomize or the API server refuses."""
    found: list[Pair | int] = []
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        # Go's ScanLines takes one carriage return off the end.
        if line[-1:] == b"\r":
            line = line[:-1]
        try:
            text = line.decode("utf-8", "strict")
        except UnicodeDecodeError:
            found.append(number)
            continue
        if number == 1 and text[:1] == "\ufeff":
            text = text[1:]
        while text and _is_space(text[0]):
            text = text[1:]
        if not text or text[0] == "#" or text[0] == "=":
            continue
        at = text.find("=")
        key, value = (text, "") if at < 0 else (text[:at], text[at + 1 :])
        found.append((key, value) if is_data_key(key) else number)
    return found


def _is_space(character: str) -> bool:
    """As Go's unicode.IsSpace: U+0085, U+00A0, the six ASCII ones, and the categories Zs, Zl, Zp."""
    return character in "\t\n\v\f\r \x85" or unicodedata.category(character) in ("Zs", "Zl", "Zp")


def test_the_list_of_go_s_spaces_is_complete() -> None:
    assert {chr(number) for number in range(0x110000) if _is_space(chr(number))} == set(GO_SPACE)


texts = st.text("ab='\" \n\\/.é", max_size=12)


@given(texts | st.text())
def test_literals(text: str) -> None:
    parsed = parse_literal(text)
    assert (None if isinstance(parsed, Fault) else parsed) == _literal(text)


@given(texts | st.text())
def test_file_sources(text: str) -> None:
    if text.startswith("vault:") or "=vault:" in text:
        return
    parsed = parse_file_source(text)
    assert (None if isinstance(parsed, Fault) else parsed) == _file_source(text)


pieces = st.sampled_from(
    [b"a", b"B_1.-", b"=", b"\n", b"\r\n", b"\r", b" ", b"\t", b"#", b"'", b'"', b"\xef\xbb\xbf", b"\xff", b"\xc2\x85"]
    + [character.encode() for character in ("é", "\xa0", "\u2003", "\u2028", "\u200b", "\x1c", "😀")]
)


@given(st.lists(pieces, max_size=30).map(b"".join) | st.binary())
@example(b"\xef\xbb\xbf\xef\xbb\xbfa=b")
@example(b"\r\n\xef\xbb\xbfa=b")
@example(b"a=\xed\xa0\x80")
@example(b"a=\xf4\x90\x80\x80")
@example(b"a=\xc0\x80")
def test_dotenv_text(content: bytes) -> None:
    """Go and Python agree on what UTF-8 is: no surrogates, nothing above U+10FFFF, nothing longer than it needs."""
    parsed = [int(item.facts["number"]) if isinstance(item, Fault) else item for item in parse_dotenv(content)]
    assert parsed == _dotenv(content)
