import contextlib
import gzip
import io
import os
import struct
import tarfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.publish.archive import Limits, pack, unpack

FILES = {"b.yaml": b"b", "a/c.yaml": b"", "a/é.yaml": b"\0" * 2000, "long/" + "x" * 200 + "/" + "y" * 200: b"z"}


def refusal(packed: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(Refused) as caught:
        unpack(packed, limits)
    return report(caught.value.faults)


def archive(*entries: tarfile.TarInfo, content: bytes = b"", format_: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a gzipped archive of headers, each with the same content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=format_) as tar:
        for entry in entries:
            entry.size = len(content) if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def entry(name: str, type_: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = type_, link
    return made


def test_what_is_packed_comes_out_again() -> None:
    assert unpack(pack(FILES)) == FILES


def test_equal_trees_give_equal_bytes() -> None:
    assert pack(FILES) == pack(dict(reversed(FILES.items())))


@pytest.mark.parametrize("length", [1, 99, 100, 101, 300])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1_500_000])
def test_an_archive_is_what_tarfile_would_write(length: int, size: int) -> None:
    files = {"a/" + "é" * (length // 2) + "b" * (length % 2): bytes(size), "b": b"c"}
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    assert gzip.decompress(pack(files)) == written.getvalue()


def test_an_archive_tells_no_time_and_no_owner() -> None:
    packed = pack(FILES)
    assert packed[4:8] == bytes(4)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == sorted(FILES)
    facts = {(member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode) for member in members}
    assert facts == {(0, 0, 0, "", "", 0o644)}
    assert all(member.isreg() for member in members)


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archives_of_other_programs_are_read(format_: int) -> None:
    name = "apps/" + "é" * 120 + "/a.yaml"
    entries = [entry("./", tarfile.DIRTYPE), entry("apps/", tarfile.DIRTYPE), entry("./b.yaml"), entry(name)]
    assert unpack(archive(*entries, content=b"c", format_=format_)) == {"b.yaml": b"c", name: b"c"}


@pytest.mark.parametrize("name", ["/etc/passwd", "../a", "a/../../b", "a/..", "..", "a\\b", "a//b", "a/./b", "."])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    assert refusal(archive(entry(name))) == (
        "error[bad-archive]: the archive is not usable: the name of a file leads elsewhere\n"
        "  hint: look at where it comes from\n"
    )


def test_no_such_name_is_packed_either() -> None:
    with pytest.raises(Refused):
        pack({"../a": b""})


@pytest.mark.parametrize(
    "type_",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"?"],
)
def test_anything_but_plain_files_and_directories_is_refused(type_: bytes) -> None:
    assert "something other than plain files" in refusal(archive(entry("a", type_, "b")))


def test_a_file_of_holes_is_refused() -> None:
    """It may claim to be of any size."""
    sparse = entry("a", tarfile.GNUTYPE_SPARSE)
    header = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    # GNU's sparse map: one piece of no bytes, in a file of eight gigabytes.
    header[386:410] = b"77777777777\0" + b"00000000000\0"
    header[483:495] = b"77777777777\0"
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    assert "something other than plain files" in refusal(gzip.compress(bytes(header) + bytes(1024)))


def test_a_name_that_comes_twice_is_refused() -> None:
    assert "a file twice" in refusal(archive(entry("a"), entry("./a")))


def test_a_name_that_is_not_utf_8_is_refused() -> None:
    bad = entry("a")
    bad.name = os.fsdecode(b"a\xff")
    assert "not UTF-8" in refusal(archive(bad))


def test_more_than_is_allowed_is_refused() -> None:
    packed = pack({"a": bytes(100_000)})
    assert unpack(packed, Limits(bytes=110_000))
    assert "larger than allowed" in refusal(packed, Limits(bytes=90_000))


def extended(type_: bytes, content: bytes, entry_: tarfile.TarInfo) -> bytes:
    """Return an archive of one entry behind an extended header."""
    head = entry("x", type_)
    head.size = len(content)
    padded = content + bytes(-len(content) % 512)
    return gzip.compress(head.tobuf() + padded + entry_.tobuf() + bytes(1024))


RECORDS = b"".join(b"12 %07x=\n" % number for number in range(10_000))


@pytest.mark.parametrize(
    ("type_", "content", "said"),
    [
        (tarfile.XHDTYPE, RECORDS, "a header of more than 16384 bytes"),
        (tarfile.SOLARIS_XHDTYPE, RECORDS, "a header of more than 16384 bytes"),
        (tarfile.XGLTYPE, RECORDS, "a header of more than 16384 bytes"),
        (tarfile.XGLTYPE, RECORDS[:12_000], "too much of all its files"),
        (tarfile.GNUTYPE_LONGNAME, b"a/" * 10_000, "a header of more than 16384 bytes"),
        (tarfile.GNUTYPE_LONGNAME, b"a/" * 600 + b"b\0", "name of a file is too long"),
        (tarfile.GNUTYPE_LONGNAME, b"a" * 256 + b"\0", "name of a file is too long"),
        (tarfile.XHDTYPE, b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n", "other than plain files"),
        (tarfile.XHDTYPE, b"19 GNU.sparse.map=\n", "other than plain files"),
        (tarfile.XHDTYPE, b"26 GNU.sparse.size=100000\n", "other than plain files"),
    ],
)
def test_headers_that_swell_in_memory_are_refused(type_: bytes, content: bytes, said: str) -> None:
    """Each byte of them becomes a hundred, for each file anew, or a directory for each two."""
    assert said in refusal(extended(type_, content, entry("a")))


def test_what_git_says_of_all_files_is_read() -> None:
    comment = b"52 comment=" + b"a" * 40 + b"\n"
    assert unpack(extended(tarfile.XGLTYPE, comment, entry("a"))) == {"a": b""}


def test_more_directories_than_are_allowed_are_refused() -> None:
    packed = pack({f"{number}/a/b": b"" for number in range(10)})
    assert unpack(packed, Limits(entries=20))
    assert "more than 19 directories" in refusal(packed, Limits(entries=19))


def test_a_bomb_is_not_unpacked() -> None:
    """A gigabyte of nothing in a megabyte; not more than the limit is ever held."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    header = entry("a")
    header.size = 1 << 30
    bomb = compressor.compress(header.tobuf())
    bomb += b"".join(compressor.compress(bytes(1 << 20)) for _ in range(1024)) + compressor.flush()
    assert len(bomb) < 1 << 21
    assert "larger than allowed" in refusal(bomb, Limits(bytes=1 << 20))


def test_too_many_entries_are_refused() -> None:
    assert "more than 3 entries" in refusal(archive(*(entry(str(one)) for one in range(5))), Limits(entries=3))


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-1],
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:5],
        lambda packed: b"",
        lambda packed: b"no archive",
        lambda packed: gzip.decompress(packed),
        lambda packed: gzip.compress(b"no archive" * 100),
        lambda packed: gzip.compress(gzip.decompress(packed)[:700]),
        lambda packed: packed[:-8] + struct.pack("<II", 0, 0),
    ],
)
def test_what_is_cut_off_or_no_archive_is_refused(damage: Callable[[bytes], bytes]) -> None:
    assert "no gzipped tar archive, or is cut off" in refusal(damage(pack(FILES)))


@given(st.binary(max_size=2048), st.booleans())
def test_any_bytes_give_files_or_a_refusal(content: bytes, packed: bool) -> None:
    with contextlib.suppress(Refused):
        unpack(gzip.compress(content) if packed else content)


@given(st.dictionaries(st.from_regex(r"[a-zé]{1,120}(/[a-z]{1,120}){0,3}", fullmatch=True), st.binary(), max_size=5))
def test_any_tree_comes_out_again(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files
