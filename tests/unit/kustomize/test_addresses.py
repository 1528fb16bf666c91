"""What would be fetched; that the real kustomize does fetch each is shown in tests/e2e/test_hostile_tree.py."""

from typing import Any

import pytest

from support.errands import REPOSITORIES
from vaultgen.kustomize.addresses import (
    addresses,
    addresses_of_plugin,
    is_remote,
    is_remote_text,
    without_credential,
)


@pytest.mark.parametrize("address", REPOSITORIES)
def test_a_repository_is_remote(address: str) -> None:
    assert is_remote(address)


@pytest.mark.parametrize("address", REPOSITORIES)
def test_a_text_that_begins_with_a_repository_is_remote(address: str) -> None:
    assert is_remote_text(f"{address}: 1\nkind: X\n")


@pytest.mark.parametrize(
    "path", ["base", "../base", "./a.yaml", "/srv/base", "my.github.com/x", "a b/ü", "../app@v1", "apps/me@home", "a?b"]
)
def test_a_path_is_not_remote(path: str) -> None:
    assert not is_remote(path)


def test_a_config_is_no_remote_text() -> None:
    assert not is_remote_text("apiVersion: v1\nkind: X\nurl: https://example.com\n")


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("http://h/x", "http://h/x"),
        ("HTTPS://h/x", "HTTPS://h/x"),
        ("key=https://h/x", "https://h/x"),
        ("https://h/x?a=b", "https://h/x?a=b"),
        (" http://h/x", " http://h/x"),
    ],
)
def test_a_path_that_is_fetched_by_http(path: str, address: str) -> None:
    assert list(addresses({"crds": [path]})) == [("crds", address)]


@pytest.mark.parametrize("path", ["httpd.conf", "key=httpd.conf", "a/https:/b", "file"])
def test_a_path_that_is_not(path: str) -> None:
    assert list(addresses({"crds": [path]})) == []


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        ({"crds": ["https://h/a"]}, [("crds", "https://h/a")]),
        ({"openapi": {"path": "https://h/a"}}, [("openapi.path", "https://h/a")]),
        ({"patches": [{"path": "https://h/a"}, {"path": "b"}]}, [("patches[].path", "https://h/a")]),
        ({"configMapGenerator": [{"env": "http://h/a"}]}, [("configMapGenerator[].env", "http://h/a")]),
        ({"secretGenerator": [{"files": ["k=http://h/a"]}]}, [("secretGenerator[].files", "http://h/a")]),
        ({"helmCharts": [{"name": "n", "repo": "https://h"}]}, [("helmCharts", "https://h")]),
        ({"helmCharts": [{"name": "n"}]}, [("helmCharts", "n")]),
        ({"helmCharts": [{}]}, [("helmCharts", "a chart")]),
        ({"crds": ["a.yaml"], "patches": [{"patch": "https://h"}], "commonAnnotations": {"a": "https://h"}}, []),
    ],
)
def test_the_addresses_of_a_kustomization(tree: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert list(addresses(tree)) == found


def test_a_document_of_vaultgen_has_no_addresses() -> None:
    document = {
        "apiVersion": "vaultgen.dev/v1alpha1",
        "kind": "VaultSecretGenerator",
        "vault": {"address": "https://h"},
    }
    assert list(addresses_of_plugin(document)) == []


def test_an_annotation_that_a_builtin_sets_is_no_address() -> None:
    document = {"apiVersion": "builtin", "kind": "AnnotationsTransformer", "annotations": {"a": "https://h"}}
    assert list(addresses_of_plugin(document)) == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:token@h/org/repo", "https://h/org/repo"),
        ("https://h/org/repo?ref=v1&token=abc", "https://h/org/repo?ref=v1"),
        ("https://h/file?token=abc", "https://h/file?…"),
        ("git@h:org/repo", "h:org/repo"),
        ("github.com/org/repo", "github.com/org/repo"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_credential(address: str, shown: str) -> None:
    assert without_credential(address) == shown
