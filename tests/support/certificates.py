"""A certificate authority for one test session: server and client certificates, and a stranger's CA."""

import datetime
import ipaddress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)


class Certificates(NamedTuple):
    """Paths of PEM files."""

    ca: Path
    """The CA that signed the server's and the client's certificate."""
    server_cert: Path
    """For 127.0.0.1, localhost and vault.test."""
    server_key: Path
    client_cert: Path
    """Common name ``web``, signed by ``ca``."""
    client_key: Path
    stranger_ca: Path
    """Another CA, which signed nothing here."""
    stranger_cert: Path
    """A client certificate of the stranger's CA."""
    stranger_key: Path


def make_certificates(directory: Path, *, expired: bool = False, hours: int = 24) -> Certificates:
    """Write a fresh set of certificates into an existing directory, valid from yesterday until tomorrow.

    The server's is valid for some ``hours`` more, unless it has expired already.
    """
    remaining = datetime.timedelta(minutes=-5) if expired else datetime.timedelta(hours=hours)
    paths = Certificates(
        *(directory / f"{name}.pem" for name in ("ca", "server", "server-key", "client", "client-key")),
        *(directory / f"{name}.pem" for name in ("stranger-ca", "stranger", "stranger-key")),
    )
    authority, authority_key = _authority("vaultgen test CA")
    _write_cert(paths.ca, authority)
    _issue(authority, authority_key, "localhost", paths.server_cert, paths.server_key, server=True, remaining=remaining)
    _issue(authority, authority_key, "web", paths.client_cert, paths.client_key, server=False)
    stranger, stranger_key = _authority("a stranger's CA")
    _write_cert(paths.stranger_ca, stranger)
    _issue(stranger, stranger_key, "web", paths.stranger_cert, paths.stranger_key, server=False)
    return paths


def _authority(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()), key


def _issue(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    name: str,
    cert_path: Path,
    key_path: Path,
    *,
    server: bool,
    remaining: datetime.timedelta = _DAY,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            authority.subject,
            key.public_key(),
            remaining,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    if server:
        names = [
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.DNSName("localhost"),
            x509.DNSName("vault.test"),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    _write_cert(cert_path, builder.sign(authority_key, hashes.SHA256()))
    key_path.touch(mode=0o600)
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, remaining: datetime.timedelta = _DAY
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + remaining)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_cert(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
