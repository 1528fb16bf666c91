"""What is offered for CI: checked by the linters of its kind where they are at hand, and its scripts run."""

import base64
import os
import posixpath
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pyrage
import pytest
import yaml

from support.build import PASSWORD, generator, write_documents
from support.flux import decrypted_sources
from support.kustomize import kustomize, kustomize_build, vaultgen_directory
from support.newcomer import Newcomer
from support.trees import write_program, write_tree
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace

CHECKOUT = Path(__file__).parents[2]
ACTION = CHECKOUT / "action.yml"
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.fixture
def tree(tmp_path: Path, vault: VaultClient) -> Path:
    """A git repository whose last commit changes nothing, with one generator."""
    vault.write("app", {"password": "a value that is nowhere else"})
    directory = tmp_path / "repository" / "app"
    directory.mkdir(parents=True)
    (directory / "kustomization.yaml").write_text("generators: [secrets.yaml]\n")
    (directory / "secrets.yaml").write_text(
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata:\n  name: app\n  annotations:\n"
        "    config.kubernetes.io/function: |\n      exec: {path: vaultgen}\nsecretGenerator:\n- name: app\n"
        "  files:\n    password: vault:secret/data/app?key=password\n"
    )
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*GIT, *words], cwd=tmp_path / "repository", check=True)
    return directory


def run_steps(tree: Path, environment: dict[str, str], summary: Path) -> list[subprocess.CompletedProcess[str]]:
    """Run the scripts of the action as its runner does, but for the installation."""
    path = os.pathsep.join([str(vaultgen_directory()), str(Path(kustomize()).parent), os.environ["PATH"]])
    inputs = {"DIRECTORY": tree.name, "AGAINST": "HEAD", "GITHUB_STEP_SUMMARY": str(summary), "PATH": path}
    return [
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=tree.parent,
            env={**os.environ, **environment, **inputs},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        for step in read(ACTION)["runs"]["steps"]
        if step["name"] != "Install"
    ]


def test_the_action_passes_and_shows_that_nothing_changes(
    tree: Path, tmp_path: Path, vault_namespace: VaultNamespace
) -> None:
    done = run_steps(tree, vault_namespace.environment(), tmp_path / "summary.md")
    assert [one.returncode for one in done] == [0, 0, 0], [one.stderr for one in done]
    assert (tmp_path / "summary.md").read_text()


def test_the_action_passes_and_shows_a_change_without_a_value(
    tree: Path, tmp_path: Path, vault_namespace: VaultNamespace
) -> None:
    secrets = tree / "secrets.yaml"
    secrets.write_text(secrets.read_text().replace("    password: ", "    db_password: "))
    done = run_steps(tree, vault_namespace.environment(), tmp_path / "summary.md")
    assert [one.returncode for one in done] == [0, 0, 0], [one.stderr for one in done]
    summary = (tmp_path / "summary.md").read_text()
    assert "db_password" in summary
    assert "a value that is nowhere else" not in summary


def test_the_action_fails_where_a_build_would(tree: Path, tmp_path: Path, vault_namespace: VaultNamespace) -> None:
    secrets = tree / "secrets.yaml"
    secrets.write_text(secrets.read_text().replace("?key=password", ""))
    done = run_steps(tree, vault_namespace.environment(), tmp_path / "summary.md")
    assert all(one.returncode for one in done)


def test_no_script_of_the_action_holds_an_expression() -> None:
    """An expression inside a script is pasted in before the shell reads it: an input could be a command."""
    assert not [step["name"] for step in read(ACTION)["runs"]["steps"] if "${{" in step["run"]]


