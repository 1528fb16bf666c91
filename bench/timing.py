"""Whole processes, timed side by side, and how much memory one of them takes at most."""

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# Started as a small process between us and the program: what a child inherits counts for its peak, so that ours would.
_MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Failed(Exception):
    """A program did not do what it was started for."""


class Run(NamedTuple):
    """A program to start, and what it is to be compared by."""

    tool: str
    """Name in the table."""
    command: Sequence[str]
    environment: Mapping[str, str]
    stdin: Path = Path(os.devnull)
    output: Path | None = None
    """Where the program writes what it made; None for standard output."""


def output_of(run: Run) -> bytes:
    """Run a program once and return what it made. Raises Failed with its last words."""
    with run.stdin.open("rb") as stdin:
        done = subprocess.run(run.command, env=run.environment, stdin=stdin, capture_output=True, check=False)
    if done.returncode:
        raise Failed(f"{run.tool}: exit status {done.returncode}\n{done.stderr.decode(errors='replace')[-1000:]}")
    return run.output.read_bytes() if run.output else done.stdout


def medians(runs: Sequence[Run], rounds: int) -> dict[str, float]:
    """Return the median wall time (seconds) of each program by its tool's name.

    In each round every program runs once, in turn, so that whatever else the machine does meets all of them.
    """
    seconds: dict[str, list[float]] = {run.tool: [] for run in runs}
    for number in range(rounds):
        first = number % len(runs)
        for run in [*runs[first:], *runs[:first]]:
            seconds[run.tool].append(_seconds(run))
    return {tool: statistics.median(measured) for tool, measured in seconds.items()}


def peak_memory(run: Run) -> int:
    """Return the most memory (KiB, resident) that a program took, as the kernel counted it."""
    launcher = [sys.executable, "-I", "-S", "-c", _MEASURE, *run.command]
    with run.stdin.open("rb") as stdin:
        done = subprocess.run(launcher, env=run.environment, stdin=stdin, capture_output=True, check=False)
    last = done.stderr.split()[-1:]
    if done.returncode or not last:
        raise Failed(f"{run.tool}: exit status {done.returncode}")
    # macOS counts bytes.
    return int(last[0]) // (1024 if sys.platform == "darwin" else 1)


def _seconds(run: Run) -> float:
    with contextlib.ExitStack() as files:
        stdin = files.enter_context(run.stdin.open("rb"))
        nowhere = files.enter_context(open(os.devnull, "wb"))
        redirections = [
            (os.POSIX_SPAWN_DUP2, file.fileno(), number) for number, file in enumerate((stdin, nowhere, nowhere))
        ]
        started = time.perf_counter()
        pid = os.posix_spawn(run.command[0], list(run.command), run.environment, file_actions=redirections)
        _, status = os.waitpid(pid, 0)
        taken = time.perf_counter() - started
    if status:
        raise Failed(f"{run.tool}: exit status {os.waitstatus_to_exitcode(status)}")
    return taken
