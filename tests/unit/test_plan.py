"""What a document asks for, and all that is wrong in it."""

from typing import Any

import pytest

from support.in_memory import MemoryFiles, codes
from vaultgen.document.parse import parse_document
from vaultgen.errors import Place, Refused
from vaultgen.errors.report import report
from vaultgen.plan import Content, Plan, Value, WholeSecret, plan
from vaultgen.ports import Read
from vaultgen.reference import Reference

A = Reference(Read("a"), "b", shown="vault:a?key=b")


def _plan(*entries: dict[str, Any], files: dict[str, bytes] | None = None, **document: Any) -> Plan:
    named = [{"name": f"s{index}", **entry} for index, entry in enumerate(entries)]
    return plan(parse_document({"secretGenerator": named, **document}, Place("gen.yaml")), MemoryFiles(files))


def _sources(entry: dict[str, Any], **files: bytes) -> list[tuple[Any, ...]]:
    """Sources without their places."""
    return [tuple(source[:-1]) for source in _plan(entry, files=files).secrets[0].sources]


def _refused(*entries: dict[str, Any], files: dict[str, bytes] | None = None, **document: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        _plan(*entries, files=files, **document)
    return raised.value


def test_plain_files_are_read_and_references_are_not() -> None:
    planned = _plan({"files": {"a": "f", "b": "vault:a?key=b"}, "literals": ["c=d"]}, files={"f": b"\xff"})
    sources = planned.secrets[0].sources
    assert [type(source) for source in sources] == [Content, Value, Value]
    assert isinstance(sources[0], Content)
    assert sources[0].content.reveal() == b"\xff"
    assert [tuple(source[:-1]) for source in sources[1:]] == [("b", (A,)), ("c", ("d",))]
    assert list(planned.uses) == [Read("a")]


def test_each_distinct_read_is_planned_once_with_all_places_that_ask() -> None:
    planned = _plan(
        {"files": {"a": "vault:x?key=a", "b": "vault:x?key=b"}, "literals": ["c=${vault:x?key=c}${vault:y?key=c}"]},
        {"envs": ["vault:x", "vault:x?version=2"]},
    )
    assert list(planned.uses) == [Read("x"), Read("y"), Read("x", 2)]
    assert [(place.entry, place.key, place.reference) for place in planned.uses[Read("x")]] == [
        ("s0", "a", "vault:x?key=a"),
        ("s0", "b", "vault:x?key=b"),
        ("s0", "c", "vault:x?key=c"),
        ("s1", "", "vault:x"),
    ]


def test_two_namespaces_or_permissions_are_two_reads() -> None:
    planned = _plan({"literals": ["a=vault:x?key=a&namespace=n", "b=vault:x?key=a&allowDynamic=true"]})
    assert list(planned.uses) == [Read("x", None, "n"), Read("x", allow_dynamic=True)]


def test_a_list_item_that_is_a_reference_takes_the_field_as_its_key() -> None:
    assert _sources({"files": ["vault:a?key=b"]}) == [("b", (A,))]
    assert _plan({"files": ["vault:a?key=b"]}).secrets[0].sources[0].place.key == "b"


def test_a_whole_secret_needs_a_key_of_its_own() -> None:
    assert codes(_refused({"files": ["vault:a?format=json"]})) == ["bad-file-source"]
    assert len(_sources({"files": {"k": "vault:a?format=json"}})) == 1


def test_a_whole_secret_in_envs_has_no_keys_yet() -> None:
    (source,) = _plan({"envs": ["vault:a"]}).secrets[0].sources
    assert isinstance(source, WholeSecret)
    assert source.place == Place("gen.yaml", field="secretGenerator[0].envs[0]", entry="s0")


def test_the_values_of_a_dotenv_file_may_be_references() -> None:
    content = b"A=vault:a?key=b\nB=x${vault:a?key=b}\nC=\\vault:a\n"
    assert _sources({"envs": ["local.env"]}, **{"local.env": content}) == [
        ("A", (A,)),
        ("B", ("x", A)),
        ("C", ("vault:a",)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "'vault:a/b?key=c'",
        " vault:a/b?key=c",
        "Vault:a/b?key=c",
        "VAULT:a/b?format=json",
        "$vault:a/b?key=c",
        "postgres://u:vault:a/b?key=c@db",
        "vault:a/b?key=c".join('""'),
    ],
)
def test_what_only_looks_like_a_reference_is_refused(text: str) -> None:
    """Taken as it stands it would be the value of a Secret, and nothing would say so."""
    assert codes(_refused({"envs": ["local.env"]}, files={"local.env": f"A={text}\n".encode()})) == ["bad-reference"]


@pytest.mark.parametrize("text", ["\\vault:a/b?key=c", "x$${vault:a/b?key=c}", "vaults:a", "my vault: a?key=", "vault"])
def test_what_does_not_look_like_a_reference_or_is_escaped_is_text(text: str) -> None:
    assert len(_sources({"envs": ["local.env"]}, **{"local.env": f"A={text}\n".encode()})) == 1


@pytest.mark.parametrize("field", ["files", "envs"])
def test_a_backslash_makes_a_path_of_what_looks_like_a_reference(field: str) -> None:
    assert len(_sources({field: ["k=\\vault:x" if field == "files" else "\\vault:x"]}, **{"vault:x": b"A=1"})) == 1


def test_a_reference_inside_a_path_is_refused() -> None:
    assert codes(_refused({"files": {"a": "x/${vault:a?key=b}"}})) == ["bad-file-source"]


def test_registries_are_planned() -> None:
    item = {"server": "s", "username": "u${vault:a?key=b}", "password": "vault:a?key=b"}
    (registry,) = _plan({"dockerConfig": [item]}).secrets[0].registries
    assert registry[:4] == (("s",), ("u", A), (A,), ("",))


def test_optional_leaves_no_half_of_a_registry() -> None:
    item = {"server": "s", "username": "vault:a?key=b&optional=true", "password": "vault:a?key=b&optional=true"}
    refused = _refused({"dockerConfig": [item]})
    assert codes(refused) == ["bad-reference", "bad-reference"]
    assert "default=TEXT" in report(refused.faults)


# --- what is refused ---


@pytest.mark.parametrize(
    "entry",
    [
        {"literals": ["a=1", "a=2"]},
        {"literals": ["a=1"], "files": {"a": "f"}},
        {"files": ["f", "f=vault:a?key=b"]},
        {"files": ["vault:a?key=b", "b=f"]},
        {"envs": ["e", "e"]},
        {"envs": ["e"], "literals": ["A="]},
        {"envs": ["twice"]},
        {
            "literals": [".dockerconfigjson={}"],
            "dockerConfig": [{"server": "s", "username": "u", "password": "p"}],
        },
    ],
)
def test_a_data_key_has_one_source(entry: dict[str, Any]) -> None:
    refused = _refused(entry, files={"f": b"", "e": b"A=1", "twice": b"A=1\nA=2"})
    assert codes(refused) == ["duplicate-data-key"]


@pytest.mark.parametrize("key", ["a b", "a/b", "..", "..a", "é", "x" * 254])
def test_a_data_key_is_one_that_the_api_server_takes(key: str) -> None:
    for entry in ({"files": {key: "f"}}, {"files": {key: "vault:a?key=b"}}, {"literals": [f"{key}=1"]}):
        assert codes(_refused(entry, files={"f": b""})) == ["invalid-data-key"]


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a.", "x" * 254])
def test_names_are_those_that_the_api_server_takes(name: str) -> None:
    assert codes(_refused({"name": name})) == ["invalid-secret-name"]
    assert codes(_refused({"namespace": name})) == ["invalid-secret-name"]


def test_a_name_leaves_room_for_its_suffix() -> None:
    assert _plan({"name": "x" * 242})
    assert codes(_refused({"name": "x" * 243})) == ["invalid-secret-name"]
    assert _plan({"name": "x" * 253, "options": {"disableNameSuffixHash": True}})


def test_labels_and_annotations_are_those_that_the_api_server_takes() -> None:
    refused = _refused({"options": {"labels": {"a": "hunter2!"}, "annotations": {"a b": "hunter2"}}})
    assert codes(refused) == ["invalid-metadata", "invalid-metadata"]
    assert "hunter2" not in report(refused.faults)


@pytest.mark.parametrize("namespaces", [("", ""), ("a", "a"), ("", "default"), ("default", "")])
def test_a_document_makes_a_secret_once(namespaces: tuple[str, str]) -> None:
    """kustomize takes no namespace for the namespace default."""
    entries = [{"name": "a", "namespace": namespace} for namespace in namespaces]
    refused = _refused(*entries)
    assert codes(refused) == ["same-secret-twice"]
    assert refused.faults[0].place.field == "secretGenerator[1]"


def test_secrets_of_one_name_in_two_namespaces_are_two() -> None:
    assert len(_plan({"name": "a", "namespace": "x"}, {"name": "a", "namespace": "y"}, {"name": "a"}).secrets) == 3


def test_all_faults_are_told_at_once_in_the_order_of_the_document() -> None:
    refused = _refused(
        {"name": "A", "literals": ["no-key", "x=vault:"], "files": {"f": "missing"}},
        {"envs": ["missing.env", "e"], "files": ["=x"]},
        {"literals": ["a=${vault:x"]},
        files={"e": b"a b=1\n\xff\nA=vault:x\n"},
    )
    assert [(fault.place.field[:18], fault.code) for fault in refused.faults] == [
        ("secretGenerator[0]", "bad-literal"),
        ("secretGenerator[0]", "invalid-secret-name"),
        ("secretGenerator[0]", "file-not-found"),
        ("secretGenerator[0]", "bad-reference"),
        ("secretGenerator[1]", "bad-file-source"),
        ("secretGenerator[1]", "file-not-found"),
        ("secretGenerator[1]", "bad-dotenv"),
        ("secretGenerator[1]", "bad-dotenv"),
        ("secretGenerator[1]", "bad-reference"),
        ("secretGenerator[2]", "bad-reference"),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"literals": ["hunter2"]},
        {"literals": ["hunter2 x=y"]},
        {"literals": ["hunter2/x==", "aHVu/hunter2="]},
        {"literals": ["a=vault:x?key=y&default=hunter2&nonsense=1"]},
        {"literals": ["a=hunter2${vault:x"]},
        {"literals": ["a=hunter2", "a=hunter2"]},
        {"envs": ["e"]},
        {"dockerConfig": [{"server": "s", "username": "hunter2", "password": "hunter2${vault:"}]},
    ],
)
def test_no_value_is_shown(entry: dict[str, Any]) -> None:
    files = {"e": b"-----BEGIN hunter2\nhunter2+/=\nA=hunter2 ${vault:\nB=hunter2\nB=hunter2\nC=hunter2\xff\n"}
    text = report(_refused(entry, files=files).faults)
    assert "hunter2" not in text
