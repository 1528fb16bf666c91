"""What may be sent, and what an answer's body is."""

import pytest

from vaultgen.errors import Refused
from vaultgen.json_text import JsonNumber
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Request, Response, header_problem, json_body, path_problem


@pytest.mark.parametrize(
    "path", ["secret/data/app", "a", "secret/data/ä b+c", "secret/data/...", "secret/data/.hidden"]
)
def test_an_ordinary_path_has_no_problem(path: str) -> None:
    assert path_problem(path) == ""


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", "a/./b", "a/../b", "..", "a/b\n", "a\x00b", "a\x7f", "a\u202eb", "a\u2028b"]
)
def test_a_path_that_is_not_what_it_seems_has_one(path: str) -> None:
    problem = path_problem(path)
    assert problem
    assert problem.isprintable()


@pytest.mark.parametrize("text", ["", "a\n", "a\r\nX: y", "a\tb", "ä", "\x00", " a", "a "])
def test_what_no_header_may_hold_is_found(text: str) -> None:
    assert header_problem(text)


def test_a_token_is_an_ordinary_header() -> None:
    assert header_problem("hvs.CAESI-x_Y.z") == ""


def test_a_body_is_json_with_its_numbers_as_written() -> None:
    value = json_body(Response(200, Redacted(b'{"n": 1.10}')), "http://vault.test")
    assert value == {"n": JsonNumber("1.10")}


@pytest.mark.parametrize("body", [b"", b"<html>canary", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b'{"a": "canary'])
def test_what_is_no_json_is_refused_without_being_quoted(body: bytes) -> None:
    with pytest.raises(Refused) as raised:
        json_body(Response(200, Redacted(body)), "http://vault.test")
    (fault,) = raised.value.faults
    assert (fault.code, fault.facts) == ("answer-not-json", {"address": "http://vault.test"})
    assert raised.value.__cause__ is None


def test_messages_never_show_token_or_body() -> None:
    request = Request("POST", "auth/jwt/login", body=Redacted({"jwt": "canary"}), token=Redacted("canary"))
    assert "canary" not in repr(request)
    assert "canary" not in repr(Response(200, Redacted(b"canary")))
