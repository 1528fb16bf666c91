"""Which kustomize a build runs, with which flags, and what of its words is passed on."""

from pathlib import Path

import pytest

from support.build import (
    PASSWORD,
    generator,
    vaultgen_build,
    write_documents,
)
from support.canaries import assert_no_canary, new_canary
from support.kustomize import kustomize, kustomize_build
from support.trees import write_program, write_tree
from support.vault_client import VaultClient

PLAIN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: plain, labels: {copied: x}}
data: {whole: x, cut: x, other: x}
"""


def test_kustomizes_own_failure_is_told_in_its_words(tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_tree(tmp_path / "tree", {"kustomization.yaml": "namePrefix: 7\nresourcez: []\n"})
    built = vaultgen_build(tree, environment)
    assert (built.status, built.stdout) == (1, b"")
    assert b'unknown field "resourcez"' in built.stderr or b"cannot unmarshal number" in built.stderr


LEAKY = """\
#!/bin/sh
{kustomize} "$@" >"{scratch}" 2>&1
status=$?
cut -c 2- "{scratch}" >&2
rm "{scratch}"
exit {status}
"""


@pytest.mark.parametrize("status", ["1", "0"])
@pytest.mark.parametrize("way", ["--reveal", "--real-names", ""])
def test_a_kustomize_that_quotes_data_shows_stand_ins(
    way: str, status: str, tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    """It does so when it cannot use the data; what it says in a revealed build comes from a masked one."""
    canaries = {"password": new_canary("p")}
    vault.write("app", canaries)
    text = LEAKY.format(kustomize=kustomize(), scratch=tmp_path / "scratch", status=status)
    leaky = write_program(tmp_path / "leaky", text)
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)])
    built = vaultgen_build(tree, environment, *filter(None, [way]), binary=str(leaky))
    assert built.status == int(status)
    assert b"ind: Secret" in built.stderr
    assert_no_canary(canaries, {"stderr": built.stderr, "stdout": built.stdout})


PICKY = """\
#!/bin/sh
{kustomize} "$@" | tee "{scratch}"
grep -q masked "{scratch}" && exit 0
cat "{scratch}" >&2
exit 1
"""


def test_a_failure_that_only_values_bring_about_is_not_quoted(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    canaries = {"password": new_canary("p")}
    vault.write("app", canaries)
    picky = write_program(tmp_path / "picky", PICKY.format(kustomize=kustomize(), scratch=tmp_path / "scratch"))
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)])
    built = vaultgen_build(tree, environment, "--reveal", binary=str(picky))
    assert (built.status, built.stdout) == (1, b"")
    assert built.stderr.startswith(b"note: kustomize fails on the values themselves")


@pytest.mark.parametrize("given", ["--kustomize=/nowhere/kustomize", "--kustomize=nothing-of-this-name", ""])
def test_without_kustomize_it_is_said_what_to_do(given: str, tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    environment["PATH"] = environment["PATH"].split(":")[0]
    if (Path(environment["PATH"]) / "kustomize").exists():
        pytest.skip("kustomize lies beside vaultgen here")
    built = vaultgen_build(tree, environment, *filter(None, [given]), binary="")
    assert (built.status, built.stdout) == (3, b"")
    assert b"error[no-kustomize]: there is no program " in built.stderr


def test_kustomize_is_found_on_path(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kustomize").symlink_to(kustomize())
    environment["PATH"] += f":{tmp_path}/bin"
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    assert vaultgen_build(tree, environment, "--reveal", binary="").status == 0


def test_another_vaultgen_on_path_is_not_run(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> None:
    vault.write("app", {"password": "x-ray"})
    write_program(tmp_path / "bin" / "vaultgen", f"#!/bin/sh\n: >{tmp_path}/ran\n")
    environment["PATH"] = f"{tmp_path}/bin:{environment['PATH']}"
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)])
    built = vaultgen_build(tree, environment, "--reveal")
    assert [data["password"] for data in built.secrets().values()] == [b"x-ray"]
    assert not (tmp_path / "ran").exists()


def test_flags_of_the_users_reach_kustomize(tmp_path: Path, environment: dict[str, str]) -> None:
    write_tree(tmp_path, {"outside.yaml": PLAIN, "tree/kustomization.yaml": "resources: [../outside.yaml]\n"})
    refused = vaultgen_build(tmp_path / "tree", environment)
    allowed = vaultgen_build(tmp_path / "tree", environment, "--", "--load-restrictor", "LoadRestrictionsNone")
    assert (refused.status, allowed.status) == (1, 0)


@pytest.mark.parametrize(
    "flags",
    [
        ["-o", "out.yaml"],
        ["-oout.yaml"],
        ["--output=out.yaml"],
        ["--enable-exec=false"],
        ["--enable-alpha-plugins=false"],
        ["--help"],
        ["-h"],
    ],
)
def test_flags_that_vaultgen_sets_itself_are_refused(
    flags: list[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    built = vaultgen_build(tree, environment, "--", *flags, cwd=tmp_path)
    assert (built.status, built.stdout) == (2, b"")
    assert b"cannot be handed to kustomize" in built.stderr


@pytest.mark.parametrize(
    ("flags", "status"), [(["--load-restrictor"], 1), (["--env"], 1), (["../other"], 2), (["--", "../other"], 1)]
)
def test_no_flag_makes_kustomize_build_another_directory(
    flags: list[str], status: int, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Only the one that was looked through."""
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    write_tree(tmp_path / "other", {"kustomization.yaml": "resources: [plain.yaml]\n", "plain.yaml": PLAIN})
    built = vaultgen_build(tree, environment, "--", *flags, cwd=tmp_path / "other")
    assert (built.status, built.stdout) == (status, b"")


def test_a_plugin_of_the_users_runs_if_it_is_allowed(tmp_path: Path, environment: dict[str, str], home: Path) -> None:
    maker = f"#!/bin/sh\ncat <<'END'\n{PLAIN}END\n"
    write_program(home / ".config/kustomize/plugin/example.com/v1/maker/Maker", maker)
    write_program(home / ".config/kustomize/plugin/example.com/v1/other/Other", maker)
    documents = ["apiVersion: example.com/v1\nkind: Maker\nmetadata: {name: a}\n"]
    tree = write_documents(tmp_path / "tree", [*documents, generator("literals: [A=b]")])
    built = vaultgen_build(tree, environment, "--allow-function=example.com/Maker")
    assert built.status == 0, built.stderr
    assert [one["kind"] for one in built.resources()] == ["ConfigMap", "Secret"]


def test_a_warning_about_old_fields_is_passed_on_and_nothing_is_built_twice(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    counting = f'#!/bin/sh\necho x >>{tmp_path}/count\nexec {kustomize()} "$@"\n'
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)], "commonLabels: {a: b}\nbases: []\nvars: []\n")
    built = vaultgen_build(tree, environment, "--reveal", binary=str(write_program(tmp_path / "counting", counting)))
    assert built.status == 0
    assert built.stderr == kustomize_build(tree, environment).stderr
    assert built.stderr.count(b"is deprecated") == 3
    assert (tmp_path / "count").read_text() == "x\n"


def test_what_kustomize_quotes_does_not_write_to_the_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    files = {
        "kustomization.yaml": 'resources: [plain.yaml]\npatches: [{path: "a\\e[31m\\r\\tb"}]\n',
        "plain.yaml": PLAIN,
    }
    built = vaultgen_build(write_tree(tmp_path / "tree", files), environment)
    assert built.status == 1
    assert built.stderr.decode().replace("\n", "").isprintable()
    assert b"31m" in built.stderr
