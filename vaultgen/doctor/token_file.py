"""Is the token that a login left in the home directory for its owner alone?"""

import os
import stat
from collections.abc import Mapping

from vaultgen.doctor.verdict import Verdict, ok, skip, warn

NAME = "token file"


def check_token_file(environ: Mapping[str, str]) -> Verdict:
    """Look at the permissions of ``~/.vault-token``, not at what it holds."""
    try:
        mode = os.stat(os.path.join(environ["HOME"], ".vault-token")).st_mode
    except (KeyError, OSError):
        return skip(NAME, "there is no ~/.vault-token")
    if not stat.S_ISREG(mode):
        return warn(NAME, "~/.vault-token is no plain file", "move it away, and log in again")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        seen = f"~/.vault-token has the permissions {stat.S_IMODE(mode):04o}: others on this machine may use it"
        return warn(NAME, seen, "chmod 600 ~/.vault-token")
    return ok(NAME, "~/.vault-token is for its owner alone")
