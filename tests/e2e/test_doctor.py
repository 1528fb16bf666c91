"""``vaultgen doctor`` on machines with one thing wrong each; Vault is a real one wherever it can be made to fail."""

import json
import re
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest

from support.canaries import assert_no_canary, new_plain_canary
from support.certificates import make_certificates
from support.faulty_server import FAULTS, running_faulty_server
from support.jwt_issuer import JwtIssuer
from support.openbao import OpenBao
from support.patient import Patient
from support.request_log import RequestLog
from support.scripted_server import Asked, Reply, http, running_script
from support.vault_namespace import VaultNamespace
from vaultgen.cli import app

VALUE = new_plain_canary("value")
SOUND = "PASSWORD=vault:secret/data/app?key=password"


@pytest.fixture
def patient(tmp_path: Path, vault_namespace: VaultNamespace) -> Patient:
    """A tree with one document whose secret is in Vault, and nothing wrong."""
    vault_namespace.root.write("app", {"password": VALUE})
    patient = Patient(tmp_path, vault_namespace.environment())
    patient.write(SOUND)
    return patient


def with_policy(where: VaultNamespace, rules: str, **options: object) -> str:
    where.root.policy("own", rules)
    return where.root.new_token(["own"], **options)


def test_all_is_well(patient: Patient, vault_namespace: VaultNamespace, request_log: RequestLog) -> None:
    """And no value is read to find that out."""
    request_log.mark()
    examined = patient.is_examined()
    assert (examined.status, examined.failed()) == (0, set())
    assert examined.one("documents").seen == "1 document of vaultgen, asking for 1 Vault path"
    assert examined.one("address").seen.startswith(f"{vault_namespace.address}, from VAULT_ADDR")
    assert examined.one("seal").seen.startswith("unsealed, version ")
    assert examined.one("login").seen == "with the token from VAULT_TOKEN"
    assert (
        examined.one("reference").seen == "secret/data/app: may be read; version 1, with the fields that are asked for"
    )
    assert [path for path in request_log.paths() if path.startswith("secret/data/")] == []
    assert_no_canary({"value": VALUE, "token": vault_namespace.token}, {"stdout": examined.stdout})


def test_each_line_says_how_it_is_and_ends_in_what_to_do(patient: Patient) -> None:
    patient.write(SOUND, "B=vault:secret/data/gone?key=a")
    done = patient.runs("doctor", ".")
    text = done.stdout.decode()
    lines = text.rstrip("\n").split("\n")
    assert (done.returncode, done.stderr, lines[-2]) == (1, b"", "")
    assert all(re.match(r"(ok  |warn|fail|skip)  [a-z ]{12}\S", line) for line in lines[:-2])
    assert all(" -> " in line for line in lines[:-2] if line.startswith(("warn", "fail")))
    assert lines[-1].startswith("1 failed")
    assert "\x1b" not in text


# --- this machine ---


def test_no_kustomize(patient: Patient) -> None:
    (patient.programs / "kustomize").unlink()
    examined = patient.is_examined()
    assert (examined.status, examined.failed()) == (1, {"kustomize"})
    assert examined.one("kustomize").advice == "install kustomize 5.5 or later, or name it with --kustomize"


def test_an_old_kustomize(patient: Patient, tmp_path: Path) -> None:
    old = tmp_path / "old-kustomize"
    old.write_text("#!/bin/sh\necho v5.4.3 --enable-alpha-plugins --enable-exec\n")
    old.chmod(0o755)
    examined = patient.is_examined("--kustomize", str(old))
    assert examined.failed() == {"kustomize"}
    assert examined.one("kustomize").seen == f"5.4.3 at {old} is too old"


def test_no_vaultgen_on_path(patient: Patient) -> None:
    assert patient.is_examined(PATH=str(patient.programs)).failed() == {"vaultgen"}


def test_another_vaultgen_on_path(patient: Patient) -> None:
    other = patient.programs / "vaultgen"
    other.write_text("#!/bin/sh\necho vaultgen 0.0.1\n")
    other.chmod(0o755)
    examined = patient.is_examined()
    assert (examined.status, examined.one("vaultgen").outcome) == (0, "warn")
    assert examined.one("vaultgen").advice.endswith("in front of it on PATH")


