"""Artifacts: gzipped tar archives in memory, packed so that equal trees give equal bytes, and read with suspicion."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from vaultgen.errors import refuse


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold."""

    bytes: int = 100 * 1024 * 1024
    """Unpacked, tar's own blocks included; what Flux takes unless told otherwise."""
    entries: int = 50_000


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of a tree: sorted, without times, owners or links, as Flux unpacks it."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in sorted(files):
            entry = tarfile.TarInfo(_checked(path))
            entry.size, entry.mode = len(files[path]), 0o644
            archive.addfile(entry, io.BytesIO(files[path]))
    return packed.getvalue()


def unpack(packed: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    """Return the files of an archive by path. Nothing touches a disk.

    Raises ``Refused`` (bad-archive) for what is no gzipped tar, is cut off or larger than the limits, for names that
    lead elsewhere or come twice, and for anything but plain files and directories.
    """
    limits = limits or Limits()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as uncompressed:
            bounded = _Bounded(uncompressed, limits.bytes)
            # A stream: headers cannot lead back to what was read before.
            with tarfile.open(fileobj=bounded, mode="r|", bufsize=tarfile.RECORDSIZE) as archive:
                files = _files(archive, limits)
            bounded.finish()
            return files
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError, RecursionError):
        raise refuse("bad-archive", why="it is no gzipped tar archive, or is cut off") from None


def _files(archive: tarfile.TarFile, limits: Limits) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for number, entry in enumerate(archive):
        if number >= limits.entries:
            raise refuse("bad-archive", why=f"it has more than {limits.entries} entries")
        if entry.isdir():
            continue
        # A sparse file may claim any size.
        if not entry.isreg() or entry.issparse():
            raise refuse("bad-archive", why="it holds something other than plain files and directories")
        path = _checked(entry.name.removeprefix("./"))
        if path in files:
            raise refuse("bad-archive", why="it holds a file twice")
        content = archive.extractfile(entry)
        files[path] = content.read() if content else b""
        if len(files[path]) != entry.size:
            raise refuse("bad-archive", why="it is cut off")
    return files


def _checked(path: str) -> str:
    """Return a path that Flux unpacks too, and that means the same everywhere."""
    parts = path.split("/")
    if not path or path.startswith("/") or "\\" in path or "\0" in path or {"", ".", ".."} & set(parts):
        raise refuse("bad-archive", why="the name of a file leads elsewhere")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise refuse("bad-archive", why="the name of a file is not UTF-8") from None
    return path


class _Bounded(io.RawIOBase):
    """Ends with a fault where more comes out than is allowed."""

    def __init__(self, source: gzip.GzipFile, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._count = 0

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self._count += len(content)
        if self._count > self._limit:
            raise refuse("bad-archive", why="it is larger than allowed")
        return content

    def finish(self) -> None:
        """Read what is behind the archive: the checksum stands at the end, and tar's parser misses a torn header."""
        while self.read(tarfile.RECORDSIZE):
            pass
        if self._count % tarfile.BLOCKSIZE:
            raise EOFError
