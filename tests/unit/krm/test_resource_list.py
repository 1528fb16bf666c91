"""ResourceList in and out."""

import base64
import json
from typing import Any

import pytest
import yaml

from support.in_memory import codes
from vaultgen.document.model import GeneratorOptions
from vaultgen.errors import Refused
from vaultgen.krm.resource_list import (
    Item,
    file_of,
    folded_base64,
    read_resource_list,
    secret_resource,
    write_resource_list,
)
from vaultgen.redacted import Redacted
from vaultgen.render import GeneratedSecret

CONFIG = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator", "metadata": {"name": "my-app"}}
V1 = "config.kubernetes.io/v1"


def _request(**fields: Any) -> bytes:
    return json.dumps({"apiVersion": V1, "kind": "ResourceList", "functionConfig": CONFIG, **fields}).encode()


def _secret(name: str = "db", **changes: Any) -> GeneratedSecret:
    made = GeneratedSecret(name, "", "Opaque", None, GeneratorOptions(), {"a": Redacted(b"b")}, False)
    return made._replace(**changes)


def _written(*arguments: Any) -> Any:
    return json.loads(write_resource_list(*arguments))


# --- in ---


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_both_versions_are_read_and_answered(version: str) -> None:
    api_version = f"config.kubernetes.io/{version}"
    request = read_resource_list(_request(apiVersion=api_version))
    assert request.function_config == CONFIG
    assert request.items == ()
    assert _written(request.api_version, request.items, []) == {
        "apiVersion": api_version,
        "kind": "ResourceList",
        "items": [],
    }


def test_the_copy_of_the_config_that_kustomize_adds_is_left_out() -> None:
    annotations = {
        "config.kubernetes.io/local-config": "true",
        "config.kubernetes.io/index": "0",
        "internal.config.kubernetes.io/index": "0",
        "internal.config.kubernetes.io/id": "1",
    }
    copy = {**CONFIG, "metadata": {"name": "my-app", "annotations": annotations}}
    assert read_resource_list(_request(items=[copy])).items == ()


def test_items_of_a_package_stay_the_config_among_them() -> None:
    path = {"internal.config.kubernetes.io/path": "gen.yaml"}
    config = {**CONFIG, "metadata": {"name": "my-app", "annotations": path}}
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert [item.resource for item in read_resource_list(_request(items=[config])).items] == [config]
    assert [item.resource for item in read_resource_list(_request(items=[CONFIG, other])).items] == [CONFIG, other]


def test_no_items_is_an_empty_list() -> None:
    assert read_resource_list(_request(items=None)).items == ()


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b" \n",
        b"---\n",
        b"null",
        b"[]",
        b"text",
        b"{}",
        _request(kind="List"),
        _request(apiVersion="v1"),
        _request(apiVersion=["config.kubernetes.io/v1"]),
        _request(functionConfig=None),
        _request(functionConfig=[]),
        _request(functionConfig={"metadata": None}),
        _request(functionConfig={"metadata": "x"}),
        _request(items={"a": 1}),
        _request(items="x"),
        _request(items=[1]),
        _request(items=[None]),
    ],
)
def test_what_is_no_resource_list_is_refused(request_: bytes) -> None:
    with pytest.raises(Refused) as raised:
        read_resource_list(request_)
    assert codes(raised.value) == ["not-a-resource-list"]


@pytest.mark.parametrize("metadata", [{}, {"annotations": None}, {"annotations": []}, {"annotations": {"a": "b"}}])
def test_a_resource_without_a_path_has_no_file(metadata: dict[str, Any]) -> None:
    assert file_of({"metadata": metadata}) == ""


def test_the_newer_annotation_names_the_file() -> None:
    annotations = {"config.kubernetes.io/path": "old.yaml", "internal.config.kubernetes.io/path": "new.yaml"}
    assert file_of({"metadata": {"annotations": annotations}}) == "new.yaml"
    assert file_of({}) == file_of({"metadata": "x"}) == ""


# --- a Secret ---


def test_a_secret_asks_for_a_suffix() -> None:
    assert secret_resource(_secret()) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "annotations": {"kustomize.config.k8s.io/needs-hash": "true"}},
        "type": "Opaque",
        "data": {"a": "Yg=="},
    }


