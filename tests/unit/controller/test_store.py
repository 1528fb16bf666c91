"""Whatever happens to the process or to the volume, what is served is whole, and the earlier artifact stays."""

import contextlib
import errno
import hashlib
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import interrupted_put
from support.eventually import eventually
from vaultgen.controller.store import Damaged, Store, Stored
from vaultgen.errors import Refused
from vaultgen.errors.report import report

LONG_AGO = time.time() - 3600


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def content(store: Store, path: str) -> bytes | None:
    """Return what is served at a path."""
    file = store.open(path)
    if file is None:
        return None
    with file:
        return file.read()


def on_disk(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def put_at(store: Store, directory: Path, packed: bytes, seconds: float) -> Stored:
    """Store an artifact as if at some time."""
    stored = store.put("apps", "web", packed)
    os.utime(directory / stored.path, (seconds, seconds))
    return stored


def refusal(store: Store, namespace: str = "apps", name: str = "web") -> str:
    with pytest.raises(Refused) as caught:
        store.put(namespace, name, b"a")
    return report(caught.value.faults)


# --- put, holds, open ---


def test_what_is_put_is_served(store: Store) -> None:
    stored = store.put("apps", "web", b"packed")
    checksum = "88cb8a087b6e8cebfc9ae5602f5a2159a6bcf923e7f2c56809bcda6cad1727a7"
    assert stored.digest == f"sha256:{checksum}"
    assert re.fullmatch(f"externalartifact/apps/web/{checksum}-[0-9a-f]{{32}}[.]tar[.]gz", stored.path)
    assert content(store, stored.path) == b"packed"
    assert store.holds(stored.path, stored.digest)


def test_who_knows_the_digest_does_not_know_the_path(store: Store, tmp_path: Path) -> None:
    """It is another for each object, and for each start; what was stored before a start is served as it was."""
    stored = store.put("apps", "web", b"packed")
    hexadecimal, secret = Path(stored.path).name.removesuffix(".tar.gz").split("-")
    assert store.put("apps", "web", b"packed") == stored
    assert store.open(f"externalartifact/apps/web/{hexadecimal}.tar.gz") is None
    assert store.open(stored.path.replace(secret, "0" * 32)) is None
    assert secret not in store.put("apps", "other", b"packed").path
    again = Store(tmp_path)
    assert again.verify() == []
    assert content(again, stored.path) == b"packed"
    assert secret not in again.put("apps", "web", b"packed").path


def test_only_this_user_can_look_into_it(tmp_path: Path) -> None:
    """Also where the volume's own directory is not there yet."""
    before = os.umask(0)
    try:
        Store(tmp_path / "a" / "b").put("apps", "web", b"packed")
    finally:
        os.umask(before)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {True: 0o700, False: 0o600}


def test_nothing_but_the_artifact_is_left(store: Store, tmp_path: Path) -> None:
    assert on_disk(tmp_path) == []
    stored = [store.put("apps", "web", b"1"), store.put("apps", "web", b"1"), store.put("apps", "web", b"2")]
    assert on_disk(tmp_path) == sorted({one.path for one in stored})


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../a", "/a", ".a", "a.", "A", "a\0b", "a\n", "é", "a" * 254])
def test_a_name_that_no_object_has_is_refused(name: str, store: Store, tmp_path: Path) -> None:
    for namespace, own in ((name, "web"), ("apps", name)):
        assert "that is no name of an object" in refusal(store, namespace, own)
        store.forget(namespace, own)
    assert on_disk(tmp_path) == []


def test_every_name_of_an_object_is_taken(store: Store) -> None:
    for name in ("a", "a.b-c.9", "9", "a" * 253):
        assert content(store, store.put("apps", name, b"packed").path) == b"packed"


@pytest.mark.parametrize(
    "change",
    [
        lambda path: f"/{path}",
        lambda path: path.replace("apps", "apps/."),
        lambda path: path.replace("apps", "other/../apps"),
        lambda path: path.replace("web", "other"),
        lambda path: path.removesuffix(".gz"),
        lambda path: path + "\n",
        lambda path: path.upper(),
        lambda path: os.path.dirname(path),
        lambda path: "",
        lambda path: path.replace("/apps", "\0/apps"),
    ],
)
def test_no_other_path_leads_to_it(change: Callable[[str], str], store: Store) -> None:
    stored = store.put("apps", "web", b"packed")
    assert store.open(change(stored.path)) is None
    assert not store.holds(change(stored.path), stored.digest)


@given(st.text() | st.from_regex(r"externalartifact(/[.a-z%]{0,3}){0,4}/[0-9a-f]{64}\.tar\.gz", fullmatch=True))
def test_no_path_leads_out_of_the_directory(path: str) -> None:
    """Its place is a directory that anything could be opened from."""
    assert Store(Path("/")).open(path) is None


def test_another_digest_is_not_held(store: Store) -> None:
    stored = store.put("apps", "web", b"packed")
    for digest in ("", "sha256:", stored.digest[:-1], stored.digest.replace("sha256", "sha512"), stored.digest[7:]):
        assert not store.holds(stored.path, digest)


def test_a_link_is_not_followed(store: Store, tmp_path: Path) -> None:
    stored = store.put("apps", "web", b"packed")
    (tmp_path / stored.path).rename(tmp_path / "elsewhere")
    (tmp_path / stored.path).symlink_to(tmp_path / "elsewhere")
    assert store.open(stored.path) is None


def test_a_directory_in_its_place_is_not_opened(store: Store, tmp_path: Path) -> None:
    stored = store.put("apps", "web", b"packed")
    (tmp_path / stored.path).unlink()
    (tmp_path / stored.path).mkdir()
    assert store.open(stored.path) is None


# --- damage ---


def overwrite(path: Path) -> None:
    """Change the bytes; the clock of a file system may take some milliseconds to go on."""
    before = path.stat().st_ctime_ns
    assert eventually(lambda: path.write_bytes(b"PACKED") == 6 and path.stat().st_ctime_ns != before)


def cut_off(path: Path) -> None:
    os.truncate(path, 3)


def replace(path: Path) -> None:
    path.with_name("new").write_bytes(b"PACKED")
    path.with_name("new").rename(path)


def overwrite_and_hide_it(path: Path) -> None:
    before = path.stat()
    overwrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def make_a_pipe_of_it(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES = [overwrite, cut_off, replace, overwrite_and_hide_it, make_a_pipe_of_it]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_dropped_and_not_served(damage: Callable[[Path], None], store: Store, tmp_path: Path) -> None:
    stored = store.put("apps", "web", b"packed")
    assert content(store, stored.path) == b"packed"
    damage(tmp_path / stored.path)
    with pytest.raises(Damaged) as caught:
        store.open(stored.path)
    assert (caught.value.namespace, caught.value.name) == ("apps", "web")
    assert on_disk(tmp_path) == []
    assert store.open(stored.path) is None
    assert not store.holds(stored.path, stored.digest)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_written_anew(damage: Callable[[Path], None], store: Store, tmp_path: Path) -> None:
    damage(tmp_path / store.put("apps", "web", b"packed").path)
    assert content(store, store.put("apps", "web", b"packed").path) == b"packed"


def test_a_damaged_file_that_is_asked_for_is_not_held(store: Store, tmp_path: Path) -> None:
    stored = store.put("apps", "web", b"packed")
    overwrite(tmp_path / stored.path)
    assert not store.holds(stored.path, stored.digest)


def test_bytes_are_read_again_only_if_the_file_changed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    digest = hashlib.file_digest

    def file_digest(file: Any, algorithm: str) -> Any:
        read.append(1)
        return digest(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", file_digest)
    stored = store.put("apps", "web", b"packed")
    store.put("apps", "web", b"packed")
    assert content(store, stored.path) == b"packed"
    assert read == []
    os.utime(tmp_path / stored.path, (0, 0))
    assert [store.holds(stored.path, stored.digest) for _ in range(3)] == [True] * 3
    assert read == [1]


def test_a_file_that_is_open_survives_its_drop(store: Store) -> None:
    """Who has begun to fetch it gets all of it."""
    file = store.open(store.put("apps", "web", b"packed").path)
    store.forget("apps", "web")
    assert file
    with file:
        assert file.read() == b"packed"


def test_what_is_written_anew_while_the_damage_is_found_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.put("apps", "web", b"packed")
    overwrite(tmp_path / stored.path)
    digest = hashlib.file_digest

    def file_digest(file: Any, algorithm: str) -> Any:
        monkeypatch.setattr(hashlib, "file_digest", digest)
        store.put("apps", "web", b"packed")
        return digest(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", file_digest)
    with pytest.raises(Damaged):
        store.open(stored.path)
    assert content(store, stored.path) == b"packed"


def test_many_threads_do_not_disturb_each_other(store: Store, tmp_path: Path) -> None:
    """Some store, some drop, some fetch: what comes is always what the path says."""
    contents = [bytes([one]) * 10_000 for one in range(8)]

    def work(number: int) -> None:
        for one in range(number, number + 40):
            packed = contents[one % len(contents)]
            stored = store.put("apps", "web", packed)
            if number % 2:
                store.retain("apps", "web", stored.path)
            if number == 3:
                store.forget("apps", "web")
            assert content(store, stored.path) in (packed, None)

    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(work, number) for number in range(6)]:
            # The directory may be dropped just before a file is made in it.
            with contextlib.suppress(Refused):
                done.result()
    assert not [path for path in on_disk(tmp_path) if not path.endswith(".tar.gz")]
    assert store.verify() == []


# --- retain, forget ---


def test_the_artifact_before_stays_and_older_ones_go(store: Store, tmp_path: Path) -> None:
    first, second, third = (put_at(store, tmp_path, bytes([one]), LONG_AGO + one) for one in (1, 2, 3))
    store.retain("apps", "web", third.path)
    assert store.open(first.path) is None
    assert content(store, second.path) == b"\2"
    assert content(store, third.path) == b"\3"


def test_what_was_current_a_moment_ago_stays(store: Store, tmp_path: Path) -> None:
    """Though it is old: two others have taken its place within the minute."""
    first = put_at(store, tmp_path, b"1", LONG_AGO)
    second = put_at(store, tmp_path, b"2", time.time() - 30)
    third = store.put("apps", "web", b"3")
    store.retain("apps", "web", third.path)
    assert content(store, first.path) == b"1"
    os.utime(tmp_path / second.path, (time.time() - 70,) * 2)
    store.retain("apps", "web", third.path)
    assert on_disk(tmp_path) == sorted([second.path, third.path])


def test_what_is_published_stays_however_much_was_stored_since(store: Store, tmp_path: Path) -> None:
    """The API server may be away meanwhile."""
    published = put_at(store, tmp_path, b"0", LONG_AGO)
    newest = [put_at(store, tmp_path, bytes([one]), LONG_AGO + one) for one in (1, 2, 3)][-1]
    store.retain("apps", "web", published.path)
    assert on_disk(tmp_path) == sorted([published.path, newest.path])


def test_an_artifact_that_comes_again_is_the_newest(store: Store, tmp_path: Path) -> None:
    first, second = put_at(store, tmp_path, b"1", LONG_AGO), put_at(store, tmp_path, b"2", LONG_AGO + 1)
    assert store.put("apps", "web", b"1") == first
    third = store.put("apps", "web", b"3")
    store.retain("apps", "web", third.path)
    # That the first was current until now is why the second, which it took the place of, is still young.
    assert on_disk(tmp_path) == sorted([first.path, second.path, third.path])
    assert (tmp_path / first.path).stat().st_mtime > time.time() - 60


def test_other_objects_are_left_alone(store: Store, tmp_path: Path) -> None:
    others = [put_at(store, tmp_path, bytes([one]), LONG_AGO + one) for one in range(3)]
    for namespace, name in (("apps", "we"), ("apps", "web-2"), ("app", "web"), ("apps.web", "web")):
        mine = store.put(namespace, name, b"mine")
        store.retain(namespace, name, mine.path)
        store.forget(namespace, name)
        assert store.open(mine.path) is None
    assert on_disk(tmp_path) == sorted(other.path for other in others)


def test_a_forgotten_object_has_nothing_left(store: Store, tmp_path: Path) -> None:
    store.put("apps", "web", b"1")
    store.put("apps", "web", b"2")
    store.forget("apps", "web")
    assert on_disk(tmp_path) == []
    store.forget("apps", "web")
    store.retain("apps", "web", "externalartifact/apps/web/gone.tar.gz")
    assert content(store, store.put("apps", "web", b"1").path) == b"1"


# --- verify ---


def test_at_start_everything_that_is_sound_stays(store: Store, tmp_path: Path) -> None:
    assert store.verify() == []
    stored = [store.put("apps", "web", b"1"), store.put("apps", "web", b"2"), store.put("default", "db", b"1")]
    (tmp_path / "lost+found").write_bytes(b"of the volume")
    again = Store(tmp_path)
    assert again.verify() == []
    assert on_disk(tmp_path) == sorted([*(one.path for one in stored), "lost+found"])
    assert content(again, stored[0].path) == b"1"


@pytest.mark.parametrize("damage", DAMAGES)
def test_at_start_what_is_damaged_goes(damage: Callable[[Path], None], store: Store, tmp_path: Path) -> None:
    damaged, sound = store.put("apps", "web", b"packed"), store.put("apps", "web", b"2")
    damage(tmp_path / damaged.path)
    assert Store(tmp_path).verify() == [damaged.path]
    assert on_disk(tmp_path) == [sound.path]


def test_at_start_what_is_no_artifact_goes(store: Store, tmp_path: Path) -> None:
    sound = store.put("apps", "web", b"packed")
    directory = tmp_path / "externalartifact"
    foreign = ["..data", "apps/.web", "apps/file", "apps/web/.abc.new", "apps/web/x.tar.gz", "file"]
    for path in foreign:
        (directory / path).write_bytes(b"packed")
    (directory / "apps/web" / f"{'0' * 64}-{'0' * 32}.tar.gz").mkdir()
    (directory / "link").symlink_to(tmp_path)
    (directory / "apps/web/link").symlink_to(tmp_path / sound.path)
    (directory / "empty/object").mkdir(parents=True)
    dropped = Store(tmp_path).verify()
    more = ["link", "apps/web/link", f"apps/web/{'0' * 64}-{'0' * 32}.tar.gz"]
    assert sorted(dropped) == sorted(f"externalartifact/{path}" for path in foreign + more)
    assert [path.name for path in directory.iterdir()] == ["apps"]
    assert on_disk(tmp_path) == [sound.path]


def test_at_start_a_link_in_place_of_the_root_goes(tmp_path: Path) -> None:
    """What it leads to is left alone."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_bytes(b"")
    (tmp_path / "externalartifact").symlink_to("elsewhere")
    assert Store(tmp_path).verify() == ["externalartifact"]
    assert on_disk(tmp_path) == ["elsewhere/file"]


# --- a volume that takes nothing ---


FULL = """
import os, sys
from pathlib import Path
from vaultgen.controller.store import Store
from vaultgen.errors import Refused
from vaultgen.errors.report import report

limit()
store = Store(Path(sys.argv[1]))
earlier = store.put("apps", "web", b"earlier")
try:
    store.put("apps", "web", os.urandom(1 << 20))
except Refused as refused:
    print(report(refused.faults), end="")
assert store.open(earlier.path).read() == b"earlier"
store.put("apps", "web", b"later")
print(sorted(path.suffix for path in Path(sys.argv[1]).rglob("*") if path.is_file()))
"""


def test_a_full_volume_keeps_what_it_has(tmp_path: Path) -> None:
    """A real one, of a few pages: needs a kernel that lets this user mount."""
    mount = 'mount -t tmpfs -o size=256k,mode=700 none "$1" && exec "$2" -c "$3" "$1"'
    wrapped = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    try:
        subprocess.run([*wrapped, tmp_path, sys.executable, "pass"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may mount nothing")
    script = f"limit = lambda: None\n{FULL}"
    done = subprocess.run([*wrapped, tmp_path, sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == (
        "error[artifact-not-stored]: the artifact cannot be stored: the volume is full\n"
        "  hint: look at the volume at --storage-path; what was published before is still served\n"
        "['.gz', '.gz']\n"
    )


def test_an_artifact_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """In the middle of being written, as by a quota."""
    limit = "import resource\nlimit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))\n"
    done = subprocess.run([sys.executable, "-c", limit + FULL, tmp_path], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert said[0] == "error[artifact-not-stored]: the artifact cannot be stored: it is larger than a file can be there"
    assert said[-1] == "['.gz', '.gz']"


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENOSPC, "the volume is full"),
        (errno.EROFS, "the volume is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "the volume does not take it"),
    ],
)
@pytest.mark.parametrize("step", ["mkdir", "open", "fsync", "replace"])
def test_whatever_step_fails_nothing_new_is_visible(
    step: str, number: int, why: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = store.put("apps", "web", b"earlier")

    def fail(*words: object, **options: object) -> None:
        raise OSError(number, "the words of the system")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        said = refusal(store, name="other" if step == "mkdir" else "web")
    assert said.startswith(f"error[artifact-not-stored]: the artifact cannot be stored: {why}\n")
    assert on_disk(tmp_path) == [earlier.path]
    assert store.holds(earlier.path, earlier.digest)
    assert content(store, store.put("apps", "web", b"a").path) == b"a"


def test_something_else_in_its_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "externalartifact").write_bytes(b"")
    assert "something else stands in its way" in refusal(Store(tmp_path))


def test_a_file_system_that_syncs_no_directories_will_do(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert content(store, store.put("apps", "web", b"packed").path) == b"packed"


def test_what_cannot_be_dropped_is_still_not_served(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.put("apps", "web", b"packed")
    overwrite(tmp_path / stored.path)

    def fail(*words: object, **options: object) -> None:
        raise OSError(errno.EROFS, "")

    monkeypatch.setattr(os, "unlink", fail)
    for _ in range(2):
        with pytest.raises(Damaged):
            store.open(stored.path)


# --- a process that is killed ---


@pytest.mark.parametrize("name", ["web", "other"])
def test_wherever_it_is_killed_the_earlier_artifact_is_served_and_nothing_is_half_there(
    name: str, tmp_path: Path
) -> None:
    """Of the object that has it and, in a directory that is yet to be made, of another."""
    done = subprocess.run([sys.executable, interrupted_put.__file__, tmp_path, name], capture_output=True, check=False)
    assert done.stderr == b""
    assert int(done.stdout) > 30


def test_names_are_those_that_something_is_kept_of(store: Store, tmp_path: Path) -> None:
    for namespace, name in (("b", "web"), ("a", "web"), ("a", "web")):
        store.put(namespace, name, os.urandom(8))
    (tmp_path / "externalartifact/a/other").mkdir()
    (tmp_path / "externalartifact/a/other/note.tar.gz").write_bytes(b"")
    assert store.names() == [("a", "web"), ("b", "web")]


# --- how much there is room for ---


def no_room(store: Store, namespace: str, name: str, size: int) -> str:
    with pytest.raises(Refused) as refused:
        store.put(namespace, name, os.urandom(size))
    return report(refused.value.faults)


def test_a_namespace_takes_half_of_the_room_and_leaves_the_rest_to_others(tmp_path: Path) -> None:
    """A Pod whose volume is full is evicted, and with it the artifacts of all."""
    store = Store(tmp_path, limit=4 << 20)
    first = store.put("a", "web", os.urandom(1 << 20))
    store.put("a", "other", os.urandom(1 << 20))
    assert "those of the namespace may take 2 MiB" in no_room(store, "a", "third", 1)
    store.put("aa", "web", os.urandom(3 << 19))
    assert "all together may take 4 MiB" in no_room(store, "b", "web", 1 << 20)
    assert content(store, first.path)


def test_what_went_makes_room_and_what_was_there_at_the_start_counts(tmp_path: Path) -> None:
    Store(tmp_path, limit=2 << 20).put("a", "web", os.urandom(1 << 20))
    store = Store(tmp_path, limit=2 << 20)
    store.verify()
    no_room(store, "a", "other", 1)
    store.forget("a", "web")
    store.put("a", "other", os.urandom(1 << 20))


def test_the_same_bytes_again_take_no_more_room(tmp_path: Path) -> None:
    store = Store(tmp_path, limit=2 << 20)
    assert store.put("a", "web", bytes(1 << 20)) == store.put("a", "web", bytes(1 << 20))


def test_a_damaged_artifact_leaves_its_room(tmp_path: Path) -> None:
    store = Store(tmp_path, limit=2 << 20)
    stored = store.put("a", "web", bytes(1 << 20))
    overwrite(tmp_path / stored.path)
    with pytest.raises(Damaged):
        store.open(stored.path)
    store.put("a", "web", bytes(1 << 20))
