"""A tree put to all rules."""

from collections.abc import Iterator, Mapping

from vaultgen.errors.report import clean
from vaultgen.kustomize.walk import walk
from vaultgen.lint.finding import Finding, Found, Ignored, Report, Rule
from vaultgen.lint.ignore import Comment
from vaultgen.lint.rules import RULES, refused
from vaultgen.lint.subject import Subject

REFUSED = refused.RULE.id
TEXT_LIMIT = 600
"""Characters of a message or a hint."""


def lint(directory: str, environ: Mapping[str, str], rules: tuple[Rule, ...] = RULES) -> Report:
    """Return what is found in the tree that a build of a directory loads.

    ``environ`` is that of the build: PATH, and what leads to legacy plugins. Raises ``Refused`` where the directory
    itself is no kustomization: no-kustomization, several-kustomizations.
    """
    subject = Subject(walk(directory, keep_going=True), environ, tuple(rule.id for rule in RULES))
    found = {_finding(one, rule, subject): None for rule in rules for one in rule.check(subject)}
    findings = sorted(found, key=lambda one: (one.file, one.line, one.column, one.rule, one.message))
    kept, ignored = [], []
    for finding in findings:
        comment = next(_comments_for(finding, subject), None)
        if comment:
            ignored.append(Ignored(finding, clean(comment.reason)[:TEXT_LIMIT]))
        else:
            kept.append(finding)
    return Report(tuple(_without_repetition(kept)), tuple(ignored))


def _without_repetition(findings: list[Finding]) -> Iterator[Finding]:
    """Yield the findings without refusals of what a rule of its own says better, and may mend."""
    better = {(one.file, one.line) for one in findings if one.rule != REFUSED and one.severity == "error"}
    yield from (one for one in findings if one.rule != REFUSED or (one.file, one.line) not in better)


def _finding(found: Found, rule: Rule, subject: Subject) -> Finding:
    position = subject.files.position(found.spot)
    message, hint = (clean(text)[:TEXT_LIMIT] for text in (found.message, found.hint))
    return Finding(found.spot.file, position.line, position.column, rule.id, rule.severity, message, hint, found.fix)


def _comments_for(finding: Finding, subject: Subject) -> Iterator[Comment]:
    for comment in subject.comments(finding.file):
        if comment.target == finding.line and finding.rule in comment.rules:
            yield comment