def test_no_byte_code(patient: Patient) -> None:
    """Where Python cannot write any, as in an image that runs as nobody."""
    nowhere = patient.home / "nowhere"
    examined = patient.is_examined(PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX=str(nowhere))
    assert (examined.status, examined.one("byte code").outcome) == (0, "warn")
    assert " -m compileall -q " in examined.one("byte code").advice


def test_a_document_that_needs_the_plugin(patient: Patient) -> None:
    path = patient.tree / "app.yaml"
    path.write_text(re.sub("  annotations: .*\n", "", path.read_text()))
    assert patient.is_examined().failed() == {"plugin"}
    assert patient.runs("install").returncode == 0
    assert patient.is_examined().one("plugin").outcome in ("ok", "warn")


def test_variables_that_contradict_each_other(patient: Patient, vault_namespace: VaultNamespace) -> None:
    examined = patient.is_examined(BAO_TOKEN=vault_namespace.root.token, VAULTGEN_MODE="placeholder")
    assert examined.status == 0
    assert [seen.outcome for seen in examined.checks["variables"]] == ["warn", "warn"]
    assert_no_canary({"token": vault_namespace.root.token}, {"stdout": examined.stdout})


def test_a_token_file_that_others_can_read(patient: Patient, vault_namespace: VaultNamespace) -> None:
    path = patient.home / ".vault-token"
    path.write_text(vault_namespace.token)
    path.chmod(0o644)
    examined = patient.is_examined(VAULT_TOKEN="")
    assert (examined.status, examined.one("token file").advice) == (0, "chmod 600 ~/.vault-token")
    assert examined.one("login").seen == "with the token from ~/.vault-token"


# --- the tree ---


def test_a_directory_without_a_kustomization(patient: Patient) -> None:
    """Named, it is a mistake; not named, there is just nothing to look at, and the way to Vault is examined."""
    (patient.tree / "kustomization.yaml").unlink()
    assert patient.is_examined(".").failed() == {"documents"}
    examined = patient.is_examined()
    assert (examined.status, examined.one("documents").outcome, examined.one("token").outcome) == (0, "skip", "ok")


def test_a_document_that_is_wrong(patient: Patient) -> None:
    """The others are examined all the same."""
    patient.write("B=vault:secret/data/app?kye=a", name="broken")
    examined = patient.is_examined()
    assert examined.failed() == {"documents"}
    wrong, sound = examined.checks["documents"]
    assert (wrong.code, wrong.advice) == ("bad-reference", "did you mean key?")
    assert sound.seen.startswith("1 document ")
    assert examined.one("reference").outcome == "ok"


def test_a_document_that_kustomize_alone_cannot_read(patient: Patient) -> None:
    (document,) = (one for one in patient.tree.glob("*.yaml") if one.name != "kustomization.yaml")
    document.write_text(document.read_text() + "- {name: two, files: [vault:secret/data/app?key=password]}\n")
    examined = patient.is_examined(".")
    wrong, sound = examined.checks["documents"]
    assert (wrong.outcome, sound.outcome, examined.status) == ("fail", "ok", 1)
    assert f"{document.name}:" in wrong.seen
    assert ": kustomize's YAML parser ends a text " in wrong.seen
    assert wrong.advice == "put the whole text in quotes"


def test_a_tree_that_reads_nothing_needs_no_vault(patient: Patient) -> None:
    patient.write("A=1")
    examined = patient.is_examined(VAULT_ADDR="")
    assert (examined.status, examined.one("address").outcome) == (0, "skip")


# --- the way to Vault ---


@pytest.mark.parametrize("name", ["sealed", "uninitialised"])
def test_a_sealed_vault(name: str, patient: Patient, request: pytest.FixtureRequest) -> None:
    server: OpenBao = request.getfixturevalue(f"{name}_openbao")
    examined = patient.is_examined(VAULT_ADDR=server.address)
    assert (examined.status, examined.failed()) == (1, {"seal"})
    assert "unseal it" in examined.one("seal").advice
    assert examined.one("login").outcome == "skip"


