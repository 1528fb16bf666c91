"""Login by TLS client certificate against a real server."""

import pytest

from support.certificates import Certificates
from support.login import refused
from support.openbao import OpenBao
from support.real_login import log_in_at, read_with
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace
from vaultgen.document.model import CertAuth
from vaultgen.errors import Fault


@pytest.fixture
def certificates(openbao: OpenBao, vault: VaultClient) -> Certificates:
    assert openbao.certificates
    vault.enable_auth("cert", "machines")
    role = {"certificate": openbao.certificates.ca.read_text(), "allowed_common_names": "web"}
    vault.request("POST", "auth/machines/certs/web", {**role, "token_policies": ["read-all"]})
    other = {**role, "allowed_common_names": "canary"}
    vault.request("POST", "auth/machines/certs/other", {**other, "token_policies": ["read-all"]})
    vault.write("x", {"a": "canary"})
    return openbao.certificates


def environment(openbao: OpenBao, certificates: Certificates, *, mutual: bool = True) -> dict[str, str]:
    return {
        "VAULT_ADDR": openbao.mutual_tls_address if mutual else openbao.https_address,
        "VAULT_CACERT": str(certificates.ca),
        "VAULT_CLIENT_CERT": str(certificates.client_cert),
        "VAULT_CLIENT_KEY": str(certificates.client_key),
    }


@pytest.mark.parametrize("name", ["web", ""])
@pytest.mark.parametrize("mutual", [True, False])
def test_a_certificate_logs_in(
    vault_namespace: VaultNamespace, openbao: OpenBao, certificates: Certificates, name: str, mutual: bool
) -> None:
    """Without a name, Vault looks for a role that fits."""
    environ = environment(openbao, certificates, mutual=mutual)
    session = log_in_at(vault_namespace, CertAuth(name, "machines"), environ)
    assert read_with(vault_namespace, session, "secret/data/x")[0] == 200


def refusal(where: VaultNamespace, auth: CertAuth, environ: dict[str, str]) -> Fault:
    return refused(lambda: log_in_at(where, auth, environ))


@pytest.mark.parametrize("name", ["other", "no-such"])
def test_a_role_that_does_not_fit_is_refused(
    vault_namespace: VaultNamespace, openbao: OpenBao, certificates: Certificates, name: str
) -> None:
    fault = refusal(vault_namespace, CertAuth(name, "machines"), environment(openbao, certificates))
    assert (fault.code, fault.facts) == ("login-role", {"method": "cert", "mount": "machines", "role": name})


def test_a_strangers_certificate_is_refused(
    vault_namespace: VaultNamespace, openbao: OpenBao, certificates: Certificates
) -> None:
    environ = environment(openbao, certificates, mutual=False) | {
        "VAULT_CLIENT_CERT": str(certificates.stranger_cert),
        "VAULT_CLIENT_KEY": str(certificates.stranger_key),
    }
    assert refusal(vault_namespace, CertAuth("", "machines"), environ).code == "login-denied"


def test_a_missing_auth_method_is_told(
    vault_namespace: VaultNamespace, openbao: OpenBao, certificates: Certificates
) -> None:
    fault = refusal(vault_namespace, CertAuth("web"), environment(openbao, certificates))
    assert (fault.code, fault.facts["mount"]) == ("login-mount", "cert")
