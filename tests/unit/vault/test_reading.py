"""Reads in as few requests as they need, and every failure told once."""

from typing import Any

import pytest

from support.fake_exchange import FakeExchange
from vaultgen.errors import Fault, Refused
from vaultgen.ports import Answer, Miss, Read
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Session
from vaultgen.vault.mounts import LISTING_PATH
from vaultgen.vault.reading import Reading
from vaultgen.vault.settings import Settings

SETTINGS = Settings(parse_address("http://vault.test:8200"), vault_namespace="home")
SESSION = Session(Redacted("s.canary"), "VAULT_TOKEN", False)
NOT_KV = (404, {"data": None, "warnings": ["Invalid path for a versioned K/V secrets engine."]})
DENIED = (403, {"errors": ["permission denied"]})
ABSENT: tuple[int, object] = (404, {"errors": []})


def kv2(**fields: str) -> tuple[int, object]:
    return 200, {"lease_id": "", "data": {"data": fields, "metadata": {"created_time": "x", "version": 1}}}


def kv1(**fields: str) -> tuple[int, object]:
    return 200, {"lease_id": "", "data": fields}


def listing(**engines: str) -> tuple[int, object]:
    """Return a listing: ``kv2``, ``kv1`` or an engine's type by mount."""

    def entry(kind: str) -> object:
        versioned = {"version": "2"} if kind == "kv2" else None
        return {"type": "kv" if kind in ("kv1", "kv2") else kind, "options": versioned}

    return 200, {"data": {"secret": {f"{mount}/": entry(kind) for mount, kind in engines.items()}}}


class Vault(FakeExchange):
    """Answers GETs by path."""

    def __init__(self, **answers: Any) -> None:
        super().__init__({("GET", path): answer for path, answer in answers.pop("of", {}).items()})
        self.batches: list[int] = []

    def send(self, requests: Any, /) -> Any:
        self.batches.append(len(requests))
        return super().send(requests)

    @property
    def paths(self) -> list[str]:
        return [path for _, path in self.asked]


def read_all(vault: FakeExchange, *reads: Read) -> dict[Read, Answer | Miss]:
    return Reading(reads, vault, SESSION, SETTINGS).answers()


def faults(vault: FakeExchange, *reads: Read) -> list[Fault]:
    with pytest.raises(Refused) as raised:
        read_all(vault, *reads)
    assert not any("canary" in str(fault) for fault in raised.value.faults)
    return list(raised.value.faults)


def fields(outcome: Answer | Miss) -> dict[str, object]:
    assert isinstance(outcome, Answer)
    return {name: value.reveal() for name, value in outcome.fields.items()}


def test_one_api_path_is_exactly_one_request() -> None:
    vault = Vault(of={"secret/data/app": kv2(a="1")})
    read = Read("secret/data/app")
    assert fields(read_all(vault, read)[read]) == {"a": "1"}
    assert vault.paths == ["secret/data/app"]
    (request,) = vault.requests
    assert request.token == Redacted("s.canary")
    assert (request.query, request.vault_namespace) == ("", "")


def test_a_path_is_read_once_however_often_it_is_asked_for() -> None:
    vault = Vault(of={"secret/data/app": kv2(a="1")})
    read_all(vault, *[Read("secret/data/app")] * 100)
    assert vault.paths == ["secret/data/app"]


def test_many_paths_go_in_one_batch() -> None:
    vault = Vault(of={f"secret/data/{number}": kv2(n=str(number)) for number in range(50)})
    answers = read_all(vault, *(Read(f"secret/data/{number}") for number in range(50)))
    assert vault.batches == [50]
    assert [fields(answer)["n"] for answer in answers.values()] == [str(number) for number in range(50)]


def test_versions_and_namespaces_of_a_path_are_requests_of_their_own() -> None:
    vault = Vault(of={"secret/data/app": kv2(a="1")})
    read_all(vault, Read("secret/data/app"), Read("secret/data/app", 1), Read("secret/data/app", None, "team"))
    assert [(request.query, request.vault_namespace) for request in vault.requests] == [
        ("", ""),
        ("version=1", ""),
        ("", "team"),
    ]


def test_logical_paths_need_one_listing_however_many_they_are() -> None:
    answers = {LISTING_PATH: listing(secret="kv2", kv1="kv1"), "secret/data/a": kv2(x="1"), "kv1/b": kv1(y="2")}
    vault = Vault(of={**answers, "secret/data/c": kv2(z="3")})
    found = read_all(vault, Read("secret/a"), Read("kv1/b"), Read("secret/data/c"))
    assert [fields(answer) for answer in found.values()] == [{"x": "1"}, {"y": "2"}, {"z": "3"}]
    assert vault.paths == [LISTING_PATH, "secret/data/c", "secret/data/a", "kv1/b"]
    assert vault.batches == [2, 2]


