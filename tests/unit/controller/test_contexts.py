"""TLS contexts that looks share."""

from pathlib import Path

import pytest

from support.certificates import make_certificates
from vaultgen.controller.contexts import KEPT_SECONDS, Contexts
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Refused
from vaultgen.vault.settings import Settings, read_settings


class NoFiles:
    def read(self, path: str, /) -> bytes:
        raise AssertionError("no file is needed")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return make_certificates(tmp_path).ca


def settings(authority: Path, address: str = "https://vault.test:8200") -> Settings:
    return read_settings(VaultConfig(), {"VAULT_ADDR": address, "VAULT_CACERT": str(authority)})


def test_looks_at_one_address_share_a_context(authority: Path) -> None:
    contexts = Contexts()
    first = contexts(settings(authority), NoFiles())
    assert contexts(settings(authority), NoFiles()) is first
    assert contexts(settings(authority, "https://other.test:8200"), NoFiles()) is not first


def test_authorities_are_read_again_after_a_while(authority: Path) -> None:
    clock = Clock()
    contexts = Contexts(clock)
    first = contexts(settings(authority), NoFiles())
    authority.write_bytes((authority.parent / "stranger-ca.pem").read_bytes())
    clock.now = KEPT_SECONDS - 1
    assert contexts(settings(authority), NoFiles()) is first
    clock.now = KEPT_SECONDS
    assert contexts(settings(authority), NoFiles()).authorities() != first.authorities()


def test_authorities_that_cannot_be_read_are_looked_for_each_time(authority: Path) -> None:
    contexts = Contexts()
    content = authority.read_bytes()
    authority.unlink()
    with pytest.raises(Refused):
        contexts(settings(authority), NoFiles())
    authority.write_bytes(content)
    assert contexts(settings(authority), NoFiles()).authorities()
