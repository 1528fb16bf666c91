"""``vaultgen build --encrypt-age``: the tree that stock Flux builds, written from CI."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from support.build import PASSWORD, generator, run, vaultgen, write_documents
from support.canaries import assert_no_canary, found_in_files, new_canary
from support.flux import decrypted_sources
from support.kustomize import Built, kustomize, kustomize_build, vaultgen_directory
from support.repository import Repository
from support.request_log import RequestLog
from support.trees import config, write_tree
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace

KEY = pyrage.x25519.Identity.generate()
RECIPIENT = str(KEY.to_public())
NO_SUBSTITUTION = "options: {annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}"


@pytest.fixture
def canaries(vault: VaultClient) -> dict[str, str]:
    """What Vault holds at ``secret/data/app``."""
    found = {"password": new_canary("p"), "key": new_canary("k")}
    vault.write("app", found)
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A base and an overlay that makes a Secret of its own, and merges into that of the base; all is committed."""
    found = Repository(tmp_path / "repository")
    merged = generator(f"behavior: merge\n  literals: ['KEY=vault:secret/data/app?key=key']\n  {NO_SUBSTITUTION}")
    own = generator(f"{PASSWORD}\n  {NO_SUBSTITUTION}", name="own")
    write_documents(found.path / "base", [generator(f"{PASSWORD}\n  {NO_SUBSTITUTION}")])
    write_documents(found.path / "apps" / "over", [merged, own], "resources: [../../base]\nnamePrefix: x-\n")
    found.commit()
    return found


def encrypt(
    directory: Path | str, out: Path | str, environment: dict[str, str], *arguments: str, cwd: Path | None = None
) -> Built:
    """Run ``vaultgen build --encrypt-age``."""
    program = str(vaultgen_directory() / "vaultgen")
    command = [program, "build", str(directory), f"--encrypt-age={RECIPIENT}", "-o", str(out), *arguments]
    return run(command, environment, cwd)


def files_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def build_of(tmp_path: Path, out: Path, path: str) -> Built:
    """Build a written tree as Flux does, decrypted."""
    tree = write_tree(tmp_path / "decrypted", decrypted_sources(files_of(out), path, str(KEY)))
    return kustomize_build(tree / path, flags=("--load-restrictor", "LoadRestrictionsNone"))


def test_the_tree_builds_to_what_the_source_does(
    tmp_path: Path, repository: Repository, environment: dict[str, str], canaries: dict[str, str]
) -> None:
    source = repository.path / "apps" / "over"
    written = encrypt(source, tmp_path / "out", environment)
    assert (written.status, written.stdout) == (0, b"")
    assert written.stderr.decode() == (
        f"wrote {tmp_path / 'out'}: 3 Secrets, encrypted; the path for Flux is ./apps/over\n"
    )
    built = build_of(tmp_path, tmp_path / "out", "apps/over")
    revealed = vaultgen(environment, "build", "--reveal", f"--kustomize={kustomize()}", str(source))
    assert built.status == revealed.status == 0, built.stderr + revealed.stderr
    assert built.stdout == revealed.stdout
    assert [sorted(data) for data in built.secrets().values()] == [["KEY", "password"], ["password"]]


def test_real_sops_decrypts_every_value_and_verifies_its_mac(
    tmp_path: Path, repository: Repository, environment: dict[str, str], canaries: dict[str, str]
) -> None:
    assert encrypt(repository.path / "apps" / "over", tmp_path / "out", environment).status == 0
    opened = []
    for document in sorted((tmp_path / "out").rglob("0*.enc")):
        command = ["sops", "decrypt", "--input-type=binary", "--output-type=binary", str(document)]
        where = {"PATH": f"{vaultgen_directory()}:{os.environ['PATH']}", "SOPS_AGE_KEY": str(KEY)}
        opened.append(subprocess.run(command, env=where, capture_output=True, check=True).stdout.decode())
    assert sorted(opened) == sorted([canaries["key"], canaries["password"], canaries["password"]])


def test_no_value_is_on_disk_or_in_what_is_said(
    tmp_path: Path, repository: Repository, environment: dict[str, str], canaries: dict[str, str]
) -> None:
    written = encrypt(repository.path / "apps" / "over", tmp_path / "out", environment)
    assert written.status == 0
    assert_no_canary(canaries, {"stdout": written.stdout, "stderr": written.stderr})
    assert found_in_files(canaries, [tmp_path]) == []


