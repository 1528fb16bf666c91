from pathlib import Path

import pytest

from vaultgen.kustomize.plugin_home import plugin_of

DOCUMENT = ("vaultgen.dev/v1alpha1", "VaultSecretGenerator")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home directory with the plugin."""
    program = tmp_path / ".config/kustomize/plugin/vaultgen.dev/v1alpha1/vaultsecretgenerator/VaultSecretGenerator"
    program.parent.mkdir(parents=True)
    program.touch()
    return tmp_path


def test_a_plugin_is_found_by_group_version_and_kind(home: Path) -> None:
    found = plugin_of(*DOCUMENT, {"HOME": str(home)})
    assert found
    assert found.is_file()
    assert plugin_of("vaultgen.dev/v1", "VaultSecretGenerator", {"HOME": str(home)}) is None


def test_the_first_plugin_home_that_exists_hides_the_others(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    environ = {"HOME": str(home), "KUSTOMIZE_PLUGIN_HOME": str(other)}
    assert plugin_of(*DOCUMENT, environ)
    other.mkdir()
    assert plugin_of(*DOCUMENT, environ) is None


def test_without_a_plugin_home_there_is_no_plugin(tmp_path: Path) -> None:
    assert plugin_of(*DOCUMENT, {}) is None
    assert plugin_of(*DOCUMENT, {"HOME": str(tmp_path)}) is None
