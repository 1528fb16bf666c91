"""``vaultgen lint``: what a build would refuse, and what it would not and should."""

import os
from collections.abc import Iterator

import click

from vaultgen.cli.app import FOUND_STATUS
from vaultgen.cli.terminal import waiting
from vaultgen.errors.report import clean
from vaultgen.lint.finding import SEVERITIES, Finding, Report, Severity
from vaultgen.lint.run import lint

COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow", "info": "blue"}
ROUNDS = 10
"""Times that fixes are looked for again: one can uncover another."""


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--output",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for code scanning.",
)
@click.option("--fix", is_flag=True, help="Mend what is safe to mend, and report the rest.")
def command(directory: str, output: str, fix: bool) -> int:
    """Find what a build of DIR would refuse, skip or get wrong, without building it.

    Only files are read: no Vault, no network, no kustomize. Nothing that is found is shown if it may be a secret. A
    comment `# vaultgen-ignore: RULE reason`, on the line or above it, hides a finding. docs/lint.md lists the rules.

    --fix changes nothing but the text that a finding is about; findings that need a decision are left to you.

    The exit status is 1 if there is an error or a warning.

    \b
    Examples:
      vaultgen lint overlays/production
      vaultgen lint --fix overlays/production
      vaultgen lint --output sarif overlays/production > vaultgen.sarif
    """
    with waiting("still reading"):
        report = lint(directory, os.environ)
        mended, report = _mend(directory, report) if fix else ([], report)
    if output == "text":
        for line in _lines(report, mended):
            click.echo(line)
    else:
        click.echo(_for_programs(report, output))
    return 0 if report.is_clean else FOUND_STATUS


def _mend(directory: str, report: Report) -> tuple[list[Finding], Report]:
    """Write what is safe to write, and return the findings that are gone with the report of what is left."""
    from vaultgen.cli.files import NewFile, write_all
    from vaultgen.lint.repair import repaired

    mended: list[Finding] = []
    for _ in range(ROUNDS):
        files, done = repaired(report.findings)
        if not files:
            break
        for file in files:
            write_all([NewFile(*file)])
        mended += done
        report = lint(directory, os.environ)
    return mended, report


def _for_programs(report: Report, output: str) -> str:
    from vaultgen.lint.formats import as_json, as_sarif
    from vaultgen.lint.rules import RULES

    return as_json(report) if output == "json" else as_sarif(report, RULES)


def _lines(report: Report, mended: list[Finding]) -> Iterator[str]:
    for finding in mended:
        description = finding.fix.description if finding.fix else ""
        yield f"{click.style(f'fixed[{finding.rule}]', fg='green')}: {_where(finding)}: {description}\n"
    for finding in report.findings:
        name = click.style(f"{finding.severity}[{finding.rule}]", fg=COLOURS[finding.severity], bold=True)
        yield f"{name}: {finding.message}"
        yield f"  where: {_where(finding)}"
        yield f"  hint: {finding.hint}\n"
    yield _summary(report)


def _where(finding: Finding) -> str:
    return f"{clean(finding.file)}:{finding.line}:{finding.column}"


def _summary(report: Report) -> str:
    severities = [finding.severity for finding in report.findings]
    counts = [_count(severities.count(one), one) for one in SEVERITIES if one in severities]
    parts = [", ".join(counts) or "nothing found"]
    if report.ignored:
        parts.append(f"{len(report.ignored)} ignored by comments")
    if fixable := sum(finding.fix is not None for finding in report.findings):
        parts.append(f"--fix mends {fixable}")
    return "; ".join(parts)


def _count(number: int, severity: Severity) -> str:
    word = "note" if severity == "info" else severity
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
