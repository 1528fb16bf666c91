"""How verdicts are shown; what they are is shown elsewhere."""

import dataclasses
import json
import sys
from collections.abc import Iterator

import pytest

from vaultgen.cli import app, doctor
from vaultgen.doctor.verdict import Verdict, fail, ok, skip, warn

GOOD, SKIPPED = ok("kustomize", "5.8.1"), skip("plugin", "not installed")
SUSPECT, BAD = (
    warn("token", "it may do everything", "take another"),
    fail("seal", "it is sealed", "unseal it", "sealed"),
)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Verdict]:
    """What the doctor finds, to be filled."""
    verdicts: list[Verdict] = []

    def examine(*_: object, **__: object) -> Iterator[Verdict]:
        return iter(verdicts)

    monkeypatch.setattr(doctor, "examine", examine)
    return verdicts


def test_a_line_a_verdict_and_a_sum(found: list[Verdict], capsys: pytest.CaptureFixture[str]) -> None:
    found += [GOOD, SKIPPED, SUSPECT, BAD]
    assert app.main(["doctor"]) == 1
    assert capsys.readouterr().out == (
        "ok    kustomize   5.8.1\n"
        "skip  plugin      not installed\n"
        "warn  token       it may do everything -> take another\n"
        "fail  seal        it is sealed -> unseal it\n"
        "\n"
        "1 failed, 1 to look at\n"
    )


@pytest.mark.parametrize(("verdicts", "last"), [([GOOD, SKIPPED], "all is well"), ([GOOD, SUSPECT], "1 to look at")])
def test_what_is_to_be_looked_at_is_no_failure(
    verdicts: list[Verdict], last: str, found: list[Verdict], capsys: pytest.CaptureFixture[str]
) -> None:
    found += verdicts
    assert app.main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith(f"\n\n{last}\n")


def test_programs_get_the_same_as_json(found: list[Verdict], capsys: pytest.CaptureFixture[str]) -> None:
    found += [GOOD, BAD]
    assert app.main(["doctor", "--output", "json"]) == 1
    none = {"advice": "", "code": "", "documents": ""}
    assert json.loads(capsys.readouterr().out) == {
        "checks": [
            {"check": "kustomize", "outcome": "ok", "seen": "5.8.1", **none},
            {
                "check": "seal",
                "outcome": "fail",
                "seen": "it is sealed",
                **none,
                "advice": "unseal it",
                "code": "sealed",
            },
        ]
    }


def test_different_ways_to_vault_have_headings(found: list[Verdict], capsys: pytest.CaptureFixture[str]) -> None:
    found += [GOOD, *(dataclasses.replace(BAD, scope=scope) for scope in ("a.yaml", "a.yaml", "b.yaml"))]
    app.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.endswith(":")] == ["a.yaml:", "b.yaml:"]


def test_names_cannot_write_to_the_terminal(found: list[Verdict], capsys: pytest.CaptureFixture[str]) -> None:
    found += [fail("tls", 'issued by "\x1b[31mred"', "\x07", "tls-untrusted")]
    app.main(["doctor"])
    app.main(["doctor", "--output", "json"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.mark.parametrize(("no_color", "begins"), [("", "\x1b[31mfail\x1b[0m  seal"), ("1", "fail  seal")])
def test_a_terminal_has_colour_and_whole_words(
    no_color: str,
    begins: str,
    found: list[Verdict],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    found += [fail("seal", "a word " * 12, "unseal it")]
    app.main(["doctor"])
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith(begins)
    assert second.startswith(" " * 18 + "a word")
    assert len(second) <= 60


@pytest.mark.parametrize("columns", [30, 40, 60, 61, 80, 200])
def test_no_line_is_longer_than_the_terminal(
    columns: int, found: list[Verdict], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    found += [fail("connection", "a word " * 30, "do something about it")]
    app.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert max(map(len, lines)) > columns - len("something ")
