"""Credentials are stripped, checked and wrapped, and never quoted."""

import os
from pathlib import Path

import pytest

from support.login import FakeCluster, log_in_with, refused
from vaultgen.document.model import CredentialSource, SecretRef, TokenAuth, UserpassAuth
from vaultgen.errors import Refused
from vaultgen.redacted import Redacted
from vaultgen.vault.login.credential import usable, usable_token


@pytest.mark.parametrize("text", ["s.abc", " s.abc", "s.abc\n", "\t s.abc \r\n"])
def test_the_space_around_a_token_is_dropped(text: str) -> None:
    assert usable_token(text, "there") == Redacted("s.abc")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "canary s",
        "canary\ns",
        "canary\r\nX-Evil: 1",
        "canary\0",
        "canary\x7f",
        "canaryé",
        "canary\u2028s",
    ],
)
def test_a_token_that_no_header_can_hold_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        usable_token(text, "there")
    (fault,) = caught.value.faults
    assert (fault.code, fault.facts["source"]) == ("bad-credential", "there")
    assert "canary" not in repr(fault)


def test_a_password_may_hold_spaces_and_letters_of_any_script() -> None:
    assert usable(" correct hörse バ \n", "there") == Redacted("correct hörse バ")


@pytest.mark.parametrize("text", ["", "\n", "canary\nx", "canary\x1b[0m", "canary\udcff"])
def test_a_password_with_unprintable_characters_inside_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        usable(text, "there")
    assert "canary" not in repr(caught.value.faults)


def test_an_absolute_file_is_read_from_disk(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"s.disk\n")
    session = log_in_with(TokenAuth(CredentialSource(file=str(tmp_path / "token"))))
    assert session.token == Redacted("s.disk")


def test_a_pipe_can_hand_over_a_credential() -> None:
    """As a shell's ``<(command)`` does."""
    reading, writing = os.pipe()
    with open(writing, "wb") as pipe:
        pipe.write(b"s.pipe\n")
    try:
        assert log_in_with(TokenAuth(CredentialSource(file=f"/dev/fd/{reading}"))).token == Redacted("s.pipe")
    finally:
        os.close(reading)


def test_a_file_that_is_a_directory_is_told(tmp_path: Path) -> None:
    fault = refused(lambda: log_in_with(TokenAuth(CredentialSource(file=str(tmp_path)))))
    assert (fault.code, fault.facts["why"]) == ("file-unreadable", "it is a directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "token").touch(mode=0)
    fault = refused(lambda: log_in_with(TokenAuth(CredentialSource(file=str(tmp_path / "token")))))
    assert (fault.code, fault.facts["why"]) == ("file-unreadable", "permission denied")


def test_a_file_that_is_too_large_for_a_credential_is_refused() -> None:
    fault = refused(lambda: log_in_with(TokenAuth(CredentialSource(file="/dev/zero"))))
    assert fault.facts["why"] == "it is larger than a credential can be (65536 bytes)"


def test_a_file_that_is_not_text_is_refused() -> None:
    auth = UserpassAuth("ci", CredentialSource(file="password"))
    fault = refused(lambda: log_in_with(auth, files={"password": b"canary\xff"}))
    assert (fault.code, fault.facts["source"]) == ("bad-credential", "the file password")


def test_a_secret_that_is_not_text_is_refused() -> None:
    auth = TokenAuth(CredentialSource(secret_ref=SecretRef("apps", "vault", "token")))
    cluster = FakeCluster({("apps", "vault"): {"token": b"canary\xff"}})
    fault = refused(lambda: log_in_with(auth, cluster=lambda: cluster))
    assert (fault.code, fault.facts["source"]) == ("bad-credential", "the Secret apps/vault")
