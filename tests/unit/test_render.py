"""From a plan and answers to Secrets."""

import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest

from support.in_memory import MemoryFiles, answer, codes
from vaultgen.document.parse import parse_document
from vaultgen.errors import Place, Refused
from vaultgen.errors.report import report
from vaultgen.plan import plan
from vaultgen.ports import Answer, Miss, Read
from vaultgen.render import GeneratedSecret, faults_of, render

X = Read("x")
Answers = Mapping[Read, Answer | Miss]


def _secrets(entry: dict[str, Any], answers: Answers, **files: bytes) -> tuple[GeneratedSecret, ...]:
    document = parse_document({"secretGenerator": [{"name": "a", **entry}]}, Place("gen.yaml"))
    return render(plan(document, MemoryFiles(files)), answers)


def _data(entry: dict[str, Any], fields: Mapping[str, Any], **files: bytes) -> dict[str, bytes]:
    (secret,) = _secrets(entry, {X: answer(fields)}, **files)
    return {key: value.reveal() for key, value in secret.data.items()}


def _refused(entry: dict[str, Any], answers: Answers, **files: bytes) -> Refused:
    with pytest.raises(Refused) as raised:
        _secrets(entry, answers, **files)
    assert "hunter2" not in report(raised.value.faults)
    return raised.value


def test_everything_about_a_secret_is_kept() -> None:
    entry = {"namespace": "n", "type": "t", "behavior": "replace", "options": {"labels": {"l": "1"}}}
    (secret,) = _secrets(entry, {})
    assert secret[:4] == ("a", "n", "t", "replace")
    assert secret.options.labels == {"l": "1"}
    assert secret.data == {}
    assert not secret.volatile


def test_keys_are_sorted() -> None:
    assert list(_data({"literals": ["b=", "B=", "a.b=", "a-b=", "a=", "_="]}, {})) == ["B", "_", "a", "a-b", "a.b", "b"]


def test_all_sources_meet() -> None:
    entry = {
        "files": {"f": "plain", "v": "vault:x?key=p"},
        "literals": ["l=text", "m=a${vault:x?key=p}b${vault:x?key=n}c"],
        "envs": ["e.env", "vault:x"],
    }
    files = {"plain": b"\xff\0", "e.env": b"E=vault:x?key=p\n"}
    assert _data(entry, {"p": "pw", "n": {"a": 1}}, **files) == {
        "E": b"pw",
        "f": b"\xff\0",
        "l": b"text",
        "m": b'apwb{"a":1}c',
        "n": b'{"a":1}',
        "p": b"pw",
        "v": b"pw",
    }


def test_an_optional_reference_leaves_its_key_out() -> None:
    assert _data({"literals": ["a=vault:x?key=n&optional=true", "b=1"]}, {}) == {"b": b"1"}


def test_a_default_stands_inside_text() -> None:
    assert _data({"literals": ["a=x${vault:x?key=n&default=d}y${vault:x?key=n&default=}z"]}, {}) == {"a": b"xdyz"}


def test_a_value_alone_may_be_bytes_and_one_inside_text_may_not() -> None:
    fields = {"b": "/wA="}
    assert _data({"literals": ["a=vault:x?key=b&decode=base64"]}, fields) == {"a": b"\xff\0"}
    refused = _refused({"literals": ["a=hunter2${vault:x?key=b&decode=base64}"]}, {X: answer(fields)})
    assert codes(refused) == ["not-text"]
    assert refused.faults[0].place.key == "a"
    assert refused.faults[0].place.reference == "vault:x?key=b&decode=base64"


def test_what_was_read_is_not_read_again_as_a_reference() -> None:
    held = {"p": "${vault:x?key=q} vault:x?key=q", "q": "hunter2"}
    assert _data({"literals": ["a=vault:x?key=p", "b=<${vault:x?key=p}>"]}, held) == {
        "a": held["p"].encode(),
        "b": f"<{held['p']}>".encode(),
    }


