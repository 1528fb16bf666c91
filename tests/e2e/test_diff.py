"""`vaultgen diff` with the real kustomize, git and OpenBao: what it tells, and what it never does."""

import json
import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest

from support.canaries import assert_no_canary, found_in_files, new_canary
from support.kustomize import CHECKOUT
from support.markdown import section
from support.request_log import RequestLog
from support.reviewer import STABLE, Reviewer, commit_shop, deployment, entry, tree
from support.vault_namespace import VaultNamespace
from vaultgen.workloads import Effect

FORMATS = ("text", "markdown", "json")
PASSWORD = "vault:secret/data/app?key=password"


@pytest.fixture
def reviewer(tmp_path: Path, vault_namespace: VaultNamespace) -> Reviewer:
    """Somebody whose Vault has a password and a token."""
    vault_namespace.root.write("app", {"password": new_canary("first"), "token": new_canary("token")})
    return Reviewer(tmp_path, vault_namespace)


def secrets_of(report: Any) -> dict[str, Any]:
    """Return what each Secret's change is: its kind, keys by kind of change, and whether it has a new name."""
    return {
        one["name"]: (one["change"], {kind: keys for kind, keys in one["keys"].items() if keys}, one["newName"])
        for one in report["secrets"]
    }


def effects_of(report: Any) -> dict[str, tuple[str, list[str]]]:
    return {f"{one['kind']} {one['name']}": (one["effect"], one["because"]) for one in report["workloads"]}


# --- trees ---


