"""Log lines for machines: a JSON object a line, on stderr, and nothing in it that a library made up.

Of an exception the type and our own frames are told, never the text, which may quote what was handled. Libraries format
such texts into their own log lines: of these the logger, the level and the line of the source are told.
"""

import contextlib
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

from vaultgen.errors import Refused
from vaultgen.errors.report import message
from vaultgen.function import unknown_fault

OURS = "vaultgen"
"""Loggers of this name and below tell all that they are given, ``extra`` as fields of the line."""

_NOT_EXTRA = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"}
_OF_A_LIBRARY = "a library logged something; its source tells what"


def set_up(level: str, stream: TextIO | None = None) -> None:
    """Have all that this process logs, warnings and uncaught exceptions too, go to a stream (stderr) in such lines.

    ``level``, in lower case, is that of our own loggers. Libraries are heard from ``warning`` on.
    """
    root = logging.getLogger()
    root.handlers = [JsonHandler(stream or sys.stderr)]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())
    warnings.showwarning = _warned
    sys.excepthook = lambda kind, error, trace: _uncaught(error)
    threading.excepthook = lambda found: _uncaught(found.exc_value)
    sys.unraisablehook = lambda found: _uncaught(found.exc_value)


class JsonHandler(logging.StreamHandler[TextIO]):
    """Writes the lines. A record that no line can be made of is told of by its origin alone."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setFormatter(JsonFormatter())

    def handleError(self, record: logging.LogRecord) -> None:
        """Take the place of the library's own report, which would print the arguments."""
        line = {**_head(record), "level": "error", "msg": "a log line could not be written", "at": _place(record)}
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(json.dumps(line) + self.terminator)
            self.flush()


class JsonFormatter(logging.Formatter):
    """Makes a record a JSON object on one line: ts, level, logger, msg, then fields that depend on it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end. Of values that are no JSON the type is told."""
        if record.name == OURS or record.name.startswith(f"{OURS}."):
            fields = {**_head(record), "msg": record.getMessage()}
            fields |= {name: value for name, value in record.__dict__.items() if name not in {*_NOT_EXTRA, *fields}}
        else:
            fields = {**_head(record), "msg": _OF_A_LIBRARY, "at": _place(record)}
        if record.exc_info and record.exc_info[1]:
            fields["error"] = "; ".join(_told(record.exc_info[1]))
        # All but ASCII is escaped, so that nothing in it can move a terminal or break a line.
        return json.dumps(fields, default=lambda value: f"[{type(value).__name__}]", skipkeys=True)


def _head(record: logging.LogRecord) -> dict[str, Any]:
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return {"ts": time.replace("+00:00", "Z"), "level": record.levelname.lower(), "logger": record.name}


def _place(record: logging.LogRecord) -> str:
    return f"{record.filename}:{record.lineno}"


def _told(error: BaseException) -> Iterator[str]:
    """Yield what may be told of an exception; of a group that of each one in it."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _told(one)
    elif isinstance(error, Refused):
        yield from (f"{fault.code}: {message(fault)}" for fault in error.faults)
    else:
        facts = unknown_fault(error).facts
        yield " at ".join(filter(None, (facts["type"], facts["frames"])))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    place = f"{os.path.basename(filename)}:{lineno}"
    logging.getLogger(OURS).warning("a warning of Python", extra={"type": category.__name__, "at": place})


def _uncaught(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        logging.getLogger(OURS).critical("nobody handled an error", exc_info=error)
