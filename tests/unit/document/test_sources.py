"""Literals, file sources and dotenv text, as kustomize reads them."""

import pytest

from vaultgen.document.sources import parse_dotenv, parse_file_source, parse_literal
from vaultgen.errors import Fault, Place
from vaultgen.errors.report import report

PLACE = Place(field="secretGenerator[0].envs[0]")


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("a=b", "a", "b"),
        ("a=", "a", ""),
        ("a=b=c", "a", "b=c"),
        ("a==", "a", "="),
        (" a = b ", " a ", " b "),
        ('a="b"', "a", "b"),
        ("a='b'", "a", "b"),
        ("a=''", "a", ""),
        ("a='", "a", "'"),
        ('a="', "a", '"'),
        ("a=\"b'", "a", "\"b'"),
        ("a=\"'b'\"", "a", "'b'"),
        ("a=''b''", "a", "'b'"),
        ('a= "b"', "a", ' "b"'),
        ('a="b" ', "a", '"b" '),
        ("a=`b`", "a", "`b`"),
        ("a='b\nc'", "a", "b\nc"),
        ('"a"=b', '"a"', "b"),
        ("a=vault:x?key=y", "a", "vault:x?key=y"),
        ("a='vault:x?key=y'", "a", "vault:x?key=y"),
    ],
)
def test_a_literal_is_split_at_the_first_sign_and_loses_a_pair_of_quotes(text: str, key: str, value: str) -> None:
    assert parse_literal(text) == (key, value)


@pytest.mark.parametrize("text", ["", "hunter2", "=", "=hunter2", "==hunter2", "'hunter2'"])
def test_a_literal_without_a_key_is_a_fault_that_shows_nothing_of_it(text: str) -> None:
    fault = parse_literal(text, PLACE)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.place) == ("bad-literal", PLACE)
    assert "hunter2" not in report([fault])


@pytest.mark.parametrize(
    ("text", "key", "source"),
    [
        ("a", "a", "a"),
        ("a/b.txt", "b.txt", "a/b.txt"),
        ("../a", "a", "../a"),
        ("/a/b", "b", "/a/b"),
        ("a/b/", "b", "a/b/"),
        ("a//", "a", "a//"),
        ("k=a/b", "k", "a/b"),
        (" k = a ", " k ", " a "),
        ("vault:a/b?key=c", "", "vault:a/b?key=c"),
        ("k=vault:a/b?key=c&version=1", "k", "vault:a/b?key=c&version=1"),
        ("k=\\vault:a", "k", "\\vault:a"),
    ],
)
def test_a_file_source_has_a_key_or_takes_the_name_of_the_file(text: str, key: str, source: str) -> None:
    assert parse_file_source(text) == (key, source)


@pytest.mark.parametrize("text", ["=", "=a", "a=", "a=b=c", "a==", "==", "a=b=vault:c?key=d", "k=\\vault:a?key=b"])
def test_a_file_source_with_a_sign_too_many_or_a_side_missing_is_a_fault(text: str) -> None:
    fault = parse_file_source(text, PLACE)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.place) == ("bad-file-source", PLACE)


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        (b"", []),
        (b"\n\n \t\n", []),
        (b"a=b", [("a", "b")]),
        (b"a=b\nc=d\n", [("a", "b"), ("c", "d")]),
        (b"a=b\r\nc=d\r\n", [("a", "b"), ("c", "d")]),
        (b"a=b\r\r\n", [("a", "b\r")]),
        (b"a=b\rc=d\n", [("a", "b\rc=d")]),
        (b"a=b\r", [("a", "b")]),
        (b"a", [("a", "")]),
        (b"a=", [("a", "")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"=b\na=b", [("a", "b")]),
        (b"# a=b\n #c=d\na=b # c", [("a", "b # c")]),
        (b"  a=b\n\ta=b\n\v\fa=b", [("a", "b")] * 3),
        ("\u00a0\u2003\u3000\x85\u1680a=b".encode(), [("a", "b")]),
        (b"a= b ", [("a", " b ")]),
        (b"a=\"b\"\na='b'", [("a", '"b"'), ("a", "'b'")]),
        (b"\xef\xbb\xbfa=b", [("a", "b")]),
        (b"\xef\xbb\xbf# a=b", []),
        (b"\xef\xbb\xbf  a=b", [("a", "b")]),
        (b"a=\x00\x01", [("a", "\0\x01")]),
        ("a=\u2028b\x85c".encode(), [("a", "\u2028b\x85c")]),
        (b"a=vault:x?key=y", [("a", "vault:x?key=y")]),
        (b"a=" + b"x" * 100_000 + b"\nb=c", [("a", "x" * 100_000), ("b", "c")]),
    ],
)
def test_a_dotenv_file_gives(content: bytes, pairs: list[tuple[str, str]]) -> None:
    assert list(parse_dotenv(content)) == pairs


@pytest.mark.parametrize(
    "line",
    [
        b"hunter2 = a",
        b"export hunter2=a",
        b"hunter2+/",
        b"-----BEGIN hunter2-----",
        b"..hunter2=a",
        b"\xffhunter2=a",
        b"a=hunter2\xff",
        b"\xed\xa0\x80hunter2=a",
        b"a=hunter2\xc3",
        "\ufeffhunter2=a".encode(),
        "\u200bhunter2=a".encode(),
        b"\x1chunter2=a",
        b"x" * 254,
    ],
)
def test_a_line_that_cannot_be_used_is_named_by_its_number(line: bytes) -> None:
    """It may be one of a private key that was pasted as it is: nothing of it is shown."""
    first, fault, last = parse_dotenv(b"a=b\n" + line + b"\nc=d", PLACE)
    assert (first, last) == (("a", "b"), ("c", "d"))
    assert isinstance(fault, Fault)
    assert (fault.code, fault.place, fault.facts["number"]) == ("bad-dotenv", PLACE, "2")
    assert "hunter2" not in report([fault])
