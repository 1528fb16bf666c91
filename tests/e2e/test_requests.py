"""As few requests as the work needs, counted where they arrive: at the server.

Every build is one of the real kustomize, in which each generator is a process of its own.
"""

import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from support.kustomize import kustomize_build
from support.request_log import Request, RequestLog
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace

LISTING = "sys/internal/ui/mounts"
MOST_CONNECTIONS = 32

GENERATOR = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: %s
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
"""


class Builder(NamedTuple):
    """Builds with one test's Vault."""

    where: VaultNamespace
    log: RequestLog

    def requests(
        self, directory: Path, environment: Mapping[str, str] | None = None, *, fails: bool = False
    ) -> list[Request]:
        """Build, and return what the server was asked by anybody."""
        self.log.mark()
        built = kustomize_build(directory, {**self.where.environment(), **(environment or {})})
        assert (built.status != 0) == fails, built.stderr
        return self.log.requests()

    def paths(self, directory: Path, environment: Mapping[str, str] | None = None, *, fails: bool = False) -> list[str]:
        """Build, and return the paths of all requests, sorted."""
        return sorted(request.path for request in self.requests(directory, environment, fails=fails))


@pytest.fixture
def builder(vault_namespace: VaultNamespace, request_log: RequestLog) -> Builder:
    """Builds with a Vault that holds ``app/0`` to ``app/4``, each with ``a``, ``b`` and its number as ``n``."""
    for number in range(5):
        vault_namespace.root.write(f"app/{number}", {"a": "1", "b": "2", "n": str(number)})
    return Builder(vault_namespace, request_log)


def kustomization(directory: Path, *generators: str) -> Path:
    """Write a kustomization with these documents (all below the head of a generator) and return its directory."""
    directory.mkdir(parents=True, exist_ok=True)
    names = [f"generator-{number}.yaml" for number in range(len(generators))]
    for name, text in zip(names, generators, strict=True):
        (directory / name).write_text(GENERATOR % name.removesuffix(".yaml") + text)
    (directory / "kustomization.yaml").write_text(f"generators: [{', '.join(names)}]\n")
    return directory


def secret(references: Iterable[str], name: str = "app") -> str:
    """Return a ``secretGenerator`` of one Secret with a file for each reference."""
    lines = [f"    file-{number}: {reference}" for number, reference in enumerate(references)]
    return "\n".join([f"secretGenerator:\n- name: {name}\n  files:", *lines, ""])


def test_a_token_and_one_api_path_of_kv2_take_exactly_one_request(builder: Builder, tmp_path: Path) -> None:
    tree = kustomization(tmp_path, secret(["vault:secret/data/app/0?key=a"]))
    (request,) = builder.requests(tree)
    assert (request.operation, request.path) == ("read", "secret/data/app/0")
    assert request.namespace == builder.where.name
    assert request.token_hash == builder.log.hash_of(builder.where.token)


def test_references_to_the_same_path_are_read_once(builder: Builder, tmp_path: Path) -> None:
    text = """\
secretGenerator:
- name: one
  files:
    a: vault:secret/data/app/0?key=a
    again: vault:secret/data/app/0?key=a
    b: vault:secret/data/app/0?key=b
    whole.json: vault:secret/data/app/0?format=json
    none: vault:secret/data/app/0?key=none&default=x
  literals:
  - DSN=${vault:secret/data/app/0?key=a}:${vault:secret/data/app/1?key=b}@db
  envs:
  - local.env
- name: two
  envs:
  - vault:secret/data/app/1
  dockerConfig:
  - {server: a.example.com, username: ci, password: 'vault:secret/data/app/2?key=b'}
"""
    (tmp_path / "local.env").write_text("LOCAL=vault:secret/data/app/2?key=a\n")
    assert builder.paths(kustomization(tmp_path, text)) == [f"secret/data/app/{number}" for number in range(3)]


def test_each_version_is_read_once(builder: Builder, tmp_path: Path) -> None:
    builder.where.root.write("app/0", {"a": "new"})
    versions = ["", "&version=1", "&version=2", "&version=1"]
    tree = kustomization(tmp_path, secret(f"vault:secret/data/app/0?key=a{version}" for version in versions))
    assert builder.paths(tree) == ["secret/data/app/0"] * 3


def test_logical_paths_take_one_listing_more(builder: Builder, tmp_path: Path) -> None:
    builder.where.mount_v1()
    builder.where.root.write_v1("old", {"a": "1"})
    logical = [
        "vault:secret/app/0?key=a",
        "vault:secret/app/1?key=a",
        "vault:secret/app/1?key=b",
        "vault:kv1/old?key=a",
    ]
    expected = ["kv1/old", "secret/data/app/0", "secret/data/app/1", "secret/data/app/2", LISTING]
    assert builder.paths(kustomization(tmp_path, secret([*logical, "vault:secret/data/app/2?key=a"]))) == expected


def test_a_logical_and_an_api_path_of_the_same_secret_are_one_read(builder: Builder, tmp_path: Path) -> None:
    tree = kustomization(tmp_path, secret(["vault:secret/app/0?key=a", "vault:secret/data/app/0?key=b"]))
    assert builder.paths(tree) == ["secret/data/app/0", LISTING]


