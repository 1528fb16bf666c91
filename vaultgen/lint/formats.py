"""A report for programs: JSON of our own, and SARIF 2.1.0 for code scanning."""

import json
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from vaultgen import __version__
from vaultgen.errors.report import clean
from vaultgen.lint.finding import Finding, Report, Rule, Severity

JSON_VERSION = 1
"""Fields may be added to this version; none is renamed or removed."""
SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def as_json(report: Report) -> str:
    """Return a report as a JSON object: ``version``, ``findings`` and ``ignored``."""
    tree = {
        "version": JSON_VERSION,
        "findings": [_finding(finding) for finding in report.findings],
        "ignored": [{**_finding(one.finding), "reason": one.reason} for one in report.ignored],
    }
    return json.dumps(tree, indent=2, ensure_ascii=False)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "file": clean(finding.file),
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "hint": finding.hint,
        "fix": finding.fix.description if finding.fix else None,
    }


def as_sarif(report: Report, rules: Iterable[Rule]) -> str:
    """Return a report as a SARIF 2.1.0 log (OASIS); what comments hide is in it, as suppressed."""
    rules = list(rules)
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    results = [_result(finding, indexes) for finding in report.findings]
    for ignored in report.ignored:
        suppression = {"kind": "inSource", **({"justification": ignored.reason} if ignored.reason else {})}
        results.append({**_result(ignored.finding, indexes), "suppressions": [suppression]})
    driver = {"name": "vaultgen", "version": __version__, "rules": [_descriptor(rule) for rule in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.description},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _result(finding: Finding, indexes: dict[str, int]) -> dict[str, Any]:
    region = {"startLine": finding.line, "startColumn": finding.column}
    location = {"physicalLocation": {"artifactLocation": {"uri": _uri(finding.file)}, "region": region}}
    return {
        "ruleId": finding.rule,
        "ruleIndex": indexes[finding.rule],
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.hint}." if finding.hint else f"{finding.message}."},
        "locations": [location],
    }


def _uri(file: str) -> str:
    """Return a path as a URI, relative to the working directory where the path is."""
    return ("file://" if os.path.isabs(file) else "") + quote(os.fsencode(file), safe="/")
