"""How a comparison is told, whatever names hold."""

import json
import re
from typing import get_args

import click
import pytest

from vaultgen.cli.comparison import EFFECTS, Report, as_json, as_markdown, as_text
from vaultgen.compare import Comparison, ResourceChange, SecretChange, WorkloadChange
from vaultgen.versions import PathChange, Version
from vaultgen.workloads import Effect

EVIL = "a`|<b>*[x](y)\n\x1b[31m"

FOUND = Comparison(
    (
        SecretChange("changed", "apps", "app", True, ("NEW",), ("OLD",), ("A",), ("metadata.labels.a",)),
        SecretChange("added", "", "new", added=("K",)),
        SecretChange("removed", "", "old", removed=("K",)),
        SecretChange("changed", "", "fixed", changed=("K",), unappliable="it is immutable"),
    ),
    (
        ResourceChange("changed", "", "ConfigMap", "apps", "settings", ("@@ -1 +1 @@", " a: b", "-c: ```", "+c: ````")),
        ResourceChange("added", "apps", "Deployment", "", "new"),
        ResourceChange("changed", "apps", "Deployment", "apps", "web"),
        ResourceChange("changed", "networking.k8s.io", "Ingress", "apps", "web"),
    ),
    (
        WorkloadChange("Deployment", "apps", "web", "restarts", ("Secret app", "pod template")),
        WorkloadChange("Deployment", "apps", "calm", "keeps-old", ("Secret fixed",)),
    ),
)
PATHS = (
    PathChange(
        "",
        "secret/data/app",
        (Version(1, "2026-05-11T09:12:40.123456789Z", False, True),),
        (Version(2, "2026-05-12T09:12:40Z"),),
    ),
    PathChange("team-a", "kv1/app", (), (Version(),)),
    PathChange("", "secret/data/gone", (Version(is_absent=True),), ()),
)
REPORT = Report("app", "HEAD", FOUND, PATHS, "a note")

TEXT = """\
app against HEAD
a note

Secrets
  ~ apps/app (under a new name, metadata.labels.a)
      + NEW
      - OLD
      ~ A
  + new
      + K
  - old
      - K
  ~ fixed
      ~ K
      the API server refuses this: it is immutable

Vault
  ~ secret/data/app: version 1 of 2026-05-11T09:12:40.123 (locked) -> version 2 of 2026-05-12T09:12:40Z
  + team-a: kv1/app: no versions
  - secret/data/gone: nothing there

Pods
  Deployment apps/web restarts (because of Secret app, pod template)
  Deployment apps/calm does not restart: its variables and subPath mounts stay old (because of Secret fixed)

Other resources
  ~ ConfigMap apps/settings
      @@ -1 +1 @@
       a: b
      -c: ```
      +c: ````
  + Deployment new
  ~ Ingress apps/web (only names in it change)
"""


def test_text_lists_all_by_section() -> None:
    """But not a workload of which only the names of Secrets change, since that is told of its Pods."""
    assert click.unstyle(as_text(REPORT)) == TEXT


def test_text_has_colour_for_each_sign() -> None:
    text = as_text(REPORT)
    assert click.style("+ NEW", fg="green") in text
    assert click.style("- OLD", fg="red") in text
    assert click.style("~ A", fg="yellow") in text


def test_where_nothing_changes_that_is_said() -> None:
    nothing = Report("app", "HEAD", Comparison())
    assert click.unstyle(as_text(nothing)) == "app against HEAD\n\nno resource changes\n"
    assert "No resource changes." in as_markdown(nothing)
    assert json.loads(as_json(nothing))["changed"] is False


def test_json_holds_all() -> None:
    tree = json.loads(as_json(REPORT))
    assert (tree["version"], tree["changed"]) == (1, True)
    assert tree["secrets"][0] == {
        "change": "changed",
        "namespace": "apps",
        "name": "app",
        "newName": True,
        "keys": {"added": ["NEW"], "removed": ["OLD"], "changed": ["A"]},
        "fields": ["metadata.labels.a"],
        "refused": "",
    }
    assert tree["paths"][0]["before"] == [
        {"version": 1, "createdTime": "2026-05-11T09:12:40.123456789Z", "absent": False, "locked": True}
    ]
    assert tree["workloads"][1]["effect"] == "keeps-old"
    assert tree["resources"][0]["diff"] == "@@ -1 +1 @@\n a: b\n-c: ```\n+c: ````\n"
    assert len(tree["resources"]) == 4


def test_markdown_puts_a_diff_into_a_block_that_nothing_in_it_ends() -> None:
    text = as_markdown(REPORT)
    block = "`````diff\n@@ -1 +1 @@\n a: b\n-c: ```\n+c: ````\n`````"
    assert f"<details><summary>ConfigMap apps/settings</summary>\n\n{block}\n\n</details>" in text


def test_each_row_of_a_markdown_table_has_the_cells_of_its_head() -> None:
    evil = Comparison(
        (SecretChange("changed", EVIL, EVIL, True, (EVIL,), fields=(EVIL,)),),
        (ResourceChange("added", EVIL, EVIL, EVIL, EVIL),),
        (WorkloadChange(EVIL, EVIL, EVIL, "restarts", (EVIL,)),),
    )
    paths = (PathChange(EVIL, EVIL, (), (Version(1, EVIL),)),)
    text = as_markdown(Report(EVIL, EVIL, evil, paths, EVIL))
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1
    assert "<b>" not in text
    assert "`" not in text
    assert "](" not in text


@pytest.mark.parametrize("write", [as_text, as_markdown, as_json])
def test_names_cannot_write_to_the_terminal(write: object) -> None:
    assert callable(write)
    evil = Comparison(
        (SecretChange("changed", EVIL, EVIL, True, (EVIL,), fields=(EVIL,)),),
        (ResourceChange("changed", EVIL, EVIL, EVIL, EVIL, (f"+{EVIL}",)),),
        (WorkloadChange(EVIL, EVIL, EVIL, "restarts", (EVIL,)),),
    )
    assert "\x1b[31m" not in write(
        Report(EVIL, EVIL, evil, (PathChange(EVIL, EVIL, (), (Version(1, EVIL),)),), EVIL)
    ).replace(click.style("", fg="red", reset=False), "")


def test_every_effect_has_words() -> None:
    assert EFFECTS.keys() == set(get_args(Effect))