def test_every_missing_value_is_told_at_once() -> None:
    entry = {
        "files": {"a": "vault:x?key=1"},
        "literals": ["b=${vault:x?key=2}${vault:y?key=3}", "c=vault:z?key=4"],
        "envs": ["vault:y"],
        "dockerConfig": [{"server": "s", "username": "vault:x?key=5", "password": "p"}],
    }
    answers: Answers = {X: answer({}), Read("y"): Miss("no_path"), Read("z"): Miss("deleted", 2)}
    refused = _refused(entry, answers)
    assert [(fault.code, fault.place.reference) for fault in refused.faults] == [
        ("field-missing", "vault:x?key=1"),
        ("field-missing", "vault:x?key=2"),
        ("path-missing", "vault:y?key=3"),
        ("version-deleted", "vault:z?key=4"),
        ("path-missing", "vault:y"),
        ("field-missing", "vault:x?key=5"),
    ]


@pytest.mark.parametrize("literal", ["a=vault:y?key=k", "a=x${vault:y?key=k}", "a=vault:y?key=k&optional=true"])
def test_a_read_without_an_answer_makes_no_secret(literal: str) -> None:
    """Half a Secret, or half a text, would be worse than none."""
    with pytest.raises(KeyError):
        _secrets({"literals": ["b=vault:x?key=k", literal]}, {X: answer({"k": "v"})})


def test_what_is_wrong_with_the_answers_that_there_are_can_be_told() -> None:
    entry = {"type": "kubernetes.io/tls", "literals": ["a=vault:x?key=n", "b=${vault:y?key=k}${vault:x?key=m}"]}
    document = parse_document({"secretGenerator": [{"name": "a", **entry}]}, Place("gen.yaml"))
    planned = plan(document, MemoryFiles())
    assert [(fault.code, fault.place.key) for fault in faults_of(planned, {X: answer({})})] == [
        ("field-missing", "a"),
        ("field-missing", "b"),
    ]
    assert faults_of(planned, {}) == ()


# --- a whole secret as keys ---


@pytest.mark.parametrize(
    "entry",
    [
        {"envs": ["vault:x"], "literals": ["k=1"]},
        {"envs": ["vault:x"], "files": {"k": "f"}},
        {"envs": ["vault:x", "e"]},
        {"envs": ["vault:x", "vault:x?version=1"]},
    ],
)
def test_a_field_that_is_a_key_already_is_refused(entry: dict[str, Any]) -> None:
    answers: Answers = {X: answer({"k": "hunter2"}), Read("x", 1): answer({"k": "hunter2"})}
    refused = _refused(entry, answers, f=b"", e=b"k=2")
    assert codes(refused) == ["duplicate-data-key"]
    assert refused.faults[0].facts == {"key": "k"}


def test_every_field_that_is_a_key_already_is_told() -> None:
    refused = _refused({"envs": ["vault:x"], "literals": ["k=1", "l=1"]}, {X: answer({"k": "", "m": "", "l": ""})})
    assert [fault.facts["key"] for fault in refused.faults] == ["k", "l"]


@pytest.mark.parametrize("name", ["hunter2 x", "", "a/b", "..", "é", "\ud800", "x" * 254])
def test_a_field_whose_name_is_no_data_key_is_refused_and_not_shown(name: str) -> None:
    refused = _refused({"envs": ["vault:x"]}, {X: answer({name: "1"})})
    assert codes(refused) == ["unusable-field-name"]
    assert not name or name not in report(refused.faults)


def test_a_null_field_with_an_unusable_name_is_absent() -> None:
    assert _data({"envs": ["vault:x"]}, {"a b": None, "c": "1"}) == {"c": b"1"}


def test_dynamic_credentials_make_a_volatile_secret() -> None:
    for entry in (
        {"files": {"a": "vault:x?key=k"}},
        {"literals": ["a=b${vault:x?key=k}"]},
        {"envs": ["vault:x"]},
        {"dockerConfig": [{"server": "s", "username": "u", "password": "vault:x?key=k"}]},
    ):
        assert [one.volatile for one in _secrets(entry, {X: answer({"k": "v"}, volatile=True)})] == [True]
        assert [one.volatile for one in _secrets(entry, {X: answer({"k": "v"})})] == [False]


# --- what the API server would refuse ---


