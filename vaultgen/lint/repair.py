"""Fixes written into files: each file whole, and nothing in it changed but what a finding is about."""

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_yaml
from vaultgen.lint.finding import Edit, Finding
from vaultgen.lint.moving import edited

BOM = "\ufeff"


class Repaired(NamedTuple):
    """A file after its fixes."""

    path: Path
    """Behind links."""
    content: bytes
    mode: int


def repaired(findings: Iterable[Finding]) -> tuple[list[Repaired], list[Finding]]:
    """Return the files as they should be, and the findings whose fixes are in them.

    Of fixes that overlap the first is taken; a run after this one finds what is left. A fix after which a YAML
    file would be none is not taken.
    """
    texts: dict[str, str] = {}
    taken: dict[str, list[Edit]] = {}
    done: list[Finding] = []
    for finding in findings:
        if not finding.fix or any(_overlaps(edit, taken.get(edit.file, ())) for edit in finding.fix.edits):
            continue
        wanted = {file: [*taken.get(file, ()), *_of(finding.fix.edits, file)] for file in _files(finding)}
        for file in wanted:
            if file not in texts and (text := _text(file)):
                texts[file] = text
        if all(file in texts and _is_sound(file, texts[file], edits) for file, edits in wanted.items()):
            taken.update(wanted)
            done.append(finding)
    return [_repaired(file, texts[file], edits) for file, edits in taken.items()], done


def _repaired(file: str, text: str, edits: list[Edit]) -> Repaired:
    path = Path(file).resolve()
    bom = BOM if text.startswith(BOM) else ""
    content = bom + edited(text.removeprefix(BOM), edits)
    return Repaired(path, content.encode(), stat.S_IMODE(path.stat().st_mode))


def _text(file: str) -> str:
    try:
        return Path(file).read_bytes().decode()
    except UnicodeDecodeError:
        return ""


def _is_sound(file: str, text: str, edits: list[Edit]) -> bool:
    if not file.endswith((".yaml", ".yml", "Kustomization")):
        return True
    try:
        parse_yaml(edited(text.removeprefix(BOM), edits).encode())
    except Refused:
        return False
    return True


def _files(finding: Finding) -> set[str]:
    return {edit.file for edit in finding.fix.edits} if finding.fix else set()


def _of(edits: Iterable[Edit], file: str) -> list[Edit]:
    return [edit for edit in edits if edit.file == file]


def _overlaps(edit: Edit, others: Iterable[Edit]) -> bool:
    return any(edit.start <= other.end and other.start <= edit.end for other in others)
