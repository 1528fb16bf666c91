"""A ``vault.yaml`` of an example or case: which secrets Vault holds, as a map of path to fields.

A path is what ``bao kv put`` takes (``secret/shop/database``); what stands before ``secret/`` is a Vault namespace.
"""

from pathlib import Path

from support.vault_client import VaultClient


def read_vault_file(file: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return the fields of each secret, by Vault namespace (empty: the session's own) and path below ``secret/``."""
    import yaml

    content = yaml.safe_load(file.read_bytes())
    secrets = {}
    for path, fields in content.items():
        namespace, _, below = path.partition("secret/")
        secrets[namespace.rstrip("/"), below] = dict(fields)
    return secrets


def write_vault_file(file: Path, vault: VaultClient) -> None:
    """Write the secrets of a file below the namespace of ``vault``, whose child namespaces must exist."""
    for (namespace, path), fields in read_vault_file(file).items():
        child = f"{vault.namespace}/{namespace}".strip("/")
        VaultClient(vault.address, vault.token, child).write(path, fields)
