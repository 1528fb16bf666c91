"""A placeholder build: without Vault, network or credential, and for looking at alone."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.build import LABEL_VALUE, PASSWORD, generator, vaultgen_build, without_suffixes, write_documents
from support.kustomize import NEWEST, OLDEST, Built, kustomize, kustomize_build
from support.trees import write_tree
from support.vault_client import VaultClient

DOCUMENTS = [
    generator("literals: ['DSN=pg://${vault:secret/data/app?key=password}@db', PLAIN=x]\n  files: [logo.txt]"),
    generator(
        "dockerConfig: [{server: r.example.com, username: ci, password: 'vault:secret/data/app?key=password'}]\n"
        "  type: kubernetes.io/dockerconfigjson",
        name="pull",
    ),
    generator("files: {whole.json: 'vault:secret/data/app?format=json'}\n  behavior: create", name="whole"),
]
TREE = {
    "logo.txt": "a logo",
    "base/kustomization.yaml": "generators: [gen.yaml]\n",
    "base/gen.yaml": generator(PASSWORD, name="base"),
    "legacy.yaml": generator(PASSWORD, name="legacy", annotation=""),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_documents(tmp_path / "tree", DOCUMENTS, "- legacy.yaml\nresources: [base]\nnamePrefix: x-\n")
    return write_tree(tmp_path / "tree", TREE)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that would have a connection waiting if anybody had come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def shapes(built: Built) -> list[object]:
    """Return kind, name and data keys of each resource, names without suffixes."""
    plain = Built(without_suffixes(built.stdout), b"", 0)
    return [(one["kind"], one["metadata"]["name"], one["type"], sorted(one["data"])) for one in plain.resources()]


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
def test_nobody_is_asked(version: str, tree: Path, bare_environment: dict[str, str], listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    names = ("VAULT_ADDR", "BAO_ADDR", "HTTP_PROXY", "HTTPS_PROXY", "KUBECONFIG")
    environment = {**bare_environment, **dict.fromkeys(names, address), "VAULT_TOKEN": "t"}
    built = vaultgen_build(tree, environment, "--placeholder", binary=kustomize(version))
    assert built.status == 0, built.stderr
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_neither_an_address_nor_a_credential_is_needed(tree: Path, bare_environment: dict[str, str]) -> None:
    assert vaultgen_build(tree, bare_environment, "--placeholder").status == 0


def test_the_same_tree_gives_the_same_bytes(tree: Path, bare_environment: dict[str, str], tmp_path: Path) -> None:
    first = vaultgen_build(tree, bare_environment, "--placeholder")
    moved = tree.rename(tmp_path / "elsewhere")
    second = vaultgen_build(moved, {**bare_environment, "VAULT_TOKEN": "t", "LANG": "C"}, "--placeholder")
    assert first == second


def test_resources_and_keys_are_those_of_the_real_build(
    tree: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    real = vaultgen_build(tree, environment, "--reveal")
    assert (real.status, real.stderr) == (0, b"")
    placeholder = vaultgen_build(tree, environment, "--placeholder")
    assert shapes(placeholder) == shapes(real)


def test_every_secret_has_a_label_that_the_api_server_refuses(tree: Path, bare_environment: dict[str, str]) -> None:
    secrets = vaultgen_build(tree, bare_environment, "--placeholder").resources()
    values = [one["metadata"]["labels"]["vaultgen.dev/placeholder"] for one in secrets]
    assert len(values) == 5
    assert not any(map(LABEL_VALUE.fullmatch, values))


def test_appliable_leaves_the_label_out_and_has_what_is_plain(tree: Path, bare_environment: dict[str, str]) -> None:
    marked = vaultgen_build(tree, bare_environment, "--placeholder")
    appliable = vaultgen_build(tree, bare_environment, "--placeholder=appliable")
    assert shapes(marked) == shapes(appliable)
    assert not any("labels" in one["metadata"] for one in appliable.resources())
    data = next(data for name, data in appliable.secrets().items() if name.startswith("x-app"))
    assert data == {
        "DSN": b"pg://placeholder for password of secret/data/app@db",
        "PLAIN": b"x",
        "logo.txt": b"a logo",
    }


def test_no_plain_text_is_shown(tree: Path, bare_environment: dict[str, str]) -> None:
    data = vaultgen_build(tree, bare_environment, "--placeholder").secrets()
    assert {text for one in data.values() for text in one.values()}.isdisjoint({b"x", b"a logo"})
    assert b"pg:" not in b"".join(text for one in data.values() for text in one.values())


def test_plain_kustomize_obeys_the_variable(tree: Path, bare_environment: dict[str, str]) -> None:
    """The legacy document aside: its plugin is not installed here."""
    (tree / "legacy.yaml").write_text(TREE["base/gen.yaml"].replace("base", "legacy"))
    plain = kustomize_build(tree, {**bare_environment, "VAULTGEN_MODE": "placeholder"})
    built = vaultgen_build(tree, bare_environment, "--placeholder")
    assert (plain.status, plain.stderr) == (0, b"")
    assert built.stdout.split(b"\n", 2)[2] == plain.stdout


def test_the_variable_makes_placeholders_of_a_build_too(tree: Path, bare_environment: dict[str, str]) -> None:
    built = vaultgen_build(tree, {**bare_environment, "VAULTGEN_MODE": "placeholder"})
    assert built == vaultgen_build(tree, bare_environment, "--placeholder")


@pytest.mark.parametrize("way", ["--reveal", "--real-names"])
def test_the_variable_lets_no_value_be_shown(way: str, tree: Path, bare_environment: dict[str, str]) -> None:
    built = vaultgen_build(tree, {**bare_environment, "VAULTGEN_MODE": "placeholder"}, way)
    assert (built.status, built.stdout) == (2, b"")
    assert b"with VAULTGEN_MODE=placeholder there are no values" in built.stderr


def test_another_mode_is_refused(tree: Path, bare_environment: dict[str, str]) -> None:
    built = vaultgen_build(tree, {**bare_environment, "VAULTGEN_MODE": "masked"})
    assert (built.status, built.stdout) == (3, b"")
    assert b"error[bad-setting]: VAULTGEN_MODE" in built.stderr


NOTE = (
    b'note: the placeholder for Secret "app": its data keys from vault:secret/data/all are known to Vault alone, '
    b"and left out\n"
)


def test_a_note_says_which_keys_only_vault_knows(tmp_path: Path, bare_environment: dict[str, str]) -> None:
    """Once, also where two kustomizations list the document."""
    sources = "envs: ['vault:secret/data/all']\n  literals: [PLAIN=x]"
    write_documents(tmp_path / "base", [generator(sources)])
    write_tree(
        tmp_path,
        {
            "a/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\n",
            "b/kustomization.yaml": "resources: [../base]\nnamePrefix: b-\n",
            "kustomization.yaml": "resources: [a, b]\n",
        },
    )
    built = vaultgen_build(tmp_path, bare_environment, "--placeholder")
    assert [sorted(one["data"]) for one in built.resources()] == [["PLAIN"], ["PLAIN"]]
    assert built.stderr == NOTE
    assert b"note" not in built.stdout


def test_plain_kustomize_shows_the_note_as_well(tmp_path: Path, bare_environment: dict[str, str]) -> None:
    write_documents(tmp_path / "tree", [generator("envs: ['vault:secret/data/all']")])
    plain = kustomize_build(tmp_path / "tree", {**bare_environment, "VAULTGEN_MODE": "placeholder"})
    assert (plain.status, plain.stderr) == (0, NOTE)
    assert plain.secrets().popitem()[1] == {}