def test_nobody_there(patient: Patient) -> None:
    examined = patient.is_examined(VAULT_ADDR="http://127.0.0.1:1")
    assert (examined.failed(), examined.one("connection").code) == ({"connection"}, "connection-refused")


def test_a_name_that_nobody_knows(patient: Patient) -> None:
    examined = patient.is_examined(VAULT_ADDR="http://vault.invalid:8200")
    assert examined.failed() == {"connection"}


def test_no_address(patient: Patient) -> None:
    examined = patient.is_examined(VAULT_ADDR="")
    assert (examined.failed(), examined.one("address").code) == ({"address"}, "no-address")


def test_the_right_ca(patient: Patient, openbao: OpenBao) -> None:
    assert openbao.certificates
    environment = {"VAULT_ADDR": openbao.https_address, "VAULT_CACERT": str(openbao.certificates.ca)}
    examined = patient.is_examined(**environment)
    assert (examined.status, examined.one("tls").outcome) == (0, "ok")
    assert 'issued by "vaultgen test CA" for "localhost", valid for ' in examined.one("tls").seen
    assert examined.one("tls").seen.startswith("trusted by VAULT_CACERT; ")


def test_the_wrong_ca(patient: Patient, openbao: OpenBao) -> None:
    """What the server shows is told, so that the right one can be found; the token stays here."""
    assert openbao.certificates
    environment = {"VAULT_ADDR": openbao.https_address, "VAULT_CACERT": str(openbao.certificates.stranger_ca)}
    examined = patient.is_examined(**environment)
    assert (examined.failed(), examined.one("tls").code) == ({"tls"}, "tls-untrusted")
    assert 'it is issued by "vaultgen test CA" for "localhost"' in examined.one("tls").seen
    assert "VAULT_CACERT" in examined.one("tls").advice


def test_a_wrong_name(patient: Patient, openbao: OpenBao) -> None:
    assert openbao.certificates
    environment = {"VAULT_ADDR": openbao.https_address, "VAULT_CACERT": str(openbao.certificates.ca)}
    examined = patient.is_examined(**environment, VAULT_TLS_SERVER_NAME="other.test")
    assert (examined.failed(), examined.one("tls").code) == ({"tls"}, "tls-hostname")


def test_no_verification(patient: Patient, openbao: OpenBao) -> None:
    examined = patient.is_examined(VAULT_ADDR=openbao.https_address, VAULT_SKIP_VERIFY="1")
    assert (examined.status, examined.one("tls").outcome) == (0, "warn")


def seal_status(**headers: str) -> Callable[[Asked], Reply]:
    """Return a script that answers as an unsealed server, with further headers."""
    body = json.dumps({"initialized": True, "sealed": False, "version": "1.2.3"})
    lines = [f"{name}: {text}" for name, text in headers.items()]
    return lambda asked: Reply(http(200 if asked.path == "/v1/sys/seal-status" else 403, body, *lines))


@pytest.mark.parametrize(("hours", "outcome", "words"), [(20, "ok", "20 hours more"), (3, "warn", "3 hours more")])
def test_a_certificate_that_ends(hours: int, outcome: str, words: str, patient: Patient, tmp_path: Path) -> None:
    directory = tmp_path / "certificates"
    directory.mkdir()
    certificates = make_certificates(directory, hours=hours)
    with running_script(seal_status(), certificate=(certificates.server_cert, certificates.server_key)) as server:
        examined = patient.is_examined(VAULT_ADDR=server.address, VAULT_CACERT=str(certificates.ca))
    assert examined.one("tls").outcome == outcome
    assert words in examined.one("tls").seen


def test_a_certificate_that_has_ended(patient: Patient, tmp_path: Path) -> None:
    directory = tmp_path / "certificates"
    directory.mkdir()
    certificates = make_certificates(directory, expired=True)
    with running_script(seal_status(), certificate=(certificates.server_cert, certificates.server_key)) as server:
        examined = patient.is_examined(VAULT_ADDR=server.address, VAULT_CACERT=str(certificates.ca))
        tokens = [asked.headers.get("x-vault-token") for asked in server.asked]
    assert (examined.failed(), examined.one("tls").code) == ({"tls"}, "tls-untrusted")
    assert "it has expired; it is issued by" in examined.one("tls").seen
    assert tokens == [None]


