"""What a real OpenBao answers to reads, and that the backend reads it as such, in as few requests as it may."""

import contextlib
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from support.login import TreeFiles
from support.request_log import RequestLog
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Fault, Refused
from vaultgen.ports import Answer, Miss, Read
from vaultgen.vault.backend import connect
from vaultgen.vault.mounts import LISTING_PATH

APP = Read("secret/data/app")


def read_as(environ: Mapping[str, str], *reads: Read) -> Mapping[Read, Answer | Miss]:
    with contextlib.closing(connect(VaultConfig(), environ, TreeFiles())) as backend:
        return backend.read_all(reads)


def read(vault_namespace: VaultNamespace, *reads: Read, token: str | None = None) -> Mapping[Read, Answer | Miss]:
    return read_as(vault_namespace.environment(token), *reads)


def faults(vault_namespace: VaultNamespace, *reads: Read, token: str | None = None) -> list[Fault]:
    with pytest.raises(Refused) as raised:
        read(vault_namespace, *reads, token=token)
    return list(raised.value.faults)


def plain(answer: Answer | Miss) -> dict[str, object]:
    assert isinstance(answer, Answer), answer
    return {name: value.reveal() for name, value in answer.fields.items()}


@pytest.fixture
def filled(vault_namespace: VaultNamespace, vault: VaultClient) -> VaultNamespace:
    """KV v2 and v1, each with an ``app``; of the former two versions."""
    vault_namespace.mount_v1()
    vault.write("app", {"password": "old"})
    vault.write("app", {"password": "new", "count": 3, "tags": ["a"]})
    vault.write_v1("app", {"password": "one"})
    return vault_namespace


def test_one_api_path_is_exactly_one_request(filled: VaultNamespace, request_log: RequestLog) -> None:
    request_log.mark()
    answer = read(filled, APP)[APP]
    assert plain(answer) == {"count": "3", "password": "new", "tags": ["a"]}
    assert isinstance(answer, Answer)
    assert (answer.version, answer.volatile) == (2, False)
    assert request_log.paths(token=filled.token) == ["secret/data/app"]


def test_every_form_of_path_is_read(filled: VaultNamespace, request_log: RequestLog) -> None:
    request_log.mark()
    forms = [APP, Read("secret/app"), Read("secret/app", 1), Read("kv1/app")]
    answers = read(filled, *forms)
    assert [plain(answers[form])["password"] for form in forms] == ["new", "new", "old", "one"]
    assert sorted(request_log.paths(token=filled.token)) == [
        "kv1/app",
        "secret/data/app",
        "secret/data/app",
        LISTING_PATH,
    ]


def test_a_secret_below_a_key_named_data_is_found(filled: VaultNamespace, vault: VaultClient) -> None:
    vault.write("team/data/app", {"password": "deep"})
    vault.write_v1("data/app", {"password": "flat"})
    deep, flat = Read("secret/team/data/app"), Read("kv1/data/app")
    answers = read(filled, deep, flat)
    assert [plain(answers[path])["password"] for path in (deep, flat)] == ["deep", "flat"]


def test_missing_deleted_and_destroyed_are_told_apart(filled: VaultNamespace, vault: VaultClient) -> None:
    for name in ("deleted", "destroyed"):
        vault.write(name, {"password": "x"})
    vault.delete_versions("deleted", [1])
    vault.destroy_versions("destroyed", [1])
    reads = {
        Read("secret/data/none"): Miss("no_path"),
        Read("secret/none"): Miss("no_path"),
        Read("kv1/none"): Miss("no_path"),
        Read("secret/data/app", 9): Miss("no_version", 9),
        Read("secret/data/deleted"): Miss("deleted", 1),
        Read("secret/data/destroyed"): Miss("destroyed", 1),
        Read("secret/data/destroyed", 1): Miss("destroyed", 1),
    }
    assert read(filled, *reads) == reads


@pytest.mark.parametrize("path", ["a b+c&d=e?f#g", 'quo"te\\back', "ünï/cödé", "per%cent", "ko:lon@at,semi;tilde~"])
def test_odd_characters_reach_the_secret_that_they_name(
    vault_namespace: VaultNamespace, vault: VaultClient, path: str
) -> None:
    vault.request("POST", "secret/data/" + quote(path), {"data": {"password": "x"}})
    api, logical = Read(f"secret/data/{path}"), Read(f"secret/{path}")
    answers = read(vault_namespace, api, logical)
    assert [plain(answers[form]) for form in (api, logical)] == [{"password": "x"}] * 2


def test_a_denial_names_the_path_that_the_policy_needs(filled: VaultNamespace, vault: VaultClient) -> None:
    vault.policy("app-only", 'path "secret/data/app" { capabilities = ["read"] }')
    token = vault.new_token(["app-only"])
    api, logical, hidden = faults(filled, APP, Read("secret/data/x"), Read("secret/y"), Read("kv1/app"), token=token)
    assert (api.code, api.facts["api_path"]) == ("permission-denied", "secret/data/x")
    assert (logical.code, logical.facts["api_path"]) == ("permission-denied", "secret/data/y")
    assert hidden.code == "mount-hidden"


def test_a_logical_path_is_read_with_a_policy_for_its_api_path_alone(
    filled: VaultNamespace, vault: VaultClient
) -> None:
    vault.policy("deep-only", 'path "secret/data/team/data/app" { capabilities = ["read"] }')
    vault.write("team/data/app", {"password": "deep"})
    path = Read("secret/team/data/app")
    token = vault.new_token(["deep-only"], no_default_policy=True)
    assert plain(read(filled, path, token=token)[path]) == {"password": "deep"}


