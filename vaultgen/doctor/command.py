"""Does kustomize find this vaultgen, by the name that documents have for it?"""

import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping

from vaultgen import __version__
from vaultgen.doctor.program import output_of
from vaultgen.doctor.verdict import Verdict, fail, ok, warn

NAME = "vaultgen"


def check_command(environ: Mapping[str, str]) -> Verdict:
    """Look for the vaultgen on PATH, and compare it with this one."""
    own = sysconfig.get_path("scripts")
    found = shutil.which("vaultgen", path=environ.get("PATH", os.defpath))
    if found is None:
        seen = "vaultgen is not on PATH, where kustomize looks for it; only `vaultgen build` works"
        return fail(NAME, seen, f"put {own} on PATH")
    ours = (sys.argv[0], os.path.join(own, "vaultgen"))
    if os.path.realpath(found) in map(os.path.realpath, ours):
        return ok(NAME, f"{__version__} at {found}, the one on PATH")
    version = _version(found, environ)
    if not version:
        return fail(NAME, f"{found}, the one on PATH, does not run", f"remove it, or put {own} in front of it on PATH")
    if version != __version__:
        seen = f"kustomize runs {found}, version {version}, and this is {__version__}"
        return warn(NAME, seen, f"remove it, or put {own} in front of it on PATH")
    return ok(NAME, f"{version} at {found}, the one on PATH; of the same version as this one")


def _version(path: str, environ: Mapping[str, str]) -> str:
    """Return the version that a program calls itself, empty where it is no vaultgen."""
    said = re.fullmatch(r"vaultgen (\d[\w.+]{0,63})\n", output_of([path, "--version"], environ) or "", re.ASCII)
    return said[1] if said else ""
