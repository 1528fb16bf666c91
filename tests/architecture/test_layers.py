"""Imports point one way; the contracts stand in pyproject.toml."""

import subprocess
import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_imports_keep_to_the_layers() -> None:
    lint_imports = Path(sysconfig.get_path("scripts"), "lint-imports")
    command = [str(lint_imports), "--no-cache", f"--config={CHECKOUT / 'pyproject.toml'}"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
