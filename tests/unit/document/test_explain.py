"""What a wrong document is told: our words, its places, and none of its values."""

import copy
from typing import Any

import pytest

from support.documents import ARTICLE, EVERY_FIELD
from vaultgen.document.check import conforms
from vaultgen.document.explain import HIDDEN, explain
from vaultgen.document.schema import FLUX_KUSTOMIZATION, VAULT_SECRET_GENERATOR, load
from vaultgen.errors import Fault
from vaultgen.errors.report import report

SCHEMA = load(VAULT_SECRET_GENERATOR)


def _document(entry: Any, **fields: Any) -> dict[str, Any]:
    document = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator", "metadata": {"name": "my-app"}}
    return document | fields | {"secretGenerator": [entry]}


def _with_auth(auth: Any) -> dict[str, Any]:
    return _document({"name": "a"}, vault={"auth": auth})


def _only(tree: Any) -> Fault:
    assert not conforms(tree, SCHEMA, SCHEMA)
    (fault,) = explain(tree, SCHEMA)
    return fault


def test_a_conforming_document_has_no_fault() -> None:
    assert explain(EVERY_FIELD, SCHEMA) == []


@pytest.mark.parametrize(
    ("field", "advice"),
    [
        ("file", "did you mean `files`?"),
        ("Literals", "did you mean `literals`?"),
        ("dockerconfig", "did you mean `dockerConfig`?"),
        ("docker_config", "did you mean `dockerConfig`?"),
        ("generatorOptions", "did you mean `options`?"),
        ("envFile", "did you mean `envs`?"),
        ("stringData", "write `literals` with items KEY=VALUE, or `files` with KEY: SOURCE"),
        ("labels", "write it below `options`"),
        ("metadata", "write name and namespace in the entry itself, labels and annotations below `options`"),
        (
            "colour",
            "the fields here are name, namespace, type, behavior, files, literals, envs, env, options, dockerConfig",
        ),
    ],
)
def test_an_unknown_field_of_an_entry_is_told_what_was_meant(field: str, advice: str) -> None:
    fault = _only(_document({"name": "my-app-secrets", field: {}}))
    assert fault.code == "unknown-field"
    assert fault.facts == {"field": field, "suggestion": advice}
    assert (fault.place.field, fault.place.entry) == (f"secretGenerator[0].{field}", "my-app-secrets")


@pytest.mark.parametrize(
    ("field", "advice"),
    [
        ("spec", "the fields stand at the top level of a VaultSecretGenerator, without spec"),
        ("data", "the Secrets are entries of secretGenerator, with their data in files, literals or envs"),
        ("configMapGenerator", "vaultgen makes Secrets only; leave configMapGenerator in kustomization.yaml"),
        ("options", "the options of all Secrets are `generatorOptions`; those of one are `options` in its entry"),
    ],
)
def test_an_unknown_field_of_the_document_is_told_where_it_belongs(field: str, advice: str) -> None:
    assert _only(_document({"name": "a"}, **{field: {}})).facts["suggestion"] == advice


def test_a_misspelt_required_field_is_one_fault() -> None:
    tree = _document({"name": "a"})
    tree["secretGenerators"] = tree.pop("secretGenerator")
    fault = _only(tree)
    assert (fault.code, fault.facts["suggestion"]) == ("unknown-field", "did you mean `secretGenerator`?")


@pytest.mark.parametrize(
    ("auth", "field", "advice"),
    [
        ({"approle": {}}, "auth.approle", "did you mean `appRole`?"),
        ({"ldap": {}}, "auth.ldap", "write `login: {method: ldap, parameters: {…}}`"),
        ({"role": "x"}, "auth.role", "write it below the login method: `kubernetes: {role: …}`"),
        ({"kubernetes": {"role": "x", "path": "k"}}, "auth.kubernetes.path", "did you mean `mount`?"),
        (
            {"token": {"value": "hunter2"}},
            "auth.token.value",
            "a credential is not written in the document; say where it is: env, file or secretRef",
        ),
    ],
)
def test_an_unknown_field_of_a_login_is_told_what_was_meant(auth: Any, field: str, advice: str) -> None:
    fault = _only(_with_auth(auth))
    assert (fault.code, fault.place.field, fault.facts["suggestion"]) == ("unknown-field", f"vault.{field}", advice)


@pytest.mark.parametrize(
    "auth",
    [
        {"token": {"hvs.hunter2": None}},
        {"userpass": {"username": "ci", "password": {"hunter2": None}}},
        {"token": {"TOKEN=hunter2": "x"}},
    ],
)
def test_a_field_that_may_be_a_value_is_not_shown(auth: Any) -> None:
    """`password: {hunter2}` is YAML for a map with the key hunter2."""
    fault = _only(_with_auth(auth))
    assert fault.facts["field"] == HIDDEN
    assert "hunter2" not in report([fault])


def test_a_long_name_is_cut() -> None:
    fault = _only(_document({"name": "a", "x" * 200: 1}))
    assert fault.facts["field"] == "x" * 60 + "…"
    assert fault.place.field == "secretGenerator[0]." + "x" * 60 + "…"


def test_a_missing_field_is_named_at_its_own_place() -> None:
    faults = explain(_document({"name": "a", "dockerConfig": [{"server": "r"}]}), SCHEMA)
    assert [(fault.code, fault.place.field, fault.facts["field"]) for fault in faults] == [
        ("missing-required-field", "secretGenerator[0].dockerConfig[0].username", "username"),
        ("missing-required-field", "secretGenerator[0].dockerConfig[0].password", "password"),
    ]