def test_nothing_changes_where_nothing_does(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", f"PASSWORD={PASSWORD}")))
    ran = reviewer.vaultgen("diff", "app")
    assert (ran.status, ran.stdout, ran.stderr) == (0, "app against HEAD\n\nno resource changes\n", "")
    reviewer.vault.root.write("app", {"password": "rotated", "token": "x"})
    assert reviewer.vaultgen("diff", "app").status == 0, "both sides read what Vault has now"


def test_keys_come_go_and_change(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", f"A={PASSWORD}", f"B={PASSWORD}", "C=same")))
    reviewer.write(tree(entry("app", f"B={PASSWORD.replace('password', 'token')}", "C=same", "D=new")))
    report = reviewer.diff()
    assert secrets_of(report) == {"app": ("changed", {"added": ["D"], "removed": ["A"], "changed": ["B"]}, True)}
    assert report["resources"] == report["workloads"] == report["paths"] == []


def test_moving_a_value_changes_nothing(reviewer: Reviewer) -> None:
    """Into a base, out of a text into Vault, from one file to another: what counts is the result."""
    reviewer.vault.root.write("app", {"password": "old", "token": "same-text"})
    reviewer.commit(
        tree(entry("app", f"A={PASSWORD}", "B=same-text"), resources="[web.yaml]"),
        {"app/web.yaml": deployment("web", "app")},
    )
    reference = PASSWORD.replace("password", "token")
    moved = tree(entry("app", f"A={PASSWORD}", f"B={reference}"), directory="base", resources="[web.yaml]")
    reviewer.write(
        moved, {"base/web.yaml": deployment("web", "app"), "app/kustomization.yaml": "resources: [../base]\n"}
    )
    assert reviewer.diff()["changed"] is False


def test_another_prefix_or_namespace_is_another_secret(reviewer: Reviewer) -> None:
    entries = (entry("app", f"A={PASSWORD}"),)
    reviewer.commit(tree(*entries, namespace="apps"))
    reviewer.write(tree(*entries, namespace="apps", namePrefix="new-"))
    assert secrets_of(reviewer.diff()) == {
        "new-app": ("added", {"added": ["A"]}, False),
        "app": ("removed", {"removed": ["A"]}, False),
    }
    reviewer.write(tree(*entries, namespace="shop"))
    found = {(one["change"], one["namespace"], one["name"]) for one in reviewer.diff()["secrets"]}
    assert found == {("added", "shop", "app"), ("removed", "apps", "app")}


def test_overlays_that_merge_or_replace_are_compared_with_what_they_lie_on(reviewer: Reviewer) -> None:
    base = tree(entry("app", f"A={PASSWORD}", "B=b"), directory="base")
    for behavior in ("merge", "replace"):
        overlay = entry("app", "B=x", f"C={PASSWORD}", more=f", behavior: {behavior}")
        reviewer.write(base, tree(overlay, directory=behavior, resources="[../base]"))
    merged = secrets_of(reviewer.diff("--against", "base", directory="merge"))
    assert merged == {"app": ("changed", {"added": ["C"], "changed": ["B"]}, True)}
    replaced = secrets_of(reviewer.diff("--against", "base", directory="replace"))
    assert replaced == {"app": ("changed", {"added": ["C"], "removed": ["A"], "changed": ["B"]}, True)}


def test_secrets_of_other_makers_are_compared_too(reviewer: Reviewer) -> None:
    """Those of kustomize's own generator, and those that stand in the tree; not even their text is shown."""
    plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {A: %s}\n"
    builtin = "[{name: builtin, literals: [A=%s]}]"
    reviewer.commit(
        tree(entry("app", "A=a"), resources="[plain.yaml]", secretGenerator=builtin % "aaaa"),
        {"app/plain.yaml": plain % "bbbb"},
    )
    reviewer.write(
        tree(entry("app", "A=a"), resources="[plain.yaml]", secretGenerator=builtin % "cccc"),
        {"app/plain.yaml": plain % "dddd"},
    )
    found = reviewer.vaultgen("diff", "app", "--output", "json")
    assert secrets_of(found.report) == {
        "builtin": ("changed", {"changed": ["A"]}, True),
        "plain": ("changed", {"changed": ["A"]}, False),
    }
    assert not any(value in found.stdout for value in ("aaaa", "bbbb", "cccc", "dddd"))


@pytest.mark.parametrize("stable", ["", STABLE])
def test_a_secret_that_moves_to_vaultgen_is_compared_by_its_values(reviewer: Reviewer, stable: str) -> None:
    """What `vaultgen init` does, and then a reference in place of a value: none of it restarts a Pod."""
    reviewer.vault.root.write("app", {"password": "old-password", "token": "another"})
    workload = {"app/web.yaml": deployment("web", "app")}
    builtin = entry("app", "A=old-password", "B=b", more=stable)
    fields = {"resources": "[web.yaml]", "namespace": "shop"}
    reviewer.commit(
        {"app/kustomization.yaml": "".join(f"{name}: {value}\n" for name, value in fields.items())}, workload
    )
    kustomization = (reviewer.repository.path / "app/kustomization.yaml").read_text()
    reviewer.commit({"app/kustomization.yaml": f"{kustomization}secretGenerator: [{builtin}]\n"})
    for literals in (("A=old-password", "B=b"), (f"A={PASSWORD}", "B=b")):
        reviewer.write(tree(entry("app", *literals, more=stable), **fields))
        assert reviewer.diff()["changed"] is False
    reviewer.write(tree(entry("app", f"A={PASSWORD.replace('password', 'token')}", "B=b", more=stable), **fields))
    report = reviewer.diff()
    assert secrets_of(report) == {"app": ("changed", {"changed": ["A"]}, not stable)}
    assert effects_of(report)["Deployment web"][0] == ("keeps-old" if stable else "restarts")
    shown = reviewer.vaultgen("diff", "app").stdout
    assert "old-password" not in shown
    assert "labels" not in shown
    reviewer.repository.commit()
    reviewer.write({"app/kustomization.yaml": f"{kustomization}secretGenerator: [{builtin}]\n"})
    assert secrets_of(reviewer.diff()) == {"app": ("changed", {"changed": ["A"]}, not stable)}


def test_a_suffix_restarts_and_a_stable_name_does_not(reviewer: Reviewer) -> None:
    workloads = {"app/web.yaml": deployment("web", "app"), "app/old.yaml": deployment("old", "stable")}
    before, after = (
        tree(entry("app", f"A={source}"), entry("stable", f"A={source}", more=STABLE), resources="[web.yaml, old.yaml]")
        for source in (PASSWORD, PASSWORD.replace("password", "token"))
    )
    reviewer.commit(before, workloads)
    reviewer.write(after)
    report = reviewer.diff()
    assert secrets_of(report) == {
        "app": ("changed", {"changed": ["A"]}, True),
        "stable": ("changed", {"changed": ["A"]}, False),
    }
    assert effects_of(report) == {
        "Deployment web": ("restarts", ["Secret app"]),
        "Deployment old": ("keeps-old", ["Secret stable"]),
    }
    assert [(one["kind"], one["name"], one["diff"]) for one in report["resources"]] == [("Deployment", "web", "")]


# --- locks ---


def test_a_lock_update_shows_the_rotation_and_the_one_rollout(reviewer: Reviewer) -> None:
    """Lock, rotate twice, update: the lock's diff alone says neither which Secrets change nor what restarts."""
    files = tree(entry("app", f"A={PASSWORD}"), entry("other", "B=b"), resources="[web.yaml, cron.yaml]")
    workloads = {"app/web.yaml": deployment("web", "app"), "app/cron.yaml": deployment("calm", "other")}
    reviewer.commit(files, workloads)
    assert reviewer.vaultgen("lock", "app").status == 0
    reviewer.repository.commit()
    for value in ("second", "third"):
        reviewer.vault.root.write("app", {"password": new_canary(value)})
    assert reviewer.diff()["changed"] is False
    assert reviewer.vaultgen("lock", "--update", "app").status == 0
    report = reviewer.diff()
    assert secrets_of(report) == {"app": ("changed", {"changed": ["A"]}, True)}
    assert effects_of(report) == {"Deployment web": ("restarts", ["Secret app"])}
    (path,) = report["paths"]
    assert path["path"] == "secret/data/app"
    assert [(one["version"], one["locked"]) for side in ("before", "after") for one in path[side]] == [
        (1, True),
        (3, True),
    ]


def test_a_lock_that_comes_is_a_change_of_versions_and_of_no_resource(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", f"A={PASSWORD}")))
    reviewer.vaultgen("lock", "app")
    ran = reviewer.vaultgen("diff", "app")
    assert ran.status == 0
    assert "\nVault\n  ~ secret/data/app: version 1 of " in ran.stdout
    assert "no resource changes" in ran.stdout


def test_a_path_that_is_read_for_the_first_time_is_told(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", "A=a")))
    reviewer.write(tree(entry("app", "A=a", "B=vault:secret/data/none?key=x&default=y")))
    (path,) = reviewer.diff()["paths"]
    assert (path["path"], path["before"], path["after"][0]["absent"]) == ("secret/data/none", [], True)


def test_a_version_that_another_one_stands_for_is_no_silent_change(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", f"A={PASSWORD}")))
    reviewer.vaultgen("lock", "app")
    reviewer.repository.commit()
    reviewer.vault.root.request("DELETE", "secret/metadata/app")
    reviewer.vault.root.write("app", {"password": "another"})
    ran = reviewer.vaultgen("diff", "app")
    assert ran.status == 5
    assert "error[lock-mismatch]" in ran.stderr
    assert ran.stdout == ""


# --- revisions ---


def test_any_revision_will_do_and_the_work_tree_stays_as_it_is(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", "A=a")))
    reviewer.repository.git("tag", "v1")
    reviewer.commit(tree(entry("app", "A=a", "B=b")))
    reviewer.repository.write({"app/secrets.yaml": "not even YAML: [", "untracked": "x"})
    reviewer.repository.git("add", "app")
    reviewer.write(tree(entry("app", "A=a", "B=b", "C=c")))
    status = reviewer.repository.git("status", "--porcelain")
    for revision, added in (("HEAD", ["C"]), ("v1", ["B", "C"]), ("main~1", ["B", "C"])):
        assert secrets_of(reviewer.diff("--against", revision)) == {"app": ("changed", {"added": added}, True)}
    assert reviewer.repository.git("status", "--porcelain") == status


def test_what_is_not_in_the_revision_is_all_new(reviewer: Reviewer) -> None:
    reviewer.commit({"README": "x"})
    reviewer.write(tree(entry("app", "A=a")))
    ran = reviewer.vaultgen("diff", "app")
    assert ran.status == 1
    assert "there is no kustomization at HEAD:app: all is new" in ran.stdout
    assert "+ app\n      + A" in ran.stdout


def test_the_working_directory_does_not_matter(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", "A=a"), directory="apps/web"))
    reviewer.write(tree(entry("app", "A=b"), directory="apps/web"))
    for directory in ("apps/web", "./apps/../apps/web/", str(reviewer.repository.path / "apps/web")):
        assert secrets_of(reviewer.diff(directory=directory)) == {"app": ("changed", {"changed": ["A"]}, True)}


def test_a_fault_of_the_revision_is_placed_there(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", "A=vault:secret/data/gone?key=x")))
    reviewer.write(tree(entry("app", "A=a")))
    ran = reviewer.vaultgen("diff", "app")
    assert (ran.status, ran.stdout) == (5, "")
    assert "error[path-missing]" in ran.stderr
    reviewer.commit(tree(entry("app", "A=a"), patches="[{path: gone.yaml}]"))
    reviewer.write(tree(entry("app", "A=a")))
    ran = reviewer.vaultgen("diff", "app")
    assert (ran.status, ran.stdout) == (3, "")
    assert "error[build-failed]: kustomize does not build HEAD:app\n" in ran.stderr
    assert "HEAD:app/gone.yaml" in ran.stderr
    assert str(reviewer.temporary) not in ran.stderr


@pytest.mark.parametrize(
    ("against", "error"),
    [
        ("nowhere", "error[no-revision]: there is no directory and no git revision nowhere\n"),
        ("empty", "error[no-kustomization]: there is no kustomization in empty\n"),
    ],
)
def test_what_cannot_be_compared_with_is_refused(reviewer: Reviewer, against: str, error: str) -> None:
    reviewer.commit(tree(entry("app", "A=a")), {"empty/README": "x"})
    ran = reviewer.vaultgen("diff", "app", "--against", against)
    assert (ran.status, ran.stdout) == (3, "")
    assert ran.stderr.startswith(error)


@pytest.mark.parametrize("against", ["HEAD", "cluster", "app"])
def test_a_directory_without_a_kustomization_is_the_first_thing_that_is_told(reviewer: Reviewer, against: str) -> None:
    reviewer.write({"app/README": "x"})
    ran = reviewer.vaultgen("diff", "app", "--against", against)
    assert (ran.status, ran.stdout) == (3, "")
    assert ran.stderr.startswith("error[no-kustomization]: there is no kustomization in app\n")


def test_without_git_something_must_be_named(reviewer: Reviewer) -> None:
    reviewer.write(tree(entry("app", "A=a")))
    ceiling = {"GIT_CEILING_DIRECTORIES": str(reviewer.repository.path)}
    (reviewer.repository.path / ".git").rename(reviewer.repository.path / "gone")
    ran = reviewer.vaultgen("diff", "app", **ceiling)
    assert ran.status == 3
    assert ran.stderr.startswith("error[no-work-tree]: git does not know app as part of a work tree\n")
    ran = reviewer.vaultgen("diff", "app", "--against", "v1", **ceiling)
    assert ran.stderr.startswith("error[no-revision]: ")
    assert reviewer.diff("--against", "app", **ceiling)["changed"] is False


def test_colour_is_for_terminals_that_want_it(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", "A=a")))
    reviewer.write(tree(entry("app", "A=b")))
    shown, plain = reviewer.vaultgen_on_a_terminal("diff", "app"), reviewer.vaultgen("diff", "app").stdout
    assert "\x1b[33m~ app\x1b[0m (under a new name)" in shown
    assert "\x1b" not in plain
    assert reviewer.vaultgen_on_a_terminal("diff", "app", NO_COLOR="1") == plain
    assert "\x1b" not in reviewer.vaultgen_on_a_terminal("diff", "app", "--output", "json")


# --- hostile trees ---


@pytest.mark.parametrize("side", ["before", "after"])
def test_neither_side_may_run_something_else(reviewer: Reviewer, side: str) -> None:
    marker = reviewer.repository.path.parent / "ran"
    hostile = {
        "app/kustomization.yaml": "generators: [secrets.yaml, evil.yaml]\n",
        "app/evil.yaml": "apiVersion: v1\nkind: Evil\nmetadata: {name: e, annotations: "
        "{config.kubernetes.io/function: 'exec: {path: ./evil.sh}'}}\n",
        "app/evil.sh": f"#!/bin/sh\ntouch {marker}\n",
    }
    first, second = (hostile, {}) if side == "before" else ({}, hostile)
    reviewer.commit(tree(entry("app", "A=a")), first)
    reviewer.write(tree(entry("app", "A=a")), second)
    (reviewer.repository.path / "app/evil.sh").touch(mode=0o755)
    ran = reviewer.vaultgen("diff", "app")
    assert (ran.status, ran.stdout) == (3, "")
    assert "error[foreign-function]: the tree would run ./evil.sh" in ran.stderr
    assert f"  where: {'HEAD:' if side == 'before' else ''}app/evil.yaml" in ran.stderr
    assert not marker.exists()


def test_no_credential_goes_where_a_tree_says(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", "A=a")))
    vault = "{address: 'http://127.0.0.1:1', auth: [{token: {env: GITHUB_TOKEN}}]}"
    reviewer.write(tree(entry("app", f"A={PASSWORD}"), vault=vault))
    ran = reviewer.vaultgen("diff", "app", GITHUB_TOKEN="canary-github", VAULT_TOKEN="")
    assert (ran.status, ran.stdout) == (3, "")
    assert "error[env-not-allowed]" in ran.stderr
    assert "canary" not in ran.stderr


# --- requests ---


def test_both_sides_share_one_session(reviewer: Reviewer, request_log: RequestLog) -> None:
    reviewer.commit(tree(entry("app", f"A={PASSWORD}")))
    reviewer.write(tree(entry("app", f"A={PASSWORD}", f"B={PASSWORD}")))
    request_log.mark()
    reviewer.diff()
    assert request_log.paths(token=reviewer.vault.token) == ["secret/data/app"]


# --- values ---

REPLACEMENTS = """\
- source: {kind: Secret, name: app, fieldPath: data.PASSWORD}
  targets:
  - select: {kind: ConfigMap}
    fieldPaths: [data.copy]
  - select: {kind: ConfigMap}
    fieldPaths: [data.cut]
    options: {delimiter: '-', index: 0}
  - select: {kind: Deployment}
    fieldPaths: [metadata.labels.from-value]
    options: {create: true}
  - select: {kind: Deployment}
    fieldPaths: [metadata.annotations.from-value]
    options: {create: true}
"""


@pytest.mark.parametrize("output", FORMATS)
def test_no_value_is_shown(reviewer: Reviewer, output: str) -> None:
    """Nor copied: kustomize has none."""
    values = {name: new_canary(name) for name in ("first", "second", "of-a-literal", "of-a-plain-secret")}
    reviewer.vault.root.write("app", {"password": values["first"]})
    files = tree(
        entry("app", f"PASSWORD={PASSWORD}", "TEXT=x${" + PASSWORD + "}"),
        entry("stable", f"PASSWORD={PASSWORD}", more=STABLE),
        resources="[web.yaml, map.yaml, plain.yaml]",
        replacements="[{path: replacements.yaml}]",
    )
    plain = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "plain"}}
    reviewer.commit(
        files,
        {
            "app/web.yaml": deployment("web", "app"),
            "app/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {copy: x, cut: x-y}\n",
            "app/plain.yaml": json.dumps(plain),
            "app/replacements.yaml": REPLACEMENTS,
        },
    )
    reviewer.vaultgen("lock", "app")
    reviewer.repository.commit()
    reviewer.vault.root.write("app", {"password": values["second"]})
    reviewer.vaultgen("lock", "--update", "app")
    more = json.dumps(f"MORE={values['of-a-literal']}")
    reviewer.write({"app/secrets.yaml": files["app/secrets.yaml"].replace('["PASSWORD', f'[{more}, "PASSWORD')})
    reviewer.write({"app/plain.yaml": json.dumps({**plain, "stringData": {"A": values["of-a-plain-secret"]}})})
    ran = reviewer.vaultgen("diff", "app", "--output", output, VAULTGEN_LOG="debug")
    assert ran.status == 1
    assert "MORE" in ran.stdout
    assert "from-value" in ran.stdout, "the copies are shown, and hold stand-ins"
    assert_no_canary(values, {"stdout": ran.stdout, "stderr": ran.stderr})
    assert found_in_files(values, [reviewer.temporary, reviewer.home]) == []


@pytest.mark.parametrize("output", FORMATS)
def test_a_rotated_value_tells_not_even_its_length(reviewer: Reviewer, output: str) -> None:
    reviewer.commit(
        tree(entry("app", f"A={PASSWORD}"), resources="[web.yaml]"), {"app/web.yaml": deployment("web", "app")}
    )
    reports = []
    for value in ("1", "x" * 9000):
        reviewer.vault.root.write("app", {"password": new_canary("old")})
        reviewer.vaultgen("lock", "--update", "app")
        reviewer.repository.commit()
        reviewer.vault.root.write("app", {"password": value})
        reviewer.vaultgen("lock", "--update", "app")
        ran = reviewer.vaultgen("diff", "app", "--output", output)
        assert ran.status == 1
        reports.append([line for line in ran.stdout.splitlines() if "version" not in line and "Time" not in line])
    assert reports[0] == reports[1]


def test_a_value_that_kustomize_stumbles_over_is_not_shown(reviewer: Reviewer) -> None:
    value = new_canary("value")
    reviewer.vault.root.write("app", {"password": value})
    broken = "[{target: {kind: Secret}, patch: '[{op: test, path: /data/A, value: x}]'}]"
    reviewer.commit(tree(entry("app", f"A={PASSWORD}")))
    reviewer.write(tree(entry("app", f"A={PASSWORD}"), patches=broken))
    ran = reviewer.vaultgen("diff", "app", VAULTGEN_LOG="debug")
    assert (ran.status, ran.stdout) == (3, "")
    assert "error[build-failed]: kustomize does not build app\n" in ran.stderr
    assert_no_canary({"value": value}, {"stderr": ran.stderr})


# --- the page ---

PAGE = CHECKOUT / "docs/diff.md"


def test_the_page_opens_with_what_is_printed(reviewer: Reviewer) -> None:
    commit_shop(reviewer)
    reviewer.vaultgen("lock", "app")
    reviewer.repository.commit()
    reviewer.vault.root.write("my-app/database", {"password": "rotated"})
    said, printed = reviewer.follows("docs/diff.md#what-would-change")
    assert printed == said


def first_cells(heading: str) -> list[str]:
    """Return what stands between backticks in the first column of the table below a heading of the page."""
    return [
        name
        for row in re.findall(r"^\| (`.*?) \|", section(PAGE, heading), re.MULTILINE)
        for name in re.findall("`([^`]+)`", row)
    ]


def test_the_page_lists_every_effect() -> None:
    assert first_cells("what-is-said") == list(get_args(Effect))


def test_the_page_lists_every_field_of_the_json(reviewer: Reviewer) -> None:
    reviewer.commit(tree(entry("app", "A=a")))
    assert [name.removesuffix("[]") for name in first_cells("for-programs")] == list(reviewer.diff())


COMMANDS = re.findall(r"^\| `vaultgen diff DIR(.*?)` \|", section(PAGE, "what-is-compared"), re.MULTILINE)


@pytest.mark.parametrize("command", [command for command in COMMANDS if "cluster" not in command])
def test_each_command_of_the_page_compares(reviewer: Reviewer, command: str) -> None:
    reviewer.commit(tree(entry("app", "A=a")), tree(entry("app", "A=a"), directory="overlays/staging"))
    reviewer.repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert reviewer.diff(*shlex.split(command))["changed"] is False
