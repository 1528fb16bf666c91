"""No line tells more than our own words and public facts: a canary stands in all that a library could say."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from vaultgen.controller.logs import JsonFormatter, JsonHandler
from vaultgen.errors import Fault, Refused
from vaultgen.redacted import Redacted

CANARY = "canary"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was logged since; loggers of tests tell all to one stream."""
    stream = io.StringIO()
    handler = JsonHandler(stream)
    loggers = [logging.getLogger(name) for name in ("vaultgen.test", "library")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.fixture
def ours() -> logging.Logger:
    return logging.getLogger("vaultgen.test")


@pytest.fixture
def library() -> logging.Logger:
    return logging.getLogger("library")


# --- our own lines ---


def test_a_line_has_time_level_logger_message_and_its_fields(ours: logging.Logger, lines: Lines) -> None:
    of = {"name": "web", "namespace": "apps"}
    ours.info("published %s", "it", extra={"VaultArtifact": of, "revision": "latest@sha256:0", "codes": ("a", "b")})
    (line,) = lines()
    assert list(line)[:4] == ["ts", "level", "logger", "msg"]
    time = datetime.fromisoformat(line.pop("ts"))
    assert time.utcoffset() is not None
    assert line == {
        "level": "info",
        "logger": "vaultgen.test",
        "msg": "published it",
        "VaultArtifact": of,
        "revision": "latest@sha256:0",
        "codes": ["a", "b"],
    }


def test_a_time_is_that_of_rfc_3339(ours: logging.Logger, lines: Lines) -> None:
    record = logging.makeLogRecord({"name": "vaultgen.test", "created": 1767225600.0, "levelno": logging.INFO})
    ours.handle(record)
    assert lines()[0]["ts"] == "2026-01-01T00:00:00.000Z"


def test_no_field_takes_the_place_of_the_first_ones(ours: logging.Logger, lines: Lines) -> None:
    ours.info("a", extra={"ts": CANARY, "level": CANARY, "logger": CANARY})
    (line,) = lines()
    assert CANARY not in str(line)


def test_a_line_is_one_line_of_ascii() -> None:
    said = "a\nb\r\x1b[31m\u2028é\ud800"
    # Not logged: pytest would pass such text on between its processes, which cannot be done.
    line = JsonFormatter().format(logging.makeLogRecord({"name": "vaultgen.test", "msg": said, "more": said}))
    assert line.isascii()
    assert line.isprintable()
    assert [json.loads(line)[field] for field in ("msg", "more")] == [said, said]


def test_of_what_is_no_json_the_type_is_told(ours: logging.Logger, lines: Lines) -> None:
    ours.info(
        "a", extra={"value": Redacted(CANARY), "deep": [{"error": ValueError(CANARY)}], "keys": {b"a": 1, "b": 2}}
    )
    (line,) = lines()
    assert (line["value"], line["deep"], line["keys"]) == ("[Redacted]", [{"error": "[ValueError]"}], {"b": 2})


# --- exceptions ---


def test_of_an_exception_type_and_own_frames_are_told(ours: logging.Logger, lines: Lines) -> None:
    try:
        JsonHandler(io.StringIO()).handleError(CANARY)  # type: ignore[arg-type]
    except AttributeError:
        ours.exception("failed")
    (line,) = lines()
    assert line["error"].startswith("AttributeError at vaultgen.controller.logs:")
    assert CANARY not in str(line)


def test_of_a_refusal_its_faults_are_told(ours: logging.Logger, lines: Lines) -> None:
    faults = [Fault("sealed", facts={"address": "https://vault.test"}), Fault("duplicate-field", facts={"field": "a"})]
    ours.error("refused", exc_info=Refused(faults))
    assert lines()[0]["error"] == (
        "sealed: Vault at https://vault.test is sealed; duplicate-field: the field a is written twice in one mapping"
    )


def test_of_a_group_each_is_told(ours: logging.Logger, lines: Lines) -> None:
    """A task group raises these."""
    inner = ExceptionGroup(CANARY, [KeyError(CANARY), Refused([Fault("sealed", facts={"address": "a"})])])
    ours.error("failed", exc_info=ExceptionGroup(CANARY, [inner, OSError(CANARY)]))
    (line,) = lines()
    assert [part.split(" at ")[0] for part in line["error"].split("; ")] == [
        "KeyError",
        "sealed: Vault",
        "OSError",
    ]
    assert CANARY not in str(line)


def test_a_line_that_cannot_be_made_is_told_of_without_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    record = logging.LogRecord("vaultgen", logging.INFO, "/a/b.py", 7, "%d", (CANARY,), None)
    JsonHandler(stream).handle(record)
    line = json.loads(stream.getvalue())
    del line["ts"]
    said = "a log line could not be written"
    assert line == {"level": "error", "logger": "vaultgen", "msg": said, "at": "b.py:7"}
    assert capsys.readouterr() == ("", "")


def test_a_stream_that_is_gone_is_no_failure(ours: logging.Logger) -> None:
    stream = io.StringIO()
    handler = JsonHandler(stream)
    stream.close()
    handler.handle(logging.makeLogRecord({"name": "vaultgen", "msg": "a"}))


# --- lines of libraries ---


def test_of_a_library_origin_and_exception_are_told_and_none_of_its_words(
    library: logging.Logger, lines: Lines
) -> None:
    error = ValueError(CANARY)
    library.warning(f"attempt {CANARY} failed: GET {CANARY} -> {error!r}", extra={"object": CANARY})
    library.warning("attempt %s failed: %r", CANARY, error)
    library.handle(logging.LogRecord("library", logging.ERROR, "/gone.py", 1, CANARY, None, None))
    library.error(CANARY, exc_info=error, stack_info=True)
    told = lines()
    assert [line.keys() for line in told] == [{"ts", "level", "logger", "msg", "at"}] * 3 + [{*told[0], "error"}]
    assert [(line["level"], line["logger"]) for line in told] == [("warning", "library")] * 2 + [
        ("error", "library")
    ] * 2
    assert [line["at"].partition(":")[0] for line in told] == [
        "test_logs.py",
        "test_logs.py",
        "gone.py",
        "test_logs.py",
    ]
    assert told[3]["error"].startswith("ValueError")
    assert CANARY not in str(told)


# --- the process ---

PROCESS = """
import logging, sys, threading, warnings
from vaultgen.controller.logs import set_up

class Dropped:
    def __del__(self):
        raise ValueError("canary")

def fail():
    raise ValueError("canary")

set_up(sys.argv[1])
logging.getLogger("vaultgen.controller").debug("debug")
logging.getLogger("vaultgen.controller").info("info")
logging.getLogger("kopf.objects").info("canary")
logging.getLogger("kopf.objects").warning("of kopf")
logging.getLogger("vaultgenerator").warning("of another")
warnings.warn("canary", UserWarning)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Dropped()
fail()
"""


def told_by_process(level: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", PROCESS, level], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 1
    assert CANARY not in done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_whatever_happens_in_the_process_is_told_in_such_lines() -> None:
    told = told_by_process("info")
    assert [(line["level"], line["logger"]) for line in told] == [
        ("info", "vaultgen.controller"),
        ("warning", "kopf.objects"),
        ("warning", "vaultgenerator"),
        ("warning", "vaultgen"),
        ("critical", "vaultgen"),
        ("critical", "vaultgen"),
        ("critical", "vaultgen"),
    ]
    assert told[3]["type"] == "UserWarning"
    assert {line["error"].split(" at ")[0] for line in told[4:]} == {"ValueError"}


@pytest.mark.parametrize(
    ("level", "expected"), [("debug", ["debug", "info"]), ("info", ["info"]), ("warning", []), ("error", [])]
)
def test_the_level_is_that_of_our_own_lines(level: str, expected: list[str]) -> None:
    """And libraries are heard all the same."""
    told = told_by_process(level)
    assert [line["msg"] for line in told if line["logger"] == "vaultgen.controller"] == expected
    assert next(line["logger"] for line in told if line["level"] == "warning") == "kopf.objects"