@pytest.mark.usefixtures("has_namespaces")
def test_mounts_are_listed_once_for_each_vault_namespace(builder: Builder, tmp_path: Path) -> None:
    child = builder.where.root.new_namespace("child")
    child.mount("secret", "kv", {"version": "2"})
    child.write("app/0", {"a": "1"})
    child.write("app/1", {"a": "1"})
    own = ["vault:secret/app/0?key=a", "vault:secret/app/1?key=a"]
    there = [f"{reference}&namespace={child.namespace}" for reference in own]
    requests = builder.requests(
        kustomization(tmp_path, secret(own + there)), {"VAULT_TOKEN": builder.where.server.root_token}
    )
    wanted = [LISTING, "secret/data/app/0", "secret/data/app/1"]
    assert Counter((request.namespace, request.path) for request in requests) == Counter(
        (namespace, path) for namespace in (builder.where.name, child.namespace) for path in wanted
    )


def test_a_login_takes_one_request_more_and_one_to_revoke_its_token(builder: Builder, tmp_path: Path) -> None:
    environment = _app_role(builder.where.root)
    document = "vault:\n  auth:\n  - appRole: {roleId: {env: VAULT_ROLE_ID}, secretId: {env: VAULT_SECRET_ID}}\n"
    references = [f"vault:secret/data/app/{number % 3}?key={key}" for number in range(5) for key in "ab"]
    requests = builder.requests(kustomization(tmp_path, document + secret(references)), environment)
    assert requests[0].path == "auth/approle/login"
    assert sorted(request.path for request in requests[1:-1]) == [f"secret/data/app/{number}" for number in range(3)]
    assert requests[-1].path == "auth/token/revoke-self"


def _app_role(vault: VaultClient) -> dict[str, str]:
    """Set up a role and return the environment that logs in with it."""
    vault.enable_auth("approle")
    vault.request("POST", "auth/approle/role/app", {"token_policies": ["read-all"]})
    role_id = vault.request("GET", "auth/approle/role/app/role-id")["data"]["role_id"]
    secret_id = vault.request("POST", "auth/approle/role/app/secret-id")["data"]["secret_id"]
    return {"VAULT_TOKEN": "", "VAULT_ROLE_ID": role_id, "VAULT_SECRET_ID": secret_id}


def test_two_documents_are_two_sessions(builder: Builder, tmp_path: Path) -> None:
    documents = [secret(["vault:secret/data/app/0?key=a", f"vault:secret/app/{n}?key=a"], f"app-{n}") for n in (1, 2)]
    expected = ["secret/data/app/0"] * 2 + ["secret/data/app/1", "secret/data/app/2"] + [LISTING] * 2
    assert builder.paths(kustomization(tmp_path, *documents)) == expected


def test_a_base_is_read_for_each_overlay(builder: Builder, tmp_path: Path) -> None:
    kustomization(tmp_path / "base", secret(["vault:secret/data/app/0?key=a"]))
    for name in ("blue", "green"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(f"namePrefix: {name}-\nresources: [../base]\n")
    (tmp_path / "kustomization.yaml").write_text("resources: [blue, green]\n")
    assert builder.paths(tmp_path) == ["secret/data/app/0"] * 2


def test_many_reads_share_few_connections(builder: Builder, tmp_path: Path) -> None:
    count = 100
    for number in range(5, count):
        builder.where.root.write(f"app/{number}", {"a": "1"})
    requests = builder.requests(
        kustomization(tmp_path, secret(f"vault:secret/data/app/{n}?key=a" for n in range(count)))
    )
    assert len(requests) == len({request.path for request in requests}) == count
    assert len({request.remote_port for request in requests}) <= MOST_CONNECTIONS


def test_all_that_is_missing_is_found_with_one_read_each(builder: Builder, tmp_path: Path) -> None:
    tree = kustomization(tmp_path, secret(f"vault:secret/data/nothing/{number % 2}?key=a" for number in range(4)))
    assert builder.paths(tree, fails=True) == ["secret/data/nothing/0", "secret/data/nothing/1"]


def test_a_faulty_document_asks_nothing(builder: Builder, tmp_path: Path) -> None:
    tree = kustomization(tmp_path, secret(["vault:secret/data/app/0?key=a", "vault:secret/data/app/1"]))
    assert builder.paths(tree, fails=True) == []


def test_without_a_reference_nobody_is_connected_to(tmp_path: Path) -> None:
    """Not even for a login that the document asks for."""
    document = "vault: {auth: [{userpass: {username: ci, password: {env: VAULT_PASSWORD}}}]}\n"
    tree = kustomization(tmp_path, document + secret(["kustomization.yaml"]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        environment = {"VAULT_ADDR": f"http://127.0.0.1:{listener.getsockname()[1]}", "VAULT_PASSWORD": "x"}
        assert kustomize_build(tree, environment).status == 0
        with pytest.raises(BlockingIOError):
            listener.accept()
