"""From what Vault holds to what one reference means."""

import base64
import subprocess
import sys
from typing import Any

import pytest

from support.in_memory import answer, codes
from vaultgen.errors import Place, Refused
from vaultgen.errors.report import report
from vaultgen.field import extract, extract_all
from vaultgen.json_text import parse_json
from vaultgen.ports import Answer, Miss
from vaultgen.reference import parse_reference

PLACE = Place(key="k")


def _extract(parameters: str, answered: Answer | Miss) -> bytes | None:
    found = extract(parse_reference(f"vault:a?{parameters}"), answered, PLACE)
    return None if found is None else found.reveal()


def _field(value: Any, parameters: str = "key=f") -> bytes | None:
    return _extract(parameters, answer({"f": value}))


def _refused(parameters: str, answered: Answer | Miss) -> Refused:
    with pytest.raises(Refused) as raised:
        _extract(parameters, answered)
    assert raised.value.faults[0].place.key == "k"
    assert raised.value.faults[0].place.reference.startswith("vault:a?")
    return raised.value


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ('"text"', b"text"),
        ('""', b""),
        ('" a\\n\\u0000"', b" a\n\0"),
        ('"\\u00e9\\ud83d\\ude00"', "é😀".encode()),
        ("1.10", b"1.10"),
        ("-0", b"-0"),
        ("1E400", b"1E400"),
        ("12345678901234567890123", b"12345678901234567890123"),
        ('"1.10"', b"1.10"),
        ("true", b"true"),
        ("false", b"false"),
        ('{"b": [1.0, null], "a": "é"}', '{"b":[1.0,null],"a":"é"}'.encode()),
        ("[]", b"[]"),
        ("{}", b"{}"),
    ],
)
def test_a_field_is_its_text_or_its_json(value: str, content: bytes) -> None:
    assert _field(parse_json(value)) == content


def test_the_whole_secret_is_json_in_vaults_order() -> None:
    held = answer({"b": "x", "a": parse_json("1.10"), "n": None, "o": {"z": [True]}})
    assert _extract("format=json", held) == b'{"b":"x","a":1.10,"n":null,"o":{"z":[true]}}'
    assert _extract("format=json", answer({})) == b"{}"


def test_every_field_becomes_a_key_and_null_is_none() -> None:
    held = answer({"b": "x", "n": None, "a": parse_json("1.10"), "o": {}})
    found = extract_all(parse_reference("vault:a", whole=True), held, PLACE)
    assert {name: value.reveal() for name, value in found.items()} == {"b": b"x", "a": b"1.10", "o": b"{}"}


# --- what is not there ---

ABSENT = [
    pytest.param("key=f", answer({}), "field-missing", id="no field"),
    pytest.param("key=f", answer({"f": None}), "field-missing", id="null"),
    pytest.param("key=f", Miss("no_path"), "path-missing", id="no path"),
    pytest.param("key=f&version=2", Miss("no_path"), "path-missing", id="no path of a version"),
    pytest.param("format=json", Miss("no_path"), "path-missing", id="no path of a whole secret"),
    pytest.param("key=f&jsonPointer=/a", answer({"f": "{}"}), "pointer-missing", id="nothing at the pointer"),
    pytest.param("key=f&jsonPointer=/a", answer({"f": {"a": None}}), "pointer-missing", id="null at the pointer"),
    pytest.param("key=f&decode=base64", answer({}), "field-missing", id="nothing to decode"),
]
GONE = [
    pytest.param(Miss("no_version", 3), "version-missing", id="no such version"),
    pytest.param(Miss("deleted", 3), "version-deleted", id="deleted"),
    pytest.param(Miss("destroyed", 3), "version-destroyed", id="destroyed"),
]


