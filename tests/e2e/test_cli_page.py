"""What docs/cli.md and the pages beside it say of commands that need no Vault, done as they say."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from support.kustomize import CHECKOUT
from support.markdown import block, section
from support.newcomer import Newcomer
from support.vault_namespace import VaultNamespace
from support.yaml_blocks import yaml_blocks

CLI = CHECKOUT / "docs/cli.md"
REFERENCE = CHECKOUT / "docs/reference.md"


@pytest.fixture
def newcomer(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    return Newcomer(tmp_path, vault_namespace)


def completions() -> dict[str, str]:
    """Return the line for each shell."""
    rows = re.findall(r"^\| (\w+) \| .* \| `(.*)` \|$", section(CLI, "completion"), re.MULTILINE)
    return {shell: line.replace("\\|", "|") for shell, line in rows}


@pytest.mark.parametrize("shell", completions())
def test_the_line_for_a_shell_sets_completion_up(shell: str, newcomer: Newcomer) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    before, options, asked = {
        "bash": ("", "--norc", "complete -p vaultgen"),
        "zsh": ("autoload -Uz compinit; compinit -u; ", "-f", "print $_comps[vaultgen]"),
        "fish": ("", "--no-config", "complete --do-complete 'vaultgen expl'"),
    }[shell]
    script = f"{before}{completions()[shell]}\n{asked}"
    printed = newcomer.types(shlex.join([shell, options, "-c", script]))
    expected = "explain" if shell == "fish" else "_vaultgen_completion"
    assert expected in printed


def test_an_editor_gets_the_schema_that_the_first_line_names(newcomer: Newcomer) -> None:
    """The documents of that page conform to it."""
    newcomer.follows("docs/reference.md#by-example")
    assert block("docs/reference.md#by-example", "console").text.count("$ ") == 1
    (name,) = re.findall(r"`# yaml-language-server: \$schema=(\S+)`", REFERENCE.read_text())
    schema = json.loads((newcomer.directory / name).read_text())
    validator = Draft202012Validator(schema)
    documents = [tree for found in yaml_blocks(REFERENCE) for tree in yaml.safe_load_all(found.text)]
    ours = [tree for tree in documents if isinstance(tree, dict) and tree.get("kind") == "VaultSecretGenerator"]
    assert ours
    assert [tree for tree in ours if not validator.is_valid(tree)] == []
    assert not validator.is_valid({**ours[0], "secretGenerators": []})