def test_a_secret_has_a_size_limit() -> None:
    half = 512 * 1024
    assert len(_data({"literals": ["a=vault:x?key=a", "b=vault:x?key=b"]}, {"a": "x" * half, "b": "é" * (half // 2)}))
    refused = _refused({"envs": ["vault:x"]}, {X: answer({"a": "x" * half, "b": "x" * half, "c": "x"})})
    assert codes(refused) == ["secret-too-large"]
    assert refused.faults[0].facts == {"size": "1048577", "limit": "1048576"}


def test_a_type_needs_its_keys_unless_they_are_merged_onto_others() -> None:
    entry = {"type": "kubernetes.io/tls", "literals": ["tls.crt=x"]}
    assert codes(_refused(entry, {})) == ["incomplete-type"]
    assert codes(_refused({**entry, "behavior": "replace"}, {})) == ["incomplete-type"]
    assert _secrets({**entry, "behavior": "merge"}, {})


@pytest.mark.parametrize("behavior", [None, "merge"])
def test_a_docker_configuration_from_vault_is_json(behavior: str | None) -> None:
    entry = {
        "type": "kubernetes.io/dockerconfigjson",
        "behavior": behavior,
        "files": {".dockerconfigjson": "vault:x?key=c"},
    }
    assert _secrets(entry, {X: answer({"c": '{"auths": {}}'})})
    refused = _refused(entry, {X: answer({"c": "hunter2"})})
    assert codes(refused) == ["incomplete-type"]
    assert "JSON in the key .dockerconfigjson" in report(refused.faults)


def test_what_a_secret_lacks_is_not_told_where_its_values_are_missing() -> None:
    entry = {"type": "kubernetes.io/tls", "files": {"tls.crt": "vault:x?key=a", "tls.key": "vault:x?key=b"}}
    assert codes(_refused(entry, {X: answer({})})) == ["field-missing", "field-missing"]


# --- registries ---


def test_registries_are_composed() -> None:
    registries = [
        {"server": "b", "username": "u", "password": "vault:x?key=p"},
        {"server": "a", "username": "x${vault:x?key=p}", "password": "q", "email": "e"},
    ]
    assert _data({"dockerConfig": registries}, {"p": "<"}) == {
        ".dockerconfigjson": b'{"auths":{"a":{"username":"x\\u003c","password":"q","email":"e","auth":"eDw6cQ=="},'
        b'"b":{"username":"u","password":"\\u003c","auth":"dTo8"}}}'
    }


def test_two_logins_for_one_server_are_refused() -> None:
    """The second would silently replace the first; the name may be known only after reading."""
    registries = [
        {"server": "s", "username": "u", "password": "hunter2"},
        {"server": "vault:x?key=s", "username": "v", "password": "hunter2"},
    ]
    refused = _refused({"dockerConfig": registries}, {X: answer({"s": "s"})})
    assert codes(refused) == ["wrong-value"]
    assert refused.faults[0].place.field == "secretGenerator[0].dockerConfig[1]"


MEBIBYTE = "x" * (1 << 20)


@pytest.mark.parametrize(
    "entry",
    [
        {"literals": ["a=" + "${vault:x?key=f}" * 100]},
        {"files": {f"k{number}": "vault:x?key=f" for number in range(100)}},
        {
            "dockerConfig": [
                {"server": f"s{number}", "username": "u", "password": "${vault:x?key=f}"} for number in range(100)
            ]
        },
    ],
    ids=["text", "keys", "registries"],
)
def test_what_is_too_large_is_counted_and_not_kept(entry: dict[str, Any]) -> None:
    """A short document could take all memory of a process that reads for many."""
    tracemalloc.start()
    try:
        refused = _refused(entry, {X: answer({"f": MEBIBYTE})})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert codes(refused) == ["secret-too-large"]
    assert peak < 20 << 20


def test_secrets_that_are_too_large_together_are_refused() -> None:
    entries = [{"name": f"a{number}", "files": {"k": "vault:x?key=f"}} for number in range(100)]
    planned = plan(parse_document({"secretGenerator": entries}, Place("gen.yaml")), MemoryFiles({}))
    with pytest.raises(Refused) as caught:
        render(planned, {X: answer({"f": MEBIBYTE})})
    assert report(caught.value.faults).startswith(
        "error[values-too-large]: what is made of the references comes to more than 33554432 bytes\n"
        '  where: gen.yaml, secretGenerator[32], Secret "a32"\n'
    )