@pytest.mark.parametrize(("seconds", "outcome"), [(0, "ok"), (-300, "warn"), (300, "warn")])
def test_a_clock_that_is_wrong(seconds: int, outcome: str, patient: Patient) -> None:
    with running_script(seal_status(Date=formatdate(time.time() + seconds, usegmt=True))) as server:
        examined = patient.is_examined(VAULT_ADDR=server.address)
    assert examined.one("clock").outcome == outcome


# --- the login and the token ---


def test_a_token_that_has_ended(patient: Patient, vault_namespace: VaultNamespace) -> None:
    vault_namespace.root.revoke(vault_namespace.token)
    examined = patient.is_examined()
    assert (examined.failed(), examined.one("token").code) == ({"token"}, "token-invalid")


def test_a_token_that_ends_soon(patient: Patient, vault_namespace: VaultNamespace) -> None:
    examined = patient.is_examined(VAULT_TOKEN=vault_namespace.root.new_token(["read-all"], ttl="2m"))
    assert (examined.status, examined.one("token").advice) == (0, "log in again")


def test_no_credential(patient: Patient) -> None:
    examined = patient.is_examined(VAULT_TOKEN="")
    assert (examined.failed(), examined.one("login").code) == ({"login"}, "no-credential")


def test_a_vault_namespace_that_is_not_there(patient: Patient, openbao: OpenBao) -> None:
    """Vault's Community Edition, which has none, ignores it."""
    examined = patient.is_examined(VAULT_NAMESPACE="gone")
    if openbao.is_vault:
        assert (examined.failed(), examined.one("namespace").outcome) == (set(), "warn")
    else:
        assert (examined.failed(), examined.one("token").code) == ({"token"}, "namespace-unknown")
        assert patient.is_examined().one("namespace").outcome == "ok"


