"""What the API server takes. The accepted and refused texts are those of the rules' own documentation."""

import pytest

from vaultgen.document.api_rules import (
    ANNOTATIONS_LIMIT,
    bad_metadata,
    is_data_key,
    is_namespace,
    is_secret_name,
    key_without_json,
    missing_for_type,
)
from vaultgen.document.model import GeneratorOptions


@pytest.mark.parametrize("key", ["a", "A.b_c-9", ".", "..", "...", ".a", "..a", "a..b", "-", "_", "9", "-a", "x" * 253])
def test_data_keys(key: str) -> None:
    assert is_data_key(key) is (key not in (".", "..", "...", "..a"))


@pytest.mark.parametrize("key", ["", "a b", "a/b", "a=b", "é", "a\n", "\na", "a\0b", "x" * 254, "a:b", "a@b", "١"])  # noqa: RUF001
def test_refused_data_keys(key: str) -> None:
    assert not is_data_key(key)


@pytest.mark.parametrize(
    "name", ["a", "9", "a.b", "a-b.c-d", "0.0", "xn--a", "a--b", "x" * 253, "x" * 64, ".".join(["a"] * 100)]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "A", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a-.b", "a_b", "a b", "é", "a\n", "a/b", "x" * 254],
)
def test_refused_names_of_secrets(name: str) -> None:
    assert not is_secret_name(name)


def test_a_namespace_is_one_label() -> None:
    assert all(map(is_namespace, ("a", "9", "a-b", "x" * 63)))
    assert not any(map(is_namespace, ("", "a.b", "A", "-a", "a-", "x" * 64, "a_b", "a\n")))


@pytest.mark.parametrize(
    "name", ["a", "A_b.c-9", "x" * 63, "example.com/a", "a.b/A", "9", "x" * 253 + "/a", "a/" + "x" * 63]
)
def test_names_of_labels_and_annotations(name: str) -> None:
    assert bad_metadata(GeneratorOptions({name: ""}, {name: ""})) == []


@pytest.mark.parametrize(
    "name",
    ["", "-a", "a-", "_a", ".a", "a b", "/a", "a/", "a/b/c", "x" * 64, "x" * 254 + "/a", "a_b/c", "é", "a\n", "."],
)
def test_refused_names_of_labels_and_annotations(name: str) -> None:
    found = bad_metadata(GeneratorOptions({name: ""}, {name: ""}))
    assert [one[:2] for one in found] == [("label", name), ("annotation", name)]


def test_the_prefix_of_an_annotation_may_have_capitals() -> None:
    found = bad_metadata(GeneratorOptions({"Example.com/a": ""}, {"Example.com/a": ""}))
    assert [one[:2] for one in found] == [("label", "Example.com/a")]


@pytest.mark.parametrize("value", ["", "a", "A_b.c-9", "true", "1", "x" * 63])
def test_values_of_labels(value: str) -> None:
    assert bad_metadata(GeneratorOptions(labels={"a": value})) == []


@pytest.mark.parametrize("value", ["-a", "a-", " ", "a b", "x" * 64, "é", "a/b", "hunter2!", "a\n"])
def test_refused_values_of_labels_are_not_shown(value: str) -> None:
    found = bad_metadata(GeneratorOptions(labels={"l": value}))
    assert len(found) == 1
    assert "hunter2" not in "".join(found[0])


def test_annotations_have_any_value_up_to_a_size() -> None:
    fits = {"a": "é" * ((ANNOTATIONS_LIMIT - 2) // 2), "b": ""}
    assert bad_metadata(GeneratorOptions(annotations=fits)) == []
    assert len(bad_metadata(GeneratorOptions(annotations={**fits, "c": ""}))) == 1


@pytest.mark.parametrize(
    ("type_", "data", "lacking"),
    [
        ("Opaque", {}, ""),
        ("example.com/own", {}, ""),
        ("kubernetes.io/tls", {"tls.crt": b"", "tls.key": b""}, ""),
        ("kubernetes.io/tls", {"tls.crt": b""}, "the key tls.key"),
        ("kubernetes.io/tls", {}, "the key tls.crt and the key tls.key"),
        ("kubernetes.io/basic-auth", {"password": b""}, ""),
        ("kubernetes.io/basic-auth", {"username": b""}, ""),
        ("kubernetes.io/basic-auth", {"user": b""}, "the key username or password"),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": b"x"}, ""),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": b""}, "something in the key ssh-privatekey"),
        ("kubernetes.io/ssh-auth", {}, "the key ssh-privatekey"),
        ("kubernetes.io/dockerconfigjson", {}, "the key .dockerconfigjson"),
        ("kubernetes.io/dockercfg", {".dockercfg": b""}, ""),
        ("kubernetes.io/service-account-token", {}, "the annotation kubernetes.io/service-account.name"),
    ],
)
def test_a_type_needs(type_: str, data: dict[str, bytes], lacking: str) -> None:
    assert missing_for_type(type_, data, {}) == lacking


def test_a_service_account_token_names_its_account() -> None:
    annotations = {"kubernetes.io/service-account.name": "a"}
    assert missing_for_type("kubernetes.io/service-account-token", {}, annotations) == ""


@pytest.mark.parametrize("content", [b"{}", b"null", b' {"a": 1} ', b'{"a": "\xff"}'])
def test_a_docker_configuration_is_a_json_object(content: bytes) -> None:
    assert key_without_json("kubernetes.io/dockerconfigjson", {".dockerconfigjson": content}) == ""
    assert key_without_json("kubernetes.io/dockercfg", {".dockercfg": content}) == ""


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"a"', b"1", b"\xff", b"[" * 100_000])
def test_a_docker_configuration_of_another_kind_is_refused(content: bytes) -> None:
    assert key_without_json("kubernetes.io/dockerconfigjson", {".dockerconfigjson": content}) == ".dockerconfigjson"
    assert key_without_json("Opaque", {".dockerconfigjson": content}) == ""
    assert key_without_json("kubernetes.io/dockerconfigjson", {}) == ""
