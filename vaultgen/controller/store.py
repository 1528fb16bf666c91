"""Artifacts on a volume: each is there whole or not at all, and is handed out only while its bytes are as named."""

import contextlib
import errno
import hashlib
import hmac
import itertools
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from vaultgen.errors import refuse

DEFAULT_LIMIT = 1536 << 20
"""Bytes of all artifacts, less than the volume of deploy/ holds: a Pod whose volume is too full is evicted."""
ROOT = "externalartifact"
"""The directory on the volume that all paths begin with; whatever else is on the volume is left alone."""

# Names of Kubernetes objects, which are checked here again: neither `..` nor a slash can be one.
_NAME = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_IS_NAME = re.compile(_NAME)
# A digest, and what nobody can guess.
_FILE = r"([0-9a-f]{64})-[0-9a-f]{32}\.tar\.gz"
_IS_FILE = re.compile(_FILE)
_IS_PATH = re.compile(rf"{ROOT}/({_NAME})/({_NAME})/{_FILE}")

_WHY = {
    errno.ENOSPC: "the volume is full",
    errno.EDQUOT: "the volume is full",
    errno.EFBIG: "it is larger than a file can be there",
    errno.EROFS: "the volume is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EEXIST: "something else stands in its way",
    errno.ENOTDIR: "something else stands in its way",
    errno.EISDIR: "something else stands in its way",
}


@dataclass(frozen=True)
class Stored:
    """An artifact on the volume."""

    path: str
    """``externalartifact/NAMESPACE/NAME/HEX-SECRET.tar.gz``: that of its URL, and that on the volume.

    Revisions are told in events and in the status of others' objects. Who knows only one cannot have the tree fetched.
    """
    digest: str
    """``sha256:HEX``, of the file's bytes."""


class Damaged(Exception):
    """A file's bytes were no longer what its name says. It is gone now, and is to be published again."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f"the artifact of {namespace}/{name} was damaged")
        self.namespace = namespace
        self.name = name


class _Look(NamedTuple):
    """What tells that a file is still the one that was checked."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


