import io
import sys
import threading

import pytest

from vaultgen.cli import terminal


class Screen(io.StringIO):
    """A terminal that tells when something was written."""

    def __init__(self, *, is_terminal: bool = True) -> None:
        super().__init__()
        self.written = threading.Event()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def flush(self) -> None:
        self.written.set()


def timers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


@pytest.fixture(autouse=True)
def _good_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("label", ["error[field-missing]", "error"])
def test_an_error_stands_out_on_a_terminal(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{label}: error[internal]: y\n  hint: error: z\n"
    for screen, name, value in (
        (Screen(), "TERM", "xterm"),
        (Screen(), "NO_COLOR", "1"),
        (Screen(), "TERM", "dumb"),
        (Screen(is_terminal=False), "TERM", "xterm"),
    ):
        monkeypatch.setattr(sys, "stderr", screen)
        with monkeypatch.context() as change:
            change.setenv(name, value)
            terminal.say(text)
        is_coloured = screen.isatty() and value == "xterm"
        shown = f"\x1b[31m\x1b[1m{label}\x1b[0m" if is_coloured else label
        assert screen.getvalue() == f"{shown}: error[internal]: y\n  hint: error: z\n"


def test_what_takes_long_is_said_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(terminal, "PATIENCE", 0)
    with terminal.waiting("still looking"):
        assert screen.written.wait(60)
        assert screen.getvalue() == "still looking …"
    assert screen.getvalue() == "still looking …\r\x1b[K"


def test_what_does_not_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(terminal, "PATIENCE", 3600)
    with terminal.waiting("still looking"):
        pass
    assert screen.getvalue() == ""
    assert not timers()


@pytest.mark.parametrize(
    ("screen", "kind"), [(Screen(is_terminal=False), "xterm"), (Screen(), "dumb"), (None, "xterm")]
)
def test_without_a_terminal_nothing_is_said(screen: Screen | None, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setattr(terminal, "PATIENCE", 0)
    with terminal.waiting("still looking"):
        assert not timers()
    assert screen is None or screen.getvalue() == ""


def test_an_error_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Screen())
    with pytest.raises(KeyError), terminal.waiting("still looking"):
        raise KeyError
