"""``vaultgen lint``, as it is installed.

Each rule has a folder of ``lint``: ``bad`` fires it, ``good`` beside it does not, ``bad.txt`` is what a person reads,
and ``fixed`` what ``--fix`` makes of ``bad``. What a rule says of kustomize is held by building both with the real one.
"""

import json
import os
import pty
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

from support.golden import Golden
from support.kustomize import CHECKOUT, Built, kustomize_build, vaultgen_directory
from support.lint_tree import HEAD
from support.linter import environment, lint
from support.markdown import block
from support.trees import write_tree
from support.yaml_blocks import yaml_blocks
from vaultgen.lint.rules import RULES

TREES = Path(__file__).parent / "lint"
NAMES = [rule.id for rule in RULES]
FIXABLE = [name for name in NAMES if (TREES / name / "fixed").exists()]


def generator(body: str) -> dict[str, str]:
    """Return the files of a tree with one document."""
    return {"kustomization.yaml": "generators: [secrets.yaml]\n", "secrets.yaml": HEAD + body}


# --- each rule ---


def test_each_rule_has_its_trees() -> None:
    assert sorted(path.name for path in TREES.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_fires(name: str, golden: Golden) -> None:
    done = lint(TREES / name, "bad")
    golden.check(TREES / name / "bad.txt", done.stdout.encode())
    severity = next(rule.severity for rule in RULES if rule.id == name)
    assert f"{severity}[{name}]: " in done.stdout
    assert (done.status, done.stderr) == (0 if severity == "info" else 1, "")


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_does_not_fire_beside_it(name: str) -> None:
    done = lint(TREES / name, "--output", "json", "good")
    # A function of a tree's own is told of whatever it is for.
    assert set(done.rules()) <= {"foreign-function"} - {name}
    assert done.status == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_says_nothing_of_other_trees(name: str) -> None:
    """But what is wrong there too."""
    fired = set(re.findall(r"^\w+\[([a-z-]+)\]", (TREES / name / "bad.txt").read_text(), re.MULTILINE))
    assert fired - {name} <= {"foreign-function"}


def test_a_rule_is_called_fixable_if_it_is() -> None:
    assert [rule.id for rule in RULES if rule.is_fixable] == FIXABLE


@pytest.mark.parametrize("name", FIXABLE)
def test_a_fix_changes_what_the_finding_is_about_and_nothing_else(name: str, tmp_path: Path) -> None:
    tree = tmp_path / "bad"
    shutil.copytree(TREES / name / "bad", tree)
    done = lint(tmp_path, "--fix", "bad")
    assert done.stdout.startswith(f"fixed[{name}]: bad/")
    assert (done.status, done.stdout.splitlines()[-1]) == (0, "nothing found")
    assert contents(tree) == contents(TREES / name / "fixed")
    assert lint(tmp_path, "--fix", "bad").stdout == "nothing found\n"


def test_what_the_json_calls_fixable_is_fixed() -> None:
    fixable = {
        finding["rule"]
        for name in NAMES
        for finding in lint(TREES / name, "--output", "json", "bad").findings()
        if finding["fix"]
    }
    assert fixable == set(FIXABLE)


def contents(tree: Path) -> dict[str, bytes]:
    """Return the files of a tree."""
    return {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()}


# --- what the rules say of kustomize ---


def names(built: Built, kind: str = "Secret") -> list[str]:
    """Return the names of the resources of a kind."""
    return [item["metadata"]["name"] for item in built.resources() if item["kind"] == kind]


def has_suffix(name: str) -> bool:
    return re.fullmatch(r".*-[2456789bcdfghkmt]{10}", name) is not None


def makes_a_secret(built: Built) -> bool:
    return any("data" in item for item in built.resources() if item["kind"] == "Secret")


def refers_by_the_final_name(built: Built) -> bool:
    (secret,) = [name for name in names(built) if has_suffix(name)]
    return built.stdout.decode().count(secret) == 2


def resolves_all(built: Built) -> bool:
    texts = [item.get("data", {}).get("app.yaml", "") for item in built.resources() if item["kind"] == "ConfigMap"]
    values = [value.decode() for data in built.secrets().values() for value in data.values()]
    return not any("vault:secret/data/app?key=" in text.replace("${vault:", "") for text in texts + values)


def has_the_label(built: Built) -> bool:
    (secret,) = [item for item in built.resources() if item["kind"] == "Secret"]
    return "team" in secret["metadata"].get("labels", {})


def is_built(built: Built) -> bool:
    return built.status == 0


HOLDS_OF_GOOD: Mapping[str, Callable[[Built], bool]] = {
    "refused": is_built,
    "exec-path": makes_a_secret,
    "function-annotation": makes_a_secret,
    "no-annotation": makes_a_secret,
    "not-a-generator": makes_a_secret,
    "not-listed": makes_a_secret,
    "vanishing-secret": makes_a_secret,
    "merge-without-base": is_built,
    "duplicate-secret": is_built,
    "generator-options": has_the_label,
    "other-namespace": refers_by_the_final_name,
    "unrewritten-reference": refers_by_the_final_name,
    "stray-reference": resolves_all,
    "quoted-reference": lambda built: any(b"vault:" not in data["PASSWORD"] for data in built.secrets().values()),
}
"""What is true of a build of ``good``, and not of one of ``bad``."""


@pytest.mark.parametrize("name", HOLDS_OF_GOOD)
def test_kustomize_does_what_the_rule_says(name: str) -> None:
    good, bad = (
        kustomize_build(TREES / name / side, {"VAULTGEN_MODE": "placeholder"}, binary=None) for side in ("good", "bad")
    )
    assert (good.status, HOLDS_OF_GOOD[name](good)) == (0, True), good.stderr
    assert bad.status != 0 or not HOLDS_OF_GOOD[name](bad)


@pytest.mark.parametrize("written", ["{}", "{exec: {}}", "{exe: {path: vaultgen}}", "vaultgen", '"exec: path: x"'])
def test_an_annotation_that_lint_refuses_makes_no_secret(written: str, tmp_path: Path) -> None:
    files = generator("secretGenerator: [{name: app, literals: [A=b]}]\n")
    files["secrets.yaml"] = files["secrets.yaml"].replace("|\n      exec: {path: vaultgen}", json.dumps(written))
    write_tree(tmp_path, files)
    assert lint(tmp_path, "--output", "json").rules() == ["function-annotation"]
    built = kustomize_build(tmp_path)
    assert built.status != 0 or names(built) == []


def test_a_map_for_an_annotation_becomes_a_text_that_kustomize_reads(tmp_path: Path) -> None:
    files = generator("secretGenerator: [{name: app, literals: [A=b]}]\n")
    files["secrets.yaml"] = files["secrets.yaml"].replace("function: |", "function:    # runs it")
    write_tree(tmp_path, files)
    assert kustomize_build(tmp_path).status != 0
    assert lint(tmp_path, "--fix").status == 1
    # A comment would become part of the text, so that this is left to its owner.
    assert (tmp_path / "secrets.yaml").read_text() == files["secrets.yaml"]
    write_tree(tmp_path, {"secrets.yaml": files["secrets.yaml"].replace("    # runs it", "")})
    assert lint(tmp_path, "--fix").status == 0
    assert [has_suffix(name) for name in names(kustomize_build(tmp_path))] == [True]


# --- examples ---


EXAMPLES = sorted({path.parent for path in (CHECKOUT / "examples").rglob("kustomization.yaml")})


@pytest.mark.parametrize("directory", EXAMPLES, ids=lambda path: path.relative_to(CHECKOUT / "examples").as_posix())
def test_no_example_has_an_error(directory: Path) -> None:
    found = lint(CHECKOUT, "--output", "json", str(directory.relative_to(CHECKOUT))).findings()
    expected = {
        # It goes through the legacy plugin, which is not installed here.
        "article/flux": ["no-annotation"],
        # A base, into which what is built adds these keys.
        "article/app": ["missing-key", "missing-key"],
        # The same, with Flux: the VaultArtifact beside the tree adds them.
        "flux/clusters/my-cluster/apps/my-app": ["missing-key", "missing-key"],
    }
    name = directory.relative_to(CHECKOUT / "examples").as_posix()
    assert [finding["rule"] for finding in found] == expected.get(name, [])
    assert "error" not in [finding["severity"] for finding in found]


# --- how it is said ---


def test_the_page_shows_a_run_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(TREES / "no-restart" / "bad", tmp_path / "app")
    shown = block("docs/lint.md#lint", "console").text
    assert shown == f"$ vaultgen lint app\n{lint(tmp_path, 'app').stdout}"


def test_the_comment_of_the_page_hides_its_finding(tmp_path: Path) -> None:
    (found,) = [one for one in yaml_blocks(CHECKOUT / "docs/lint.md") if one.key == "docs/lint.md#ignore"]
    write_tree(tmp_path, {"kustomization.yaml": "generators: [secrets.yaml]\n", "secrets.yaml": found.text})
    assert lint(tmp_path).stdout == "nothing found; 1 ignored by comments\n"


def test_findings_are_hidden_by_comments_and_counted(tmp_path: Path) -> None:
    body = (
        "secretGenerator:\n- name: app\n  options:\n    disableNameSuffixHash: true\n"
        "    # vaultgen-ignore: immutable-stable-name, no-restart never rotated\n    immutable: true\n"
        "  literals: ['A=vault:secret/data/a?key=b']\n"
    )
    write_tree(tmp_path, generator(body))
    assert lint(tmp_path).stdout == "nothing found; 1 ignored by comments\n"
    done = json.loads(lint(tmp_path, "--output", "json").stdout)
    assert done["findings"] == []
    (ignored,) = done["ignored"]
    assert (ignored["rule"], ignored["line"], ignored["reason"]) == ("immutable-stable-name", 13, "never rotated")
    (result,) = json.loads(lint(tmp_path, "--output", "sarif").stdout)["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "never rotated"}]


def test_sarif_is_what_code_scanning_takes(tmp_path: Path) -> None:
    """The parts of the standard that GitHub's and other readers need; the files are where they say."""
    tree = tmp_path / "a tree"
    shutil.copytree(TREES / "plain-secret" / "bad", tree)
    log = json.loads(lint(tmp_path, "--output", "sarif", "a tree").stdout)
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (log["version"], driver["name"], [rule["id"] for rule in driver["rules"]]) == ("2.1.0", "vaultgen", NAMES)
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    assert all(rule["defaultConfiguration"]["level"] in ("error", "warning", "note") for rule in driver["rules"])
    assert run["results"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "warning"
        assert result["message"]["text"].endswith(".")
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"]["uri"].startswith("a%20tree/")
        lines = (tmp_path / unquote(place["artifactLocation"]["uri"])).read_text().splitlines()
        region = place["region"]
        assert 1 <= region["startLine"] <= len(lines)
        assert 1 <= region["startColumn"] <= len(lines[region["startLine"] - 1])


def test_a_file_elsewhere_is_named_by_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    shutil.copytree(TREES / "secret-default" / "bad", tmp_path / "there")
    (result,) = json.loads(lint(tmp_path / "here", "--output", "sarif", "../there").stdout)["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == f"file://{tmp_path}/there/secrets.yaml"


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_terminals_that_want_it(more: dict[str, str], coloured: bool) -> None:
    master, slave = pty.openpty()
    command = [str(vaultgen_directory() / "vaultgen"), "lint", "bad"]
    subprocess.run(
        command, cwd=TREES / "secret-default", env=environment(TERM="xterm", **more), stdout=slave, check=False
    )
    os.close(slave)
    said = os.read(master, 65536).decode()
    os.close(master)
    assert "[secret-default]" in said
    assert ("\x1b[" in said) == coloured


def test_a_directory_that_is_no_kustomization_is_refused(tmp_path: Path) -> None:
    done = lint(tmp_path)
    assert (done.status, done.stdout) == (3, "")
    assert done.stderr.startswith("error[no-kustomization]: ")


def test_it_runs_on_a_cut_off_machine(tmp_path: Path) -> None:
    """No kustomize, no module that opens a connection, and nothing that a build alone needs."""
    shutil.copytree(TREES / "no-restart" / "bad", tmp_path / "tree")
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, sys\n"
        "heavy = {'socket', 'ssl', 'httptools', 'hvac', 'kubernetes', 'jsonschema', 'subprocess', 'tempfile'}\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
    )
    search = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    done = lint(tmp_path, "tree", PYTHONPATH=search)
    assert (done.status, done.stderr) == (1, "[]\n")
