"""Every folder of ``cases`` is run and compared: with ``expected.yaml`` if it succeeds, else with ``refusal.txt``."""

import re
from collections.abc import Callable

import pytest

from support.golden import Golden
from support.stage import CASES, Stage, case_names
from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS

FAULT = r"^error\[([a-z0-9-]+)\]: .+\n(?:  where: .+\n)?(?:  reference: .+\n)?  hint: .+\n"

REFUSALS = [name for name in case_names() if not (CASES / name / "expected.yaml").exists()]
SUCCESSES = [name for name in case_names() if (CASES / name / "expected.yaml").exists()]


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_what_where_and_what_to_do(name: str, stage: Callable[[str], Stage], golden: Golden) -> None:
    """The output is empty, the exit status that of the first fault's family, and no file is touched.

    Nothing in a document can write to the terminal, or begin a line that looks like ours.
    """
    put_on = stage(name)
    ran = put_on.run()
    shown = put_on.shown(ran.stderr)
    assert ran.stdout == b""
    assert ran.changed == ()
    assert put_on.leaks(ran) == []
    golden.check(CASES / name / "refusal.txt", shown.encode())
    faults = re.findall(FAULT, shown, re.MULTILINE)
    assert len(faults) == len(re.findall(r"^error", shown, re.MULTILINE)) > 0
    assert shown.count("  where: ") == len(faults) or put_on.is_command or set(faults) == {"not-a-resource-list"}
    assert shown.replace("\n", "").isprintable()
    statuses = {EXIT_STATUS[CATALOGUE[code].family] for code in faults}
    assert ran.status == (1 if put_on.is_kustomize else 70 if 70 in statuses else min(statuses))


@pytest.mark.parametrize("name", SUCCESSES)
def test_a_success_is_byte_for_byte_the_expected_output(
    name: str, stage: Callable[[str], Stage], golden: Golden
) -> None:
    """Standard error stays empty, and no file is touched."""
    put_on = stage(name)
    ran = put_on.run()
    assert (ran.status, ran.stderr.decode()) == (0, "")
    assert ran.changed == ()
    golden.check(CASES / name / "expected.yaml", ran.stdout)
