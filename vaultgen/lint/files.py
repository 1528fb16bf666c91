"""The files of a tree as text, and where in them things are."""

import os
from pathlib import Path as File

from vaultgen.errors import Refused
from vaultgen.kustomize.positions import Position, Positions
from vaultgen.kustomize.walk import FILE_LIMIT, shown_path
from vaultgen.lint.finding import Spot
from vaultgen.local_files import LocalFiles


class Files:
    """Reads each file once."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes | None] = {}
        self._positions: dict[str, Positions | None] = {}

    def content(self, file: str) -> bytes | None:
        """Return a file's bytes; None for what is no plain file, cannot be read, or is absurdly large."""
        if file not in self._contents:
            self._contents[file] = _read(file)
        return self._contents[file]

    def local(self, root: str, path: str) -> bytes | None:
        """Return the bytes of a file as kustomize would read it: below its root, and nowhere else; None without it."""
        try:
            return LocalFiles(root).read(path)
        except Refused:
            return None

    def text(self, file: str) -> str:
        """Return a file's text without its byte order mark, as edits count it; empty where it cannot be read."""
        return (self.content(file) or b"").decode("utf-8-sig", "replace")

    def lines(self, file: str) -> list[str]:
        """Return the lines of a file."""
        return self.text(file).split("\n")

    def positions(self, file: str) -> Positions | None:
        """Return what finds paths in a YAML file; None where it is no valid YAML."""
        if file not in self._positions:
            try:
                self._positions[file] = Positions(self.content(file) or b"", file)
            except Refused:
                self._positions[file] = None
        return self._positions[file]

    def position(self, spot: Spot) -> Position:
        """Return line and column of a spot; the first of the file where they are not known."""
        if not spot.path:
            return Position(spot.line or 1, spot.column or 1)
        positions = self.positions(spot.file)
        return positions.at(spot.path, spot.line) if positions else Position()


def _read(file: str) -> bytes | None:
    path = File(file)
    try:
        if not path.is_file() or path.stat().st_size > FILE_LIMIT:
            return None
        return path.read_bytes()
    except OSError:
        return None


def joined(root: str, path: str) -> str:
    """Return a path below a kustomization's root, as its file is named elsewhere."""
    return shown_path(os.path.normpath(os.path.join(root, path)))
