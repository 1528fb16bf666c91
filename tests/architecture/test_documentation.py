"""What the pages say exists: blocks, links, commands, flags, files, error codes."""

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from support.custom_resources import faults_of
from support.deployed import DEPLOY
from support.kubernetes_objects import unknown_in
from support.kustomize import CHECKOUT
from support.markdown import anchors, blocks, inline_code, links, name_of, pages
from support.yaml_blocks import YamlBlock, yaml_blocks
from vaultgen.cli.app import app
from vaultgen.document.read import read_document
from vaultgen.errors.catalogue import CATALOGUE
from vaultgen.plan import plan
from vaultgen.reference import parse_reference

PAGES = pages()
YAML = [found for page in PAGES for found in yaml_blocks(page)]
TESTS = CHECKOUT / "tests"

DOCUMENTS = {
    ("vaultgen.dev/v1alpha1", "VaultSecretGenerator"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    ("v1", "ConfigMap"),
}
"""What vaultgen itself reads."""

OTHER_FILES = {
    "kustomization.yaml",
    "vaultgen.lock",
    ".gitlab-ci.yml",
    ".github/workflows/deploy.yaml",
    ".github/workflows/secrets.yaml",
    ".pre-commit-config.yaml",
    "clusters/my-cluster/flux-system/kustomization.yaml",
    "clusters/my-cluster/vaultgen.yaml",
    "clusters/production/apps.yaml",
    "alert.yaml",
    "application.yaml",
    "argocd-cm.yaml",
    "external-secret.yaml",
    "my-app.yaml",
    "plugin.yaml",
    "refresh.yaml",
    "repo-server.yaml",
    "secret-store.yaml",
    "vault-ca.yaml",
}
"""Files of other programs, and what vaultgen itself writes; a test uses each as it stands."""

NOT_RUN = {
    "README.md#see-it-work": "it is this very test run, and the demo beside it",
    "README.md#install": "no test may ask a registry; all of them run what `pip install` put there from the wheel",
    "docs/flux.md#in-a-flux-cluster": "a drawing",
    "docs/flux.md#security": "a drawing",
    "docs/how-it-works.md#how-it-works": "a drawing",
    "docs/reference.md#references": "a grammar; its references are parsed below",
    "examples/README.md#run-one": "it starts a server at a fixed port; the tests' own stands in for it",
}
"""Blocks in other languages than YAML that no test runs, and why."""


class AnyFile:
    """Files of which every one is there."""

    def read(self, path: str, /) -> bytes:
        return b"KEY=value\n"


# --- YAML ---


@pytest.mark.parametrize("block", YAML, ids=lambda block: f"{block.key}:{block.line}")
def test_a_yaml_block_is_accepted_by_what_reads_it(block: YamlBlock) -> None:
    """vaultgen's own documents by its reader, Kubernetes objects by their models; a test uses the other files."""
    if block.file in OTHER_FILES:
        assert f'"{block.file}"' in "".join(path.read_text() for path in (TESTS / "e2e").glob("*.py"))
        return
    for tree in block.trees():
        if (tree["apiVersion"], tree["kind"]) in DOCUMENTS:
            plan(read_document(tree), AnyFile())
        elif tree["kind"] == "VaultArtifact":
            assert faults_of(tree, yaml.safe_load((DEPLOY / "crd.yaml").read_text())) == []
        else:
            assert unknown_in(tree) == []


@pytest.mark.parametrize("mistake", [{"kind": "Roll"}, {"rule": []}, {"rules": [{"verb": ["get"]}]}])
def test_a_mistake_in_a_kubernetes_object_would_be_seen(mistake: dict[str, Any]) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a"}}
    assert unknown_in(role) == []
    assert unknown_in(role | mistake) != []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_reference_in_a_sentence_or_table_is_valid(page: Path) -> None:
    """A bare path is one in envs only."""
    said = inline_code(page) + [line for block in blocks(page, "text") for line in block.text.split()]
    for reference in said:
        if reference.startswith("vault:") and reference != "vault:" and "…" not in reference:
            parse_reference(reference, whole="?" not in reference)


# --- other blocks ---


def test_every_other_block_is_run_by_a_test_or_excused() -> None:
    sources = "".join(path.read_text() for path in TESTS.rglob("*.py") if path != Path(__file__))
    found = {block.key for page in PAGES for block in blocks(page, "console", "sh", "text", "hcl", "mermaid", "")}
    # The program's own help; test_cli_page.py holds it.
    found -= {block.key for block in blocks(CHECKOUT / "docs/cli.md", "text")}
    # A key that ends with a closing quote, so that `…#token` is not found in `…#token/2`.
    assert {key for key in found if f'"{key}"' not in sources} == NOT_RUN.keys()


def test_no_block_is_in_another_language() -> None:
    """One that would escape the tests."""
    known = ("console", "hcl", "mermaid", "sh", "text", "yaml")
    for page in PAGES:
        assert len(blocks(page, *known)) * 2 == len(re.findall("^```", page.read_text(), re.MULTILINE)), page


# --- links ---


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert there.is_relative_to(CHECKOUT), target
        assert not anchor or anchor in anchors(there), target


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    linked = {target.partition("#")[0] for target in links(CHECKOUT / "README.md")}
    assert linked >= {name_of(page) for page in PAGES if page.parent.name == "docs"}


# --- names of things ---


def commands_in(page: Path) -> Iterator[list[str]]:
    """Yield the words of each vaultgen or make command in sentences, tables and blocks."""
    lines = [line.removeprefix("$ ") for block in blocks(page, "console", "sh") for line in block.text.splitlines()]
    for said in inline_code(page) + lines:
        if said.startswith(("vaultgen ", "make ")):
            # What stands behind these is for other programs.
            yield list(itertools.takewhile(lambda word: word not in ("|", "--"), shlex.split(said, comments=True)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_their_flags_exist(page: Path) -> None:
    targets = re.findall(r"^(\w+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    for program, name, *words in commands_in(page):
        if program == "make":
            assert name in targets
            continue
        command = app.get_command(click.Context(app), name)
        if isinstance(command, click.Group) and words:
            command = command.get_command(click.Context(command), words.pop(0))
        assert command, name
        flags = {flag for parameter in command.params for flag in parameter.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= flags


def test_every_command_and_flag_is_on_a_page() -> None:
    """But ``plugin``, which the plugins start, and not a person."""
    said = "\n".join(page.read_text() for page in PAGES)
    for name in set(app.list_commands(click.Context(app))) - {"plugin"}:
        assert f"`vaultgen {name}" in said
        command = app.get_command(click.Context(app), name)
        assert command
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert any(flag in said for flag in parameter.opts), parameter.opts


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_error_codes_exist(page: Path) -> None:
    codes = re.findall(r"\berror\[([^\]]+)\]", page.read_text())
    assert set(codes) <= CATALOGUE.keys()


def test_the_files_on_the_map_of_the_source_exist_and_none_is_missing() -> None:
    """Packages stand for what is in them."""
    package = CHECKOUT / "vaultgen"
    named = {code for code in inline_code(CHECKOUT / "docs/how-it-works.md") if (package / code.rstrip("/")).exists()}
    own = {path.name + "/" * path.is_dir() for path in package.iterdir() if path.suffix in ("", ".py")}
    assert named >= own - {"__init__.py", "__main__.py", "__pycache__/", "schemas/"}


def test_the_table_of_dependencies_is_that_of_the_package() -> None:
    import tomllib

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    page = (CHECKOUT / "docs/how-it-works.md").read_text()
    rows = re.findall(r"^\| (\w+) \|", page.partition("## Dependencies")[2].partition("## ")[0], re.MULTILINE)
    assert set(rows) - {"Package"} == {re.split(r"[^\w]", name)[0] for name in declared}
