"""Whatever stands in a lock file, a build by it has the pinned secret, or none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.in_memory import MemoryBackend, codes
from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_one
from vaultgen.lock import Lock, Pin, lock_text, locked, one_per_secret, parse_lock, pinned, read_locked
from vaultgen.ports import Answer, Read
from vaultgen.redacted import Redacted

paths = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
times = st.from_regex(
    r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z", fullmatch=True
)
versions = st.integers(1, 10**10 - 1)


@st.composite
def entries(draw: st.DrawFn) -> tuple[Read, Pin]:
    """Return a read and its pin."""
    read = Read(draw(paths), None, draw(st.just("") | paths))
    pin = draw(st.sampled_from([Pin(), Pin(absent=True)]) | st.tuples(versions, times).map(lambda pair: Pin(*pair)))
    return read._replace(version=pin.version if draw(st.booleans()) else None), pin


@given(st.lists(entries()).map(dict))
def test_what_is_written_is_read_back(pins: dict[Read, Pin]) -> None:
    text = lock_text(pins)
    assert parse_lock(text.encode()) == Lock(pins)
    assert lock_text(parse_lock(text.encode()).pins) == text
    assert parse_one(text.encode())["kind"] == "VaultLock"


few_paths = st.lists(st.sampled_from(["a", "b", "data"]), min_size=1, max_size=5).map("/".join)
few_pins = st.sampled_from([Pin(), Pin(absent=True), Pin(1, "2026-01-02T03:04:05Z"), Pin(2, "2026-01-02T03:04:06Z")])
few_reads = st.tuples(few_paths, st.sampled_from([None, None, 1])).map(lambda pair: Read(*pair))


@given(st.dictionaries(few_reads, few_pins, max_size=8))
def test_no_read_loses_its_pin_to_that_of_another_spelling(pins: dict[Read, Pin]) -> None:
    kept = one_per_secret(pins)
    assert kept.items() <= pins.items()
    assert {name: found and found[1] for name, found in pinned(kept, pins, "").items()} == pins


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Refused) as raised:
        parse_lock(content)
    assert codes(raised.value) == ["bad-lock"]


PINS = {
    Read("secret/data/a"): Pin(2, "2026-01-02T03:04:05Z"),
    Read("secret/data/b"): Pin(12, "2026-01-02T03:04:12Z"),
    Read("secret/data/b", 1): Pin(1, "2026-01-02T03:04:01Z"),
    Read("secret/data/c", None, "team"): Pin(11, "2026-01-02T03:04:11Z"),
}
TEXT = lock_text(PINS)
VAULT = {
    read._replace(version=number): Answer(
        {"k": Redacted(f"{read} {number}")}, number, created_time=f"2026-01-02T03:04:{number:02}Z"
    )
    for read in PINS
    for number in range(1, 13)
}
"""Each second a version."""
cuts = st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)), st.text(max_size=3))


@given(st.lists(cuts, min_size=1, max_size=3))
def test_an_edited_lock_gives_versions_with_their_own_times_or_nothing(edits: list[tuple[int, int, str]]) -> None:
    """An edit that changes number and time to another version's is a lock as good as any."""
    text = TEXT
    for start, end, put in edits:
        text = text[:start] + put + text[max(start, end) :]
    with contextlib.suppress(Refused):
        lock = parse_lock(text.encode())
        for read, found in read_locked(lock, list(PINS), lambda: MemoryBackend(VAULT), "").items():
            if isinstance(found, Answer):
                assert found == VAULT[read._replace(version=found.version)]
                assert Pin(found.version, found.created_time) == lock.pins[locked(read, "")]
