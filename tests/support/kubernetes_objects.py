"""Kubernetes objects held against the models of the ``kubernetes`` package: kinds and fields that do not exist."""

import re
from collections.abc import Iterator
from typing import Any

_CONTAINER = re.compile(r"(?:list\[|dict[(\[]str, ?)(.+)[)\]]", re.IGNORECASE)


def unknown_in(tree: Any) -> list[str]:
    """Return what an API server would not know in an object: its kind, or paths of fields. Only versions ``v1``."""
    import kubernetes.client

    name = f"V1{tree['kind']}"
    if tree["apiVersion"].rpartition("/")[2] != "v1" or not hasattr(kubernetes.client, name):
        return [f"{tree['apiVersion']} {tree['kind']}"]
    return list(_unknown(tree, name, ""))


def _unknown(tree: Any, type_: str, path: str) -> Iterator[str]:
    import kubernetes.client

    if container := _CONTAINER.fullmatch(type_):
        for place, item in enumerate(tree) if isinstance(tree, list) else tree.items():
            yield from _unknown(item, container[1], f"{path}[{place}]")
        return
    model: Any = getattr(kubernetes.client, type_, None)
    if model is None:
        return
    attributes = {name: attribute for attribute, name in model.attribute_map.items()}
    for name, value in tree.items():
        if name not in attributes:
            yield f"{path}.{name}"
        else:
            yield from _unknown(value, model.openapi_types[attributes[name]], f"{path}.{name}")
