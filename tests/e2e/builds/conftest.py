"""Fixtures of the tests of ``vaultgen build``."""

from pathlib import Path

import pytest

from support.build import build_environment
from support.vault_namespace import VaultNamespace


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home."""
    found = tmp_path / "home"
    found.mkdir()
    return found


@pytest.fixture
def bare_environment(home: Path) -> dict[str, str]:
    """The whole environment of a build that knows of no Vault; ``tmp`` beside the home is for temporary files."""
    temporary = home.parent / "tmp"
    temporary.mkdir()
    return build_environment(home, {"TMPDIR": str(temporary)})


@pytest.fixture
def environment(bare_environment: dict[str, str], vault_namespace: VaultNamespace) -> dict[str, str]:
    """The whole environment of a build that may read all of the test's Vault."""
    return {**bare_environment, **vault_namespace.environment()}
