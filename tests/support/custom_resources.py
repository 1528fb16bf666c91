"""Objects held against the schema of their CustomResourceDefinition, without an API server."""

from typing import Any

from jsonschema import Draft202012Validator

Definition = dict[str, Any]


def schema_of(crd: dict[str, Any]) -> Definition:
    """Return the schema of the version that is stored."""
    (stored,) = [version for version in crd["spec"]["versions"] if version["storage"]]
    found: Definition = stored["schema"]["openAPIV3Schema"]
    return found


def closed(definition: Definition) -> Definition:
    """Return a schema that refuses the fields that an API server would prune."""
    changed = dict(definition)
    if "properties" in definition:
        changed["properties"] = {name: closed(field) for name, field in definition["properties"].items()}
        changed["additionalProperties"] = False
    elif isinstance(definition.get("additionalProperties"), dict):
        changed["additionalProperties"] = closed(definition["additionalProperties"])
    if "items" in definition:
        changed["items"] = closed(definition["items"])
    return changed


def faults_of(tree: dict[str, Any], crd: dict[str, Any]) -> list[str]:
    """Return what is wrong with an object, a ``path: message`` each; its CEL rules are not looked at."""
    validator = Draft202012Validator(closed(schema_of(crd)))
    return sorted(f"{error.json_path}: {error.message}" for error in validator.iter_errors(tree))
