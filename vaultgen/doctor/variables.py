"""Do environment variables contradict each other, or change what plain builds do?"""

from collections.abc import Iterator, Mapping

from vaultgen.doctor.verdict import Verdict, failed, ok, warn
from vaultgen.errors import Fault
from vaultgen.function import MODE

NAME = "variables"


def check_variables(environ: Mapping[str, str]) -> Iterator[Verdict]:
    """Look at the variables of both command lines, and at vaultgen's own. No text of theirs is shown."""
    verdicts = [*_conflicts(environ), *_mode(environ)]
    yield from verdicts or [ok(NAME, "none contradicts another")]


def _conflicts(environ: Mapping[str, str]) -> Iterator[Verdict]:
    for bao in sorted(name for name in environ if name.startswith("BAO_")):
        vault = bao.replace("BAO_", "VAULT_", 1)
        if environ[bao] and environ.get(vault) and environ[bao] != environ[vault]:
            yield warn(NAME, f"{bao} and {vault} differ; builds take {bao}", "unset the one that is not meant")


def _mode(environ: Mapping[str, str]) -> Iterator[Verdict]:
    mode = environ.get(MODE, "")
    if mode == "placeholder":
        yield warn(NAME, f"{MODE}={mode}: plain kustomize builds hold no values", f"unset {MODE} to read from Vault")
    elif mode:
        yield from failed(NAME, [Fault("bad-setting", facts={"name": MODE, "why": "the one mode is placeholder"})])