def test_a_secret_with_everything() -> None:
    options = GeneratorOptions({"l": "1"}, {"n": "2"}, immutable=True, disable_name_suffix_hash=True)
    made = secret_resource(_secret(namespace="apps", type="x", behavior="merge", options=options))
    assert made["metadata"] == {
        "name": "db",
        "namespace": "apps",
        "labels": {"l": "1"},
        "annotations": {"n": "2", "kustomize.config.k8s.io/behavior": "merge"},
    }
    assert made["immutable"] is True
    assert made["type"] == "x"


def test_a_value_that_changes_with_each_read_gets_no_suffix() -> None:
    assert "annotations" not in secret_resource(_secret(volatile=True))["metadata"]


def test_a_secret_without_data_has_an_empty_mapping() -> None:
    """Without data kustomize would hash another text."""
    assert secret_resource(_secret(data={}))["data"] == {}


def test_writing_does_not_change_the_options() -> None:
    options = GeneratorOptions(annotations={"a": "b"})
    secret_resource(_secret(options=options))
    assert options.annotations == {"a": "b"}


@pytest.mark.parametrize(
    ("length", "lines"),
    [(0, [0]), (51, [68]), (52, [70, 2, 0]), (105, [70, 70, 0]), (106, [70, 70, 4, 0])],
)
def test_base64_is_folded_from_70_characters_on(length: int, lines: list[int]) -> None:
    text = folded_base64(b"\xff" * length)
    assert [len(line) for line in text.split("\n")] == lines
    assert base64.b64decode(text) == b"\xff" * length


# --- out ---


def test_the_config_is_not_given_back() -> None:
    assert [item["kind"] for item in _written(V1, [], [_secret()])["items"]] == ["Secret"]


def test_secrets_stay_in_order_behind_the_items() -> None:
    other = {"kind": "ConfigMap"}
    items = _written(V1, [Item(other)], [_secret("b"), _secret("a")])["items"]
    assert items[0] == other
    assert [item["metadata"]["name"] for item in items[1:]] == ["b", "a"]


def test_a_secret_takes_the_place_of_the_one_of_an_earlier_run() -> None:
    kept = {"internal.config.kubernetes.io/path": "db.yaml", "config.kubernetes.io/index": "0"}
    old = secret_resource(_secret(data={}))
    old["metadata"]["annotations"] = {**kept, "own": "x"}
    items = _written(V1, [Item(old), Item({"kind": "A"})], [_secret()])["items"]
    assert [item["kind"] for item in items] == ["Secret", "A"]
    assert items[0]["data"] == {"a": "Yg=="}
    assert items[0]["metadata"]["annotations"] == kept


def test_only_a_generator_asks_for_suffix_and_behavior() -> None:
    """kustomize honours neither for what has items; in kpt's package the words would stay in the file for good."""
    (_, secret) = _written(V1, [Item({"kind": "A"})], [_secret(behavior="merge")])["items"]
    assert "annotations" not in secret["metadata"]


def test_a_secret_of_another_namespace_is_another() -> None:
    old = secret_resource(_secret(namespace="other"))
    assert len(_written(V1, [Item(old)], [_secret()])["items"]) == 2


def test_annotations_are_read_alike_as_json_and_as_yaml() -> None:
    """Go's YAML refuses a pair of surrogate escapes and folds a bare U+0085; JSON knows neither rule."""
    annotations = {"a": "😀 \u2028 \u2029 \x85 \x7f \ufeff \uffff \ue000 \t \n \\ \" ' \U000e0001 \x9f é"}
    text = write_resource_list(V1, [], [_secret(options=GeneratorOptions(annotations=annotations))])
    expected = {**annotations, "kustomize.config.k8s.io/needs-hash": "true"}
    assert json.loads(text)["items"][0]["metadata"]["annotations"] == expected
    assert yaml.safe_load(text)["items"][0]["metadata"]["annotations"] == expected
    assert b"\\ud" not in text


def test_the_answer_is_one_line() -> None:
    """A log line before or after would be no part of it."""
    text = write_resource_list(V1, [], [_secret(options=GeneratorOptions(annotations={"a": "\n\x85\u2028"}))])
    assert text.decode().splitlines(keepends=True) == [text.decode()]
    assert text.endswith(b"}\n")
