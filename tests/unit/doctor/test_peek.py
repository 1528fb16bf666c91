"""Answers that no Vault gives, and how often is asked; what a real one tells is held by a contract test."""

from typing import Any

import pytest

from support.fake_exchange import FakeExchange
from vaultgen.doctor.peek import Peek, Versions
from vaultgen.errors import Fault
from vaultgen.ports import Read
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Session
from vaultgen.vault.settings import Settings

APP = Read("secret/data/app")
LISTING = ("GET", "sys/internal/ui/mounts")
CAPABILITIES = ("POST", "sys/capabilities-self")
SUBKEYS, METADATA = ("GET", "secret/subkeys/app"), ("GET", "secret/metadata/app")
MOUNTS = {"data": {"secret": {"secret/": {"type": "kv", "options": {"version": "2"}}}}}
READABLE = {"data": {f"secret/{kind}/app": ["read"] for kind in ("data", "subkeys", "metadata")}}
DOWN = Fault("timeout", facts={"address": "a", "seconds": "1"})

Script = dict[tuple[str, str], Any]


def peek(script: Script, versions: Versions | None = None) -> tuple[Peek, FakeExchange]:
    exchange = FakeExchange({LISTING: (200, MOUNTS), CAPABILITIES: (200, READABLE), **script})
    settings = Settings(parse_address("https://vault.test:8200"))
    asking = Peek(versions or {APP: [None]}, exchange, Session(Redacted("s.canary"), "VAULT_TOKEN", False), settings)
    asking.ask()
    assert "canary" not in str(asking.glances)
    return asking, exchange


@pytest.mark.parametrize(
    "script",
    [
        {SUBKEYS: (200, b"canary")},
        {SUBKEYS: (200, ["canary"])},
        {SUBKEYS: (200, {"data": {"canary": "canary"}})},
        {SUBKEYS: (404, b"canary")},
        {SUBKEYS: (404, {"errors": ["canary"]})},
        {SUBKEYS: (403, {})},
        {SUBKEYS: (500, {})},
        {SUBKEYS: DOWN},
        {CAPABILITIES: (200, {"data": {"secret/data/app": ["read"], "secret/metadata/app": ["read"]}}), METADATA: DOWN},
        {
            CAPABILITIES: (200, {"data": {"secret/data/app": ["read"], "secret/metadata/app": ["read"]}}),
            METADATA: (403, {}),
        },
    ],
)
def test_an_answer_that_is_none_leaves_open_what_is_there(script: Script) -> None:
    asking, _ = peek(script)
    glance = asking.glances[APP]
    assert (glance.fault, glance.may_read, glance.answers) == (None, True, {})


@pytest.mark.parametrize("answer", [(403, {}), (404, {}), (200, b"canary"), (200, {"data": "canary"}), DOWN])
def test_without_capabilities_nothing_is_known_and_nothing_is_asked(answer: object) -> None:
    asking, exchange = peek({CAPABILITIES: answer})
    assert asking.glances[APP].may_read is None
    assert exchange.asked == [LISTING, CAPABILITIES]


@pytest.mark.parametrize("capabilities", [{"secret/data/app": "read"}, {"secret/data/app": ["deny", "read"]}, {}])
def test_only_what_is_plainly_granted_may_be_read(capabilities: object) -> None:
    asking, exchange = peek({CAPABILITIES: (200, {"data": capabilities})})
    assert asking.glances[APP].may_read is False
    assert exchange.asked == [LISTING, CAPABILITIES]


@pytest.mark.parametrize(
    ("answer", "code"),
    [((403, {}), "bad-request"), ((503, {}), "bad-request"), ((200, b"canary"), "answer-not-json"), (DOWN, "timeout")],
)
def test_without_mounts_no_read_would_work(answer: object, code: str) -> None:
    asking, exchange = peek({LISTING: answer})
    fault = asking.glances[APP].fault
    assert fault
    assert fault.code == code
    assert exchange.asked == [LISTING]


def test_a_path_that_is_none_is_not_asked_about() -> None:
    asking, exchange = peek({}, {Read("secret/data/../sys"): [None]})
    fault = asking.glances[Read("secret/data/../sys")].fault
    assert fault
    assert fault.code == "bad-reference"
    assert exchange.asked == [LISTING]


def test_many_reads_are_asked_about_at_once() -> None:
    """One listing, one question for all rights: whatever the documents ask for."""
    reads = [Read(f"secret/data/{number}") for number in range(50)] + [Read("secret/7")]
    _, exchange = peek({}, {read: [None] for read in reads})
    assert exchange.asked == [LISTING, CAPABILITIES]
    body: Any = exchange.body(1)
    assert len(body["paths"]) == 150


def test_no_read_is_no_request() -> None:
    settings = Settings(parse_address("https://vault.test:8200"))
    exchange = FakeExchange()
    Peek({}, exchange, Session(None, "the agent", False), settings).ask()
    assert exchange.requests == []
