"""What is said of certificates; that of servers which are not trusted is looked at end to end."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support.login import TreeFiles
from vaultgen.doctor.connection import Greeting
from vaultgen.doctor.tls import check_tls
from vaultgen.doctor.verdict import Verdict
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Response
from vaultgen.vault.settings import Pem, Settings, TlsSettings

KEY = ec.generate_private_key(ec.SECP256R1())
CA = Pem("VAULT_CACERT", "file", Redacted("/ca.pem"))
VERIFIED = TlsSettings(CA)
NOT_VERIFIED = TlsSettings(skip_verify=True)


def certificate(name: str, *, days: float, of: int = 360) -> bytes:
    """Return a certificate (DER) with some days left of its lifetime; the CA's own has its name twice."""
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, "CA of this test"))
    built = (
        x509.CertificateBuilder(issuer, subject, KEY.public_key(), x509.random_serial_number())
        .not_valid_before(ends - datetime.timedelta(days=of))
        .not_valid_after(ends)
    )
    return built.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def seen(
    address: str = "https://vault.test:8200",
    tls: TlsSettings = VERIFIED,
    *,
    server: bytes = b"",
    authority: bytes = b"",
) -> Verdict:
    greeting = Greeting(Response(200, Redacted(b"")), server, [authority], 0.0)
    (verdict,) = check_tls(Settings(parse_address(address), tls=tls), greeting, TreeFiles(), None)
    return verdict


def test_a_certificate_that_lasts_will_do() -> None:
    verdict = seen(server=certificate("vault", days=90.4), authority=certificate("CA of this test", days=300))
    assert verdict.outcome == "ok"
    assert (
        verdict.seen == 'trusted by VAULT_CACERT; it is issued by "CA of this test" for "vault", valid for 90 days more'
    )


def test_one_that_ends_is_to_be_looked_at() -> None:
    verdict = seen(server=certificate("vault", days=1.5))
    assert (verdict.outcome, verdict.advice) == ("warn", "have it renewed")
    assert verdict.seen.endswith("valid for 36 hours more")


def test_a_ca_that_ends_is_to_be_looked_at() -> None:
    """Then nothing that it issued is trusted any more."""
    server = certificate("vault", days=90)
    verdict = seen(server=server, authority=certificate("CA of this test", days=5))
    assert (verdict.outcome, verdict.advice) == ("warn", "have the CA's certificate renewed")
    assert seen(server=server, authority=certificate("another CA", days=5)).outcome == "ok"


def test_without_a_ca_of_ones_own_the_systems_are_named() -> None:
    assert seen(tls=TlsSettings(), server=certificate("vault", days=90)).seen.startswith("trusted by the CAs of this ")


def test_without_verification_anybody_could_be_there() -> None:
    verdict = seen(tls=NOT_VERIFIED, server=certificate("vault", days=-3))
    assert verdict.outcome == "warn"
    assert verdict.seen.endswith('; it is issued by "CA of this test" for "vault", expired 3 days ago')


def test_a_certificate_that_cannot_be_read_is_left_out() -> None:
    assert seen(server=b"canary").seen == "trusted by VAULT_CACERT"


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("http://127.0.0.1:8200", "ok"),
        ("http://127.1.2.3:8200", "ok"),
        ("http://localhost:8200", "ok"),
        ("http://[::1]:8200", "ok"),
        ("http://vault.test:8200", "warn"),
        ("http://127.0.0.1.vault.test:8200", "warn"),
        ("http://10.0.0.1:8200", "warn"),
        ("unix:///run/agent.sock", "skip"),
    ],
)
def test_plain_http_is_for_one_machine(address: str, outcome: str) -> None:
    assert seen(address).outcome == outcome