def test_api_path_and_logical_path_of_one_secret_are_one_request() -> None:
    vault = Vault(of={LISTING_PATH: listing(secret="kv2"), "secret/data/a": kv2(x="1")})
    found = read_all(vault, Read("secret/data/a"), Read("secret/a"))
    assert [fields(answer) for answer in found.values()] == [{"x": "1"}] * 2
    assert sorted(vault.paths) == ["secret/data/a", LISTING_PATH]


def test_each_namespace_has_a_listing_of_its_own() -> None:
    vault = Vault(of={LISTING_PATH: listing(secret="kv2"), "secret/data/a": kv2(x="1")})
    read_all(
        vault, Read("secret/a"), Read("secret/a", None, "team"), Read("secret/b/../a".replace("b/../", ""), 1, "team")
    )
    listed = [request.vault_namespace for request in vault.requests if request.path == LISTING_PATH]
    assert listed == ["", "team"]


def test_a_logical_path_that_looks_like_an_api_path_is_found_all_the_same() -> None:
    for refusal in (NOT_KV, DENIED):
        answers = {
            "secret/app/data/x": refusal,
            LISTING_PATH: listing(secret="kv2"),
            "secret/data/app/data/x": kv2(a="1"),
        }
        vault = Vault(of=answers)
        read = Read("secret/app/data/x")
        assert fields(read_all(vault, read)[read]) == {"a": "1"}
        assert len(vault.paths) == 3


def test_a_kv1_answer_to_a_guess_is_used_and_not_asked_for_again() -> None:
    vault = Vault(of={"kv1/data/app": kv1(a="1"), LISTING_PATH: listing(kv1="kv1")})
    read = Read("kv1/data/app")
    assert fields(read_all(vault, read)[read]) == {"a": "1"}
    assert vault.paths == ["kv1/data/app", LISTING_PATH]


def test_a_dynamic_engine_is_refused_before_it_is_read() -> None:
    vault = Vault(of={LISTING_PATH: listing(db="database"), "db/creds/app": kv1(password="canary")})
    (fault,) = faults(vault, Read("db/creds/app"))
    assert (fault.code, fault.read) == ("dynamic-engine", Read("db/creds/app"))
    assert vault.paths == [LISTING_PATH]


def test_a_dynamic_engine_that_answers_to_a_guess_is_refused_after_all() -> None:
    leased = (200, {"lease_id": "x/1", "data": {"password": "canary"}})
    vault = Vault(of={"x/data/app": leased, LISTING_PATH: listing(x="database")})
    (fault,) = faults(vault, Read("x/data/app"))
    assert fault.code == "dynamic-engine"


def test_a_wanted_dynamic_answer_to_a_guess_is_not_minted_twice() -> None:
    leased = (200, {"lease_id": "x/1", "data": {"password": "p"}})
    vault = Vault(of={"x/data/app": leased, LISTING_PATH: listing(x="database")})
    read = Read("x/data/app", allow_dynamic=True)
    answer = read_all(vault, read)[read]
    assert isinstance(answer, Answer)
    assert answer.volatile
    assert vault.paths == ["x/data/app", LISTING_PATH]


def test_misses_are_answers() -> None:
    vault = Vault(of={"secret/data/a": ABSENT})
    assert read_all(vault, Read("secret/data/a")) == {Read("secret/data/a"): Miss("no_path")}


def test_a_denied_path_names_the_policy_it_wants() -> None:
    vault = Vault(of={"secret/data/ok": kv2(), LISTING_PATH: listing(secret="kv2")})
    first, second = faults(vault, Read("secret/data/ok"), Read("secret/data/no"), Read("secret/none"))
    assert (first.code, first.facts) == ("permission-denied", {"path": "secret/data/no", "api_path": "secret/data/no"})
    assert (second.code, second.facts) == ("permission-denied", {"path": "secret/none", "api_path": "secret/data/none"})


def test_a_mount_that_the_token_cannot_see_is_told_as_such() -> None:
    (fault,) = faults(Vault(of={LISTING_PATH: listing()}), Read("secret/data/app"))
    assert (fault.code, fault.read) == ("mount-hidden", Read("secret/data/app"))


def test_a_bad_token_is_one_fault_for_all_reads() -> None:
    vault = Vault(of={LISTING_PATH: DENIED})
    expected = Fault("token-invalid", facts={"source": "VAULT_TOKEN"})
    assert faults(vault, *(Read(f"secret/data/{number}") for number in range(20)), Read("secret/a")) == [expected]
    assert vault.paths.count(LISTING_PATH) == 1


