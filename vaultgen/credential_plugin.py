"""Programs that a kubeconfig names for its credential: the ``kubernetes`` package waits for them without end."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

_LATE = 124
"""Exit status of a plugin that took too long, as timeout(1) has it."""

# What a plugin has started would keep its output open, so all of its process group is ended.
_LIMITED = f"""\\
import contextlib, os, signal, subprocess, sys
plugin = subprocess.Popen(sys.argv[2:], start_new_session=True)
try:
    status = plugin.wait(float(sys.argv[1]))
except subprocess.TimeoutExpired:
    status = {_LATE}
finally:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(plugin.pid, signal.SIGKILL)
sys.exit(status)
"""


@contextlib.contextmanager
def limited_plugins(package: Any, seconds: float) -> Iterator[list[str]]:
    """Let the plugins that ``package`` (kubernetes.config.kube_config) runs in a ``with`` block take some seconds.

    Where standard error is a terminal they may wait for a person, who can interrupt them. Yields a list that holds in
    the end, in our own words, what went wrong: the package would only log it, and go on without a credential.
    """
    own: Any = package.ExecProvider
    failures: list[str] = []

    class Limited(own):  # type: ignore[misc]
        def run(self, *words: object) -> object:
            if not os.isatty(2):
                self.args: list[str] = [sys.executable, "-I", "-c", _LIMITED, str(seconds), *self.args]
            try:
                return super().run(*words)
            except Exception as error:
                late = str(error).startswith(f"exec: process returned {_LATE}")
                failures.append(f"gave nothing within {seconds:g} s" if late else "failed")
                raise

    package.ExecProvider = Limited
    try:
        yield failures
    finally:
        package.ExecProvider = own
