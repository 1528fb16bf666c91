"""All documents of a tree, one backend: what one tenant's tree can take of time and memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from support.in_memory import answer, codes
from support.in_memory_cluster import InMemoryCluster
from vaultgen.controller import resolve as module
from vaultgen.controller.resolve import Resolved, resolve
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Fault, Refused
from vaultgen.ports import Answer, Read
from vaultgen.publish.survey import survey

GENERATOR = """apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: NAME}
vault: {namespace: NAME}
secretGenerator:
- name: NAME
  files: {k: 'vault:x?key=f'}
"""


class Backend:
    """Gives the same answer to all, or fails."""

    def __init__(self, value: str | Fault) -> None:
        self.count = 0
        self._value = value

    def read_all(self, reads: Sequence[Read], /) -> Mapping[Read, Answer]:
        self.count += 1
        if isinstance(self._value, Fault):
            raise Refused([self._value])
        return {read: answer({"f": self._value}) for read in reads}

    def close(self) -> None:
        pass


def resolved(backend: Backend, documents: int, monkeypatch: pytest.MonkeyPatch) -> Resolved:
    """Resolve a tree of documents that differ in what they say of their Vault namespace."""
    files = {f"{number}.yaml": GENERATOR.replace("NAME", f"n{number}").encode() for number in range(documents)}
    files["kustomization.yaml"] = f"generators: [{', '.join(files)}]\n".encode()
    monkeypatch.setattr(module, "connect", lambda *_, **__: backend)
    nothing: Any = InMemoryCluster()
    return resolve(survey(files, "."), VaultConfig(), {}, nothing, lambda line: None)


def test_a_server_is_waited_for_in_vain_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each document would hold a worker as long as all others together may."""
    backend = Backend(Fault("timeout", facts={"address": "https://vault.example.com", "seconds": "60"}))
    with pytest.raises(Refused) as refused:
        resolved(backend, 5, monkeypatch)
    assert set(codes(refused.value)) == {"timeout"}
    assert backend.count == 1


def test_documents_that_are_too_large_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOTAL_LIMIT", 3000)
    assert len(resolved(Backend("x" * 1000), 3, monkeypatch).secrets) == 3
    with pytest.raises(Refused) as refused:
        resolved(Backend("x" * 1000), 4, monkeypatch)
    assert codes(refused.value) == ["values-too-large"]
