import pytest

from support.vault_artifact import body
from vaultgen.controller.resource import Name, SourceRef, VaultArtifact
from vaultgen.document.model import (
    CredentialSource,
    KubernetesAuth,
    SecretRef,
    ServiceAccountRef,
    TokenAuth,
)
from vaultgen.errors import Refused
from vaultgen.errors.report import report

ADDRESS = "https://vault.example.com:8200"


def test_role_and_audience_are_flux_convention_unless_given() -> None:
    (auth,) = VaultArtifact(body()).vault.auth
    account = ServiceAccountRef("team-a", "my-app")
    assert auth == KubernetesAuth("team-a_my-app", service_account_ref=account, audience=ADDRESS)


def test_role_mount_and_audience_are_taken_where_they_are_given() -> None:
    given = {"serviceAccountName": "my-app", "role": "reader", "mount": "k8s/eu", "audience": "vault"}
    (auth,) = VaultArtifact(body(auth={"kubernetes": given})).vault.auth
    account = ServiceAccountRef("team-a", "my-app")
    assert auth == KubernetesAuth("reader", "k8s/eu", service_account_ref=account, audience="vault")


def test_the_secret_of_a_token_is_one_of_its_own_namespace() -> None:
    (auth,) = VaultArtifact(body(auth={"token": {"secretRef": {"name": "vault-auth"}}})).vault.auth
    assert auth == TokenAuth(CredentialSource(secret_ref=SecretRef("team-a", "vault-auth", "token")))


def test_a_source_without_a_namespace_is_in_its_own() -> None:
    assert VaultArtifact(body()).source == SourceRef("GitRepository", Name("team-a", "app"))


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("1h30m", 5400), ("90s", 90), ("500ms", 10), ("1s", 10)])
def test_durations_are_those_of_go(text: str, seconds: float) -> None:
    assert VaultArtifact(body(interval=text)).interval == seconds


def test_a_failure_is_left_alone_for_a_minute_at_most_unless_told() -> None:
    assert VaultArtifact(body(interval="1h")).retry_interval == 60
    assert VaultArtifact(body(interval="10s")).retry_interval == 10
    assert VaultArtifact(body(interval="1s", retryInterval="1s")).retry_interval == 10
    assert VaultArtifact(body(interval="1h", retryInterval="2h")).retry_interval == 7200


def test_a_duration_that_is_none_is_an_error_with_its_field() -> None:
    with pytest.raises(Refused) as refused:
        _ = VaultArtifact(body(interval="soon")).interval
    text = report(refused.value.faults)
    assert "error[bad-artifact]" in text
    assert "VaultArtifact team-a/my-app, spec.interval" in text


def test_a_timeout_that_would_hold_a_worker_for_long_is_an_error() -> None:
    assert VaultArtifact(body(timeout="10m")).timeout == 600
    with pytest.raises(Refused) as caught:
        _ = VaultArtifact(body(timeout="10m1s")).timeout
    assert "spec.timeout" in report(caught.value.faults)
    assert "longer than 10m" in report(caught.value.faults)


def test_its_own_entries_are_read_with_the_grammar_of_all_documents() -> None:
    entries = [{"name": "s", "behavior": "merge", "files": {"a": "vault:secret/data/x?key=y"}}]
    document = VaultArtifact(body(secretGenerator=entries)).document
    assert document is not None
    assert not document.faults
    (entry,) = document.entries
    assert (entry.name, entry.behavior, entry.files[0].source) == ("s", "merge", "vault:secret/data/x?key=y")


def test_faults_of_its_own_entries_say_that_they_are_in_the_object() -> None:
    document = VaultArtifact(body(secretGenerator=[{"name": "s", "filse": {}}])).document
    assert document is not None
    assert "VaultArtifact team-a/my-app" in report(document.faults)
