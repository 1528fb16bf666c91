"""A directory as it was at a revision, by the real git."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.eventually import eventually
from support.repository import Repository
from vaultgen.errors import Fault, Place, Refused
from vaultgen.errors.report import report
from vaultgen.git_tree import RevisionTree, is_in_work_tree, revision_tree

FILES = {"apps/web/kustomization.yaml": "resources: [../../base]\n", "base/kustomization.yaml": "resources: []\n"}


def files_at(repository: Repository, revision: str = "HEAD", directory: str = "apps/web") -> dict[str, str]:
    """Return the files of a revision by path, and see to it that nothing stays behind."""
    with revision_tree(str(repository.path / directory), revision, os.environ) as tree:
        root = Path(tree.root)
        assert Path(tree.directory) == root / directory
        assert root.parent.stat().st_mode & 0o777 == 0o700
        found = {
            str(file.relative_to(root)): str(file.readlink()) if file.is_symlink() else file.read_text()
            for file in root.rglob("*")
            if file.is_symlink() or file.is_file()
        }
    assert not root.parent.exists()
    return found


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """``apps/web`` on top of ``base``, committed."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    made = Repository(tmp_path / "repository")
    made.write(FILES)
    made.commit()
    return made


def test_the_whole_tree_is_there_as_it_was(repository: Repository) -> None:
    """Bases lie beside the directory that is asked for."""
    repository.write({"base/kustomization.yaml": "resources: [new.yaml]\n"})
    repository.write({"untracked.yaml": ""})
    assert files_at(repository) == FILES
    repository.commit()
    assert files_at(repository)["base/kustomization.yaml"] == "resources: [new.yaml]\n"
    assert files_at(repository, "HEAD~1") == FILES


@pytest.mark.parametrize("revision", ["HEAD", "main", "refs/heads/main", "@", ":/a", "v1", "main^{commit}"])
def test_every_name_that_git_knows_will_do(repository: Repository, revision: str) -> None:
    repository.git("tag", "--annotate", "--message=a", "v1")
    assert files_at(repository, revision) == FILES


def test_the_root_of_the_work_tree_and_a_link_to_it_will_do(repository: Repository, tmp_path: Path) -> None:
    assert files_at(repository, directory=".") == FILES
    link = tmp_path / "link"
    link.symlink_to(repository.path / "apps/web")
    with revision_tree(str(link), "HEAD", os.environ) as tree:
        assert Path(tree.directory, "kustomization.yaml").read_text() == FILES["apps/web/kustomization.yaml"]


def test_links_and_modes_are_kept(repository: Repository) -> None:
    (repository.path / "link").symlink_to("base")
    repository.write({"run.sh": "#!/bin/sh\n"})
    (repository.path / "run.sh").chmod(0o755)
    repository.commit()
    with revision_tree(str(repository.path), "HEAD", os.environ) as tree:
        assert Path(tree.root, "link").readlink() == Path("base")
        assert os.access(Path(tree.root, "run.sh"), os.X_OK)


def test_what_an_archive_would_leave_out_or_rewrite_stays(repository: Repository) -> None:
    repository.write({".gitattributes": "base export-ignore\nversion export-subst\n"})
    repository.write({"version": "$Format:%H$"})
    repository.commit()
    found = files_at(repository)
    assert found["base/kustomization.yaml"] == FILES["base/kustomization.yaml"]
    assert found["version"] == "$Format:%H$"


def test_a_sparse_checkout_does_not_hide_a_base(repository: Repository) -> None:
    repository.git("sparse-checkout", "set", "apps")
    assert not (repository.path / "base").exists()
    assert files_at(repository) == FILES


def test_the_users_tree_index_and_repository_are_left_alone(repository: Repository) -> None:
    repository.git("config", "core.splitIndex", "true")
    repository.write({"apps/web/kustomization.yaml": "staged\n"})
    repository.git("add", "--all")
    repository.write({"apps/web/kustomization.yaml": "not staged\n"})
    (repository.path / ".git/hooks/post-index-change").write_text("#!/bin/sh\ntouch hook-ran\n")
    (repository.path / ".git/hooks/post-index-change").chmod(0o755)

    def state() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in repository.path.rglob("*") if file.is_file()}

    before = state()
    assert files_at(repository) == FILES
    assert state() == before