class Store:
    """The artifacts of one controller. Its methods may be called from several threads.

    Files are readable by this user alone: they hold whole private trees.
    """

    def __init__(self, directory: Path, keep_seconds: float = 60, limit: int = DEFAULT_LIMIT) -> None:
        """Take the volume's directory, and how long an artifact stays after another has taken its place.

        ``limit`` is how many bytes all artifacts may take. Those of one namespace take half of that at most, so that
        no tenant can keep others from publishing.
        """
        self._directory = directory
        self._limit = limit
        self._keep_seconds = keep_seconds
        # In memory alone: after a start all is published anew, and what was published before is served as it was.
        self._key = secrets.token_bytes(32)
        self._checked: dict[str, _Look] = {}
        # Also held while a name changes what it stands for: a file dropped as damaged must not be its successor.
        self._lock = threading.Lock()

    def put(self, namespace: str, name: str, packed: bytes) -> Stored:
        """Store an artifact, durably; the earlier ones stay. One that is there already becomes the newest.

        Raises ``Refused`` (artifact-not-stored); then nothing new is visible.
        """
        if not (_IS_NAME.fullmatch(namespace) and _IS_NAME.fullmatch(name)):
            raise refuse("artifact-not-stored", why="that is no name of an object")
        hexadecimal = hashlib.sha256(packed).hexdigest()
        directory = f"{ROOT}/{namespace}/{name}"
        secret = hmac.digest(self._key, f"{directory}/{hexadecimal}".encode(), "sha256").hex()[:32]
        stored = Stored(f"{directory}/{hexadecimal}-{secret}.tar.gz", f"sha256:{hexadecimal}")
        try:
            if self.holds(stored.path, stored.digest):
                self._renew(stored.path)
            else:
                self._check_room(namespace, len(packed))
                self._write(stored.path, packed)
        except OSError as error:
            why = _WHY.get(error.errno or 0, "the volume does not take it")
            raise refuse("artifact-not-stored", why=why) from None
        return stored

    def holds(self, path: str, digest: str) -> bool:
        """Return whether an artifact is there with its bytes as they were; they are read only if the file changed."""
        parts = _IS_PATH.fullmatch(path)
        return bool(parts and digest == f"sha256:{parts[3]}" and self._is_sound(path))

    def open(self, path: str) -> BufferedReader | None:
        """Return an artifact's file, for reading from its begin; None where there is none that can be opened.

        Blocks while the bytes are checked, which is once a file. Raises ``Damaged``.
        """
        parts = _IS_PATH.fullmatch(path)
        if parts is None:
            return None
        namespace, name, hexadecimal = parts.groups()
        try:
            file = open(self._directory / path, "rb", opener=_opened)  # noqa: SIM115, the caller closes it
        except OSError:
            return None
        look = _look(file.fileno())
        with self._lock:
            is_checked = self._checked.get(path) == look
        if not is_checked:
            if not _has_digest(file, hexadecimal):
                file.close()
                self._drop_damaged(path, look)
                raise Damaged(namespace, name)
            file.seek(0)
            with self._lock:
                self._checked[path] = look
        return file

    def retain(self, namespace: str, name: str, current: str) -> None:
        """Drop what nobody can be fetching any more.

        These stay: the path that is published now (``current``), the newest of the others, and what has had a newer
        one beside it for less than ``keep_seconds``. What cannot be dropped yet, or at all, stays until next time.
        """
        directory = f"{ROOT}/{namespace}/{name}"
        times: dict[str, float] = {}
        with contextlib.suppress(OSError), os.scandir(self._directory / directory) as entries:
            for entry in entries:
                if _IS_FILE.fullmatch(entry.name):
                    times[f"{directory}/{entry.name}"] = entry.stat(follow_symlinks=False).st_mtime
        others = sorted((path for path in times if path != current), key=lambda path: times[path], reverse=True)
        oldest_kept = time.time() - self._keep_seconds
        for newer, path in itertools.pairwise(others):
            if times[newer] < oldest_kept:
                self._drop(path)

    def forget(self, namespace: str, name: str) -> None:
        """Drop all artifacts of an object. What cannot be dropped stays."""
        if not (_IS_NAME.fullmatch(namespace) and _IS_NAME.fullmatch(name)):
            return
        directory = f"{ROOT}/{namespace}/{name}"
        with self._lock:
            shutil.rmtree(self._directory / directory, ignore_errors=True)
            for path in [path for path in self._checked if path.startswith(f"{directory}/")]:
                del self._checked[path]

    def names(self) -> list[tuple[str, str]]:
        """Return namespace and name of each object that something is kept of."""
        kept = []
        for path in sorted((self._directory / ROOT).glob("*/*/*.tar.gz")):
            if parts := _IS_PATH.fullmatch(path.relative_to(self._directory).as_posix()):
                kept.append((parts[1], parts[2]))
        return list(dict.fromkeys(kept))

    def verify(self) -> list[str]:
        """Read every file, drop what is not an artifact with the bytes that its name says, and return those paths.

        To be called before anything else: what a killed process left half-written goes, too. Empty directories go
        without being listed.
        """
        return list(self._dropped(ROOT, 0)) if os.path.lexists(self._directory / ROOT) else []

    # --- inside ---

    def _check_room(self, namespace: str, size: int) -> None:
        """Raise ``Refused`` (artifact-not-stored) where so many bytes more are too many."""
        with self._lock:
            sizes = {path: look.size for path, look in self._checked.items()}
        own = sum(size for path, size in sizes.items() if path.startswith(f"{ROOT}/{namespace}/"))
        if own + size > self._limit // 2:
            why = f"those of the namespace may take {self._limit // 2 >> 20} MiB"
        elif sum(sizes.values()) + size > self._limit:
            why = f"all together may take {self._limit >> 20} MiB"
        else:
            return
        raise refuse("artifact-not-stored", why=why)

    def _write(self, path: str, packed: bytes) -> None:
        directory = self._directory / os.path.dirname(path)
        self._make_directories(directory)
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".new", dir=directory)
        try:
            with open(descriptor, "wb") as file:
                file.write(packed)
                file.flush()
                os.fsync(descriptor)
                with self._lock:
                    os.replace(temporary, self._directory / path)
                    self._checked[path] = _look(descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync(directory)

    def _make_directories(self, directory: Path) -> None:
        """Make what is missing down to a directory, so that it is there after a power failure as well."""
        missing = [one for one in (directory, *directory.parents) if not one.exists()]
        for one in reversed(missing):
            with contextlib.suppress(FileExistsError):
                one.mkdir(mode=0o700)
            _sync(one.parent)

    def _renew(self, path: str) -> None:
        """Make a file the newest of its object, if the volume lets us; it is stored all the same."""
        with self._lock, contextlib.suppress(OSError), open(self._directory / path, "rb", opener=_opened) as file:
            is_checked = self._checked.get(path) == _look(file.fileno())
            os.utime(file.fileno())
            if is_checked:
                self._checked[path] = _look(file.fileno())

    def _drop(self, path: str) -> None:
        """Drop a file, or a directory with all that is in it; what cannot be dropped stays."""
        whole = self._directory / path
        with self._lock, contextlib.suppress(OSError):
            if whole.is_dir() and not whole.is_symlink():
                shutil.rmtree(whole)
            else:
                whole.unlink(missing_ok=True)
            self._checked.pop(path, None)

    def _drop_damaged(self, path: str, look: _Look) -> None:
        """Drop a file, unless another stands there by now."""
        with self._lock, contextlib.suppress(OSError):
            found = os.stat(self._directory / path, follow_symlinks=False)
            if (found.st_dev, found.st_ino) == look[:2]:
                os.unlink(self._directory / path)
                self._checked.pop(path, None)

    def _dropped(self, path: str, depth: int) -> Iterator[str]:
        """Yield what is dropped at a path: depth 0 is the root, 1 a namespace, 2 an object, 3 a file."""
        whole = self._directory / path
        if depth == 3:
            is_sound = self._is_sound(path)
        else:
            is_sound = whole.is_dir() and not whole.is_symlink() and bool(_IS_NAME.fullmatch(whole.name))
        if not is_sound:
            self._drop(path)
            yield path
        elif depth < 3:
            for below in sorted(os.listdir(whole)):
                yield from self._dropped(f"{path}/{below}", depth + 1)
            with contextlib.suppress(OSError):
                whole.rmdir()

    def _is_sound(self, path: str) -> bool:
        try:
            file = self.open(path)
        except Damaged:
            return False
        if file is not None:
            file.close()
        return file is not None


def _opened(path: str, flags: int) -> int:
    """Open a file without following a link to another, and without waiting for what is no plain file."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _look(descriptor: int) -> _Look:
    found = os.fstat(descriptor)
    return _Look(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _has_digest(file: BufferedReader, hexadecimal: str) -> bool:
    """Return whether a file, from its begin, has a digest; one that cannot be read has none."""
    try:
        return hashlib.file_digest(file, "sha256").hexdigest() == hexadecimal
    except OSError:
        return False


def _sync(directory: Path) -> None:
    """Have a directory's entries written to the disk, where its file system knows of such a thing."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