@pytest.mark.parametrize(("parameters", "answered", "code"), ABSENT)
def test_a_missing_path_or_field_is_a_fault_unless_something_stands_in(
    parameters: str, answered: Answer | Miss, code: str
) -> None:
    refused = _refused(parameters, answered)
    assert codes(refused) == [code]
    assert "default=TEXT" in report(refused.faults)
    assert _extract(parameters + "&default=x%00", answered) == b"x\0"
    assert _extract(parameters + "&default=", answered) == b""
    assert _extract(parameters + "&optional=true", answered) is None
    assert codes(_refused(parameters + "&optional=false", answered)) == [code]


@pytest.mark.parametrize(("miss", "code"), GONE)
def test_a_version_that_is_gone_is_a_fault_always(miss: Miss, code: str) -> None:
    """Someone took it away: a default would hide that."""
    for parameters in ("key=f", "key=f&default=x", "key=f&optional=true", "format=json&default=x"):
        refused = _refused(parameters, miss)
        assert codes(refused) == [code]
        assert refused.faults[0].facts["version"] == "3"
    with pytest.raises(Refused) as raised:
        extract_all(parse_reference("vault:a?optional=true", whole=True), miss, PLACE)
    assert codes(raised.value) == [code]


def test_a_deleted_version_is_named_as_far_as_it_is_known() -> None:
    assert _refused("key=f&version=7", Miss("deleted")).faults[0].facts["version"] == "7"
    assert _refused("key=f", Miss("deleted")).faults[0].facts["version"] == "the latest"


def test_a_missing_whole_secret_may_be_optional() -> None:
    reference = parse_reference("vault:a?optional=true", whole=True)
    assert extract_all(reference, Miss("no_path"), PLACE) == {}
    with pytest.raises(Refused) as raised:
        extract_all(parse_reference("vault:a", whole=True), Miss("no_path"), PLACE)
    assert codes(raised.value) == ["path-missing"]


def test_a_default_is_not_decoded() -> None:
    assert _extract("key=f&decode=base64&default=a%20b", answer({})) == b"a b"


@pytest.mark.parametrize(
    ("asked", "held", "suggestion"),
    [
        ("pasword", ["password", "user"], "did you mean key=password?"),
        ("PASSWORD", ["password"], "did you mean key=password?"),
        ("x", ["password"], "check key="),
        ("x", [], "check key="),
    ],
)
def test_a_field_is_suggested_only_if_it_is_close(asked: str, held: list[str], suggestion: str) -> None:
    """Names of fields can be confidential, too."""
    text = report(_refused(f"key={asked}", answer(dict.fromkeys(held, "hunter2"))).faults)
    assert suggestion in text
    assert "hunter2" not in text
    assert "user" not in text


