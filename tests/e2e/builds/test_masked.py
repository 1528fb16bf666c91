"""A masked build: kustomize gets stand-ins, so that no value can come out of it."""

import base64
import re
from pathlib import Path

import pytest

from support.build import (
    DEPLOYMENT,
    LABEL_VALUE,
    PASSWORD,
    generator,
    vaultgen_build,
    without_suffixes,
    write_documents,
)
from support.canaries import assert_no_canary, found_in_files, new_canary, new_plain_canary
from support.kustomize import NEWEST, OLDEST, kustomize
from support.name_suffix import name_suffix
from support.trees import config, write_program, write_tree
from support.vault_client import VaultClient

WHOLE = """\
resources: [plain.yaml]
replacements:
- source: {kind: Secret, name: app, fieldPath: data.password}
  targets:
  - select: {kind: ConfigMap, name: plain}
    fieldPaths: [data.whole, metadata.labels.copied]
"""
CUT = """\
- source: {kind: Secret, name: app, fieldPath: data.password, options: {delimiter: 'F', index: 1}}
  targets:
  - select: {kind: ConfigMap, name: plain}
    fieldPaths: [data.cut]
"""
PLAIN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: plain, labels: {copied: x}}
data: {whole: x, cut: x}
"""


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
def test_a_masked_build_holds_no_value_wherever_the_tree_copies_it(
    version: str, tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    canaries = {"password": new_canary("p"), "token": environment["VAULT_TOKEN"]}
    vault.write("app", {"password": canaries["password"]})
    write_documents(tmp_path / "tree", [generator("envs: ['vault:secret/data/app']")], WHOLE + CUT)
    write_tree(tmp_path / "tree", {"plain.yaml": PLAIN})
    built = vaultgen_build(tmp_path / "tree", environment, binary=kustomize(version))
    assert built.status == 0, built.stderr
    (plain,) = (one for one in built.resources() if one["kind"] == "ConfigMap")
    # The stand-in is what was copied, so the value would have been.
    assert base64.b64decode(plain["data"]["whole"]).startswith(b"masked-")
    assert plain["metadata"]["labels"]["copied"] == plain["data"]["whole"]
    assert plain["data"]["cut"] == plain["data"]["whole"].split("F")[1] != ""
    assert_no_canary(canaries, {"stdout": built.stdout, "stderr": built.stderr})
    assert found_in_files(canaries, [tmp_path]) == []


def test_each_run_has_other_stand_ins_and_suffixes(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    write_documents(tmp_path / "tree", [generator(PASSWORD)])
    first, second = (vaultgen_build(tmp_path / "tree", environment) for _ in range(2))
    assert first.secrets().keys().isdisjoint(second.secrets())
    assert without_suffixes(first.stdout) != without_suffixes(second.stdout)


def test_a_pin_cannot_be_found_from_a_masked_build(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    """With its value, the suffix gives a PIN away to whoever tries all of them; that takes seconds."""
    vault.write("app", {"password": "271828"})
    write_documents(tmp_path / "tree", [generator(PASSWORD)])
    built = vaultgen_build(tmp_path / "tree", environment)
    revealed = vaultgen_build(tmp_path / "tree", environment, "--reveal")
    suffix, true_suffix = (re.sub("^app-", "", next(iter(one.secrets()))) for one in (built, revealed))
    assert true_suffix == name_suffix("Opaque", {"password": base64.b64encode(b"271828").decode()})
    data = built.resources()[0]["data"]
    # Whatever is tried: the suffix is that of the stand-in, which a key makes that nobody has.
    assert suffix == name_suffix("Opaque", data)
    assert base64.b64decode(data["password"]).decode() not in ("271828", "")
    assert true_suffix.encode() not in built.stdout


def test_a_guess_of_the_tree_does_not_look_like_the_value(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    """A pull request could list every PIN, in this Secret or in others, and see which one has the same stand-in."""
    vault.write("app", {"password": "271828"})
    guesses = "literals: [GUESS=271828, 'COPY=vault:secret/data/none?key=x&default=271828']"
    write_documents(tmp_path / "tree" / "a", [generator(PASSWORD), generator(guesses, name="other")])
    write_documents(tmp_path / "tree" / "b", [generator("literals: [password=271828]")], "namePrefix: b-\n")
    write_tree(tmp_path / "tree", {"kustomization.yaml": "resources: [a, b]\n"})
    built = vaultgen_build(tmp_path / "tree", environment)
    assert built.status == 0, built.stderr
    values = [value for data in built.secrets().values() for value in data.values()]
    assert len(set(values)) == len(values) == 4


def test_a_masked_secret_is_one_that_the_api_server_refuses(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    write_documents(tmp_path / "tree", [generator(PASSWORD)])
    built = vaultgen_build(tmp_path / "tree", environment)
    (secret,) = built.resources()
    assert not LABEL_VALUE.fullmatch(secret["metadata"]["labels"]["vaultgen.dev/masked"])
    assert built.stdout.startswith(b"# masked: ")


def test_what_is_not_vaultgens_is_shown_and_the_output_says_so(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {a: in-the-tree}\n"
    more = "resources: [plain.yaml]\nsecretGenerator: [{name: own, literals: [b=of-kustomize]}]\n"
    write_documents(tmp_path / "tree", [generator(PASSWORD)], more)
    write_tree(tmp_path / "tree", {"plain.yaml": plain})
    for arguments, names in (
        ((), b"values and name suffixes"),
        (("--real-names",), b"name suffixes are true, values"),
    ):
        built = vaultgen_build(tmp_path / "tree", environment, *arguments)
        first, second = built.stdout.splitlines()[:2]
        assert re.match(rb"# masked: %s are stand-ins, which the API server refuses" % names, first)
        assert b"Secrets of the tree itself, or of kustomize, are shown as they are" in second
        assert b"a: in-the-tree" in built.stdout
        assert b"b: " + base64.b64encode(b"of-kustomize") in built.stdout


def test_real_names_are_those_of_the_revealed_build_and_all_that_is_real(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    canaries = {"password": new_canary("p")}
    vault.write("app", canaries)
    write_documents(tmp_path / "tree", [generator(PASSWORD)], WHOLE + "nameSuffix: -x\n")
    write_tree(tmp_path / "tree", {"plain.yaml": PLAIN})
    built = vaultgen_build(tmp_path / "tree", environment, "--real-names")
    revealed = vaultgen_build(tmp_path / "tree", environment, "--reveal")
    assert built.status == revealed.status == 0, built.stderr
    assert set(built.secrets()) == set(revealed.secrets())
    assert_no_canary(canaries, {"stdout": built.stdout, "stderr": built.stderr})


def test_references_in_workloads_follow_real_names(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    write_documents(tmp_path / "tree", [generator(PASSWORD)], "resources: [web.yaml]\n")
    write_tree(tmp_path / "tree", {"web.yaml": DEPLOYMENT})
    built, revealed = (vaultgen_build(tmp_path / "tree", environment, way) for way in ("--real-names", "--reveal"))
    web, real = (next(one for one in of.resources() if one["kind"] == "Deployment") for of in (built, revealed))
    assert web == real


SPY = """\
#!/bin/sh
tr '\\0' '\\n' </proc/self/environ >"{seen}/own"
tr '\\0' '\\n' </proc/$PPID/environ >"{seen}/kustomize"
cat >"{seen}/input"
command -v vaultgen >"{seen}/program"
stat -c %a "$(dirname "$(dirname "$(command -v vaultgen)")")" >"{seen}/mode"
echo '{{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}}'
"""


@pytest.mark.parametrize("arguments", [(), ("--placeholder",), ("--placeholder=appliable",)])
def test_no_child_gets_a_value_or_a_credential(
    arguments: tuple[str, ...], tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    """Not kustomize, not a function that is allowed to run: not in the environment, and not among the resources."""
    canaries = {"password": new_canary("p"), "ci": new_plain_canary("ci"), "token": environment["VAULT_TOKEN"]}
    vault.write("app", {"password": canaries["password"]})
    seen = tmp_path / "seen"
    seen.mkdir()
    write_documents(tmp_path / "tree", [generator(PASSWORD)], "transformers: [spy.yaml]\n")
    write_tree(tmp_path / "tree", {"spy.yaml": config("./spy")})
    write_program(tmp_path / "tree" / "spy", SPY.format(seen=seen))
    environment |= {"GITHUB_TOKEN": canaries["ci"], "AWS_SECRET_ACCESS_KEY": canaries["ci"]}
    built = vaultgen_build(tmp_path / "tree", environment, "--allow-function=./spy", *arguments)
    assert built.status == 0, built.stderr
    assert found_in_files(canaries, [seen]) == []
    assert b"kind: Secret" in (seen / "input").read_bytes()
    names = {line.partition("=")[0] for line in (seen / "kustomize").read_text().splitlines()}
    assert names == {"PATH", "TMPDIR", "HOME", "KUSTOMIZE_PLUGIN_HOME"}
    assert (seen / "mode").read_text() == "700\n"
    assert not Path((seen / "program").read_text().strip()).exists()


@pytest.mark.parametrize("way", ["--reveal", "--real-names"])
def test_a_build_with_the_values_keeps_the_credentials_of_vault_to_itself(
    way: str, tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    """That of ``--real-names`` is one too."""
    vault.write("app", {"password": "x-ray"})
    write_documents(tmp_path / "tree", [generator(PASSWORD)], "transformers: [spy.yaml]\n")
    write_tree(tmp_path / "tree", {"spy.yaml": config("./spy")})
    write_program(tmp_path / "tree" / "spy", SPY.format(seen=tmp_path))
    built = vaultgen_build(tmp_path / "tree", {**environment, "LOOK": "1"}, way, "--allow-function=./spy")
    assert built.status == 0, built.stderr
    assert "LOOK=1" in (tmp_path / "kustomize").read_text()
    assert base64.b64encode(b"x-ray") in (tmp_path / "input").read_bytes()
    assert not re.search("^(VAULT|BAO|VAULTGEN)_", (tmp_path / "kustomize").read_text(), re.MULTILINE)