def test_a_listing_that_something_else_forbids_is_no_bad_token() -> None:
    vault = Vault(of={"secret/data/ok": kv2(), LISTING_PATH: DENIED})
    first, second = faults(vault, Read("secret/data/ok"), Read("secret/data/no"), Read("secret/a"))
    assert (first.code, first.facts["api_path"]) == ("permission-denied", "secret/data/no")
    assert (second.code, second.facts["api_path"]) == ("permission-denied", LISTING_PATH)


def test_an_unknown_namespace_of_a_reference_is_that_references_fault() -> None:
    missing = (404, {"errors": ["namespace not found"]})
    vault = Vault(of={"secret/data/app": missing, LISTING_PATH: missing})
    read = Read("secret/data/app", None, "nope")
    assert faults(vault, read) == [Fault("namespace-unknown", facts={"namespace": "nope"}, read=read)]


def test_an_unknown_namespace_of_the_run_is_one_fault() -> None:
    missing = (404, {"errors": ["namespace not found"]})
    vault = Vault(of={"secret/data/a": missing, "secret/data/b": missing, LISTING_PATH: missing})
    expected = Fault("namespace-unknown", facts={"namespace": "home"})
    assert faults(vault, Read("secret/data/a"), Read("secret/data/b")) == [expected]


def test_a_token_of_another_namespace_is_not_called_bad() -> None:
    class Enterprise(Vault):
        """Refuses everything in a namespace that the token is not of."""

        def _answer(self, request: Any) -> Any:
            return super()._answer(request._replace(path="" if request.vault_namespace else request.path))

    vault = Enterprise(of={"secret/data/app": kv2(a="1")})
    read = Read("secret/data/app", None, "other")
    (fault,) = faults(vault, Read("secret/data/app"), read)
    assert (fault.code, fault.read) == ("namespace-unknown", read)


def test_all_failed_reads_are_told_at_once() -> None:
    answers = {
        "secret/data/ok": kv2(),
        LISTING_PATH: listing(secret="kv2", db="database"),
        "secret/data/odd": (418, {}),
    }
    reads = (
        Read("secret/data/ok"),
        Read("secret/data/no"),
        Read("db/creds/x"),
        Read("nowhere/x"),
        Read("secret/data/odd"),
    )
    found = faults(Vault(of=answers), *reads, Read("a//b"))
    assert [fault.code for fault in found] == [
        "permission-denied",
        "dynamic-engine",
        "mount-hidden",
        "bad-request",
        "bad-reference",
    ]
    assert [fault.read for fault in found] == [*reads[1:], Read("a//b")]


def test_a_dead_server_is_one_fault() -> None:
    dead = Fault("timeout", facts={"address": "http://vault.test:8200", "seconds": "60"})
    vault = Vault(of={f"secret/data/{number}": dead for number in range(20)})
    vault.script = {**vault.script, ("GET", LISTING_PATH): dead}
    reads = [Read(f"secret/data/{number}") for number in range(20)]
    assert faults(vault, *reads, Read("secret/x")) == [dead]


def test_a_server_that_fails_at_one_path_is_that_reads_fault() -> None:
    failed = Fault("server-error", facts={"address": "http://vault.test:8200", "status": "500", "attempts": "3"})
    vault = Vault(of={"secret/data/a": kv2(), "secret/data/b": failed})
    assert faults(vault, Read("secret/data/a"), Read("secret/data/b")) == [failed._replace(read=Read("secret/data/b"))]
    assert faults(Vault(of={"secret/data/b": failed}), Read("secret/data/b")) == [failed]


@pytest.mark.parametrize("path", ["", "a/../b", "/secret/data/app", "secret/data/app/", "secret/data/a\n"])
def test_a_path_that_is_not_what_it_seems_is_never_sent(path: str) -> None:
    vault = Vault()
    (fault,) = faults(vault, Read(path))
    assert fault.code == "bad-reference"
    assert vault.requests == []


def test_an_agent_needs_no_token_of_ours() -> None:
    vault = Vault(of={"secret/data/app": kv2(a="1")})
    Reading([Read("secret/data/app")], vault, Session(None, "the agent", False), SETTINGS).answers()
    assert vault.requests[0].token is None


@pytest.mark.parametrize("body", [b"<html>canary", b"[]", b'{"data": null}'])
def test_a_listing_that_is_none_fails_without_being_quoted(body: bytes) -> None:
    (fault,) = faults(Vault(of={LISTING_PATH: (200, body)}), Read("secret/app"))
    assert fault.code in ("answer-not-json", "mount-hidden")
