"""The real kustomize: found, and run with its plugins on."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from vaultgen.errors import refuse

FLAGS = ("--enable-alpha-plugins", "--enable-exec")
"""Without the second, kustomize skips exec functions and says nothing."""


def find_kustomize(given: str, environ: Mapping[str, str]) -> str:
    """Return the path of the kustomize that was given, else of the one on PATH. Raises ``Refused`` (no-kustomize)."""
    found = shutil.which(given or "kustomize", path=environ.get("PATH", os.defpath))
    if not found:
        raise refuse("no-kustomize", name=given or "kustomize")
    return os.path.abspath(found)


def is_kubectl(path: str) -> bool:
    """Return whether a program is kubectl, by its name or that of what it leads to: its kustomize runs no functions."""
    return "kubectl" in (os.path.basename(path), os.path.basename(os.path.realpath(path)))


def start_build(
    kustomize: str, directory: str, environ: Mapping[str, str], extra: Sequence[str]
) -> "subprocess.Popen[bytes]":
    """Start a build with ``extra`` flags of the user's, in a session of its own; both outputs are pipes.

    Without a terminal nothing that it starts can ask for a password, and its process group can be ended as one.
    """
    return subprocess.Popen(  # noqa: S603 - the program that the user named or has on PATH
        # First: behind a flag whose value was forgotten it would be that value, and another directory be built.
        [kustomize, "build", directory, *FLAGS, *extra],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
