"""How ``vaultgen diff`` says what it found: as text, as Markdown for a CI step summary, and as JSON for programs."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import click

from vaultgen.compare import Comparison, ResourceChange, SecretChange, WorkloadChange
from vaultgen.errors.report import clean
from vaultgen.versions import PathChange, Version
from vaultgen.workloads import Effect

JSON_VERSION = 1
"""Fields may be added to this version; none is renamed or removed."""

EFFECTS: dict[Effect, str] = {
    "restarts": "restarts",
    "on-delete": "restarts only once its Pods are deleted (updateStrategy OnDelete)",
    "next-run": "reads it at its next run",
    "cannot-apply": "cannot be applied: the pod template of a Job never changes; delete the Job first",
    "reloader": "is restarted by Reloader, if that runs in the cluster",
    "keeps-old": "does not restart: its variables and subPath mounts stay old",
    "in-place": "does not restart: its files change in place",
}
_ALARMING = ("cannot-apply", "keeps-old")
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS = {"+": "green", "-": "red", "~": "yellow"}


@dataclass(frozen=True)
class Report:
    """What was compared, and what was found."""

    directory: str
    against: str
    comparison: Comparison
    paths: Sequence[PathChange] = ()
    note: str = ""
    """A sentence about the comparison itself; may be empty."""


# --- text ---


def as_text(report: Report) -> str:
    """Return the report for a terminal; ``click.echo`` takes the colours out elsewhere."""
    found = report.comparison
    lines = [click.style(clean(f"{report.directory} against {report.against}"), bold=True)]
    lines += [clean(report.note)] if report.note else []
    lines += _section("Secrets", (line for one in found.secrets for line in _secret_lines(one)))
    lines += _section("Vault", (_signed(_sign_of(one), _path_words(one)) for one in report.paths))
    lines += _section("Pods", map(_workload_line, found.workloads))
    lines += _section("Other resources", (line for one in _others(found) for line in _resource_lines(one)))
    if found.is_empty:
        lines += ["", "no resource changes"]
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"  {line}" for line in lines]
    return ["", click.style(title, bold=True), *found] if found else []


def _signed(sign: str, text: str) -> str:
    return click.style(f"{sign} {clean(text)}", fg=_COLOURS[sign])


def _secret_lines(change: SecretChange) -> Iterator[str]:
    yield _signed(_SIGNS[change.change], _qualified(change.namespace, change.name)) + _remark(_secret_words(change))
    for sign, keys in (("+", change.added), ("-", change.removed), ("~", change.changed)):
        yield from (f"    {_signed(sign, key)}" for key in keys)
    if change.unappliable:
        yield click.style(f"    the API server refuses this: {change.unappliable}", fg="red")


def _workload_line(change: WorkloadChange) -> str:
    text = clean(f"{_workload(change)} {EFFECTS[change.effect]}")
    return (click.style(text, fg="red") if change.effect in _ALARMING else text) + _remark(_because(change))


def _resource_lines(change: ResourceChange) -> Iterator[str]:
    yield _signed(_SIGNS[change.change], f"{change.kind} {_qualified(change.namespace, change.name)}") + _remark(
        _resource_words(change)
    )
    for line in change.diff:
        yield "    " + click.style(clean(line), fg=_COLOURS.get(line[:1]))


def _remark(text: str) -> str:
    return f" ({clean(text)})" if text else ""


# --- Markdown ---


def as_markdown(report: Report) -> str:
    """Return the report in GitHub's Markdown; whatever names hold, it is text there."""
    found = report.comparison
    lines = [f"### {_code(report.directory)} against {_code(report.against)}", ""]
    lines += [_plain(report.note), ""] if report.note else []
    if found.is_empty:
        lines += ["No resource changes.", ""]
    lines += _table(
        ("", "Secret", "Keys", ""),
        (
            (_SIGNS[one.change], _code(_qualified(one.namespace, one.name)), _keys(one), _secret_cell(one))
            for one in found.secrets
        ),
    )
    lines += _table(
        ("", "Vault path", "Before", "After"),
        (
            (_sign_of(one), _code(_path(one)), _plain(_several(one.before)), _plain(_several(one.after)))
            for one in report.paths
        ),
    )
    lines += _table(
        ("Workload", "Its Pods", "Because of"),
        ((_code(_workload(one)), EFFECTS[one.effect], ", ".join(map(_code, one.because))) for one in found.workloads),
    )
    others = [(one, f"{one.kind} {_qualified(one.namespace, one.name)}") for one in _others(found)]
    lines += _table(
        ("", "Other resource", ""),
        ((_SIGNS[one.change], _code(name), _resource_words(one)) for one, name in others if not one.diff),
    )
    for one, name in others:
        lines += _details(name, one.diff) if one.diff else []
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    found = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *found, ""] if found else []


