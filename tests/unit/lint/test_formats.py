import json
from pathlib import Path

from support.lint_tree import ENTRY, app, report
from vaultgen.lint.finding import Finding, Fix, Ignored, Report
from vaultgen.lint.formats import as_json, as_sarif
from vaultgen.lint.rules import RULES

ERROR = Finding("a b/é.yaml", 3, 5, "refused", "error", "it is wrong", "do it right", Fix("do it", ()))
NOTE = Finding("/c.yaml", 1, 1, "remote-base", "info", "it is far", "")


def test_json_has_all_that_the_text_has() -> None:
    tree = json.loads(as_json(Report((ERROR,), (Ignored(NOTE, "known"),))))
    assert tree["version"] == 1
    assert tree["findings"] == [
        {
            "rule": "refused",
            "severity": "error",
            "file": "a b/é.yaml",
            "line": 3,
            "column": 5,
            "message": "it is wrong",
            "hint": "do it right",
            "fix": "do it",
        }
    ]
    assert [(one["rule"], one["fix"], one["reason"]) for one in tree["ignored"]] == [("remote-base", None, "known")]


def test_sarif_names_rule_level_and_place() -> None:
    (run,) = json.loads(as_sarif(Report((ERROR, NOTE)), RULES))["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["a%20b/%C3%A9.yaml", "file:///c.yaml"]
    assert [place["region"] for place in places] == [
        {"startLine": 3, "startColumn": 5},
        {"startLine": 1, "startColumn": 1},
    ]
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    assert [result["message"]["text"] for result in run["results"]] == ["it is wrong. do it right.", "it is far."]


def test_a_hidden_finding_is_suppressed_and_no_longer_counts() -> None:
    hidden = Report((), (Ignored(ERROR, ""), Ignored(NOTE, "known")))
    (run,) = json.loads(as_sarif(hidden, RULES))["runs"]
    assert [result["suppressions"] for result in run["results"]] == [
        [{"kind": "inSource"}],
        [{"kind": "inSource", "justification": "known"}],
    ]
    assert hidden.is_clean
    assert not Report((ERROR,)).is_clean
    assert Report((NOTE,)).is_clean


def test_every_rule_is_described() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.description[0].islower()
        assert not rule.description.endswith(".")


def test_a_comment_hides_its_rule_on_its_line_alone(tmp_path: Path) -> None:
    stable = ENTRY + "  options: {immutable: true, disableNameSuffixHash: true}%s\n"
    for comment, kept in (
        ("    # vaultgen-ignore: immutable-stable-name for ever", 0),
        ("    # vaultgen-ignore: no-restart", 1),
        ("    # vaultgen-ignore: immutable-stable-nam", 2),
    ):
        assert len(report(tmp_path, app(stable % comment)).findings) == kept
    above = "# vaultgen-ignore: immutable-stable-name\n" + stable % ""
    assert [one.rule for one in report(tmp_path, app(above)).findings] == ["immutable-stable-name"]


def test_texts_are_one_line_and_bounded(tmp_path: Path) -> None:
    body = "secretGenerator:\n- name: a\n  options: {immutable: true, disableNameSuffixHash: true}\n"
    files = app(body.replace("name: a", 'name: "' + "a\\n" * 1000 + '"'))
    for finding in report(tmp_path, files).findings:
        assert finding.message.isprintable()
        assert len(finding.message) <= 600
