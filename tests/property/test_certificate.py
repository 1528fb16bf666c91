"""The fields of certificates as a real library writes them."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from vaultgen.doctor.certificate import read_certificate

KEY = ec.generate_private_key(ec.SECP256R1())
KINDS = [NameOID.COUNTRY_NAME, NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.LOCALITY_NAME]

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=16
)  # at most 64 bytes each
attributes = st.lists(st.sampled_from(KINDS), unique=True, max_size=4).flatmap(
    lambda kinds: st.tuples(*(st.tuples(st.just(kind), st.just("DE") if kind == KINDS[0] else texts) for kind in kinds))
)
# Until 2049 a time has two digits for the year, from then on four.
times = st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2200, 1, 1)).map(
    lambda time: time.replace(microsecond=0)
)


def name_of(parts: tuple[tuple[x509.ObjectIdentifier, str], ...]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])


def expected(parts: tuple[tuple[x509.ObjectIdentifier, str], ...]) -> str:
    named = dict(parts)
    return named.get(NameOID.COMMON_NAME, named.get(NameOID.ORGANIZATION_NAME, ""))


@given(attributes, attributes, times, times, st.integers(1, 2**150))
def test_names_and_times_are_those_of_the_certificate(
    subject: tuple[tuple[x509.ObjectIdentifier, str], ...],
    issuer: tuple[tuple[x509.ObjectIdentifier, str], ...],
    one: datetime.datetime,
    other: datetime.datetime,
    serial: int,
) -> None:
    begins, ends = sorted((one, other))
    built = (
        x509.CertificateBuilder(name_of(issuer), name_of(subject), KEY.public_key(), serial)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("vault.test")]), critical=False)
        .sign(KEY, hashes.SHA256())
    )
    found = read_certificate(built.public_bytes(serialization.Encoding.DER))
    assert found is not None
    assert (found.subject, found.issuer) == (expected(subject), expected(issuer))
    assert (found.begins, found.ends) == (begins.replace(tzinfo=datetime.UTC), ends.replace(tzinfo=datetime.UTC))


@given(st.binary(max_size=200))
def test_other_bytes_are_none(content: bytes) -> None:
    read_certificate(content)


@pytest.mark.parametrize("content", [b"", b"\x30", b"\x30\x80", b"\x30\x02\x30\x00"])
def test_nothing_is_none(content: bytes) -> None:
    assert read_certificate(content) is None
