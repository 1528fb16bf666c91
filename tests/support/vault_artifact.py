"""VaultArtifacts as the API server shows them."""

from typing import Any

KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def body(name: str = "my-app", auth: Any = None, status: Any = None, metadata: Any = None, **spec: Any) -> Any:
    """Return an object of namespace team-a that nothing is wrong with; ``spec`` replaces fields of its own."""
    return {
        "apiVersion": "vaultgen.dev/v1alpha1",
        "kind": "VaultArtifact",
        "metadata": {
            "name": name,
            "namespace": "team-a",
            "uid": f"uid-of-{name}",
            "resourceVersion": "7",
            "generation": 1,
            **(metadata or {}),
        },
        "spec": {
            "interval": "5m",
            "sourceRef": {"kind": "GitRepository", "name": "app"},
            "path": "./apps",
            "vault": {
                "address": "https://vault.example.com:8200",
                "auth": auth or {"kubernetes": {"serviceAccountName": "my-app"}},
            },
            "encryption": {"age": {"recipients": [KEY]}},
            **spec,
        },
        **({"status": status} if status else {}),
    }