def test_it_works_inside_a_hook(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """git sets variables there that name another index, relative to another directory."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.setenv("GIT_PREFIX", "apps/")
    assert files_at(repository) == FILES


def test_git_gets_no_credential_for_vault(repository: Repository, tmp_path: Path) -> None:
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "git").write_text(f'#!/bin/sh\nenv >>{tmp_path}/seen\nexec {_real_git()} "$@"\n')
    (directory / "git").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{directory}:{os.environ['PATH']}",
        "VAULT_TOKEN": "canary",
        "BAO_TOKEN": "canary",
    }
    with revision_tree(str(repository.path), "HEAD", environ):
        pass
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "canary" not in seen


def _real_git() -> str:
    found = shutil.which("git")
    assert found
    return found


def test_nothing_stays_behind_a_failure(repository: Repository) -> None:
    with pytest.raises(ZeroDivisionError), revision_tree(str(repository.path), "HEAD", os.environ) as tree:
        raise ZeroDivisionError
    assert not Path(tree.root).parent.exists()


def test_nothing_stays_behind_a_kill(repository: Repository) -> None:
    code = (
        "import os, sys\nfrom vaultgen.git_tree import revision_tree\n"
        "with revision_tree(sys.argv[1], 'HEAD', os.environ) as tree:\n"
        "    print(tree.root, flush=True)\n    os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", code, str(repository.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        root = Path(process.stdout.readline().strip())
    assert root.is_absolute()
    assert eventually(lambda: not root.parent.exists())


# --- what goes wrong ---


def refused(directory: Path, revision: str, environ: dict[str, str] | None = None) -> str:
    """Return what is reported."""
    with pytest.raises(Refused) as caught, revision_tree(str(directory), revision, environ or os.environ):
        pass
    return report(caught.value.faults)


@pytest.mark.parametrize(
    "revision", ["none", "HEAD~1", "HEAD:base", "--all", "--output=/tmp/x", "", "a b", "HEAD..main"]
)
def test_what_names_no_commit_is_refused(repository: Repository, revision: str) -> None:
    said = refused(repository.path, revision)
    assert said.startswith(f"error[no-revision]: there is no directory and no git revision {revision}\n")


def test_a_repository_without_a_commit_has_no_revision(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert refused(tmp_path, "HEAD").startswith("error[no-revision]")


def test_a_directory_outside_git_has_none(tmp_path: Path) -> None:
    environ = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    assert not is_in_work_tree(str(tmp_path), environ)
    assert refused(tmp_path, "HEAD", environ).startswith(f"error[no-work-tree]: git does not know {tmp_path} as part")


def test_a_machine_without_git_is_told(repository: Repository, tmp_path: Path) -> None:
    said = refused(repository.path, "HEAD", {"PATH": str(tmp_path)})
    assert said.startswith("error[git-failed]: git cannot be used: it is not on PATH\n")


def test_a_tree_that_git_cannot_write_is_told(repository: Repository) -> None:
    repository.git("config", "filter.broken.smudge", "false")
    repository.git("config", "filter.broken.required", "true")
    repository.git("config", "filter.broken.clean", "cat")
    repository.write({".gitattributes": "*.yaml filter=broken\n"})
    repository.commit()
    said = refused(repository.path, "HEAD")
    assert said.startswith("error[git-failed]: git cannot be used: it does not write the tree of HEAD\n")


# --- how paths are shown ---


def test_paths_are_named_as_git_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "vaultgen-x" / "tree"
    tree = RevisionTree("v1", str(root), str(root / "apps"))
    assert tree.named(f"accumulating '{root}/apps/a.yaml': in {root}") == "accumulating 'v1:apps/a.yaml': in v1:"
    assert tree.named("vaultgen-x/tree/apps/a.yaml") == "v1:apps/a.yaml"
    fault = Fault("file-not-found", Place(f"{root}/k.yaml", line=3), {"path": f"{root}/a"})
    assert tree.named_faults(Refused([fault])) == [
        Fault("file-not-found", Place("v1:k.yaml", line=3), {"path": "v1:a"})
    ]
