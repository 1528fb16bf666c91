"""``vaultgen doctor``: what keeps a build from working, and what to do about it."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping

import click

from vaultgen.cli.app import FOUND_STATUS
from vaultgen.cli.terminal import waiting
from vaultgen.doctor.examine import examine
from vaultgen.doctor.verdict import Outcome, Verdict
from vaultgen.errors.report import clean
from vaultgen.function import debug_log

COLOURS: Mapping[Outcome, str] = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "bright_black"}
OUTCOME_WIDTH = 6
CHECK_WIDTH = 12
NARROW = 30
"""Columns; in a terminal with less than twice as many, only the first line of a verdict is indented that far."""


@click.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(exists=True, file_okay=False))
@click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For people or programs."
)
@click.option("--kustomize", metavar="PATH", default="", help="The kustomize to look at; the one on PATH unless given.")
def command(directory: str | None, output: str, kustomize: str) -> int:
    """Look for what would keep a build of DIR from working, and say what to do.

    Looks at kustomize, this installation, the environment, the way to Vault, the login and the token, and asks for
    each reference of DIR whether it may be read. No value is read. The login is that of a build, so a secret id that
    is good for one login is used up; the token is revoked at the end.

    Each line begins with ok, warn (a build works all the same), fail, or skip (not looked at). The exit status is 1 if
    a check failed.

    \b
    Examples:
      vaultgen doctor
      vaultgen doctor overlays/production
      vaultgen doctor --output json overlays/production
    """
    environ = dict(os.environ)
    log = debug_log(environ)
    verdicts = examine(directory or ".", environ, named=directory is not None, kustomize=kustomize, log=log)
    told: list[Verdict] = []
    for verdict in _patiently(verdicts):
        if output == "text":
            if verdict.scope and (not told or told[-1].scope != verdict.scope):
                click.echo(f"\n{clean(verdict.scope)}:")
            click.echo(_line(verdict))
        told.append(verdict)
    click.echo(_json(told) if output == "json" else f"\n{_summary(told)}")
    return FOUND_STATUS if any(verdict.outcome == "fail" for verdict in told) else 0


def _patiently(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    while True:
        with waiting("still looking"):
            verdict = next(verdicts, None)
        if verdict is None:
            return
        yield verdict


def _line(verdict: Verdict) -> str:
    advice = f" -> {verdict.advice}" if verdict.advice else ""
    text = clean(f"{verdict.check:<{CHECK_WIDTH}}{verdict.seen}{advice}")
    if sys.stdout.isatty():
        width = max(NARROW, shutil.get_terminal_size().columns)
        head = " " * OUTCOME_WIDTH
        indent = head + " " * (CHECK_WIDTH if width >= 2 * NARROW else 2)
        text = textwrap.fill(
            text, width, initial_indent=head, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ).removeprefix(head)
    return click.style(f"{verdict.outcome:<4}", fg=COLOURS[verdict.outcome]) + f"  {text}"


def _summary(verdicts: Iterable[Verdict]) -> str:
    outcomes = [verdict.outcome for verdict in verdicts]
    counts = [(outcomes.count("fail"), "failed"), (outcomes.count("warn"), "to look at")]
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "all is well"


def _json(verdicts: Iterable[Verdict]) -> str:
    checks = [
        {
            "check": verdict.check,
            "outcome": verdict.outcome,
            "seen": clean(verdict.seen),
            "advice": clean(verdict.advice),
            "code": verdict.code,
            "documents": clean(verdict.scope),
        }
        for verdict in verdicts
    ]
    return json.dumps({"checks": checks}, indent=2, ensure_ascii=False)
