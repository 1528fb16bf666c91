"""Login as a ServiceAccount. The contract tests run the same against a real server."""

from pathlib import Path

import pytest

from support.fake_exchange import FakeExchange, login_answer
from support.login import FakeCluster, log_in_with, refused
from vaultgen.document.model import KubernetesAuth, ServiceAccountRef
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Session

LOGIN = ("POST", "auth/kubernetes/login")


def test_the_pods_own_token_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("ey.pod.x")
    for module in ("methods", "kubernetes"):
        monkeypatch.setattr(f"vaultgen.vault.login.{module}.POD_TOKEN_FILE", str(tmp_path / "token"))
    exchange = FakeExchange({LOGIN: login_answer()})
    session = log_in_with(KubernetesAuth("my-app"), exchange=exchange)
    assert session == Session(Redacted("s.issued"), "the kubernetes login", True)
    assert exchange.body() == {"role": "my-app", "jwt": "ey.pod.x"}


def test_a_token_file_and_a_mount_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ey.file.x\n")
    exchange = FakeExchange({("POST", "auth/k8s/prod/login"): login_answer()})
    log_in_with(KubernetesAuth("my-app", "k8s/prod", str(tmp_path / "token")), exchange=exchange)
    assert exchange.body() == {"role": "my-app", "jwt": "ey.file.x"}


def test_a_token_of_a_service_account_is_asked_for() -> None:
    cluster = FakeCluster(tokens={("apps", "my-app"): "ey.account.x"})
    exchange = FakeExchange({LOGIN: login_answer()})
    auth = KubernetesAuth("my-app", service_account_ref=ServiceAccountRef("apps", "my-app"), audience="vault")
    log_in_with(auth, exchange=exchange, cluster=lambda: cluster)
    assert cluster.asked == [("apps", "my-app", "vault", 600)]
    assert exchange.body() == {"role": "my-app", "jwt": "ey.account.x"}


def test_another_service_account_is_refused_with_its_role() -> None:
    exchange = FakeExchange({LOGIN: (403, {"errors": ["canary"]}), ("GET", LOGIN[1]): (405, {})})
    cluster = FakeCluster(tokens={("apps", "other"): "ey.canary.x"})
    auth = KubernetesAuth("my-app", service_account_ref=ServiceAccountRef("apps", "other"))
    fault = refused(lambda: log_in_with(auth, exchange=exchange, cluster=lambda: cluster))
    assert (fault.code, fault.facts["role"]) == ("login-role", "my-app")
