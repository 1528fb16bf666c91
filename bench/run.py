"""Times of vaultgen beside those of other tools, as a table; run it with ``make bench``.

Whole processes against one OpenBao on loopback, distinct paths, token auth. What counts are the ratios: they are of
medians of programs that took turns, so that they hardly depend on the machine. Exits with 1 if one misses its target.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).parents[1]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]

from bench.peers import versions  # noqa: E402
from bench.timing import Failed, Run, medians, output_of, peak_memory  # noqa: E402
from bench.workload import BARE, LATENCY_MS, MOST, Workload, slow_address  # noqa: E402
from support.openbao import OpenBao, running_openbao  # noqa: E402

ROUNDS = 41
DOCUMENTS = 50
MEMORY_TARGET = 32
"""MiB for MOST references."""
ROW = "{:26} {:>9}   {:26} {:>9}  {:>6}  {:>8}  {}"


class Case(NamedTuple):
    """Programs that do the same work, the first of which is compared with the others."""

    name: str
    references: int
    rounds: float
    """As a part of those of the first case."""
    runs: Sequence[Run | None]
    """None for a tool that is not here."""
    targets: Mapping[str, float] = {}
    """Tool → the ratio to it that is wanted at most."""


def cases(workload: Workload, slow: str | None) -> Iterator[Case]:
    """Yield all cases; those with latency only where there is an address that has it."""
    one, bare, bao = workload.vaultgen(1), workload.bare_python(), workload.bao()
    runs = [one, bao, bare, workload.vals(1), workload.consul_template(1)]
    yield Case("1 reference", 1, 1, runs, {"bao kv get": 0.42, BARE: 4.2})
    yield Case("1 reference, https", 1, 1, [workload.vaultgen_over_tls(1), bare], {BARE: 5.2})
    runs = [workload.vaultgen(100), workload.vals(100), workload.consul_template(100)]
    yield Case("100 references", 100, 0.7, runs, {"vals": 1.2})
    runs = [workload.vaultgen(MOST), workload.vals(MOST), workload.consul_template(MOST)]
    yield Case(f"{MOST} references", MOST, 0.4, runs, {"vals": 0.5})
    if slow:
        runs = [workload.vaultgen(1, slow), workload.vals(1, slow), workload.consul_template(1, slow)]
        yield Case(f"1 reference, +{LATENCY_MS} ms", 1, 0.5, runs)
        runs = [workload.vaultgen(100, slow), workload.consul_template(100, slow), workload.vals(100, slow)]
        targets = {"consul-template": 1.0, "vals": 1 / 8}
        yield Case(f"100 references, +{LATENCY_MS} ms", 100, 0.3, runs, targets)
        runs = [workload.session_build_of_documents(DOCUMENTS, slow), workload.build_of_documents(DOCUMENTS, slow)]
        yield Case(f"{DOCUMENTS} documents, +{LATENCY_MS} ms", DOCUMENTS, 0.2, runs, {"kustomize build": 0.5})
    yield Case("kustomize build, 10 refs", 10, 0.5, [workload.build(10), workload.builtin_build(10)])


def measure(case: Case, rounds: int) -> bool:
    """Check what the tools make, time them and print the rows; return whether all targets are met.

    Raises Failed.
    """
    runs = [run for run in case.runs if run]
    for run in runs:
        if run.tool != BARE and not Workload.made_all(output_of(run), case.references):
            raise Failed(f"{run.tool}: {case.name}: not every value was made")
    taken = medians(runs, max(3, round(rounds * case.rounds)))
    own = taken[runs[0].tool]
    met = True
    for run in runs[1:]:
        ratio, target = own / taken[run.tool], case.targets.get(run.tool)
        met &= target is None or ratio <= target
        wanted = "" if target is None else f"<= {target:.3g}"
        figures = (_ms(own), run.tool, _ms(taken[run.tool]), f"{ratio:.2f}", wanted)
        print(ROW.format(case.name, *figures, _verdict(ratio, target)), flush=True)
    return met


def measure_memory(workload: Workload) -> bool:
    """Print the row; return whether the target is met. Raises Failed."""
    taken = peak_memory(workload.vaultgen(MOST)) / 1024
    figures = (f"{taken:.1f} MiB", "", "", "", f"<= {MEMORY_TARGET}", _verdict(taken, MEMORY_TARGET))
    print(ROW.format(f"peak memory, {MOST} refs", *figures))
    return taken <= MEMORY_TARGET


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _verdict(figure: float, target: float | None) -> str:
    if target is None:
        return ""
    return "ok" if figure <= target else "MISSED"


def main() -> int:
    """Print the table and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of the first case; the longer take fewer")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch, running_openbao(tls=True, audit=False) as server:
        return _table(server, Path(scratch), rounds)


def _table(server: OpenBao, scratch: Path, rounds: int) -> int:
    workload = Workload(server, scratch)
    with slow_address(server, scratch) as slow:
        found = list(cases(workload, slow))
        load = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} (a quiet machine has none)"
        print(f"Python {platform.python_version()}, {versions()}; {load}\n")
        print(ROW.format("", "vaultgen", "beside", "", "ratio", "target", ""))
        met = [measure(case, rounds) for case in found]
    met.append(measure_memory(workload))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
