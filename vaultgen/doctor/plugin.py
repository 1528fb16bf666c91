"""Is the legacy plugin where kustomize looks for it?"""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from vaultgen.doctor.verdict import Verdict, fail, ok, skip, warn
from vaultgen.kustomize.plugin_home import DOCUMENTS, MARK, plugin_homes

NAME = "plugin"
INSTALL = "run `vaultgen install`"


def check_plugin(environ: Mapping[str, str], needed: bool) -> Verdict:
    """Look for the plugin; ``needed`` is whether a document goes without the function annotation."""
    homes = plugin_homes(environ)
    # kustomize looks at the first that exists, and nowhere else.
    home = next((home for home in homes if home.path.is_dir()), None)
    paths = [home.path / document for document in DOCUMENTS] if home else []
    there = [path for path in paths if path.is_file()]
    if home is None or not there:
        return _missing(homes[0].path if homes else None, home.path if home else None, needed)
    for path in there:
        if verdict := _problem(path, needed):
            return verdict
    if len(there) < len(paths):
        return warn(NAME, f"{home.path} has the plugin for one kind of document only", f"{INSTALL} again")
    return ok(NAME, f"installed in {home.path}")


def _missing(first: Path | None, home: Path | None, needed: bool) -> Verdict:
    place = f"not in {home}" if home else "not installed"
    if not needed:
        return skip(NAME, f"{place}; only documents without the function annotation need it")
    if first is None:
        return fail(NAME, f"{place}, and neither HOME nor KUSTOMIZE_PLUGIN_HOME is set", "set HOME")
    seen = f"{place}, and a document has no function annotation; only `vaultgen build` works"
    return fail(NAME, seen, f"{INSTALL}, or add the annotation")


def _problem(path: Path, needed: bool) -> Verdict | None:
    tell = fail if needed else warn
    try:
        script = path.read_text(errors="replace")
    except OSError:
        return tell(NAME, f"{path} cannot be read", "check its permissions")
    if not os.access(path, os.X_OK):
        return tell(NAME, f"{path} is not executable", f"{INSTALL} again")
    if MARK not in script[:400]:
        return warn(NAME, f"{path} was not written by vaultgen", f"see what it runs; or move it away and {INSTALL}")
    written = re.search(r"^python=(.*)$", script, re.MULTILINE)
    python = "".join(shlex.split(written[1])) if written else ""
    if python and not os.access(python, os.X_OK):
        return tell(NAME, f"{path} runs {python}, which has gone", f"{INSTALL} again")
    if python and python != sys.executable:
        return warn(NAME, f"{path} runs the vaultgen of {python}, which is not this one", f"{INSTALL} again")
    return None
