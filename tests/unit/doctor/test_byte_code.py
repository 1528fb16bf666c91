import compileall
import py_compile
import sys
from pathlib import Path

import pytest

from vaultgen.doctor.byte_code import check_byte_code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two modules, where Python writes no byte code by itself."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/module.py"):
        (package / name).write_text("A = 1\n")
    return package


def test_without_caches_each_run_is_slow(package: Path) -> None:
    verdict = check_byte_code((package,))
    assert verdict.outcome == "warn"
    assert verdict.seen.startswith("2 modules are not compiled")
    assert verdict.advice == f"{sys.executable} -m compileall -q {package}"


@pytest.mark.parametrize("mode", list(py_compile.PycInvalidationMode))
def test_what_the_advice_makes_will_do(package: Path, mode: py_compile.PycInvalidationMode) -> None:
    compileall.compile_dir(package, quiet=1, invalidation_mode=mode)
    assert check_byte_code((package,)).outcome == "ok"


def test_one_cache_that_is_not_there_is_seen(package: Path) -> None:
    compileall.compile_dir(package, quiet=1)
    next((package / "inner/__pycache__").iterdir()).unlink()
    assert check_byte_code((package,)).seen.startswith("1 modules are not compiled")


def test_a_cache_of_another_source_or_of_another_python_is_none(package: Path) -> None:
    compileall.compile_dir(package, quiet=1)
    (package / "__init__.py").write_text("A = 22\n")
    cache = next((package / "inner/__pycache__").iterdir())
    cache.write_bytes(b"none" + cache.read_bytes()[4:])
    assert check_byte_code((package,)).seen.startswith("2 modules are not compiled")


def test_python_compiles_by_itself_where_it_may(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert check_byte_code((package,)).outcome == "ok"


def test_the_packages_of_each_run_are_looked_at() -> None:
    """Whatever state the installation of these tests is in."""
    assert check_byte_code().check == "byte code"
