"""docs/import.md, done as it says: its commands, and a build of what they write."""

from pathlib import Path

import pytest
import yaml

from support.kustomize import CHECKOUT
from support.newcomer import Newcomer
from support.vault_namespace import VaultNamespace
from support.yaml_blocks import yaml_blocks

PAGE = CHECKOUT / "docs/import.md"
BLOCKS = list(yaml_blocks(PAGE))
EXAMPLE = "example-password"


@pytest.fixture
def newcomer(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    """Somebody whose Vault holds what the page's examples name."""
    newcomer = Newcomer(tmp_path, vault_namespace)
    vault_namespace.root.write("my-app/database", {"password": EXAMPLE})
    (newcomer.directory / "kustomization.yaml").write_text("generators: [vaultgen.yaml]\n")
    return newcomer


def builds(newcomer: Newcomer) -> dict[str, dict[str, bytes]]:
    built = newcomer.builds(VAULT_TOKEN=newcomer.vault.token)
    assert built.status == 0, built.stderr
    return built.secrets()


def test_an_external_secret_becomes_the_entry_that_the_page_shows(newcomer: Newcomer) -> None:
    files = {block.file: block.text for block in BLOCKS if block.file}
    for name in ("external-secret.yaml", "secret-store.yaml"):
        (newcomer.directory / name).write_text(files[name])
    newcomer.follows("docs/import.md#from-external-secrets-operator")
    document = yaml.safe_load((newcomer.directory / "vaultgen.yaml").read_text())
    (shown,) = [block.trees()[0]["secretGenerator"] for block in BLOCKS if block.definition == "entry"]
    assert document["secretGenerator"] == shown
    assert document["vault"] == {
        "address": "https://vault.example.com:8200",
        "auth": {"token": {"secretRef": {"name": "vault-auth", "namespace": "flux-system", "key": "token"}}},
    }
    dsn = f"postgres://app:{EXAMPLE}@db/app".encode()
    assert builds(newcomer) == {"my-app": {"password": EXAMPLE.encode(), "DSN": dsn}}


def test_a_static_secret(newcomer: Newcomer) -> None:
    head = "apiVersion: secrets.hashicorp.com/v1beta1\nmetadata: {name: my-app, namespace: apps}\n"
    location = "mount: secret, path: my-app/database, type: kv-v2"
    destination = "{name: my-app, create: true, transformation: {excludeRaw: true}}"
    (newcomer.directory / "vault-static-secret.yaml").write_text(
        f"{head}kind: VaultStaticSecret\nspec: {{vaultAuthRef: my-app, {location}, destination: {destination}}}\n"
    )
    (newcomer.directory / "vault-auth.yaml").write_text(
        f"{head}kind: VaultAuth\nspec: {{method: kubernetes, kubernetes: {{role: my-app, serviceAccount: my-app}}}}\n"
    )
    newcomer.follows("docs/import.md#from-vault-secrets-operator")
    assert builds(newcomer) == {"my-app": {"password": EXAMPLE.encode()}}


def test_a_secret_with_a_placeholder(newcomer: Newcomer) -> None:
    (newcomer.directory / "secret.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: my-app}\n"
        "stringData: {password: '<path:secret/data/my-app/database#password>'}\n"
    )
    newcomer.follows("docs/import.md#from-argocd-vault-plugin")
    assert builds(newcomer) == {"my-app": {"password": EXAMPLE.encode()}}