@pytest.mark.parametrize(
    ("entry", "expected", "found", "advice"),
    [
        ({"type": 5}, "a string", "a number", "put it in quotes, or YAML reads it as a number"),
        ({"type": True}, "a string", "true or false", "put it in quotes, or YAML reads it as true or false"),
        ({"envs": "a.env"}, "a list", "a string", "write it as a list, each item on a line with `- ` in front"),
        ({"files": 1.5}, "a map or a list", "a number", "see docs/reference.md"),
        ({"literals": {"A": "hunter2"}}, "a list", "a map", "write `literals` as a list of strings: - KEY=VALUE"),
        ({"literals": [{"A": "hunter2"}]}, "a string", "a map", "write `literals` as a list of strings: - KEY=VALUE"),
        (
            {"files": [{"A": "b"}]},
            "a string",
            "a map",
            "write `files` as a map, KEY: SOURCE without dashes, or as a list of strings",
        ),
        (
            {"options": {"immutable": "true"}},
            "true or false",
            "a string",
            "write true or false, without quotes",
        ),
        ({"envs": [None]}, "a string", "nothing (null)", "write a value, or remove the field"),
    ],
)
def test_a_wrong_type_is_said_in_the_words_of_yaml(entry: Any, expected: str, found: str, advice: str) -> None:
    fault = _only(_document({"name": "a"} | entry))
    assert fault.code == "wrong-type"
    assert fault.facts == {"expected": expected, "found": found, "suggestion": advice}


def test_a_credential_written_in_the_document_is_told_to_stay_out_of_it() -> None:
    fault = _only(_with_auth({"jwt": {"token": "hunter2"}}))
    assert (fault.code, fault.place.field) == ("wrong-type", "vault.auth.jwt.token")
    assert fault.facts["suggestion"].startswith("say where it is, {env: NAME}")


def test_a_wrong_value_of_files_has_its_data_key() -> None:
    place = _only(_document({"name": "a", "files": {"b": "c", "PORT": 5432}})).place
    assert (place.field, place.entry, place.key) == ("secretGenerator[0].files", "a", "PORT")


def test_a_data_key_that_holds_a_value_is_not_shown() -> None:
    fault = _only(_document({"name": "a", "files": {"PASSWORD=hunter2": None}}))
    assert fault.place.key == "…"


def test_a_key_of_a_map_is_quoted_in_the_path() -> None:
    fault = _only(_document({"name": "a", "options": {"labels": {"app.kubernetes.io/name": 1}}}))
    assert fault.place.field == 'secretGenerator[0].options.labels["app.kubernetes.io/name"]'


@pytest.mark.parametrize(
    ("tree", "field", "expected"),
    [
        (
            _document({"name": "a", "behavior": "mrge"}),
            "secretGenerator[0].behavior",
            "one of create, merge, replace",
        ),
        (_document({"name": ""}), "secretGenerator[0].name", "a string that is not empty"),
        (_document({}) | {"secretGenerator": []}, "secretGenerator", "a list that is not empty"),
        (_document({"name": "a"}) | {"kind": "Secret"}, "kind", "VaultSecretGenerator"),
        (
            _with_auth({"cert": {}, "token": {"env": "A"}}),
            "vault.auth",
            "a map with exactly one of kubernetes, jwt, appRole, token, cert, userpass, login",
        ),
        (_with_auth([]), "vault.auth", "a list that is not empty"),
        (_with_auth({"token": {}}), "vault.auth.token", "a map with exactly one of env, file, secretRef"),
        (
            _with_auth({"appRole": {"roleId": "a", "secretId": {"env": "A", "file": "b"}}}),
            "vault.auth.appRole.secretId",
            "only one of env, file",
        ),
        (
            _with_auth({"appRole": {"roleId": "a", "secretId": {"wrapped": True}}}),
            "vault.auth.appRole.secretId",
            "more than wrapped alone",
        ),
        (
            _with_auth(
                {"kubernetes": {"role": "a", "tokenFile": "b", "serviceAccountRef": {"name": "c", "namespace": "d"}}}
            ),
            "vault.auth.kubernetes",
            "only one of serviceAccountRef, tokenFile",
        ),
    ],
)
def test_a_wrong_value_says_what_may_stand_there(tree: Any, field: str, expected: str) -> None:
    fault = _only(tree)
    assert (fault.code, fault.place.field, fault.facts) == ("wrong-value", field, {"expected": expected})


def test_all_faults_come_at_once_in_the_order_of_the_document() -> None:
    tree = copy.deepcopy(EVERY_FIELD)
    tree["vault"]["addres"] = "x"
    tree["secretGenerator"][0]["behavior"] = "add"
    tree["secretGenerator"][1] = {"files": 1, "optoins": {}}
    assert [(fault.code, fault.place.field) for fault in explain(tree, SCHEMA)] == [
        ("unknown-field", "vault.addres"),
        ("wrong-value", "secretGenerator[0].behavior"),
        ("missing-required-field", "secretGenerator[1].name"),
        ("wrong-type", "secretGenerator[1].files"),
        ("unknown-field", "secretGenerator[1].optoins"),
    ]


def test_an_unknown_field_hides_the_count_that_it_spoils() -> None:
    assert _only(_with_auth({"token": {"env": "A", "fiel": "b"}})).facts["suggestion"] == "did you mean `file`?"


def test_a_flux_kustomization_is_explained_with_its_own_paths() -> None:
    tree = ARTICLE | {"spec": {"secretGenerator": [{"name": "a", "file": {}}]}}
    (fault,) = explain(tree, load(FLUX_KUSTOMIZATION))
    assert (fault.place.field, fault.place.entry) == ("spec.secretGenerator[0].file", "a")


@pytest.mark.parametrize("tree", [None, [], "hunter2", 5, {}])
def test_what_is_no_document_at_all_is_explained(tree: Any) -> None:
    assert explain(tree, SCHEMA)
    assert "hunter2" not in report(explain(tree, SCHEMA))