def test_all_that_git_tracks_is_written_and_nothing_else(
    tmp_path: Path, repository: Repository, environment: dict[str, str], canaries: dict[str, str]
) -> None:
    repository.write({".env": "TOKEN=of the developer"})
    assert encrypt(repository.path / "base", tmp_path / "out", environment).status == 0
    tracked = set(repository.git("ls-files").split())
    made = {name for name in files_of(tmp_path / "out") if "/.vaultgen/" not in name}
    assert made == tracked
    assert os.listdir(tmp_path / "out" / "base" / ".vaultgen")


def test_without_a_repository_it_is_the_directory(
    tmp_path: Path, environment: dict[str, str], canaries: dict[str, str]
) -> None:
    tree = write_documents(tmp_path / "tree", [generator(f"{PASSWORD}\n  {NO_SUBSTITUTION}")])
    written = encrypt(".", "../out", environment, cwd=tree)
    assert written.stderr == b"wrote ../out: 1 Secret, encrypted; the path for Flux is ./\n"
    built = build_of(tmp_path, tmp_path / "out", "")
    assert [data["password"] for data in built.secrets().values()] == [canaries["password"].encode()]


def test_a_lock_is_obeyed(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> None:
    vault.write("app", {"password": "old-one"})
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)])
    assert vaultgen(environment, "lock", str(tree)).status == 0
    vault.write("app", {"password": "new-one"})
    assert encrypt(tree, tmp_path / "out", environment).status == 0
    built = build_of(tmp_path, tmp_path / "out", "")
    assert [data["password"] for data in built.secrets().values()] == [b"old-one"]


def test_it_is_one_session_in_which_a_path_is_read_once(
    tmp_path: Path,
    repository: Repository,
    environment: dict[str, str],
    canaries: dict[str, str],
    vault_namespace: VaultNamespace,
    request_log: RequestLog,
) -> None:
    request_log.mark()
    assert encrypt(repository.path / "apps" / "over", tmp_path / "out", environment).status == 0
    assert request_log.paths(namespace=vault_namespace.name) == ["secret/data/app"]


# --- whole or not at all ---


def test_a_reference_that_fails_leaves_nothing(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> None:
    vault.write("app", {"password": "x-ray"})
    gone = generator("files: {a: 'vault:secret/data/gone?key=a'}", name="gone")
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD), gone])
    before = set(tmp_path.iterdir())
    written = encrypt(tree, tmp_path / "out", environment)
    assert (written.status, written.stdout) == (5, b"")
    assert b"error[path-missing]" in written.stderr
    assert set(tmp_path.iterdir()) == before


