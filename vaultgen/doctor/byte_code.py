"""Is Python spared compiling vaultgen at each run?"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

import vaultgen
from vaultgen.doctor.verdict import Verdict, ok, warn

NAME = "byte code"
PACKAGES = (Path(vaultgen.__file__).parent, Path(yaml.__file__).parent)
"""What each run imports, besides the standard library."""


def check_byte_code(packages: tuple[Path, ...] = PACKAGES) -> Verdict:
    """Look for the compiled form of each module of some packages; ``vaultgen`` and ``yaml`` unless others are given."""
    lacking = [source for package in packages for source in _sources(package) if not _is_compiled(source)]
    if not lacking:
        return ok(NAME, "every module is compiled")
    directories = sorted({str(package) for package in packages for source in lacking if package in source.parents})
    if not sys.dont_write_bytecode and all(os.access(directory, os.W_OK) for directory in directories):
        return ok(NAME, f"{len(lacking)} modules are not compiled yet; Python does that when it imports them")
    seen = f"{len(lacking)} modules are not compiled, so that each run takes up to four times as long"
    return warn(NAME, seen, f"{sys.executable} -m compileall -q {' '.join(directories)}")


def _sources(package: Path) -> Iterator[Path]:
    return (path for path in sorted(package.rglob("*.py")) if "__pycache__" not in path.parts)


def _is_compiled(source: Path) -> bool:
    """Whether Python would take the compiled form: that of its version and of this source (PEP 552)."""
    try:
        with open(importlib.util.cache_from_source(str(source)), "rb") as file:
            head = file.read(16)
        state = source.stat()
    except OSError:
        return False
    if len(head) < 16 or head[:4] != importlib.util.MAGIC_NUMBER:
        return False
    flags, time, size = (int.from_bytes(head[at : at + 4], "little") for at in (4, 8, 12))
    # With any flag set a hash of the source stands in place of time and size.
    return flags != 0 or (time, size) == (int(state.st_mtime) & 0xFFFFFFFF, state.st_size & 0xFFFFFFFF)
