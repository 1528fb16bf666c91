"""The lock file, and reads by it."""

import pytest

from support.in_memory import MemoryBackend, codes
from vaultgen.errors import Refused
from vaultgen.lock import Lock, Pin, exact_reads, lock_text, locked, parse_lock, pin_of, read_locked
from vaultgen.ports import Answer, Miss, Read
from vaultgen.redacted import Redacted

TIME = "2026-01-02T03:04:05.678901234Z"
LATER = "2026-01-03T03:04:05Z"
PINS = {
    Read("secret/data/a"): Pin(3, TIME),
    Read("secret/data/a", 1): Pin(1, TIME),
    Read("secret/data/a", None, "team-a"): Pin(12, LATER),
    Read("kv1/a"): Pin(),
    Read('secret/data/"é\\'): Pin(absent=True),
}
TEXT = """\
# Written by `vaultgen lock`; commit it. Builds read exactly these versions.
apiVersion: vaultgen.dev/v1alpha1
kind: VaultLock
paths:
- path: "kv1/a"
  unpinned: true
- path: "secret/data/\\"é\\\\"
  absent: true
- path: "secret/data/a"
  version: 3
  createdTime: "2026-01-02T03:04:05.678901234Z"
- path: "secret/data/a"
  version: 1
  createdTime: "2026-01-02T03:04:05.678901234Z"
  explicit: true
- path: "secret/data/a"
  vaultNamespace: "team-a"
  version: 12
  createdTime: "2026-01-03T03:04:05Z"
"""


def answer(version: int | None, time: str = "", value: str = "v") -> Answer:
    return Answer({"k": Redacted(value)}, version, created_time=time)


def never() -> MemoryBackend:
    raise AssertionError("nothing had to be read")


# --- the file ---


def test_the_text_is_sorted_and_read_back() -> None:
    assert lock_text(PINS) == lock_text(dict(reversed(PINS.items()))) == TEXT
    assert parse_lock(TEXT.encode()) == Lock(PINS)
    assert parse_lock(lock_text({}).encode()) == Lock({})


def test_yaml_of_another_style_means_the_same() -> None:
    """An editor or Git may have changed line ends, quotes and comments."""
    assert parse_lock(TEXT.replace("\n", "\r\n").encode()) == Lock(PINS)
    assert parse_lock(TEXT.replace("  version: 3\n", "  version: 3  # of May\n").encode()) == Lock(PINS)
    flow = '{apiVersion: vaultgen.dev/v1alpha1, kind: VaultLock, paths: [{path: a, version: 1, createdTime: "%s"}]}'
    assert parse_lock((flow % TIME).encode()) == Lock({Read("a"): Pin(1, TIME)})


ENTRY = f'path: "a"\n  version: 1\n  createdTime: "{TIME}"'


@pytest.mark.parametrize(
    "entry",
    [
        "a",
        "[a]",
        "path: a",
        "version: 1",
        "path: a\n  version: 1",
        f'path: a\n  createdTime: "{TIME}"',
        ENTRY.replace("1\n", "0\n"),
        ENTRY.replace("1\n", "-1\n"),
        ENTRY.replace("1\n", "true\n"),
        ENTRY.replace("1\n", "1.0\n"),
        ENTRY.replace("1\n", '"1"\n'),
        ENTRY.replace("1\n", "10000000000\n"),
        ENTRY.replace("1\n", "[1]\n"),
        ENTRY.replace("2026", "${x}"),
        ENTRY.replace(TIME, ""),
        ENTRY.replace(f'"{TIME}"', "[2026]"),
        ENTRY.replace('"a"', '""'),
        ENTRY.replace('"a"', "7"),
        ENTRY.replace('"a"', "{b: c}"),
        ENTRY + "\n  absent: true",
        ENTRY + "\n  unpinned: true",
        ENTRY + "\n  explicit: false",
        ENTRY + '\n  vaultNamespace: ""',
        ENTRY + "\n  vaultNamespace: [a]",
        ENTRY + "\n  value: b",
        "path: a\n  absent: false",
        "path: a\n  absent: true\n  unpinned: true",
        "path: a\n  absent: true\n  explicit: true",
        "path: a\n  unpinned: true\n  version: 1",
        f"{ENTRY}\n- {ENTRY}",
        f"{ENTRY}\n- path: a\n  absent: true",
    ],
)
def test_an_entry_that_was_not_written_by_the_command_is_refused(entry: str) -> None:
    sound = ENTRY.replace('"a"', '"b"')
    text = f"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\npaths:\n- {sound}\n- {entry}\n"
    with pytest.raises(Refused) as raised:
        parse_lock(text.encode())
    assert codes(raised.value) == ["bad-lock"]
    assert raised.value.faults[0].place.field in ("paths[1]", "paths[2]")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Written by",
        "a",
        "[]",
        "---\n---\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\npaths:\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\npaths: {}\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\npaths: 5\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\npaths: []\nmore: []\n",
        "apiVersion: vaultgen.dev/v2\nkind: VaultLock\npaths: []\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: ConfigMap\npaths: []\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\npaths: []\npaths: []\n",
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultLock\npaths: []\n---\na: b\n",
        TEXT.replace("kind", "<<<<<<< HEAD\nkind"),
        TEXT + "=======\n",
        TEXT + TEXT,
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(Refused) as raised:
        parse_lock(text.encode())
    assert codes(raised.value) == ["bad-lock"]
    assert raised.value.faults[0].place.file == "vaultgen.lock"


def test_a_fault_of_yaml_is_told_with_its_line() -> None:
    with pytest.raises(Refused) as raised:
        parse_lock((TEXT + "\t- a\n").encode())
    assert raised.value.faults[0].place.line == TEXT.count("\n") + 1


