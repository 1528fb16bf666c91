"""What a test session starts ends with it."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

START = """
import sys
from pathlib import Path
from support.process import start_bound
print(start_bound(["/bin/sleep", "600"], {}, Path(sys.argv[1])).pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can bind a child's life to its parent's")
def test_a_bound_program_is_killed_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path / "log")],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    program = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        parent.communicate()
        ended, _, _ = select.select([program], [], [], 30)
        assert ended
    finally:
        os.close(program)
