"""TLS: whom we trust, what we show, and failures in words of our own."""

import contextlib
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization as form

from support.certificates import Certificates, make_certificates
from support.eventually import eventually
from support.scripted_server import Asked, Reply, ScriptedServer, http, running_script
from vaultgen.document.model import Tls as TlsOfDocument
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Fault, refuse
from vaultgen.redacted import Redacted
from vaultgen.vault import retry
from vaultgen.vault.message import Request, Response
from vaultgen.vault.pool import Pool
from vaultgen.vault.settings import read_settings

READ = Request("GET", "secret/data/app", token=Redacted("s.canary"))


class FilesOf:
    """The port Files over a directory of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str, /) -> bytes:
        if not (self.root / path).is_file():
            raise refuse("file-not-found", path=path)
        return (self.root / path).read_bytes()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)


@pytest.fixture
def server(certificates: Certificates) -> Iterator[ScriptedServer]:
    pair = (certificates.server_cert, certificates.server_key)
    with running_script(lambda asked: Reply(http(200, "{}")), certificate=pair) as running:
        yield running


def ask(
    server: ScriptedServer, certificates: Certificates, environ: Mapping[str, str], tls: TlsOfDocument | None = None
) -> Response | Fault:
    return ask_all(server, certificates, environ, tls, 1)[0]


def ask_all(
    server: ScriptedServer,
    certificates: Certificates,
    environ: Mapping[str, str],
    tls: TlsOfDocument | None,
    count: int,
) -> list[Response | Fault]:
    settings = read_settings(
        VaultConfig(tls=tls or TlsOfDocument()), {"VAULT_ADDR": server.address, "VAULT_CLIENT_TIMEOUT": "60", **environ}
    )
    pool = Pool(settings, FilesOf(certificates.ca.parent))
    with contextlib.closing(pool):
        return pool.send([READ] * count)


@pytest.mark.parametrize("skip_verify", ["false", "true"])
def test_the_servers_certificate_can_be_looked_at(
    skip_verify: str, server: ScriptedServer, certificates: Certificates
) -> None:
    """Also one that is trusted without being verified, which may be looked at to learn why."""
    environ = {"VAULT_ADDR": server.address, "VAULT_CACERT": str(certificates.ca), "VAULT_SKIP_VERIFY": skip_verify}
    pool = Pool(read_settings(VaultConfig(), environ), FilesOf(certificates.ca.parent))
    with contextlib.closing(pool):
        assert pool.tls is None
        assert code(pool.send([READ])[0]) == 200
        assert pool.tls
        shown, trusted = pool.tls.certificate, pool.tls.authorities()
    assert shown == der(certificates.server_cert)
    assert trusted == ([] if skip_verify == "true" else [der(certificates.ca)])


def der(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(form.Encoding.DER)


def code(answer: Response | Fault) -> object:
    return answer.code if isinstance(answer, Fault) else answer.status


def test_a_private_ca_is_trusted_however_it_is_given(
    server: ScriptedServer, certificates: Certificates, tmp_path: Path
) -> None:
    directory = tmp_path / "cas"
    directory.mkdir()
    for name, path in (("a.pem", certificates.stranger_ca), ("b.pem", certificates.ca)):
        (directory / name).write_bytes(path.read_bytes())
    for variable, value in (
        ("VAULT_CACERT", str(certificates.ca)),
        ("BAO_CACERT_BYTES", certificates.ca.read_text()),
        ("VAULT_CAPATH", str(directory)),
    ):
        assert code(ask(server, certificates, {variable: value})) == 200, variable
    assert code(ask(server, certificates, {}, TlsOfDocument(ca_file="ca.pem"))) == 200


def test_the_servers_own_certificate_may_be_the_trusted_one(server: ScriptedServer, certificates: Certificates) -> None:
    """As in Go: what is trusted need not be a root."""
    assert code(ask(server, certificates, {"VAULT_CACERT": str(certificates.server_cert)})) == 200


def test_many_reads_share_connections_and_come_in_order(certificates: Certificates) -> None:
    def echo(asked: Asked) -> Reply:
        return Reply(http(200, asked.path * 5000))

    pair = (certificates.server_cert, certificates.server_key)
    with running_script(echo, certificate=pair) as running:
        answers = ask_all(running, certificates, {"VAULT_CACERT": str(certificates.ca)}, None, 60)
    assert {answer.body.reveal() for answer in answers if isinstance(answer, Response)} == {
        b"/v1/secret/data/app" * 5000
    }
    assert len(answers) == 60


def test_a_system_ca_is_trusted(
    server: ScriptedServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    assert code(ask(server, certificates, {})) == 200
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert code(ask(server, certificates, {})) == "tls-untrusted"


def test_a_hashed_directory_of_cas_is_trusted(
    server: ScriptedServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subject = x509.load_pem_x509_certificate(certificates.ca.read_bytes()).subject.public_bytes()
    # The name of such a file, by OpenSSL's X509_NAME_hash: SHA-1 of the lower-case name without its outer header.
    digest = hashlib.sha1(subject[2:].replace(b"CA", b"ca"), usedforsecurity=False).digest()
    (tmp_path / f"{int.from_bytes(digest[:4], 'little'):08x}.0").write_bytes(certificates.ca.read_bytes())
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert code(ask(server, certificates, {})) == 200


def test_another_ca_is_not_trusted(server: ScriptedServer, certificates: Certificates) -> None:
    for environ in ({}, {"VAULT_CACERT": str(certificates.stranger_ca)}):
        answer = ask(server, certificates, environ)
        assert isinstance(answer, Fault)
        assert answer.code == "tls-untrusted"
        assert "unknown" in answer.facts["why"]
    assert server.asked == [], "nothing is sent before the server is known"


def test_an_expired_certificate_is_told_as_such(tmp_path: Path) -> None:
    old = make_certificates(tmp_path, expired=True)
    with running_script(lambda asked: Reply(b""), certificate=(old.server_cert, old.server_key)) as running:
        answer = ask(running, old, {"VAULT_CACERT": str(old.ca)})
    assert isinstance(answer, Fault)
    assert (answer.code, answer.facts["why"]) == ("tls-untrusted", "it has expired")


def test_a_certificate_for_another_name_is_refused(server: ScriptedServer, certificates: Certificates) -> None:
    environ = {"VAULT_CACERT": str(certificates.ca), "VAULT_TLS_SERVER_NAME": "other.test"}
    assert code(ask(server, certificates, environ)) == "tls-hostname"


def test_the_servers_name_may_be_another_than_the_address(server: ScriptedServer, certificates: Certificates) -> None:
    assert code(ask(server, certificates, {}, TlsOfDocument(ca_file="ca.pem", server_name="vault.test"))) == 200


def test_verification_can_be_skipped_where_the_build_runs(server: ScriptedServer, certificates: Certificates) -> None:
    assert code(ask(server, certificates, {"VAULT_SKIP_VERIFY": "true"})) == 200


@pytest.mark.parametrize(
    "reply", [Reply(b"HTTP/1.1 400 Bad Request\r\n\r\n", "close"), Reply(b"SSH-2.0-OpenSSH_9.2\r\n", "close")]
)
def test_a_port_that_speaks_no_tls_is_told_as_such(certificates: Certificates, reply: Reply) -> None:
    with plain_listener(reply.content) as port:
        settings = read_settings(VaultConfig(), {"VAULT_ADDR": f"https://127.0.0.1:{port}"})
        with contextlib.closing(Pool(settings, FilesOf(certificates.ca.parent))) as pool:
            (answer,) = pool.send([READ])
    assert isinstance(answer, Fault)
    assert (answer.code, answer.facts["why"]) == ("tls-failed", "the port does not speak TLS")


def test_a_server_that_hangs_up_on_the_handshake_is_told_as_such(certificates: Certificates) -> None:
    with plain_listener(b"") as port:
        settings = read_settings(VaultConfig(), {"VAULT_ADDR": f"https://127.0.0.1:{port}"})
        with contextlib.closing(Pool(settings, FilesOf(certificates.ca.parent))) as pool:
            (answer,) = pool.send([READ])
    assert isinstance(answer, Fault)
    assert (answer.code, answer.facts["why"]) == ("tls-failed", "the connection was closed during the handshake")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_shown_and_one_that_is_missing_is_told(
    certificates: Certificates, version: ssl.TLSVersion
) -> None:
    files = {"VAULT_CLIENT_CERT": str(certificates.client_cert), "VAULT_CLIENT_KEY": str(certificates.client_key)}
    texts = {
        "BAO_CLIENT_CERT_BYTES": certificates.client_cert.read_text(),
        "BAO_CLIENT_KEY_BYTES": certificates.client_key.read_text(),
    }
    document = TlsOfDocument("ca.pem", "", "client.pem", "client-key.pem")
    trusted = {"VAULT_CACERT": str(certificates.ca)}
    pair = (certificates.server_cert, certificates.server_key)
    with running_script(lambda asked: Reply(http(200)), certificate=pair) as running:
        running.demand_client_certificate(certificates.ca, version)
        assert code(ask(running, certificates, {**trusted, **files})) == 200
        assert code(ask(running, certificates, {**trusted, **texts})) == 200
        assert code(ask(running, certificates, {}, document)) == 200
        missing = ask(running, certificates, trusted)
        stranger = {
            "VAULT_CLIENT_CERT": str(certificates.stranger_cert),
            "VAULT_CLIENT_KEY": str(certificates.stranger_key),
        }
        refused = ask(running, certificates, {**trusted, **stranger})
    assert isinstance(missing, Fault)
    assert missing.code == "tls-failed"
    assert "client certificate" in missing.facts["why"]
    assert isinstance(refused, Fault)
    assert refused.code == "tls-failed"
    assert "client certificate" in refused.facts["why"]


@pytest.mark.parametrize(
    ("environ", "name", "why"),
    [
        ({"VAULT_CACERT": "/nowhere/ca.pem"}, "VAULT_CACERT", "there is no such file or directory"),
        ({"VAULT_CAPATH": "/nowhere"}, "VAULT_CAPATH", "there is no such file or directory"),
        ({"VAULT_CACERT_BYTES": "canary"}, "VAULT_CACERT_BYTES", "it holds no certificate in PEM form"),
        ({"VAULT_CACERT": "client_key"}, "VAULT_CACERT", "it holds no certificate in PEM form"),
        (
            {"VAULT_CLIENT_CERT": "client_cert", "VAULT_CLIENT_KEY": "stranger_key"},
            "VAULT_CLIENT_CERT",
            "certificate and key are not PEM, do not match, or the key is encrypted",
        ),
        (
            {"BAO_CLIENT_CERT_BYTES": "canary", "BAO_CLIENT_KEY_BYTES": "canary"},
            "BAO_CLIENT_CERT_BYTES",
            "certificate and key are not PEM, do not match, or the key is encrypted",
        ),
        (
            {"BAO_CLIENT_CERT_BYTES": "canary" * 20_000, "BAO_CLIENT_KEY_BYTES": "canary"},
            "BAO_CLIENT_CERT_BYTES",
            "it is larger than 60000 bytes",
        ),
        ({"VAULT_CLIENT_CERT": "/nowhere", "VAULT_CLIENT_KEY": "/nowhere"}, "VAULT_CLIENT_CERT", "there is no such"),
    ],
)
def test_certificates_that_cannot_be_used_are_named_before_anything_is_sent(
    server: ScriptedServer, certificates: Certificates, environ: dict[str, str], name: str, why: str
) -> None:
    given = {variable: str(getattr(certificates, value, value)) for variable, value in environ.items()}
    answer = ask(server, certificates, {"VAULT_SKIP_VERIFY": "0", **given})
    assert isinstance(answer, Fault)
    assert (answer.code, answer.facts["name"]) == ("bad-setting", name)
    assert answer.facts["why"].startswith(why)
    assert "canary" not in str(answer)
    assert server.connections == 0


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_password(
    server: ScriptedServer, certificates: Certificates
) -> None:
    key = form.load_pem_private_key(certificates.client_key.read_bytes(), None)
    locked = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"canary"))
    environ = {"BAO_CLIENT_CERT_BYTES": certificates.client_cert.read_text(), "BAO_CLIENT_KEY_BYTES": locked.decode()}
    assert code(ask(server, certificates, environ)) == "bad-setting"


def test_a_file_of_the_document_that_is_missing_is_the_files_fault(
    server: ScriptedServer, certificates: Certificates
) -> None:
    assert code(ask(server, certificates, {}, TlsOfDocument(ca_file="missing.pem"))) == "file-not-found"


def test_no_descriptor_stays_open_after_a_key_was_handed_over(
    server: ScriptedServer, certificates: Certificates
) -> None:
    document = TlsOfDocument("ca.pem", "", "client.pem", "client-key.pem")
    ask(server, certificates, {}, document)
    before = len(os.listdir("/dev/fd"))
    for _ in range(5):
        ask(server, certificates, {}, document)
    # Those of the server are closed a little later.
    assert eventually(lambda: len(os.listdir("/dev/fd")) <= before)


def test_an_answer_that_is_cut_without_tlss_goodbye_is_no_answer(certificates: Certificates) -> None:
    """Without a length only the end of the stream ends an answer, and that must be the server's own."""
    pair = (certificates.server_cert, certificates.server_key)
    with running_script(lambda asked: Reply(b"HTTP/1.1 200 OK\r\n\r\n{", "cut"), certificate=pair) as running:
        answer = ask(running, certificates, {"VAULT_CACERT": str(certificates.ca)})
    assert code(answer) == "connection-failed"


@contextlib.contextmanager
def plain_listener(content: bytes) -> Iterator[int]:
    """Answer every connection with the same bytes, whatever it says."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError), contextlib.closing(connection):
                    connection.recv(65536)
                    connection.sendall(content)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
