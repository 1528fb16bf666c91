"""Whose rights are used at Vault, and what is said where they are missing."""

from typing import cast

import pytest

from vaultgen.controller.api import Api
from vaultgen.controller.identity import TenantCluster
from vaultgen.errors import Refused, refuse
from vaultgen.errors.report import report


class Refusing:
    """An API server that says no, as ``Api`` words it."""

    def __init__(self, code: str) -> None:
        self._code = code

    def get(self, path: str) -> None:
        raise refuse(self._code, what=f"to get {path}", why="no answer came")

    def create(self, path: str, body: object) -> None:
        raise refuse(self._code, what=f"to post {path}", why="no answer came")


def said(code: str, *, secret: bool = False) -> str:
    cluster = TenantCluster(cast(Api, Refusing(code)), "apps")
    try:
        if secret:
            cluster.secret("apps", "vault-auth")
        else:
            cluster.service_account_token("apps", "app", "https://vault.example.com", 600)
    except Refused as refused:
        return report(refused.faults)
    pytest.fail("nothing was refused")


def test_a_missing_right_is_told_in_the_words_of_a_role() -> None:
    assert said("cluster-denied") == (
        "error[cluster-denied]: the Kubernetes API refused to make a token of ServiceAccount apps/app\n"
        "  hint: check the name; the controller needs create for serviceaccounts/token: "
        "grant it with a Role that names this object in resourceNames\n"
    )
    assert "refused to get Secret apps/vault-auth\n" in said("cluster-denied", secret=True)


def test_a_service_account_that_is_not_there_is_named() -> None:
    assert said("cluster-not-found").startswith(
        "error[cluster-not-found]: there is no ServiceAccount apps/app in the cluster\n"
    )


def test_an_api_server_that_is_away_says_nothing_of_rights() -> None:
    assert said("cluster-unavailable").startswith("error[cluster-unavailable]: ")
