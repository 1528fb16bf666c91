"""The ResourceList that kustomize hands to an exec function, without a kustomize."""

import json
from typing import Any

import yaml

_INDEX_ANNOTATIONS = {
    "config.kubernetes.io/index": "0",
    "internal.config.kubernetes.io/index": "0",
    "internal.config.kubernetes.io/annotations-migration-resource-id": "0",
    "internal.config.kubernetes.io/id": "1",
    "config.k8s.io/id": "1",
}


def as_kustomize_writes(document: bytes) -> bytes:
    """Return what stands on a function's standard input when a kustomization lists ``document`` as its generator.

    The config stands among the items, too; the name of its file stands nowhere.
    """
    config: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(document)))
    annotations = config.setdefault("metadata", {}).setdefault("annotations", {})
    annotations.setdefault("config.kubernetes.io/function", "exec: {path: vaultgen}\n")
    annotations["config.kubernetes.io/local-config"] = "true"
    item = json.loads(json.dumps(config))
    item["metadata"]["annotations"] |= _INDEX_ANNOTATIONS
    request = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": [item],
        "functionConfig": config,
    }
    return yaml.safe_dump(request, allow_unicode=True).encode()