def _details(title: str, diff: Sequence[str]) -> list[str]:
    text = [clean(line) for line in diff]
    # A fence longer than any in the text, so that nothing in it ends the block.
    longest = max((len(run) for line in text for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [
        f"<details><summary>{escape(clean(title))}</summary>",
        "",
        f"{fence}diff",
        *text,
        fence,
        "",
        "</details>",
        "",
    ]


def _keys(change: SecretChange) -> str:
    signed = (("+", change.added), ("-", change.removed), ("~", change.changed))
    return ", ".join(_code(f"{sign}{key}") for sign, keys in signed for key in keys)


def _secret_cell(change: SecretChange) -> str:
    refused = f"**the API server refuses this: {change.unappliable}**" if change.unappliable else ""
    return "; ".join(filter(None, (_plain(_secret_words(change)), refused)))


def _code(text: str) -> str:
    """Return text as code, in a table too: HTML, since in Markdown's own a backtick or a bar would end it."""
    return f"<code>{_plain(text)}</code>"


def _plain(text: str) -> str:
    """Return text in which Markdown and HTML see no mark-up."""
    return re.sub(r"[^\w\s./,:;()+~=-]", lambda found: f"&#{ord(found[0])};", clean(text))


# --- JSON ---


def as_json(report: Report) -> str:
    """Return the report as one JSON object, sorted as the text is."""
    found = report.comparison
    tree = {
        "version": JSON_VERSION,
        "directory": report.directory,
        "against": report.against,
        "changed": not found.is_empty,
        "secrets": [
            {
                "change": one.change,
                "namespace": one.namespace,
                "name": one.name,
                "newName": one.renamed,
                "keys": {"added": one.added, "removed": one.removed, "changed": one.changed},
                "fields": one.fields,
                "refused": one.unappliable,
            }
            for one in found.secrets
        ],
        "paths": [
            {
                "path": one.path,
                "vaultNamespace": one.vault_namespace,
                "before": list(map(_version, one.before)),
                "after": list(map(_version, one.after)),
            }
            for one in report.paths
        ],
        "workloads": [
            {
                "kind": one.kind,
                "namespace": one.namespace,
                "name": one.name,
                "effect": one.effect,
                "because": one.because,
            }
            for one in found.workloads
        ],
        "resources": [
            {
                "change": one.change,
                "group": one.group,
                "kind": one.kind,
                "namespace": one.namespace,
                "name": one.name,
                "diff": "".join(f"{line}\n" for line in one.diff),
            }
            for one in found.resources
        ],
    }
    return json.dumps(tree, indent=2) + "\n"


def _version(version: Version) -> dict[str, Any]:
    return {
        "version": version.number or None,
        "createdTime": version.created_time,
        "absent": version.is_absent,
        "locked": version.is_locked,
    }


# --- words ---


def _qualified(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _workload(change: WorkloadChange) -> str:
    return f"{change.kind} {_qualified(change.namespace, change.name)}"


def _secret_words(change: SecretChange) -> str:
    words = ["under a new name"] if change.renamed else []
    return ", ".join([*words, *change.fields])


def _because(change: WorkloadChange) -> str:
    return "because of " + ", ".join(change.because)


def _resource_words(change: ResourceChange) -> str:
    return "" if change.diff or change.change != "changed" else "only names in it change"


def _others(found: Comparison) -> list[ResourceChange]:
    """Return what is to be listed: not a workload of which only the names of Secrets change, which is told as such."""
    told = {(one.kind, one.namespace, one.name) for one in found.workloads}
    return [
        one for one in found.resources if _resource_words(one) == "" or (one.kind, one.namespace, one.name) not in told
    ]


def _sign_of(change: PathChange) -> str:
    return "+" if not change.before else "-" if not change.after else "~"


def _path(change: PathChange) -> str:
    inside = f"{change.vault_namespace}: " if change.vault_namespace else ""
    return inside + change.path


def _path_words(change: PathChange) -> str:
    sides = " -> ".join(_several(side) for side in (change.before, change.after) if side)
    return f"{_path(change)}: {sides}"


def _several(found: Sequence[Version]) -> str:
    return " and ".join(map(_version_words, found))


def _version_words(version: Version) -> str:
    if version.is_absent:
        words = "nothing there"
    elif version.number:
        words = f"version {version.number} of {version.created_time[:23]}"
    else:
        words = "no versions"
    return f"{words} (locked)" if version.is_locked else words
