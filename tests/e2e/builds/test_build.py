"""``vaultgen build``: the real kustomize and a real OpenBao over one session, all documents looked at first."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from support.build import (
    DEPLOYMENT,
    PASSWORD,
    build_command,
    generator,
    run,
    vaultgen,
    vaultgen_build,
    write_documents,
)
from support.canaries import new_canary
from support.kustomize import NEWEST, OLDEST, kustomize, kustomize_build
from support.request_log import RequestLog
from support.trees import write_program, write_tree
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
def test_a_revealed_build_is_what_kustomize_prints(
    version: str, tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": new_canary("p")})
    vault.write("all", {"A": "1", "B": "two\nlines\n" * 30})
    documents = [generator(PASSWORD), generator("envs: ['vault:secret/data/all']", name="all")]
    write_documents(tmp_path / "tree", documents, "resources: [web.yaml]\nnamePrefix: x-\n")
    write_tree(tmp_path / "tree", {"web.yaml": DEPLOYMENT})
    plain = kustomize_build(tmp_path / "tree", environment, binary=kustomize(version))
    built = vaultgen_build(tmp_path / "tree", environment, "--reveal", binary=kustomize(version))
    assert (plain.status, plain.stderr) == (0, b"")
    assert built == plain


def test_documents_of_functions_and_plugins_go_together(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    article = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: article}
spec:
  secretGenerator:
  - name: article
    files: {password: 'vault:secret/data/app?key=password'}
"""
    documents = [generator(PASSWORD), generator(PASSWORD, name="legacy", annotation=""), article]
    built = vaultgen_build(write_documents(tmp_path / "tree", documents), environment, "--reveal")
    assert built.status == 0, built.stderr
    assert [one["password"] for one in built.secrets().values()] == [b"x-ray"] * 3


def test_bases_components_and_inline_documents_are_answered_as_well(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    inline = "".join(f"  {line}\n" for line in generator(PASSWORD, name="inline").splitlines())
    write_tree(
        tmp_path / "tree",
        {
            "over/kustomization.yaml": f"resources: [../base]\ncomponents: [../part]\ngenerators:\n- |\n{inline}",
            "base/kustomization.yaml": "generators: [configs]\n",
            "base/configs/kustomization.yaml": "resources: [gen.yaml]\n",
            "base/configs/gen.yaml": generator(PASSWORD, name="base"),
            "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            "generators: [gen.yaml]\n",
            "part/gen.yaml": generator("behavior: merge\n  literals: [MORE=1]", name="base"),
        },
    )
    built = vaultgen_build(tmp_path / "tree" / "over", environment, "--reveal")
    assert built.status == 0, built.stderr
    assert sorted(map(sorted, built.secrets().values())) == [["MORE", "password"], ["password"]]


# --- one session ---

APP_ROLE = "vault:\n  auth:\n  - appRole: {roleId: <<role>>, secretId: {env: VAULT_SECRET_ID}}\n"


def test_fifty_documents_are_one_login_one_listing_and_one_read_a_path(
    tmp_path: Path,
    environment: dict[str, str],
    vault: VaultClient,
    vault_namespace: VaultNamespace,
    request_log: RequestLog,
) -> None:
    role, environment["VAULT_SECRET_ID"] = app_role(vault)
    del environment["VAULT_TOKEN"]
    for number in range(10):
        vault.write(f"app-{number}", {"a": "1", "b": "2"})
    block = APP_ROLE.replace("<<role>>", role)
    roots = [f"base-{root}" for root in range(5)]
    for index, root in enumerate(roots):
        documents = [
            # A logical path, for which the mount has to be known.
            generator(f"literals: ['A=vault:secret/app-{number}?key=a']", name=f"{root}-{number}", vault=block)
            for number in range(10)
        ]
        write_documents(tmp_path / "tree" / root, documents, f"namePrefix: p{index}-\n")
    write_tree(tmp_path / "tree", {"kustomization.yaml": f"resources: [{', '.join(roots)}]\n"})
    request_log.mark()
    built = vaultgen_build(tmp_path / "tree", environment, "--reveal")
    assert built.status == 0, built.stderr
    assert len(built.secrets()) == 50
    asked = Counter(request_log.paths(namespace=vault_namespace.name))
    assert set(asked.values()) == {1}
    assert set(asked) == {
        "auth/approle/login",
        "sys/internal/ui/mounts",
        *(f"secret/data/app-{number}" for number in range(10)),
        "auth/token/revoke-self",
    }


def app_role(vault: VaultClient) -> tuple[str, str]:
    """Return role id and secret id of a login that may read everything."""
    vault.enable_auth("approle")
    vault.request("POST", "auth/approle/role/ci", {"token_policies": ["read-all"]})
    role = vault.request("GET", "auth/approle/role/ci/role-id")["data"]["role_id"]
    return role, vault.request("POST", "auth/approle/role/ci/secret-id", {})["data"]["secret_id"]


def test_a_login_that_is_refused_is_tried_once_for_all_documents(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient, request_log: RequestLog
) -> None:
    role, _ = app_role(vault)
    del environment["VAULT_TOKEN"]
    environment["VAULT_SECRET_ID"] = "00000000-0000-0000-0000-000000000000"
    block = APP_ROLE.replace("<<role>>", role)
    documents = [generator(PASSWORD, name=f"app-{number}", vault=block) for number in range(3)]
    request_log.mark()
    built = vaultgen_build(write_documents(tmp_path / "tree", documents), environment)
    assert (built.status, built.stdout) == (4, b"")
    assert built.stderr.count(b"error[login-denied]") == 1
    assert request_log.paths().count("auth/approle/login") == 1


def test_a_lock_is_obeyed_and_its_versions_are_read_once(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient, request_log: RequestLog
) -> None:
    vault.write("app", {"password": "old-one"})
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD), generator(PASSWORD, name="too")])
    locked = vaultgen(environment, "lock", str(tree))
    assert locked.status == 0, locked.stderr
    vault.write("app", {"password": "new-one"})
    request_log.mark()
    built = vaultgen_build(tree, environment, "--reveal")
    assert [data["password"] for data in built.secrets().values()] == [b"old-one", b"old-one"]
    assert request_log.paths(token=environment["VAULT_TOKEN"]).count("secret/data/app") == 1