def test_a_place_that_cannot_be_written_to_leaves_nothing(
    tmp_path: Path, repository: Repository, environment: dict[str, str], canaries: dict[str, str]
) -> None:
    (tmp_path / "file").write_text("x")
    before = set(tmp_path.iterdir())
    written = encrypt(repository.path / "base", tmp_path / "file" / "out", environment)
    assert (written.status, written.stdout) == (3, b"")
    assert b"error[file-not-written]" in written.stderr
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("through_a_link", [False, True])
def test_an_empty_directory_will_do(
    through_a_link: bool,
    tmp_path: Path,
    repository: Repository,
    environment: dict[str, str],
    canaries: dict[str, str],
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    out = tmp_path / ("link" if through_a_link else "out")
    assert encrypt(repository.path / "base", out, environment).status == 0
    assert (tmp_path / "out" / "base" / "kustomization.yaml").exists()
    assert (tmp_path / "link").is_symlink()


def test_what_is_there_stays(
    tmp_path: Path, repository: Repository, environment: dict[str, str], request_log: RequestLog
) -> None:
    write_tree(tmp_path / "out", {"mine": "x"})
    request_log.mark()
    written = encrypt(repository.path / "base", tmp_path / "out", environment)
    assert (written.status, written.stdout) == (3, b"")
    assert b"error[file-exists]" in written.stderr
    assert files_of(tmp_path / "out") == {"mine": b"x"}
    assert request_log.paths() == []


# --- refused ---


@pytest.mark.parametrize(
    "arguments",
    [
        ["--reveal"],
        ["--real-names"],
        ["--placeholder"],
        ["--kustomize=kustomize"],
        ["--allow-function=./a"],
        ["--allow-remote=b"],
        ["--", "--load-restrictor=LoadRestrictionsNone"],
    ],
)
def test_it_goes_with_no_other_way_to_build(
    arguments: list[str], tmp_path: Path, repository: Repository, environment: dict[str, str]
) -> None:
    written = encrypt(repository.path / "base", tmp_path / "out", environment, *arguments)
    assert (written.status, written.stdout) == (2, b"")
    assert written.stderr.startswith(b"error: --encrypt-age runs no kustomize and shows nothing")
    assert not (tmp_path / "out").exists()


def test_it_needs_a_directory_to_write_to(repository: Repository, environment: dict[str, str]) -> None:
    written = vaultgen(environment, "build", f"--encrypt-age={RECIPIENT}", str(repository.path / "base"))
    assert (written.status, written.stdout) == (2, b"")
    assert b"error: --encrypt-age needs -o DIR" in written.stderr


def test_standard_output_is_no_directory(tmp_path: Path, repository: Repository, environment: dict[str, str]) -> None:
    written = encrypt(repository.path / "base", "-", environment, cwd=tmp_path)
    assert (written.status, written.stdout) == (2, b"")
    assert b"error: --encrypt-age needs -o DIR" in written.stderr


def test_a_build_to_look_at_is_no_directory(
    tmp_path: Path, repository: Repository, environment: dict[str, str]
) -> None:
    written = vaultgen(environment, "build", "-o", str(tmp_path), str(repository.path / "base"))
    assert (written.status, written.stdout) == (2, b"")
    assert b"is a directory" in written.stderr


@pytest.mark.parametrize("text", [str(KEY), "age1nothing", "ssh-ed25519 AAAA"], ids=["private", "odd", "ssh"])
def test_what_is_no_recipient_is_refused_and_not_shown(
    text: str, repository: Repository, tmp_path: Path, environment: dict[str, str]
) -> None:
    out = str(tmp_path / "out")
    written = vaultgen(environment, "build", f"--encrypt-age={text}", "-o", out, str(repository.path / "base"))
    assert (written.status, written.stdout) == (3, b"")
    assert b"error[bad-recipient]" in written.stderr
    assert text.encode() not in written.stderr


@pytest.mark.parametrize("module", ["pyrage", "cryptography"])
def test_without_the_extra_it_says_what_to_install(
    module: str, tmp_path: Path, repository: Repository, environment: dict[str, str]
) -> None:
    write_tree(tmp_path / "patch", {"sitecustomize.py": f"import sys\nsys.modules[{module!r}] = None\n"})
    path = os.pathsep.join(filter(None, [str(tmp_path / "patch"), environment.get("PYTHONPATH")]))
    written = encrypt(repository.path / "base", tmp_path / "out", {**environment, "PYTHONPATH": path})
    assert (written.status, written.stdout) == (3, b"")
    assert written.stderr.decode() == (
        "error[missing-extra]: this needs packages that are not installed\n  hint: pip install 'vaultgen[publish]'\n"
    )


def test_a_hostile_tree_is_refused_before_anything_is_sent(
    tmp_path: Path, environment: dict[str, str], request_log: RequestLog
) -> None:
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)], "- evil.yaml\nresources: [github.com/a/b]\n")
    write_tree(tree, {"evil.yaml": config("./evil")})
    request_log.mark()
    written = encrypt(tree, tmp_path / "out", environment)
    assert (written.status, written.stdout) == (3, b"")
    codes = re.findall(rb"^error\[(.*)\]", written.stderr, re.MULTILINE)
    assert sorted(codes) == [b"foreign-function", b"remote-base"]
    assert request_log.paths() == []


def test_a_document_that_git_does_not_track_is_refused(
    tmp_path: Path, repository: Repository, environment: dict[str, str], request_log: RequestLog
) -> None:
    """It is on disk, so that a build would read it; but nobody could fetch what it says."""
    write_documents(repository.path / "new", [generator(PASSWORD)])
    request_log.mark()
    written = encrypt("new", tmp_path / "out", environment, cwd=repository.path)
    assert (written.status, written.stdout) == (3, b"")
    said = [line.partition(",")[0] for line in written.stderr.decode().splitlines() if line.startswith("error")]
    assert said == [
        "error[untracked-file]: git does not track new/kustomization.yaml",
        "error[untracked-file]: git does not track new/gen-0.yaml",
    ]
    assert request_log.paths() == []


