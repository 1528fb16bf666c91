"""Texts that are made to keep a search busy: each of these would take hours with a pattern that goes over it again."""

import pytest

from vaultgen.lint.ignore import comments
from vaultgen.lint.suspicion import known_form, suspicion
from vaultgen.lint.texts import without_references
from vaultgen.unresolved import stray

SIZE = 1_000_000
PIECES = [
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN RSA ",
    "eyJaaaaaaaaa-",
    "SG.aaaaaaaaaaaaaaaaaaaaaaaa.",
    "sk-ant-",
    "://a:b",
    "://",
    "vault:",
    "vault:a,",
    "${vault:",
    "vault:a?b&",
    "# vaultgen-ignore: a,",
    "#\n",
    "ssh-rsa AAAA",
    "aB1",
    "ghp_",
]


@pytest.mark.parametrize("piece", PIECES)
def test_a_search_comes_to_its_end(piece: str) -> None:
    text = piece * (SIZE // len(piece))
    known_form(text)
    suspicion(text)
    stray(text)
    without_references(text)
    list(comments(text + "vaultgen-ignore", is_yaml=True))
