"""What must be in an installation beside the modules."""

import importlib.util
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

import vaultgen

CHECKOUT = Path(__file__).parents[2]
PACKAGE = Path(vaultgen.__file__).parent

pytestmark = pytest.mark.skipif(PACKAGE == CHECKOUT / "vaultgen", reason="vaultgen is run from the checkout")


def test_the_schemas_arrive_as_files() -> None:
    expected = {path.name: path.read_bytes() for path in (CHECKOUT / "schemas").iterdir()}
    assert {path.name: path.read_bytes() for path in (PACKAGE / "schemas").iterdir()} == expected
    assert not (PACKAGE / "schemas").is_symlink()


def test_the_plugins_arrive_and_can_be_executed() -> None:
    expected = {path.relative_to(CHECKOUT / "plugin") for path in (CHECKOUT / "plugin").rglob("*") if path.is_file()}
    assert expected
    for name in expected:
        installed = PACKAGE / "plugin" / name
        assert os.access(installed, os.X_OK) == os.access(CHECKOUT / "plugin" / name, os.X_OK), name


def test_every_module_is_byte_compiled() -> None:
    """Without .pyc files a run takes three times as long."""
    modules = list(PACKAGE.rglob("*.py"))
    assert [path for path in modules if not Path(importlib.util.cache_from_source(str(path))).exists()] == []


def test_the_command_is_on_path_and_names_itself() -> None:
    command = Path(sysconfig.get_path("scripts"), "vaultgen")
    done = subprocess.run([str(command), "--version"], capture_output=True, text=True, check=False)
    assert vaultgen.__version__ in done.stdout
