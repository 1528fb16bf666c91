"""What a real OpenBao tells of secrets without telling a value, to tokens with more and with fewer rights."""

import contextlib
from collections.abc import Sequence

import pytest

from support.login import TreeFiles
from support.real_login import settings_for
from support.request_log import RequestLog
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace
from vaultgen.doctor.peek import Glance, Peek, Version
from vaultgen.ports import Answer, Read
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Session
from vaultgen.vault.pool import Pool

APP = Read("secret/data/app")
ALL = 'path "secret/*" { capabilities = ["read"] }'
DATA = 'path "secret/data/app" { capabilities = ["read"] }'
METADATA = f'{DATA}\npath "secret/metadata/app" {{ capabilities = ["read"] }}'
ASKED = ["sys/internal/ui/mounts", "sys/capabilities-self"]


@pytest.fixture
def filled(vault_namespace: VaultNamespace, vault: VaultClient) -> VaultNamespace:
    """KV v2 and v1, each with an ``app``; of the former two versions."""
    vault_namespace.mount_v1()
    vault.write("app", {"password": "canary", "nested": {"canary": 1}})
    vault.write("app", {"password": "canary"})
    vault.write_v1("app", {"password": "canary"})
    return vault_namespace


def peek(where: VaultNamespace, token: str, *reads: Read, versions: Sequence[Version] = (None,)) -> list[Glance]:
    """Return what a token is told of some reads."""
    settings = settings_for(where)
    with contextlib.closing(Pool(settings, TreeFiles())) as pool:
        asking = Peek(dict.fromkeys(reads, versions), pool, Session(Redacted(token), "VAULT_TOKEN", False), settings)
        asking.ask()
    assert "canary" not in str(asking.glances)
    return [asking.glances[read] for read in reads]


def with_policy(where: VaultNamespace, rules: str, **options: object) -> str:
    where.root.policy("own", rules)
    return where.root.new_token(["own"], **options)


def numbers(glance: Glance) -> dict[Version, int | str | None]:
    """Return what stands there, by version: the version's own number, or why there is none."""
    return {
        asked: answer.version if isinstance(answer, Answer) else answer.reason
        for asked, answer in glance.answers.items()
    }


def test_whoever_may_read_all_below_a_mount_learns_versions_and_fields(
    filled: VaultNamespace, request_log: RequestLog
) -> None:
    """And no value is asked for."""
    request_log.mark()
    (glance,) = peek(filled, filled.token, APP, versions=[None, 1, 7])
    assert (glance.may_read, glance.knows_fields) == (True, True)
    assert numbers(glance) == {None: 2, 1: 1, 7: "no_version"}
    first = glance.answers[1]
    assert isinstance(first, Answer)
    assert sorted(first.fields) == ["nested", "password"]
    assert [value.reveal() for value in first.fields.values()] == ["", ""]
    assert first.created_time.startswith("20")
    assert request_log.paths(token=filled.token) == [*ASKED, *["secret/subkeys/app"] * 3]


def test_whoever_may_read_metadata_learns_versions(filled: VaultNamespace, request_log: RequestLog) -> None:
    token = with_policy(filled, METADATA)
    (whole,) = peek(filled, filled.token, APP, versions=[None, 1, 7])
    request_log.mark()
    (glance,) = peek(filled, token, APP, versions=[None, 1, 7])
    assert (glance.may_read, glance.knows_fields) == (True, False)
    assert numbers(glance) == numbers(whole)
    assert {version: getattr(answer, "created_time", "") for version, answer in glance.answers.items()} == {
        version: getattr(answer, "created_time", "") for version, answer in whole.answers.items()
    }
    assert request_log.paths(token=token) == [*ASKED, "secret/metadata/app"]


@pytest.mark.parametrize("rules", [ALL, METADATA])
def test_deleted_and_destroyed_versions_are_told(filled: VaultNamespace, rules: str) -> None:
    filled.root.request("POST", "secret/destroy/app", {"versions": [1]})
    filled.root.request("DELETE", "secret/data/app")
    (glance,) = peek(filled, with_policy(filled, rules), APP, versions=[None, 1, 2])
    assert numbers(glance) == {None: "deleted", 1: "destroyed", 2: "deleted"}


@pytest.mark.parametrize("rules", [ALL, METADATA])
def test_a_version_that_will_be_deleted_is_still_there(filled: VaultNamespace, rules: str) -> None:
    filled.root.request("POST", "secret/metadata/app", {"delete_version_after": "1h"})
    filled.root.write("app", {"password": "canary"})
    (glance,) = peek(filled, with_policy(filled, rules), APP)
    assert numbers(glance) == {None: 3}


@pytest.mark.parametrize("rules", [ALL, METADATA.replace("app", "gone")])
def test_a_path_with_nothing_is_told(filled: VaultNamespace, rules: str) -> None:
    (glance,) = peek(filled, with_policy(filled, rules), Read("secret/data/gone"))
    assert numbers(glance) == {None: "no_path"}


def test_whoever_may_only_read_learns_that(filled: VaultNamespace, request_log: RequestLog) -> None:
    """With a policy as the documentation has it."""
    token = with_policy(filled, DATA)
    request_log.mark()
    (glance, denied) = peek(filled, token, APP, Read("secret/data/other"))
    assert (glance.may_read, glance.answers) == (True, {})
    assert (denied.may_read, denied.api_path, denied.answers) == (False, "secret/data/other", {})
    assert request_log.paths(token=token) == ASKED


def test_a_denial_wins(filled: VaultNamespace) -> None:
    token = with_policy(filled, f'{ALL}\npath "secret/data/app" {{ capabilities = ["deny"] }}')
    (glance,) = peek(filled, token, APP)
    assert glance.may_read is False


def test_root_may_read_all(filled: VaultNamespace) -> None:
    (glance,) = peek(filled, filled.root.token, APP)
    assert glance.may_read
    assert numbers(glance) == {None: 2}


def test_a_token_that_may_not_ask_learns_nothing(filled: VaultNamespace) -> None:
    """Without the policy ``default``."""
    (glance,) = peek(filled, with_policy(filled, ALL, no_default_policy=True), APP)
    assert (glance.fault, glance.may_read, glance.answers) == (None, None, {})


def test_logical_paths_and_other_engines_are_known_by_their_mounts(filled: VaultNamespace) -> None:
    filled.root.mount("pki", "pki")
    token = with_policy(
        filled, f'{ALL}\npath "kv1/*" {{ capabilities = ["read"] }}\npath "pki/*" {{ capabilities = ["read"] }}'
    )
    logical, v1, static, dynamic, hidden = peek(
        filled,
        token,
        Read("secret/app"),
        Read("kv1/app"),
        Read("pki/cert/ca"),
        Read("pki/issue/web"),
        Read("cubbyhole-of-others/app"),
    )
    assert (logical.api_path, logical.may_read, numbers(logical)) == ("secret/data/app", True, {None: 2})
    assert (v1.api_path, v1.may_read, v1.answers) == ("kv1/app", True, {})
    assert (static.may_read, static.answers) == (True, {})
    assert dynamic.fault
    assert dynamic.fault.code == "dynamic-engine"
    assert hidden.fault
    assert hidden.fault.code == "mount-hidden"


@pytest.mark.usefixtures("has_namespaces")
def test_a_vault_namespace_that_is_not_there_is_told(filled: VaultNamespace) -> None:
    (glance,) = peek(filled, filled.token, Read("secret/data/app", vault_namespace="gone"))
    assert glance.fault
    assert (glance.fault.code, glance.fault.facts) == ("namespace-unknown", {"namespace": "gone"})