def test_a_token_that_ended_is_told_from_one_that_may_not(
    filled: VaultNamespace, vault: VaultClient, request_log: RequestLog
) -> None:
    token = vault.new_token(["read-all"])
    vault.revoke(token)
    request_log.mark()
    expected = [Fault("token-invalid", facts={"source": "VAULT_TOKEN"})]
    assert faults(filled, APP, Read("secret/data/x"), Read("kv1/app"), token=token) == expected
    assert sorted(request_log.paths(namespace=filled.name)) == ["secret/data/app", "secret/data/x", LISTING_PATH]
    powerless = vault.new_token(["default"], no_default_policy=True)
    assert [fault.code for fault in faults(filled, APP, token=powerless)] != ["token-invalid"]


def test_a_token_for_one_use_is_enough_for_one_read(filled: VaultNamespace, vault: VaultClient) -> None:
    token = vault.new_token(["read-all"], num_uses=1)
    assert plain(read(filled, APP, token=token)[APP])["password"] == "new"


@pytest.mark.usefixtures("has_namespaces")
def test_a_reference_may_name_another_namespace(filled: VaultNamespace, vault: VaultClient) -> None:
    inner = vault.new_namespace("inner")
    inner.mount("secret", "kv", {"version": "2"})
    inner.write("app", {"password": "inner"})
    api, logical = APP._replace(vault_namespace=inner.namespace), Read("secret/app", None, inner.namespace)
    answers = read(filled, APP, api, logical, token=vault.token)
    assert [plain(answers[one])["password"] for one in (APP, api, logical)] == ["new", "inner", "inner"]


@pytest.mark.usefixtures("has_namespaces")
def test_an_unknown_namespace_is_told_as_such(filled: VaultNamespace) -> None:
    elsewhere = APP._replace(vault_namespace="no/such")
    (fault,) = faults(filled, APP, elsewhere)
    assert (fault.code, fault.facts, fault.read) == ("namespace-unknown", {"namespace": "no/such"}, elsewhere)
    nowhere = {**filled.environment(), "VAULT_NAMESPACE": "nope"}
    with pytest.raises(Refused) as raised:
        read_as(nowhere, APP, Read("secret/app"))
    assert raised.value.faults == (Fault("namespace-unknown", facts={"namespace": "nope"}),)


def test_a_path_without_a_mount_is_told_as_such(filled: VaultNamespace, vault: VaultClient) -> None:
    for token in (filled.token, vault.token):
        found = faults(filled, Read("nowhere/data/x"), Read("nowhere/x"), token=token)
        assert [fault.code for fault in found] == ["mount-hidden"] * 2


def test_engines_that_make_credentials_are_refused_before_they_are_read(
    filled: VaultNamespace, vault: VaultClient, request_log: RequestLog
) -> None:
    totp(vault)
    vault.mount("other/data", "totp")
    vault.policy("all", 'path "*" { capabilities = ["read"] }')
    token = vault.new_token(["all"])
    request_log.mark()
    found = faults(filled, Read("totp/code/app"), Read("other/data/code/app"), Read("pki/issue/web"), token=token)
    assert [(fault.code, fault.facts.get("engine")) for fault in found] == [
        ("dynamic-engine", "totp"),
        ("dynamic-engine", "totp"),
        ("mount-hidden", None),
    ]
    assert request_log.paths(token=token) == [LISTING_PATH]


def test_an_engine_that_a_reference_opts_into_is_read_once(
    filled: VaultNamespace, vault: VaultClient, request_log: RequestLog
) -> None:
    totp(vault)
    code = Read("totp/code/app", allow_dynamic=True)
    request_log.mark()
    answer = read(filled, code, token=vault.token)[code]
    assert isinstance(answer, Answer)
    assert answer.volatile
    assert len(str(answer.fields["code"].reveal())) == 6
    assert request_log.paths(namespace=filled.name).count("totp/code/app") == 1


def test_certificates_of_pki_are_read_without_their_bookkeeping(filled: VaultNamespace, vault: VaultClient) -> None:
    vault.mount("pki", "pki")
    vault.request("POST", "pki/root/generate/internal", {"common_name": "test"})
    authority = Read("pki/cert/ca")
    answer = read(filled, authority, token=vault.token)[authority]
    assert "revocation_time" not in plain(answer)
    assert str(plain(answer)["certificate"]).startswith("-----BEGIN CERTIFICATE-----")
    assert isinstance(answer, Answer)
    assert not answer.volatile


def test_a_post_only_endpoint_is_no_secret(filled: VaultNamespace, vault: VaultClient) -> None:
    vault.mount("pki", "pki")
    (fault,) = faults(filled, Read("pki/issue/web", allow_dynamic=True), token=vault.token)
    assert fault.code == "unexpected-answer"


def test_each_path_and_version_is_one_request(
    filled: VaultNamespace, vault: VaultClient, request_log: RequestLog
) -> None:
    for number in range(20):
        vault.write(f"many/{number}", {"n": str(number)})
    reads = [Read(f"secret/data/many/{number}", version) for number in range(20) for version in (None, 1)]
    request_log.mark()
    answers = read(filled, *reads, *reads)
    assert [plain(answers[one])["n"] for one in reads] == [one.path.rpartition("/")[2] for one in reads]
    seen = request_log.requests(token=filled.token)
    assert len(seen) == len(reads)


def totp(vault: VaultClient) -> None:
    vault.mount("totp", "totp")
    vault.request("POST", "totp/keys/app", {"generate": True, "issuer": "test", "account_name": "a"})
