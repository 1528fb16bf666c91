"""Publishes a VaultArtifact as the controller does after a start, killed at one step or another.

Its arguments: the volume, the host and port of URLs, the Vault's address, namespace and name of the object.

For each line on stdin, the number of a step, it prints how many steps were left when the work was done: a negative
number if it was killed on the way. A process of its own, for it forks.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from vaultgen import controller
from vaultgen.controller.api import Api
from vaultgen.controller.events import Events
from vaultgen.controller.fetch import fetch
from vaultgen.controller.identity import Operator
from vaultgen.controller.login import Login
from vaultgen.controller.metrics import Metrics
from vaultgen.controller.reconcile import Reconciler, Rules, path_of
from vaultgen.controller.resource import Name, VaultArtifact
from vaultgen.controller.sources import Sources
from vaultgen.controller.store import Store
from vaultgen.controller.trees import Trees

_HERE = os.path.dirname(controller.__file__)


def publish(login: Login, storage: Path, advertised: str, vault: str, name: Name) -> None:
    """Look at the object once, with nothing remembered; nothing younger is kept than has to be."""
    api = Api(login, 1)
    store = Store(storage, keep_seconds=0)
    store.verify()
    reconciler = Reconciler(
        Rules(Operator([vault]), advertised),
        api,
        Sources(api),
        Trees(fetch),
        store,
        Events(api),
        Metrics(),
        lambda body: None,
    )
    found = api.get(path_of(name))
    assert found
    reconciler.reconcile(VaultArtifact(found))


def kill_after(login: Login, steps: int) -> None:
    """End this process in front of a line of the controller; once it is through, it prints how many were left."""

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        if os.path.dirname(frame.f_code.co_filename) != _HERE:
            return None
        steps -= event == "line"
        if steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    publish(login, Path(sys.argv[1]), sys.argv[2], sys.argv[3], Name(sys.argv[4], sys.argv[5]))
    sys.settrace(None)
    print(steps, flush=True)


def main() -> None:
    with Login(os.environ) as login:
        _serve(login)


def _serve(login: Login) -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                kill_after(login, int(line))
                os._exit(0)
            finally:
                os._exit(1)
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            print(-1, flush=True)
        assert status in (0, signal.SIGKILL)


if __name__ == "__main__":
    main()
