"""Builds without values, at a real API server: it refuses them, unless they are meant to be applied."""

from pathlib import Path

import pytest
import yaml

from support.build import PASSWORD, generator, vaultgen_build
from support.cluster_client import ApiRefused, ClusterClient, Object
from support.trees import write_tree
from support.vault_namespace import VaultNamespace

TREE = {"kustomization.yaml": b"generators: [secrets.yaml]\n", "secrets.yaml": generator(PASSWORD).encode()}


def built(directory: Path, namespace: str, environment: dict[str, str], *arguments: str) -> Object:
    """Return the Secret that a build prints, in a namespace."""
    done = vaultgen_build(write_tree(directory, TREE), environment, *arguments)
    assert done.status == 0, done.stderr
    (secret,) = yaml.safe_load_all(done.stdout)
    secret["metadata"]["namespace"] = namespace
    return dict(secret)


@pytest.mark.parametrize("arguments", [("--placeholder",), (), ("--real-names",)])
def test_the_api_server_refuses_stand_ins_for_their_label(
    arguments: tuple[str, ...], client: ClusterClient, namespace: str, vault_namespace: VaultNamespace, tmp_path: Path
) -> None:
    vault_namespace.root.write("app", {"password": "a-password"})
    secret = built(tmp_path, namespace, vault_namespace.environment(), *arguments)
    with pytest.raises(ApiRefused, match="do not apply!"):
        client.apply(secret)


@pytest.mark.parametrize("arguments", [("--placeholder=appliable",), ("--reveal",)])
def test_it_takes_those_that_are_meant_for_it(
    arguments: tuple[str, ...], client: ClusterClient, namespace: str, vault_namespace: VaultNamespace, tmp_path: Path
) -> None:
    vault_namespace.root.write("app", {"password": "a-password"})
    client.apply(built(tmp_path, namespace, vault_namespace.environment(), *arguments))
