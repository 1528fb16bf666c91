"""What of a developer's own environment must not reach a test or the demo."""

import os

_PREFIXES = ("VAULT_", "BAO_", "VAULTGEN_", "KUSTOMIZE_", "XDG_CONFIG")
_NAMES = ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")


def is_foreign(name: str) -> bool:
    """Return whether a variable belongs to the developer's Vault, proxies, cluster or kustomize plugins."""
    return name.startswith(_PREFIXES) or name in _NAMES or name.upper().endswith("_PROXY")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without foreign variables."""
    return {name: value for name, value in os.environ.items() if not is_foreign(name)}