@pytest.fixture
def issuer(vault_namespace: VaultNamespace) -> JwtIssuer:
    """A CI system that Vault knows, with a role ``ci``."""
    issuer, root = JwtIssuer(), vault_namespace.root
    root.enable_auth("jwt")
    root.request("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [issuer.public_key]})
    bound = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_policies": ["read-all"]}
    root.request("POST", "auth/jwt/role/ci", bound)
    return issuer


@pytest.mark.parametrize(("role", "failed"), [("ci", set()), ("other", {"login"})])
def test_a_role(
    role: str,
    failed: set[str],
    patient: Patient,
    issuer: JwtIssuer,
    vault_namespace: VaultNamespace,
    request_log: RequestLog,
) -> None:
    """The right one and a wrong one; the token of the login does not outlive the examination."""
    patient.write(SOUND, vault=f"vault: {{auth: {{jwt: {{role: {role}, token: {{env: VAULT_ID_TOKEN}}}}}}}}\n")
    token = issuer.sign({"sub": "job", "aud": "vault"})
    request_log.mark()
    examined = patient.is_examined(VAULT_TOKEN="", VAULT_ID_TOKEN=token)
    assert examined.failed() == failed
    if failed:
        assert examined.one("login").code == "login-role"
        assert "with role other" in examined.one("login").seen
    else:
        assert examined.one("login").seen.startswith("jwt at auth/jwt with role ci, with the environment variable ")
        assert request_log.paths(namespace=vault_namespace.name)[-1] == "auth/token/revoke-self"
    assert_no_canary({"jwt": token}, {"stdout": examined.stdout})


# --- what is asked for ---


def test_a_path_that_is_denied(patient: Patient, vault_namespace: VaultNamespace) -> None:
    token = with_policy(vault_namespace, 'path "secret/data/app" { capabilities = ["read"] }')
    patient.write(SOUND, "B=vault:secret/data/other?key=a&default=b")
    examined = patient.is_examined(VAULT_TOKEN=token)
    allowed, denied = examined.checks["reference"]
    assert (examined.status, allowed.outcome) == (1, "ok")
    assert (denied.code, denied.advice) == (
        "permission-denied",
        "Vault says the same of a path that does not exist: check it, then give the token's policy: "
        'path "secret/data/other" { capabilities = ["read"] }',
    )
    assert 'Secret "app", key "B"' in denied.seen


def test_what_is_not_there(patient: Patient, vault_namespace: VaultNamespace) -> None:
    """As a build would say it."""
    vault_namespace.root.write("deleted", {"a": VALUE})
    vault_namespace.root.request("DELETE", "secret/data/deleted")
    patient.write(
        "A=vault:secret/data/app?key=pasword",
        "B=vault:secret/data/app?key=password&version=9",
        "C=vault:secret/data/gone?key=a",
        "D=vault:secret/data/gone2?key=a&default=b",
        "E=vault:secret/data/deleted?key=a&default=b",
        "F=vault:nowhere/x?key=a",
    )
    examined = patient.is_examined()
    assert [seen.code for seen in examined.checks["reference"]] == [
        "field-missing",
        "version-missing",
        "path-missing",
        "",
        "version-deleted",
        "mount-hidden",
    ]
    assert_no_canary({"value": VALUE}, {"stdout": examined.stdout})


def test_documents_that_go_different_ways(patient: Patient, vault_namespace: VaultNamespace) -> None:
    token = with_policy(vault_namespace, 'path "kv1/*" { capabilities = ["read"] }')
    (patient.home / "token").write_text(token)
    vault = f"vault: {{auth: {{token: {{file: {patient.home}/token}}}}}}\n"
    patient.write(SOUND, name="narrow", vault=vault)
    examined = patient.is_examined(VAULT_TOKEN="", HOME=str(patient.home))
    assert {seen.documents for seen in examined.checks["login"]} == {"app.yaml", "narrow.yaml"}
    assert [seen.outcome for seen in examined.checks["login"]] == ["fail", "ok"]
    done = patient.runs("doctor", VAULT_TOKEN="")
    assert b"\n\napp.yaml:\n" in done.stdout
    assert b"\n\nnarrow.yaml:\n" in done.stdout


def test_a_lock(patient: Patient, vault_namespace: VaultNamespace) -> None:
    """Up to date, behind, without a path, and of a secret that is another one now."""
    assert patient.runs("lock").returncode == 0
    assert (
        patient.is_examined().one("lock").seen
        == "vaultgen.lock names all that is read, and Vault has nothing else there"
    )

    vault_namespace.root.write("app", {"password": VALUE})
    behind = patient.is_examined()
    assert (behind.status, behind.one("lock").outcome) == (0, "warn")
    assert "vaultgen lock --update" in behind.one("lock").advice
    assert behind.one("reference").seen.startswith("secret/data/app: may be read; version 1")

    patient.write(SOUND, "B=vault:secret/data/other?key=a&default=b")
    lacking = patient.is_examined()
    assert lacking.failed() == {"lock"}
    assert "lock-incomplete" in {seen.code for seen in lacking.checks["lock"]}

    patient.write(SOUND)
    vault_namespace.root.request("DELETE", "secret/metadata/app")
    vault_namespace.root.write("app", {"password": VALUE})
    anew = patient.is_examined()
    assert (anew.failed(), anew.one("lock").code) == ({"lock"}, "lock-mismatch")


def test_a_lock_that_cannot_be_used(patient: Patient) -> None:
    (patient.tree / "vaultgen.lock").write_text("kind: Other\n")
    examined = patient.is_examined()
    assert (examined.failed(), examined.one("lock").code) == ({"lock"}, "bad-lock")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_server_says_back_is_not_shown(
    fault: str, patient: Patient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: there are many of them."""
    canaries = {name: new_plain_canary(name) for name in ("token", "header")}
    with running_faulty_server(fault) as server:
        variables = {
            "VAULT_ADDR": f"http://127.0.0.1:{server.port}",
            "VAULT_TOKEN": canaries["token"],
            "VAULT_HEADERS": json.dumps({"X-Gateway": canaries["header"]}),
            "VAULT_CLIENT_TIMEOUT": "300ms",
            "VAULTGEN_LOG": "debug",
        }
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        assert app.main(["doctor", str(patient.tree)]) == 1
    captured = capsys.readouterr()
    assert_no_canary(canaries, {"stdout": captured.out, "stderr": captured.err})
