"""What a run imports is most of the time that it takes: a module more has to be put on a list here, on purpose.

Speed is guarded without a clock this way. `make bench` measures it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.kustomize import kustomize_build
from support.vault_namespace import VaultNamespace
from vaultgen.lock import Pin, lock_text
from vaultgen.ports import Read

WITHOUT_READS = {
    "vaultgen",
    "vaultgen.__main__",
    "vaultgen.document",
    "vaultgen.document.api_rules",
    "vaultgen.document.check",
    "vaultgen.document.model",
    "vaultgen.document.parse",
    "vaultgen.document.read",
    "vaultgen.document.schema",
    "vaultgen.document.sources",
    "vaultgen.errors",
    "vaultgen.field",
    "vaultgen.function",
    "vaultgen.generate",
    "vaultgen.json_text",
    "vaultgen.krm",
    "vaultgen.krm.block_style",
    "vaultgen.krm.resource_list",
    "vaultgen.krm.scalar",
    "vaultgen.local_files",
    "vaultgen.plan",
    "vaultgen.ports",
    "vaultgen.record",
    "vaultgen.redacted",
    "vaultgen.reference",
    "vaultgen.render",
}
WITH_A_READ = WITHOUT_READS | {
    "vaultgen.vault",
    "vaultgen.vault.address",
    "vaultgen.vault.answers",
    "vaultgen.vault.backend",
    "vaultgen.vault.batch",
    "vaultgen.vault.connection",
    "vaultgen.vault.environment",
    "vaultgen.vault.login",
    "vaultgen.vault.login.credential",
    "vaultgen.vault.message",
    "vaultgen.vault.mounts",
    "vaultgen.vault.pool",
    "vaultgen.vault.reading",
    "vaultgen.vault.retry",
    "vaultgen.vault.route",
    "vaultgen.vault.settings",
    "vaultgen.vault.wire",
}
OVER_TLS = WITH_A_READ | {"vaultgen.vault.tls"}

# Not of ours: these, and what they import themselves, which differs with the version of Python.
LIBRARIES = ("binascii", "gc", "json", "math", "operator", "os", "re", "stat", "sys")
LIBRARIES_OF_A_READ = (*LIBRARIES, "collections", "errno", "httptools", "select", "socket", "time")
LIBRARIES_OF_TLS = (*LIBRARIES_OF_A_READ, "ssl")

TOO_HEAVY = (
    "argparse", "asyncio", "click", "concurrent", "dataclasses", "email", "http", "hvac", "importlib.metadata",
    "importlib.resources", "inspect", "jsonschema", "kubernetes", "logging", "pathlib", "requests", "subprocess",
    "tempfile", "urllib", "urllib3", "yaml",
)  # fmt: skip
"""Must not come back with a library either."""

GENERATOR = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: app
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
secretGenerator:
- name: app
  files:
    password: %s
  literals:
  - NAME=app
  - URL=http://app:8080/?a=b
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A kustomization whose generator reads one field from Vault."""
    (tmp_path / "kustomization.yaml").write_text("generators: [generator.yaml]\n")
    (tmp_path / "generator.yaml").write_text(GENERATOR % "vault:secret/data/app?key=password")
    return tmp_path


@pytest.fixture
def environment(vault_namespace: VaultNamespace) -> dict[str, str]:
    """How to reach a Vault that holds what ``tree`` reads."""
    vault_namespace.root.write("app", {"password": "hunter2"})
    return vault_namespace.environment()


def imports(report: bytes) -> set[str]:
    """Return the modules that Python reports with PYTHONPROFILEIMPORTTIME=1."""
    lines = report.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def imports_of_a_build(tree: Path, environment: Mapping[str, str]) -> set[str]:
    """Return the modules that a build's one run of vaultgen imports."""
    built = kustomize_build(tree, {**environment, "PYTHONPROFILEIMPORTTIME": "1"})
    assert built.status == 0, built.stderr
    return imports(built.stderr)


def imports_of_libraries(names: tuple[str, ...]) -> set[str]:
    """Return what importing some libraries comes to, with what Python itself imports at its start."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {', '.join(names)}"],
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        check=True,
    )
    return imports(done.stderr)


def hold_to_budget(imported: set[str], own: set[str], libraries: tuple[str, ...]) -> None:
    assert {name for name in imported if name.partition(".")[0] == "vaultgen"} == own
    assert imported - own <= imports_of_libraries(libraries)
    assert [name for name in imported for heavy in TOO_HEAVY if f"{name}.".startswith(f"{heavy}.")] == []


def test_a_build_without_references(tree: Path) -> None:
    (tree / "generator.yaml").write_text(GENERATOR % "kustomization.yaml")
    hold_to_budget(imports_of_a_build(tree, {}), WITHOUT_READS, LIBRARIES)


def test_a_build_with_a_read(tree: Path, environment: dict[str, str]) -> None:
    hold_to_budget(imports_of_a_build(tree, environment), WITH_A_READ, LIBRARIES_OF_A_READ)


def test_a_build_by_a_lock(tree: Path, environment: dict[str, str], vault_namespace: VaultNamespace) -> None:
    metadata = vault_namespace.root.request("GET", "secret/data/app")["data"]["metadata"]
    (tree / "vaultgen.lock").write_text(
        lock_text({Read("secret/data/app"): Pin(metadata["version"], metadata["created_time"])})
    )
    hold_to_budget(imports_of_a_build(tree, environment), WITH_A_READ | {"vaultgen.lock"}, LIBRARIES_OF_A_READ)


def test_a_build_with_a_read_over_tls(tree: Path, environment: dict[str, str], vault_namespace: VaultNamespace) -> None:
    server = vault_namespace.server
    assert server.certificates
    environment |= {"VAULT_ADDR": server.https_address, "VAULT_CACERT": str(server.certificates.ca)}
    hold_to_budget(imports_of_a_build(tree, environment), OVER_TLS, LIBRARIES_OF_TLS)
