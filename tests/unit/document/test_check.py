"""The walker's yes and no."""

from typing import Any

import pytest

from support.documents import ARTICLE, EVERY_FIELD
from vaultgen.document.check import conforms
from vaultgen.document.schema import FLUX_KUSTOMIZATION, VAULT_SECRET_GENERATOR, load

SCHEMA = load(VAULT_SECRET_GENERATOR)
FLUX = load(FLUX_KUSTOMIZATION)


def _conforms(tree: Any, definition: str) -> bool:
    return conforms(tree, SCHEMA, SCHEMA["$defs"][definition])


def test_a_document_with_every_field_conforms() -> None:
    assert conforms(EVERY_FIELD, SCHEMA, SCHEMA)


def test_the_articles_kustomization_conforms() -> None:
    assert conforms(ARTICLE, FLUX, FLUX)


@pytest.mark.parametrize("version", ["v1", "v1beta2"])
def test_a_flux_kustomization_may_be_of_either_version(version: str) -> None:
    assert conforms(ARTICLE | {"apiVersion": f"kustomize.toolkit.fluxcd.io/{version}"}, FLUX, FLUX)


def test_fields_of_flux_itself_are_not_looked_at() -> None:
    spec = {**ARTICLE["spec"], "interval": 5, "decryption": {"provider": "sops"}}
    assert conforms(ARTICLE | {"spec": spec}, FLUX, FLUX)


@pytest.mark.parametrize("missing", ["apiVersion", "kind", "secretGenerator"])
def test_a_document_needs(missing: str) -> None:
    tree = {name: value for name, value in EVERY_FIELD.items() if name != missing}
    assert not conforms(tree, SCHEMA, SCHEMA)


def test_a_document_needs_an_entry() -> None:
    assert not conforms(EVERY_FIELD | {"secretGenerator": []}, SCHEMA, SCHEMA)


def test_a_field_without_a_value_counts_as_left_out() -> None:
    """kustomize takes `literals:` with nothing behind it."""
    fields = [name for name in SCHEMA["$defs"]["entry"]["properties"] if name != "name"]
    assert _conforms({"name": "a"} | dict.fromkeys(fields), "entry")
    assert _conforms(dict.fromkeys(SCHEMA["$defs"]["options"]["properties"]), "options")
    assert conforms(EVERY_FIELD | {"generatorOptions": None, "vault": None}, SCHEMA, SCHEMA)


def test_a_name_is_needed_and_is_not_empty() -> None:
    for tree in ({}, {"name": None}, {"name": ""}):
        assert not _conforms(tree, "entry")


@pytest.mark.parametrize("files", [{"a": 1}, {"a": None}, ["a", 1], "a", True])
def test_files_hold_strings(files: Any) -> None:
    assert not _conforms({"name": "a", "files": files}, "entry")


@pytest.mark.parametrize("value", [0, 1, "true"])
def test_a_boolean_is_neither_a_number_nor_a_string(value: Any) -> None:
    assert not _conforms({"immutable": value}, "options")


@pytest.mark.parametrize(
    ("source", "conforming"),
    [
        ({"env": "A"}, True),
        ({"env": "A", "wrapped": True}, True),
        ({"secretRef": {"name": "a", "namespace": "b", "key": "c"}, "wrapped": False}, True),
        ({}, False),
        ({"wrapped": True}, False),
        ({"env": "A", "file": "b"}, False),
        ({"env": "A", "file": "b", "wrapped": True}, False),
        ({"secretRef": {"name": "a", "namespace": "b"}}, False),
    ],
)
def test_a_secret_id_has_one_source_and_may_be_wrapped(source: Any, conforming: bool) -> None:
    assert _conforms({"appRole": {"roleId": "a", "secretId": source}}, "auth") == conforming


@pytest.mark.parametrize(
    ("auth", "conforming"),
    [
        ({"kubernetes": {"role": "a"}}, True),
        ({"token": {"secretRef": {"name": "a", "namespace": "b"}}}, True),
        ({"cert": None}, True),
        ({"appRole": {"roleId": {"env": "A"}}}, True),
        ({"login": {"method": "ldap", "parameters": {"username": "a", "password": {"file": "b"}}}}, True),
        ({"kubernetes": {"role": "a", "serviceAccountRef": {"name": "a", "namespace": "b"}, "audience": "c"}}, True),
        ({"kubernetes": {"role": "a", "serviceAccountRef": {"name": "a", "namespace": "b"}, "tokenFile": "c"}}, False),
        ({"kubernetes": {"role": "a", "audience": "c"}}, False),
        ({"kubernetes": {"role": "a"}, "cert": {}}, False),
        ({"jwt": {"role": "a", "token": {"env": "A", "wrapped": True}}}, False),
        ({"jwt": {"role": "a", "token": "eyJ"}}, False),
        ({"userpass": {"username": "a", "password": "b"}}, False),
        ({}, False),
    ],
)
def test_a_login_is_exactly_one_method_with_its_own_fields(auth: Any, conforming: bool) -> None:
    assert _conforms({"auth": auth}, "vault") == conforming
    assert _conforms({"auth": [auth, {"cert": {}}]}, "vault") == conforming


def test_a_list_of_logins_is_not_empty() -> None:
    assert not _conforms({"auth": []}, "vault")


def test_an_unknown_keyword_is_an_error_and_never_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="oneOf"):
        conforms({}, {}, {"type": "object", "oneOf": []})


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(KeyError):
        conforms(1, {}, {"type": "integer"})
