"""Files that a command writes: all of them whole, or none."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from vaultgen.errors import refuse
from vaultgen.errors.report import clean


class NewFile(NamedTuple):
    """A file to be."""

    path: Path
    content: bytes
    mode: int
    """Permission bits, whatever the umask is."""


def write_all(files: Sequence[NewFile]) -> None:
    """Put files in place, each in one step, and make the directories above them.

    Raises ``Refused`` (file-not-written); then, and on an interrupt, no new file stays. A file that is replaced
    belongs at the end of the list: what is put in place before it can be taken back.
    """
    leftovers: list[Path] = []
    current = files[0]
    try:
        for current in files:
            current.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=f".{current.path.name}.", dir=current.path.parent)
            leftovers.append(Path(name))
            with open(descriptor, "wb") as temporary:
                temporary.write(current.content)
                os.fchmod(descriptor, current.mode)
        temporaries = tuple(leftovers)
        for current, temporary_path in zip(files, temporaries, strict=True):
            if not current.path.exists():
                leftovers.append(current.path)
            os.replace(temporary_path, current.path)
    except BaseException as error:
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise refuse("file-not-written", path=str(current.path), why=_why(error)) from None
        raise


def write_result(path: str, content: bytes) -> None:
    """Write a command's result: whole or not at all, readable by this user alone; a link stays and is followed.

    A device or a pipe is written to, and nothing said. Raises ``Refused`` (file-not-written).
    """
    target = Path(os.path.realpath(path))
    if target.is_file() or not target.exists():
        write_all([NewFile(target, content, 0o600)])
        tell_written(path)
        return
    try:
        with open(target, "wb") as file:
            file.write(content)
    except OSError as error:
        raise refuse("file-not-written", path=path, why=_why(error)) from None


def tell_written(path: str, more: str = "") -> None:
    """Say on standard error what ``-o`` was taken for; ``more`` is said of it behind a colon."""
    click.echo(clean(f"wrote {path}: {more}" if more else f"wrote {path}"), err=True)


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
        return "something else stands in its way"
    return "the file system does not take it"