def test_a_file_of_a_document_that_git_does_not_track_is_refused(
    tmp_path: Path, repository: Repository, environment: dict[str, str], request_log: RequestLog
) -> None:
    sources = "files: [a.txt, gone.txt, link.txt]\n  envs: [a.env]"
    write_documents(repository.path / "new", [generator(sources)])
    (repository.path / "new" / "link.txt").symlink_to("gen-0.yaml")
    repository.commit()
    repository.write({"new/a.txt": "x", "new/a.env": "A=b\n"})
    request_log.mark()
    written = encrypt("new", tmp_path / "out", environment, cwd=repository.path)
    assert (written.status, written.stdout) == (3, b"")
    lines = [line.split(", ")[0].strip() for line in written.stderr.decode().splitlines() if "hint" not in line]
    assert [line for line in lines if line] == [
        "error[untracked-file]: git does not track new/a.txt",
        "where: new/gen-0.yaml:10:11",
        "error[file-not-found]: there is no file gone.txt",
        "where: new/gen-0.yaml:10:18",
        "error[file-not-found]: there is no file link.txt",
        "where: new/gen-0.yaml:10:28",
        "error[untracked-file]: git does not track new/a.env",
        "where: new/gen-0.yaml:11:10",
    ]
    assert request_log.paths() == []


def test_a_file_that_only_kustomize_reads_and_git_does_not_track_is_refused(
    tmp_path: Path, repository: Repository, environment: dict[str, str], request_log: RequestLog
) -> None:
    """It would be missing from the published tree, and only the cluster would say so."""
    kustomization = """\
- builtin.yaml
configMapGenerator:
- {name: settings, files: [key=settings.txt, tracked.txt, link.txt], envs: [settings.env]}
secretGenerator:
- {name: own, env: own.env}
patches:
- {path: patch.yaml, target: {kind: Secret}}
- {patch: "- {op: remove, path: /metadata/labels}", target: {kind: Secret}}
patchesStrategicMerge: [merge.yaml]
replacements: [{path: replacement.yaml}]
configurations: [names.yaml]
crds: [absent.json]
"""
    write_documents(repository.path / "new", [generator(PASSWORD)], kustomization)
    builtin = (
        "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: more}\nfiles: [more.txt, key=keyed.txt]\n"
    )
    repository.write({"new/builtin.yaml": builtin, "new/tracked.txt": "t"})
    (repository.path / "new" / "link.txt").symlink_to("tracked.txt")
    repository.commit()
    untracked = ("settings.txt", "settings.env", "own.env", "patch.yaml", "merge.yaml", "replacement.yaml")
    repository.write({f"new/{name}": "{}" for name in (*untracked, "names.yaml", "more.txt", "keyed.txt", "other.txt")})
    request_log.mark()
    written = encrypt("new", tmp_path / "out", environment, cwd=repository.path)
    assert (written.status, written.stdout) == (3, b"")
    said = [line.split(", ")[0].strip() for line in written.stderr.decode().splitlines() if line.startswith("error")]
    assert sorted(said) == [
        "error[file-unreadable]: new/link.txt cannot be read: a link leads to it",
        *(
            f"error[untracked-file]: git does not track new/{name}"
            for name in sorted((*untracked, "names.yaml", "more.txt", "keyed.txt"))
        ),
    ]
    assert b"where: new/kustomization.yaml:" in written.stderr
    assert b"hint: run `git add` on it" in written.stderr
    assert not (tmp_path / "out").exists()
    assert request_log.paths() == []


def test_faults_name_files_as_seen_from_the_working_directory(
    tmp_path: Path, repository: Repository, environment: dict[str, str]
) -> None:
    write_tree(repository.path, {"base/gen-0.yaml": generator("literals: [NONE]")})
    written = encrypt("over", tmp_path / "out", environment, cwd=repository.path / "apps")
    assert written.status == 3
    assert f"where: {repository.path}/base/gen-0.yaml".encode() in written.stderr
    written = encrypt(".", tmp_path / "out", environment, cwd=repository.path / "base")
    assert b"where: gen-0.yaml" in written.stderr


def test_a_repository_that_git_refuses_is_not_taken_for_none(
    tmp_path: Path, repository: Repository, environment: dict[str, str]
) -> None:
    """All files would be published, tracked or not."""
    shutil.rmtree(repository.path / ".git" / "refs")
    written = encrypt(repository.path / "base", tmp_path / "out", environment)
    assert (written.status, written.stdout) == (3, b"")
    assert b"error[no-work-tree]" in written.stderr
    assert not (tmp_path / "out").exists()