# --- names ---


def test_a_read_is_named_with_the_namespace_of_its_document() -> None:
    assert locked(Read("a", 1, "", True), "/team-a/") == Read("a", 1, "team-a")
    assert locked(Read("a", None, "team-b"), "team-a") == Read("a", None, "team-b")


def test_the_answer_becomes_the_pin() -> None:
    assert pin_of(Read("a"), answer(3, TIME)) == Pin(3, TIME)
    assert pin_of(Read("a"), answer(None)) == Pin()
    assert pin_of(Read("a"), Miss("no_path")) == Pin(absent=True)


@pytest.mark.parametrize("time", ["", "yesterday", "2026-01-02", 'T"\n  version: 9', TIME + "\x1b[2J"])
def test_a_time_that_is_none_is_not_written_down(time: str) -> None:
    for version in (3, None) if time else (3,):
        with pytest.raises(Refused) as raised:
            pin_of(Read("a"), answer(version, time))
        assert codes(raised.value) == ["unexpected-answer"]


# --- reads ---


def test_the_pinned_version_is_asked_for_once() -> None:
    """For each read that it answers."""
    reads = [Read("a"), Read("a", 3), Read("a", None, "", True), Read("b"), Read("c")]
    lock = Lock({Read("a"): Pin(3, TIME), Read("a", 3): Pin(3, TIME), Read("b"): Pin(), Read("c"): Pin(absent=True)})
    backend = MemoryBackend(
        {Read("a", 3): answer(3, TIME), Read("a", 3, "", True): answer(3, TIME), Read("b"): answer(None)}
    )
    found = read_locked(lock, reads, lambda: backend, "")
    assert backend.asked == [Read("a", 3), Read("a", 3, "", True), Read("b")]
    assert list(exact_reads(lock, reads, "")) == backend.asked
    assert found == {
        reads[0]: answer(3, TIME),
        reads[1]: answer(3, TIME),
        reads[2]: answer(3, TIME),
        reads[3]: answer(None),
        reads[4]: Miss("not_locked"),
    }


def test_nothing_is_asked_for_what_is_pinned_as_absent() -> None:
    lock = Lock({Read("a"): Pin(absent=True)})
    assert read_locked(lock, [Read("a")], never, "") == {Read("a"): Miss("not_locked")}


def test_nothing_is_read_where_a_pin_is_missing() -> None:
    """The pin of another namespace, or of another version, is none."""
    lock = Lock({Read("a"): Pin(3, TIME), Read("b", None, "team-a"): Pin(3, TIME)})
    with pytest.raises(Refused) as raised:
        read_locked(lock, [Read("a"), Read("a", 3), Read("b"), Read("c")], never, "")
    assert [(fault.code, fault.read) for fault in raised.value.faults] == [
        ("lock-incomplete", Read("a", 3)),
        ("lock-incomplete", Read("b")),
        ("lock-incomplete", Read("c")),
    ]


@pytest.mark.parametrize(
    ("pin", "now", "code"),
    [
        (Pin(3, TIME), answer(3, LATER), "lock-mismatch"),
        (Pin(3, TIME), answer(4, TIME), "lock-mismatch"),
        (Pin(3, TIME), answer(None), "lock-mismatch"),
        (Pin(3, TIME), Miss("no_version", 3), "lock-gone"),
        (Pin(3, TIME), Miss("no_path"), "lock-gone"),
        (Pin(3, TIME), Miss("deleted", 3), "lock-gone"),
        (Pin(3, TIME), Miss("destroyed", 3), "lock-gone"),
        (Pin(), answer(3, TIME), "lock-mismatch"),
        (Pin(), answer(None, TIME), "lock-mismatch"),
    ],
)
def test_anything_but_the_pinned_secret_is_refused(pin: Pin, now: Answer | Miss, code: str) -> None:
    lock = Lock({Read("a"): pin, Read("b"): Pin(1, TIME)})
    backend = MemoryBackend({Read("a", pin.version): now, Read("b", 1): answer(1, TIME)})
    with pytest.raises(Refused) as raised:
        read_locked(lock, [Read("a"), Read("b")], lambda: backend, "")
    assert [(fault.code, fault.read) for fault in raised.value.faults] == [(code, Read("a"))]
    assert raised.value.answers == {Read("b"): answer(1, TIME)}


def test_a_failed_read_is_one_of_all_that_it_was_for() -> None:
    """And what was read all the same is handed on, under the names that were asked for."""
    lock = Lock({Read("a"): Pin(3, TIME), Read("a", 3): Pin(3, TIME), Read("b"): Pin(1, LATER)})
    backend = MemoryBackend({Read("a", 3): "permission-denied", Read("b", 1): answer(1, LATER)})
    with pytest.raises(Refused) as raised:
        read_locked(lock, [Read("a"), Read("b"), Read("a", 3)], lambda: backend, "")
    assert [(fault.code, fault.read) for fault in raised.value.faults] == [
        ("permission-denied", Read("a")),
        ("permission-denied", Read("a", 3)),
    ]
    assert raised.value.answers == {Read("b"): answer(1, LATER)}


def test_a_version_that_an_engine_does_not_keep_is_no_fault_of_a_reference_that_names_none() -> None:
    lock = Lock({Read("a"): Pin(3, TIME), Read("a", 3): Pin(3, TIME)})
    backend = MemoryBackend({Read("a", 3): "bad-reference"})
    with pytest.raises(Refused) as raised:
        read_locked(lock, [Read("a"), Read("a", 3)], lambda: backend, "")
    assert codes(raised.value) == ["lock-mismatch", "bad-reference"]
