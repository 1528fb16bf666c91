"""Shared backends with an end: what they log in with is given back."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

from vaultgen.document.model import VaultConfig
from vaultgen.session.backends import SharedBackends
from vaultgen.vault.backend import VaultBackend, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Files


@contextlib.contextmanager
def opened_backends(
    environ: Mapping[str, str], log: "Callable[[str], None] | None" = None
) -> "Iterator[SharedBackends]":
    """Yield the backends of an environment; ``log`` takes debug lines without values. The end closes all of them."""
    with contextlib.ExitStack() as stack:

        def connected(config: VaultConfig, files: "Files") -> VaultBackend:
            return stack.enter_context(contextlib.closing(connect(config, environ, files, log=log)))

        yield SharedBackends(connected)
