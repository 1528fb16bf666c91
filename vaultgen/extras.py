"""Parts of vaultgen whose dependencies are installed on demand: ``pip install 'vaultgen[EXTRA]'``."""

import contextlib
from collections.abc import Iterator

from vaultgen.errors import refuse


@contextlib.contextmanager
def imported_with(extra: str) -> Iterator[None]:
    """Wrap imports that an extra's packages are needed for. Raises ``Refused`` (missing-extra) if one is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "vaultgen":
            raise
        raise refuse("missing-extra", extra=extra) from None