def test_zizmor_finds_nothing_in_the_action_and_the_workflow(tmp_path: Path) -> None:
    zizmor = Path(sysconfig.get_path("scripts"), "zizmor")
    workflow = tmp_path / ".github" / "workflows" / "secrets.yaml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(block_of_page(".github/workflows/secrets.yaml"))
    done = subprocess.run(
        [str(zizmor), "--offline", "--no-progress", str(ACTION), str(workflow)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path) -> None:
    if (actionlint := shutil.which("actionlint")) is None:
        pytest.skip("no actionlint on PATH")
    workflow = tmp_path / "secrets.yaml"
    workflow.write_text(block_of_page(".github/workflows/secrets.yaml"))
    done = subprocess.run([actionlint, str(workflow)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("hook", read(CHECKOUT / ".pre-commit-hooks.yaml"), ids=lambda hook: str(hook["id"]))
def test_a_hook_runs(hook: dict[str, Any], tree: Path) -> None:
    assert {"id", "name", "description", "entry", "language", "files", "pass_filenames"} == set(hook)
    path = os.pathsep.join([str(vaultgen_directory()), str(Path(kustomize()).parent), os.environ["PATH"]])
    done = subprocess.run(
        [*hook["entry"].split(), tree.name],
        cwd=tree.parent,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hooks_on_the_page_are_those_that_exist() -> None:
    listed = yaml.safe_load(block_of_page(".pre-commit-config.yaml"))["repos"][0]["hooks"]
    assert [hook["id"] for hook in listed] == [hook["id"] for hook in read(CHECKOUT / ".pre-commit-hooks.yaml")]


def test_the_script_of_the_gitlab_job_runs(tree: Path, vault_namespace: VaultNamespace) -> None:
    script = yaml.safe_load(block_of_page(".gitlab-ci.yml"))["secrets"]["script"]
    lines = "\n".join(line.replace("overlays/production", tree.name) for line in script if "pip install" not in line)
    path = os.pathsep.join([str(vaultgen_directory()), str(Path(kustomize()).parent), os.environ["PATH"]])
    repository = tree.parent
    subprocess.run([*GIT, "update-ref", "refs/remotes/origin/main", "HEAD"], cwd=repository, check=True)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", lines],
        cwd=repository,
        env={
            **os.environ,
            **vault_namespace.environment(),
            "PATH": path,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- for Flux ---

_PUSH = """\
#!/bin/sh
printf '%s\\n' "$@" >"$HOME/pushed"
"""
_KEYGEN = """\
#!/bin/sh
cp "$HOME/private" "$2"
"""


@pytest.fixture
def publisher(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    """Somebody in a repository with an overlay, who has a key; ``flux`` only keeps what it is told to push."""
    vault_namespace.root.write("app", {"password": "a value that is nowhere else"})
    found = Newcomer(tmp_path, vault_namespace)
    key = pyrage.x25519.Identity.generate()
    (found.home / "private").write_text(f"{key}\n")
    (found.home / "public").write_text(str(key.to_public()))
    (found.directory / ".gitignore").write_text("out/\nage.agekey\n")
    write_documents(found.directory / "overlays" / "production", [generator(PASSWORD)])
    write_program(tmp_path / "bin" / "flux", _PUSH)
    write_program(tmp_path / "bin" / "age-keygen", _KEYGEN)
    for words in (
        ["init", "-q"],
        ["remote", "add", "origin", "https://git.example.com/apps"],
        ["add", "-A"],
        ["commit", "-q", "-m", "first"],
    ):
        subprocess.run([*GIT, *words], cwd=found.directory, check=True)
    return found


def test_what_is_pushed_is_a_tree_that_the_flux_objects_of_the_page_build(publisher: Newcomer) -> None:
    key = publisher.follows("docs/ci.md#publish-for-flux")
    source, kustomization = yaml.safe_load_all(block_of_page("clusters/production/apps.yaml"))
    decryption = kustomization["spec"]["decryption"]
    secret = yaml.safe_load(key)
    assert secret["metadata"] == {**secret["metadata"], "namespace": kustomization["metadata"]["namespace"]}
    assert decryption == {"provider": "sops", "secretRef": {"name": secret["metadata"]["name"]}}
    (private,) = (base64.b64decode(value).decode() for name, value in secret["data"].items() if ".agekey" in name)

    recipient = (publisher.home / "public").read_text()
    publisher.follows("docs/ci.md#publish-for-flux/2", AGE_RECIPIENT=recipient)
    pushed = (publisher.home / "pushed").read_text().split()
    spec = source["spec"]
    assert pushed[:3] == ["push", "artifact", f"{spec['url']}:{spec['ref']['tag']}"]
    assert kustomization["spec"]["sourceRef"] == {"kind": source["kind"], "name": source["metadata"]["name"]}
    options = dict(word.removeprefix("--").split("=") for word in pushed[3:])
    assert options["source"] == "https://git.example.com/apps"
    assert len(options["revision"]) == len("main@sha1:") + 40

    out = publisher.directory / options["path"]
    files = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    path = posixpath.normpath(kustomization["spec"]["path"])
    tree = write_tree(publisher.home / "decrypted", decrypted_sources(files, path, private.strip()))
    built = kustomize_build(tree / path, flags=("--load-restrictor", "LoadRestrictionsNone"))
    assert [data["password"] for data in built.secrets().values()] == [b"a value that is nowhere else"]


def block_of_page(file: str) -> str:
    """Return the block of docs/ci.md that begins with a comment naming its file."""
    page = (CHECKOUT / "docs" / "ci.md").read_text()
    return next(block for block in page.split("```yaml\n")[1:] if block.startswith(f"# {file}\n")).partition("```")[0]