# --- refused before anything runs ---


@pytest.mark.parametrize("way", ["--reveal", "--real-names", "--placeholder", ""])
def test_all_documents_are_looked_at_before_anything_runs_or_is_sent(
    way: str, tmp_path: Path, environment: dict[str, str], vault: VaultClient, request_log: RequestLog
) -> None:
    vault.write("app", {"password": "x-ray"})
    bad = [
        generator("files: {password: 'vault:secret/data/app'}", name="one"),
        generator("literals: ['NONE']", name="two"),
    ]
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD), *bad])
    never = write_program(tmp_path / "never", f"#!/bin/sh\n: >{tmp_path}/ran\n")
    request_log.mark()
    built = vaultgen_build(tree, environment, *filter(None, [way]), binary=str(never))
    assert (built.status, built.stdout) == (3, b"")
    assert re.findall(rb"^error\[(.*)\]", built.stderr, re.MULTILINE) == [b"bad-reference", b"bad-literal"]
    assert b"gen-1.yaml" in built.stderr
    assert b"gen-2.yaml" in built.stderr
    assert request_log.paths() == []
    assert not (tmp_path / "ran").exists()


def test_all_that_vault_lacks_is_told_at_once(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> None:
    vault.write("app", {"password": "x-ray"})
    gone = "files: {a: 'vault:secret/data/gone?key=a'}"
    other = "literals: ['A=vault:secret/data/app?key=user', 'B=vault:secret/data/gone?key=b']"
    documents = [generator(PASSWORD), generator(gone, name="one"), generator(other, name="two")]
    built = vaultgen_build(write_documents(tmp_path / "tree", documents), environment)
    assert (built.status, built.stdout) == (5, b"")
    assert Counter(re.findall(rb"^error\[(.*)\]", built.stderr, re.MULTILINE)) == {
        b"path-missing": 2,
        b"field-missing": 1,
    }


def test_what_is_not_there_is_told_before_kustomize_looks(tmp_path: Path, environment: dict[str, str]) -> None:
    built = vaultgen_build(write_documents(tmp_path / "tree", [], "resources: [gone.yaml]\n"), environment)
    assert (built.status, built.stdout) == (3, b"")
    assert b"error[file-not-found]: there is no file gone.yaml" in built.stderr


# --- the output ---


def test_a_file_is_written_whole_and_for_this_user_alone(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)])
    target = tmp_path / "out" / "built.yaml"
    built = vaultgen_build(tree, environment, "--reveal", "-o", str(target))
    assert (built.status, built.stdout, built.stderr) == (0, b"", f"wrote {target}\n".encode())
    assert target.read_bytes() == vaultgen_build(tree, environment, "--reveal").stdout
    assert target.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in target.parent.iterdir()] == ["built.yaml"]


def test_a_dash_is_standard_output_and_no_file(tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    command = [*build_command(tree), "--placeholder", "-o"]
    built = run([*command, "-"], environment, tmp_path)
    assert (built.status, built.stderr) == (0, b"")
    assert built.stdout.startswith(b"# placeholders")
    assert not (tmp_path / "-").exists()
    assert run([*command, "./-"], environment, tmp_path).stderr == b"wrote ./-\n"
    assert (tmp_path / "-").read_bytes() == built.stdout


def test_a_file_stays_as_it_was_if_the_build_fails(tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_documents(tmp_path / "tree", [generator("files: {a: 'vault:secret/data/gone?key=a'}")])
    (tmp_path / "built.yaml").write_text("before")
    built = vaultgen_build(tree, environment, "--output", str(tmp_path / "built.yaml"))
    assert built.status == 5
    assert (tmp_path / "built.yaml").read_text() == "before"


def test_a_link_to_a_file_stays_one(tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    (tmp_path / "built.yaml").write_text("before")
    (tmp_path / "link").symlink_to("built.yaml")
    assert vaultgen_build(tree, environment, "-o", str(tmp_path / "link")).status == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "built.yaml").read_text().startswith("# masked")


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        built = vaultgen_build(tree, environment, "-o", str(tmp_path / "pipe"))
        assert (built.status, built.stderr) == (0, b"")
        assert os.read(reader, 1 << 16).startswith(b"# masked")
    finally:
        os.close(reader)


def test_a_reader_that_has_gone_is_no_error_to_tell(tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        build_command(tree), env=environment, stdout=writer, stderr=subprocess.PIPE, timeout=300, check=False
    )
    os.close(writer)
    assert done.returncode != 0
    assert done.stderr == b""


def test_ways_to_show_values_exclude_each_other(tmp_path: Path, environment: dict[str, str]) -> None:
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")])
    built = vaultgen_build(tree, environment, "--reveal", "--placeholder")
    assert (built.status, built.stdout) == (2, b"")
    assert b"exclude each other" in built.stderr
