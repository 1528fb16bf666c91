"""The program that a function annotation names is not there."""

import os
import shutil
from collections.abc import Iterator, Mapping

from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.generator import is_meant, program
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find paths that lead to no program, as seen from the root of the kustomization that lists the config."""
    for plugin in subject.tree.plugins:
        path = program(plugin.document)
        spot = Spot(plugin.file, (*plugin.path, "metadata", "annotations", "config.kubernetes.io/function"))
        if "/" in path:
            file = os.path.join(plugin.kustomization.root, path)
            if why := _why(file):
                hint = f"a path is relative to the directory of {plugin.kustomization.file}, not to this file"
                yield Found(
                    spot, f"the program {shown_name(path)} {why}", f"{hint}; or write `exec: {{path: vaultgen}}`"
                )
        elif path not in ("", "vaultgen") and is_meant(plugin.document) and not _on_path(path, subject.environ):
            hint = "write `exec: {path: vaultgen}`, which pip puts on PATH"
            yield Found(spot, f"the program {shown_name(path)} is not on PATH", hint)


def _on_path(name: str, environ: Mapping[str, str]) -> bool:
    return shutil.which(name, path=environ.get("PATH", os.defpath)) is not None


def _why(file: str) -> str:
    if not os.path.exists(file):
        return "does not exist"
    if os.path.isdir(file):
        return "is a directory"
    return "" if os.access(file, os.X_OK) else "is not executable"


RULE = Rule("exec-path", "error", "the program of a function annotation is not there, or cannot be executed", check)
