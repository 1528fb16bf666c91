"""The files of small applications, as JSON, which is YAML."""

import json
from collections.abc import Mapping
from typing import Any

HEAD = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator"}

_EXEC = {"config.kubernetes.io/function": "exec: {path: vaultgen}"}


def text(tree: Any) -> bytes:
    """Return a tree as a file."""
    return json.dumps(tree).encode()


def generator(*entries: Mapping[str, Any], name: str = "app", **fields: Any) -> bytes:
    """Return a VaultSecretGenerator with entries; ``fields`` are others of its own."""
    metadata = {"name": name, "annotations": _EXEC}
    return text({**HEAD, "metadata": metadata, "secretGenerator": entries, **fields})


def deployment(*secrets: str) -> bytes:
    """Return a Deployment that takes its environment from Secrets."""
    references = [{"secretRef": {"name": name}} for name in secrets]
    labels = {"app": "app"}
    container = {"name": "app", "image": "example.com/app", "envFrom": references}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return text(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "app"},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        }
    )


def config_map(name: str) -> bytes:
    """Return a ConfigMap."""
    return text({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
