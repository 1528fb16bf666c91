"""Is there a kustomize that runs exec functions as vaultgen needs it?"""

import re
from collections.abc import Mapping

from vaultgen.doctor.program import output_of
from vaultgen.doctor.verdict import Verdict, fail, failed, ok, warn
from vaultgen.errors import Refused
from vaultgen.kustomize.binary import FLAGS, find_kustomize, is_kubectl

NAME = "kustomize"
OLDEST = (5, 5)
"""The oldest version that vaultgen is tested with."""
GET_ANOTHER = "install kustomize 5.5 or later, or name one with --kustomize"


def check_kustomize(given: str, environ: Mapping[str, str]) -> Verdict:
    """Look at the kustomize that was given, else at the one on PATH."""
    try:
        path = find_kustomize(given, environ)
    except Refused as refused:
        return next(failed(NAME, refused.faults))
    if is_kubectl(path):
        return fail(NAME, f"{path} is kubectl, which runs no exec functions", GET_ANOTHER)
    said = output_of([path, "version"], environ)
    if said is None:
        return fail(NAME, f"{path} does not run", GET_ANOTHER)
    help_text = output_of([path, "build", "--help"], environ) or ""
    if lacking := [flag for flag in FLAGS if flag not in help_text]:
        return fail(NAME, f"{path} has no {' and no '.join(lacking)}", GET_ANOTHER)
    found = re.search(r"\bv(\d{1,4})\.(\d{1,4})\.(\d{1,4})\b", said)
    if found is None:
        return warn(NAME, f"{path} does not tell its version", f"see that it is {'.'.join(map(str, OLDEST))} or later")
    version = ".".join(found.groups())
    if (int(found[1]), int(found[2])) < OLDEST:
        return fail(NAME, f"{version} at {path} is too old", GET_ANOTHER)
    return ok(NAME, f"{version} at {path}; without `vaultgen build` it needs {' '.join(FLAGS)}")
