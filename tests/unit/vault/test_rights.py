"""What Vault says about a token, and what it may say instead."""

import contextlib
import json
from collections.abc import Iterator

import pytest

from support.in_memory import MemoryFiles, codes
from support.scripted_server import Asked, Reply, http, running_script
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Refused
from vaultgen.vault.backend import VaultBackend, connect
from vaultgen.vault.mounts import Mount
from vaultgen.vault.rights import capabilities, visible_mounts


@contextlib.contextmanager
def answering(status: int, body: object, namespace: str = "") -> Iterator[VaultBackend]:
    """Connect to a server that answers everything with this."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(asked: Asked) -> Reply:
        return Reply(http(status, content))

    with running_script(answer) as server:
        environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": "s.given", "VAULT_NAMESPACE": namespace}
        with contextlib.closing(connect(VaultConfig(), environ, MemoryFiles())) as backend:
            yield backend


def test_the_mounts_are_those_of_the_listing() -> None:
    with answering(200, {"data": {"secret": {"kv/": {"type": "kv", "options": {"version": "2"}}}}}) as backend:
        assert visible_mounts(backend, "") == (Mount("kv/", "kv", True),)


@pytest.mark.parametrize(
    ("status", "own", "asked", "code"),
    [
        (403, "", "", "token-invalid"),
        (403, "team", "", "token-invalid"),
        (403, "team", "other", "namespace-unknown"),
        (404, "", "other", "namespace-unknown"),
        (404, "team", "", "namespace-unknown"),
        (404, "", "", "bad-request"),
        (400, "team", "other", "bad-request"),
    ],
)
def test_a_refused_listing_is_of_the_token_or_of_the_namespace(status: int, own: str, asked: str, code: str) -> None:
    with answering(status, {"errors": ["canary"]}, own) as backend, pytest.raises(Refused) as raised:
        visible_mounts(backend, asked)
    assert codes(raised.value) == [code]


def test_capabilities_are_names_and_what_is_not_named_is_denied() -> None:
    data = {"a": ["update", "read"], "b": [], "c": "read", "d": [1, "two words", "\x1b[2J", "list"], "extra": ["read"]}
    with answering(200, {"data": data}) as backend:
        assert capabilities(backend, ["a", "b", "c", "d", "e"], "") == {
            "a": ("read", "update"),
            "b": ("deny",),
            "c": ("deny",),
            "d": ("list",),
            "e": ("deny",),
        }


@pytest.mark.parametrize("body", [[], {}, {"data": []}, {"data": None}, 7])
def test_an_answer_of_another_shape_grants_nothing(body: object) -> None:
    with answering(200, body) as backend:
        assert capabilities(backend, ["a"], "") == {"a": ("deny",)}


@pytest.mark.parametrize(("status", "body", "code"), [(403, {}, "capabilities-hidden"), (200, b"x", "answer-not-json")])
def test_no_answer_is_a_fault(status: int, body: object, code: str) -> None:
    with answering(status, body) as backend, pytest.raises(Refused) as raised:
        capabilities(backend, ["a"], "")
    assert codes(raised.value) == [code]