def test_a_run_that_succeeds_imports_nothing_to_make_suggestions() -> None:
    program = """
import sys
from vaultgen.errors import NOWHERE
from vaultgen.field import extract
from vaultgen.ports import Answer, Miss
from vaultgen.reference import parse_reference
for answer in (Answer({}), Miss("no_path")):
    extract(parse_reference("vault:a?key=b&default=c"), answer, NOWHERE)
    extract(parse_reference("vault:a?key=b&optional=true"), answer, NOWHERE)
print("difflib" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == (
        "False\n"
    )


# --- jsonPointer ---

TREE = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, "k": {"0": "zero", "-": "minus"}, "t": "text"}


@pytest.mark.parametrize(
    ("pointer", "content"),
    [
        ("/foo", b'["bar","baz"]'),
        ("/foo/0", b"bar"),
        ("/foo/1", b"baz"),
        ("/", b"0"),
        ("/a~1b", b"1"),
        ("/c%25d", b"2"),
        ("/m~0n", b"8"),
        ("/k/0", b"zero"),
        ("/k/-", b"minus"),
        ("/t", b"text"),
    ],
)
def test_a_pointer_leads_into_json(pointer: str, content: bytes) -> None:
    assert _field(TREE, f"key=f&jsonPointer={pointer}") == content


@pytest.mark.parametrize(
    "pointer",
    ["/x", "/foo/2", "/foo/-", "/foo/-1", "/foo/00", "/foo/01", "/foo/+1", "/foo/1.0", "/foo/", "/foo/0/0", "/t/0",
     "/foo/%D9%A1", "/foo/%C2%B2", "/foo/" + "9" * 5000, "//", "/a/b", "/k/1", "/foo/bar"],
)  # fmt: skip
def test_a_pointer_to_nothing(pointer: str) -> None:
    assert codes(_refused(f"key=f&jsonPointer={pointer}", answer({"f": TREE}))) == ["pointer-missing"]


def test_a_text_is_parsed_before_a_pointer_is_followed() -> None:
    assert _field('{"a": [1.10]}', "key=f&jsonPointer=/a/0") == b"1.10"
    assert _field('"text"', "key=f&jsonPointer=/a&default=d") == b"d"
    assert codes(_refused("key=f&jsonPointer=/a", answer({"f": parse_json("1.10")}))) == ["pointer-missing"]
    assert _field({"a": '{"b": "text stays text"}'}, "key=f&jsonPointer=/a") == b'{"b": "text stays text"}'


@pytest.mark.parametrize("text", ["", "hunter2", "{", '{"a": NaN}', "'a'", "[" * 100_000])
def test_a_pointer_into_what_is_no_json(text: str) -> None:
    """A default does not stand in: the field is there."""
    refused = _refused("key=f&jsonPointer=/a&default=x", answer({"f": text}))
    assert codes(refused) == ["not-json"]
    assert "hunter2" not in report(refused.faults)


def test_a_default_stands_as_it_is_in_a_url_too() -> None:
    assert _extract("key=f&encode=url&default=a%2Fb", answer({})) == b"a/b"


def test_a_pointer_and_then_base64() -> None:
    assert _field('{"a": "/w=="}', "key=f&jsonPointer=/a&decode=base64") == b"\xff"


# --- a place in a URL ---


@pytest.mark.parametrize(
    ("held", "encoded"),
    [
        ("p@ss/w:rd?#%&=+ é", b"p%40ss%2Fw%3Ard%3F%23%25%26%3D%2B%20%C3%A9"),
        ("aZ09-._~", b"aZ09-._~"),
        ("", b""),
        (7, b"7"),
    ],
)
def test_all_but_unreserved_characters_are_percent_encoded(held: Any, encoded: bytes) -> None:
    assert _field(held, "key=f&encode=url") == encoded


def test_what_is_encoded_is_what_pointer_and_base64_lead_to() -> None:
    assert _field('{"a": "/y8="}', "key=f&jsonPointer=/a&decode=base64&encode=url") == b"%FF%2F"


# --- base64 ---


@pytest.mark.parametrize("content", [b"", b"\xff", b"\0", b"a" * 100, bytes(range(256))])
def test_base64_is_decoded_line_breaks_included(content: bytes) -> None:
    assert _field(base64.b64encode(content).decode(), "key=f&decode=base64") == content
    assert _field(base64.encodebytes(content).decode(), "key=f&decode=base64") == content
    assert _field(" \r\n\t".join(base64.b64encode(content).decode()), "key=f&decode=base64") == content


@pytest.mark.parametrize(
    "text", ["hunter2!", "YQ", "YQ=", "YQ===", "=", "YQ==YQ==", "Y=Q=", "_-8=", "YQ==x", "é", "Y Q = = =", "YQ\u00a0=="]
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    refused = _refused("key=f&decode=base64", answer({"f": text}))
    assert codes(refused) == ["bad-base64"]
    assert "hunter2" not in report(refused.faults)


# --- text ---


def test_half_a_pair_of_surrogates_is_no_text() -> None:
    for parameters in ("key=f", "format=json", "key=f&decode=base64"):
        assert codes(_refused(parameters, answer({"f": "hunter2\ud800"}))) == ["not-text"]
    assert codes(_refused("key=f", answer({"f": ["\ud800"]}))) == ["not-text"]
