"""What Vault's answers mean. Their shapes are those of tests/contract/test_openbao_reads.py."""

import json
from typing import Literal

import pytest

from vaultgen.errors import Fault
from vaultgen.json_text import JsonNumber
from vaultgen.ports import Answer, Miss, Read
from vaultgen.redacted import Redacted
from vaultgen.vault.answers import UNSURE, Target, meaning
from vaultgen.vault.message import Response

Kind = Literal["guessed", "kv2", "kv1", "static", "dynamic"]
APP = Read("secret/data/app")
ADDRESS = "http://vault.test:8200"
METADATA = {"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False, "version": 3}
KV2 = {"lease_id": "", "data": {"data": {"a": "x"}, "metadata": METADATA}}


def of(status: int, body: object, kind: Kind = "kv2", read: Read = APP) -> object:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return meaning(read, Target(read.path, kind, "database"), Response(status, Redacted(content)), ADDRESS)


def code(outcome: object) -> str:
    assert isinstance(outcome, Fault), outcome
    assert outcome.read is not None
    assert "canary" not in str(outcome)
    return outcome.code


@pytest.mark.parametrize("kind", ["guessed", "kv2"])
def test_fields_of_kv2_come_with_their_version_and_its_time(kind: Kind) -> None:
    assert of(200, KV2, kind) == Answer({"a": Redacted("x")}, 3, False, str(METADATA["created_time"]))


def test_values_are_as_vault_wrote_them() -> None:
    body = b'{"data": {"data": {"z": 1.10, "a": null, "t": true, "l": [1]}, "metadata": {"created_time": "x"}}}'
    answer = of(200, body)
    assert isinstance(answer, Answer)
    values = [(name, value.reveal()) for name, value in answer.fields.items()]
    assert values == [("z", JsonNumber("1.10")), ("a", None), ("t", True), ("l", [JsonNumber("1")])]


def test_fields_of_kv1_stand_alone() -> None:
    assert of(200, {"lease_id": "", "data": {"a": "x"}}, "kv1") == Answer({"a": Redacted("x")}, None, False)


def test_a_static_read_leaves_out_what_changes_by_itself() -> None:
    data = {"username": "u", "password": "p", "ttl": 17, "last_vault_rotation": "2026-01-01", "rotation_period": 60}
    answer = of(200, {"lease_id": "", "data": data}, "static")
    assert isinstance(answer, Answer)
    assert list(answer.fields) == ["username", "password", "rotation_period"]
    assert not answer.volatile


def test_a_dynamic_read_is_volatile_with_or_without_a_lease() -> None:
    for lease in ("", "totp/code/1"):
        answer = of(200, {"lease_id": lease, "data": {"code": "1"}}, "dynamic")
        assert isinstance(answer, Answer)
        assert answer.volatile


@pytest.mark.parametrize("kind", ["kv1", "static"])
def test_a_lease_where_none_is_expected_is_refused_unless_wanted(kind: Kind) -> None:
    leased = {"lease_id": "x/1", "data": {"a": "canary"}}
    assert code(of(200, leased, kind)) == "dynamic-engine"
    answer = of(200, leased, kind, Read("x", allow_dynamic=True))
    assert isinstance(answer, Answer)
    assert answer.volatile


@pytest.mark.parametrize(
    "body",
    [
        {"lease_id": "", "data": {"username": "canary"}},
        {"lease_id": "x/1", "data": {"data": {"a": "canary"}, "metadata": METADATA}},
        {"lease_id": "", "data": {"data": {"a": "canary"}, "metadata": {}}},
        {"lease_id": "", "data": {"data": {"a": "canary"}}},
        {"lease_id": "", "data": None},
        {},
    ],
)
def test_an_answer_without_kv2s_marks_is_never_taken_for_kv2(body: object) -> None:
    assert of(200, body, "guessed") is UNSURE
    assert code(of(200, body, "kv2")) == "unexpected-answer"


def test_another_version_than_the_one_asked_for_is_refused() -> None:
    read = Read("secret/data/app", 2)
    assert code(of(200, KV2, "guessed", read)) == "unexpected-answer"
    assert isinstance(of(200, KV2, "guessed", Read("secret/data/app", 3)), Answer)


@pytest.mark.parametrize("kind", ["guessed", "kv2", "kv1", "static", "dynamic"])
def test_nothing_there_is_a_miss(kind: Kind) -> None:
    assert of(404, {"errors": []}, kind) == Miss("no_path")


def test_nothing_there_in_a_version_is_a_miss_of_that_version() -> None:
    assert of(404, {"errors": []}, "guessed", Read("secret/data/app", 9)) == Miss("no_version", 9)


@pytest.mark.parametrize("kind", ["guessed", "kv2"])
def test_deleted_and_destroyed_versions_are_misses(kind: Kind) -> None:
    deleted = {"data": {"data": None, "metadata": {**METADATA, "deletion_time": "2026-01-02T00:00:00Z"}}}
    destroyed = {"data": {"data": None, "metadata": {**METADATA, "destroyed": True}}}
    assert of(404, deleted, kind) == Miss("deleted", 3)
    assert of(404, destroyed, kind) == Miss("destroyed", 3)


@pytest.mark.parametrize(
    "body",
    [
        {"errors": ['no handler for route "x/data/y". route entry not found.']},
        {"errors": ["namespace not found"]},
        {"data": None, "warnings": ["Invalid path for a versioned K/V secrets engine."]},
    ],
)
def test_any_other_404_is_no_miss(body: object) -> None:
    assert of(404, body, "guessed") is UNSURE
    assert code(of(404, body, "kv2")) == "unexpected-answer"


def test_a_denied_read_is_never_a_miss() -> None:
    body = {"errors": ["permission denied"]}
    assert of(403, body, "guessed") is UNSURE
    outcome = of(403, body, "kv2")
    assert code(outcome) == "permission-denied"


def test_an_engine_without_reads_is_no_miss() -> None:
    assert of(405, {"errors": ["unsupported operation"]}, "guessed") is UNSURE
    assert code(of(405, {"errors": ["unsupported operation"]}, "dynamic")) == "unexpected-answer"


@pytest.mark.parametrize("status", [201, 204, 304, 400, 413, 418])
def test_other_statuses_are_no_answer(status: int) -> None:
    assert code(of(status, {"errors": ["canary"]}, "guessed")) == "bad-request"


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("body", [b"", b"<html>canary</html>", b'{"data": {"data": "canary', b"\xff"])
def test_what_is_no_json_is_refused(status: int, body: bytes) -> None:
    assert code(of(status, body, "guessed")) == "answer-not-json"


@pytest.mark.parametrize("body", [[], "canary", 1, None])
def test_what_is_no_object_is_refused(body: object) -> None:
    assert code(of(200, body, "guessed")) == "unexpected-answer"


@pytest.mark.parametrize("kind", ["kv2", "kv1", "static", "dynamic"])
@pytest.mark.parametrize("data", [None, [], "canary", {"data": "canary", "metadata": METADATA}])
def test_fields_that_are_none_are_refused(kind: Kind, data: object) -> None:
    if kind != "kv2" and isinstance(data, dict):
        return
    assert code(of(200, {"lease_id": "", "data": data}, kind)) == "unexpected-answer"


def test_a_version_that_is_no_number_is_unknown() -> None:
    odd = {"data": {"data": {}, "metadata": {**METADATA, "version": "three"}}}
    assert of(200, odd) == Answer({}, None, False, str(METADATA["created_time"]))
