"""Artifacts: gzipped tar archives in memory, packed so that equal trees give equal bytes, and read with suspicion."""

import gzip
import io
import posixpath
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaultgen.errors import refuse

_PAX = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_GLOBAL_LIMIT = 4096
_LEVEL = 6
"""zlib's own choice, and Flux's; 9 takes three times as long for a tenth less."""
_CHUNK = 1 << 20
_SIZE_LIMIT = 0o77777777777
_NOT_PLAIN = "it holds something other than plain files and directories"


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold."""

    bytes: int = 100 * 1024 * 1024
    """Unpacked, tar's own blocks included; what Flux takes unless told otherwise."""
    entries: int = 50_000
    """As many directories are allowed beside them."""
    header: int = 16 * 1024
    """Bytes of one extended header: a long name, or what pax has to say of a file."""
    path: int = 1024
    """Bytes of a path. A tree of names grows with the square of their depth."""
    name: int = 255
    """Bytes of one name in it; no file system takes more."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of a tree: sorted, without times, owners or links, as Flux unpacks it."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_LEVEL, filename="", mtime=0) as compressed:
        # Not by tarfile's own writer, nor block by block: a tree of thousands of files is packed for each object.
        parts: list[bytes] = []
        size = held = 0
        for path in sorted(files):
            content = files[path]
            header = _header(_checked(path), len(content))
            padding = -len(content) % tarfile.BLOCKSIZE
            parts += (header, content, bytes(padding))
            held += len(header) + len(content) + padding
            if held >= _CHUNK:
                compressed.write(b"".join(parts))
                size, held, parts = size + held, 0, []
        end = 2 * tarfile.BLOCKSIZE
        end += -(size + held + end) % tarfile.RECORDSIZE
        compressed.write(b"".join([*parts, bytes(end)]))
    return packed.getvalue()


def _header(path: str, size: int) -> bytes:
    """Return the header of a plain file, as ``TarInfo.tobuf`` does with a fraction of its work."""
    name = path.encode()
    if len(name) > tarfile.LENGTH_NAME or size > _SIZE_LIMIT:
        return _entry(path, size).tobuf(tarfile.GNU_FORMAT)
    digits = b"%011o" % size
    # The sum of all bytes, for which its own field counts as blanks; what the blank header holds there is in it.
    checksum = _BLANK_SUM + sum(name) + sum(digits) - 11 * ord("0")
    return b"".join([name, _BLANK[len(name) : 124], digits, _BLANK[135:148], b"%06o\0 " % checksum, _BLANK[156:]])


def _entry(path: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = size, 0o644
    return entry


_BLANK = _entry("", 0).tobuf(tarfile.GNU_FORMAT)
_BLANK_SUM = sum(_BLANK) - sum(_BLANK[148:156]) + 8 * ord(" ")


def unpack(packed: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    """Return the files of an archive by path. Nothing touches a disk.

    Raises ``Refused`` (bad-archive) for what is no gzipped tar, is cut off or larger than the limits, for names that
    lead elsewhere or come twice, and for anything but plain files and directories.
    """
    limits = limits or Limits()
    header = limits.header

    class Entry(_Entry):
        limit = header

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as uncompressed:
            bounded = _Bounded(uncompressed, limits.bytes)
            # A stream: headers cannot lead back to what was read before.
            with tarfile.open(fileobj=bounded, mode="r|", bufsize=tarfile.RECORDSIZE, tarinfo=Entry) as archive:
                files = _files(archive, limits)
            bounded.finish()
            return files
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError, RecursionError):
        raise refuse("bad-archive", why="it is no gzipped tar archive, or is cut off") from None


class _Entry(tarfile.TarInfo):
    """An entry whose headers are as small as those of an honest archive; a few KiB could become GiB in memory."""

    limit = 0

    # The place that the library has for this: it is called for each header, before what belongs to it is read.
    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        is_extended = self.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, *_PAX)
        if is_extended and self.size > self.limit:
            raise refuse("bad-archive", why=f"it holds a header of more than {self.limit} bytes")
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise refuse("bad-archive", why=_NOT_PLAIN)
        process: Any = super()
        return process._proc_member(archive)

    def _proc_gnusparse_00(self, *_: Any) -> None:
        raise refuse("bad-archive", why=_NOT_PLAIN)

    _proc_gnusparse_01 = _proc_gnusparse_10 = _proc_gnusparse_00


def _files(archive: tarfile.TarFile, limits: Limits) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    directories: set[str] = set()
    stream: Any = archive
    number = 0
    while (entry := archive.next()) is not None:
        # Every entry keeps a copy of what pax says of all, and the library keeps every entry.
        if sum(len(name) + len(text) for name, text in stream.pax_headers.items()) > _GLOBAL_LIMIT:
            raise refuse("bad-archive", why="it says too much of all its files")
        stream.members.clear()
        number += 1
        if number > limits.entries:
            raise refuse("bad-archive", why=f"it has more than {limits.entries} entries")
        if entry.isdir():
            continue
        # A sparse file may claim any size.
        if not entry.isreg() or entry.issparse():
            raise refuse("bad-archive", why=_NOT_PLAIN)
        path = _checked(entry.name.removeprefix("./"))
        parts = path.encode().split(b"/")
        if len(path.encode()) > limits.path or max(map(len, parts)) > limits.name:
            raise refuse("bad-archive", why="the name of a file is too long")
        if path in files:
            raise refuse("bad-archive", why="it holds a file twice")
        directory = posixpath.dirname(path)
        while directory and directory not in directories:
            directories.add(directory)
            directory = posixpath.dirname(directory)
        if len(directories) > limits.entries:
            raise refuse("bad-archive", why=f"it has more than {limits.entries} directories")
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
