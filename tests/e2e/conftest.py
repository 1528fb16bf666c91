"""Fixtures of the end-to-end tests."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.desk import Desk
from support.stage import CASES, Stage
from support.vault_namespace import VaultNamespace

HEAD = "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: my-app}\n"


@pytest.fixture
def desk(tmp_path: Path, vault_namespace: VaultNamespace) -> Desk:
    """An empty directory, and a Vault of its own."""
    (tmp_path / "tree").mkdir()
    return Desk(tmp_path / "tree", vault_namespace)


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Stage]]:
    """Puts the case of a name on; what it starts ends with the test."""
    with contextlib.ExitStack() as stack:

        def put_on(name: str) -> Stage:
            return Stage(CASES / name, tmp_path, request.getfixturevalue, stack)

        yield put_on


@pytest.fixture
def written_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Puts a case on that is given as text: a document without its head, ``vault.yaml``, ``run.yaml``."""
    case, sandbox = tmp_path / "case", tmp_path / "sandbox"
    with contextlib.ExitStack() as stack:

        def put_on(generator: str, *, vault: str = "", run: str = "") -> Stage:
            (case / "input").mkdir(parents=True)
            sandbox.mkdir()
            (case / "input" / "generator.yaml").write_text(HEAD + generator)
            for name, text in (("vault.yaml", vault), ("run.yaml", run)):
                if text:
                    (case / name).write_text(text)
            return Stage(case, sandbox, request.getfixturevalue, stack)

        yield put_on
