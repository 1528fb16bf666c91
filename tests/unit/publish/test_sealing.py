from datetime import UTC, datetime

import pyrage
import pytest

from support.flux import decrypt
from vaultgen.publish.sealing import Sealer
from vaultgen.publish.sops import parse_recipients
from vaultgen.redacted import Redacted

KEY = pyrage.x25519.Identity.generate()
RECIPIENTS = parse_recipients([str(KEY.to_public())])
OTHERS = parse_recipients([str(pyrage.x25519.Identity.generate().to_public()), str(KEY.to_public())])
NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = datetime(2026, 1, 3, tzinfo=UTC)


def test_what_did_not_change_is_not_encrypted_anew() -> None:
    first = Sealer(RECIPIENTS, b"key", NOW)
    document = first.seal("place", Redacted(b"s3cret"))
    second = Sealer(RECIPIENTS, b"key", LATER, first.documents)
    assert second.seal("place", Redacted(b"s3cret")) == document
    assert second.documents == first.documents


@pytest.mark.parametrize(
    ("second", "place", "value"),
    [
        (Sealer(RECIPIENTS, b"key", NOW), "place", b"other"),
        (Sealer(RECIPIENTS, b"key", NOW), "elsewhere", b"s3cret"),
        (Sealer(OTHERS, b"key", NOW), "place", b"s3cret"),
        (Sealer(RECIPIENTS, b"a new key", NOW), "place", b"s3cret"),
    ],
    ids=["value", "place", "recipients", "key"],
)
def test_what_changed_is_encrypted_anew(second: Sealer, place: str, value: bytes) -> None:
    """Equal values in two places too: equal documents would tell that they are equal."""
    first = Sealer(RECIPIENTS, b"key", NOW)
    document = first.seal("place", Redacted(b"s3cret"))
    again = Sealer(second._recipients, second._key, LATER, first.documents)
    made = again.seal(place, Redacted(value))
    assert made != document
    assert decrypt(made, str(KEY)) == value


def test_the_order_of_recipients_is_no_change() -> None:
    first = Sealer(OTHERS, b"key", NOW)
    document = first.seal("place", Redacted(b"s3cret"))
    assert Sealer(OTHERS[::-1], b"key", NOW, first.documents).seal("place", Redacted(b"s3cret")) == document


def test_a_document_that_is_no_longer_asked_for_is_forgotten() -> None:
    first = Sealer(RECIPIENTS, b"key", NOW)
    first.seal("place", Redacted(b"s3cret"))
    assert Sealer(RECIPIENTS, b"key", NOW, first.documents).documents == {}
