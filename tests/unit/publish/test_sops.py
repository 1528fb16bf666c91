import json
from datetime import UTC, datetime

import pyrage
import pytest

from support.flux import MARKER, decrypt
from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.publish.sops import encrypt, is_like_sops, parse_recipients

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def new_key() -> tuple[str, str]:
    """Return the private and the public half of a new age key."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def refusal(*texts: str) -> str:
    with pytest.raises(Refused) as caught:
        parse_recipients(texts)
    return report(caught.value.faults)


@pytest.mark.parametrize("content", [b"s3cret", b"", bytes(range(256)), b"x" * 1_048_576, b"ENC[", "é\0".encode()])
def test_a_document_is_decrypted_to_the_same_bytes(content: bytes) -> None:
    private, public = new_key()
    assert decrypt(encrypt(content, parse_recipients([public]), NOW), private) == content


def test_each_of_several_recipients_can_decrypt() -> None:
    keys = [new_key(), new_key(), new_key()]
    document = encrypt(b"s3cret", parse_recipients([public for _, public in keys]), NOW)
    assert [decrypt(document, private) for private, _ in keys] == [b"s3cret"] * 3


def test_nobody_else_can() -> None:
    document = encrypt(b"s3cret", parse_recipients([new_key()[1]]), NOW)
    with pytest.raises(ValueError, match="none of the recipients"):
        decrypt(document, new_key()[0])


def test_a_document_has_the_bytes_by_which_flux_knows_it() -> None:
    """Compact JSON would be passed over silently."""
    assert MARKER in encrypt(b"s3cret", parse_recipients([new_key()[1]]), NOW)


def test_a_document_holds_neither_its_value_nor_the_data_key_twice() -> None:
    recipients = parse_recipients([new_key()[1]])
    one, other = (json.loads(encrypt(b"s3cret" * 9, recipients, NOW)) for _ in range(2))
    assert b"s3cret" not in json.dumps(one).encode()
    assert one["data"] != other["data"]
    assert one["sops"]["age"][0]["enc"] != other["sops"]["age"][0]["enc"]


def test_the_time_is_written_as_sops_does() -> None:
    assert (
        json.loads(encrypt(b"", parse_recipients([new_key()[1]]), NOW))["sops"]["lastmodified"]
        == "2026-01-02T03:04:05Z"
    )


def test_recipients_count_once_and_keep_their_order() -> None:
    one, other = new_key()[1], new_key()[1]
    assert [recipient.text for recipient in parse_recipients([other, f" {one}\n", other])] == [other, one]


def test_a_private_key_in_the_place_of_a_recipient_is_not_shown() -> None:
    private, public = new_key()
    assert refusal(public, private) == (
        "error[bad-recipient]: recipient 2 cannot be encrypted for: it is a private key, which has to stay in the"
        " cluster\n"
        "  hint: give the public half of an age key, age1…, as age-keygen prints it\n"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not the public half of an age key (X25519)"),
        ("age1nonsense", "it is not the public half of an age key (X25519)"),
        ("age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "not the public half"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI a@b", "it is an SSH key"),
    ],
)
def test_what_kustomize_controller_has_no_private_half_for_is_refused(text: str, why: str) -> None:
    assert why in refusal(text)


def test_nobody_to_encrypt_for_is_refused() -> None:
    assert "the list of recipients cannot be encrypted for: it is empty" in refusal()


def test_all_recipients_are_told_at_once() -> None:
    assert refusal("a", "b").count("error[") == 2


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b'{"mac": "ENC[', True),
        (b"mac: ENC[", True),
        (b"sops_mac=ENC[x", True),
        (b"\n[sops]\n", True),
        (b"sops", False),
    ],
)
def test_a_value_that_flux_would_decrypt_is_known(content: bytes, is_one: bool) -> None:
    assert is_like_sops(content) is is_one
