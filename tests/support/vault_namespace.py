"""A Vault of its own for each test: a fresh namespace of the session's server, or all of one that has none."""

from typing import NamedTuple

from support.openbao import OpenBao
from support.vault_client import VaultClient

READ_ALL = """
path "secret/*" { capabilities = ["read", "list"] }
path "kv1/*"    { capabilities = ["read", "list"] }
"""


class VaultNamespace(NamedTuple):
    """A namespace with KV v2 at ``secret/``."""

    server: OpenBao
    root: VaultClient
    """May do everything in this namespace; for setting up."""
    name: str
    """What VAULT_NAMESPACE must hold; empty at HashiCorp's Vault."""
    token: str
    """A service token that may read all of ``secret/`` and ``kv1/``."""

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return self.server.address

    def environment(self, token: str | None = None) -> dict[str, str]:
        """Return VAULT_ADDR, VAULT_NAMESPACE and VAULT_TOKEN for a child process or monkeypatch."""
        return {
            "VAULT_ADDR": self.address,
            "VAULT_NAMESPACE": self.name,
            "VAULT_TOKEN": self.token if token is None else token,
        }

    def mount_v1(self) -> None:
        """Mount a KV v1 engine at ``kv1/``."""
        self.root.mount("kv1", "kv", {"version": "1"})


def new_vault_namespace(server: OpenBao, name: str) -> VaultNamespace:
    """Make a namespace of the root one, with KV v2 at ``secret/`` and a token that reads it.

    HashiCorp's Vault is emptied instead, so that there is one at a time.
    """
    if server.is_vault:
        root, name = server.client(), ""
        root.clear()
    else:
        root = server.client().new_namespace(name)
    root.mount("secret", "kv", {"version": "2"})
    root.policy("read-all", READ_ALL)
    return VaultNamespace(server, root, name, root.new_token(["read-all"]))
