"""A ConfigMap as functionConfig: what ``kpt fn eval -- KEY=VALUE …`` makes."""

from vaultgen.errors import Fault, Refused
from vaultgen.krm.tree import parse_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vaultgen.errors import Place

_DOCUMENT_FIELDS = ("vault", "generatorOptions", "secretGenerator")
_TEXT_FIELDS = ("name", "namespace", "type", "behavior")
_LIST_FIELDS = ("files", "literals", "envs")
_TREE_FIELDS = ("options", "dockerConfig")


def generator_of_config_map(tree: "Mapping[str, Any]", place: "Place") -> "dict[str, Any]":
    """Return the VaultSecretGenerator tree that a ConfigMap's ``data`` stands for.

    ``data`` holds the document's own fields as YAML text, or the fields of one entry: name, namespace, type
    and behavior as text; files, literals and envs as YAML, plain lines being a list; options, dockerConfig.
    Raises ``Refused``: unknown-field, wrong-type, invalid-yaml, all at once.
    """
    data = tree.get("data") or {}
    document: dict[str, Any] = {
        "apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator", "metadata": tree.get("metadata") or {}
    }  # fmt: skip
    entry: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, text in data.items() if isinstance(data, dict) else ():
        at = place._replace(field=f"data.{key}")
        try:
            if not isinstance(text, str):
                faults.append(
                    Fault(
                        "wrong-type",
                        at,
                        {
                            "expected": "a string",
                            "found": "something else",
                            "suggestion": "a ConfigMap holds text: quote it",
                        },
                    )
                )
            elif key in _TEXT_FIELDS:
                entry[key] = text
            elif key in _DOCUMENT_FIELDS:
                document[key] = parse_one(text.encode())
            elif key in _TREE_FIELDS:
                entry[key] = parse_one(text.encode())
            elif key in _LIST_FIELDS:
                value = parse_one(text.encode())
                entry[key] = [line for line in text.split("\n") if line] if isinstance(value, str) else value
            else:
                known = ", ".join((*_DOCUMENT_FIELDS, *_TEXT_FIELDS, *_LIST_FIELDS, *_TREE_FIELDS))
                faults.append(Fault("unknown-field", at, {"field": key[:64], "suggestion": f"data may hold {known}"}))
        except Refused as refused:
            faults += (fault._replace(place=at) for fault in refused.faults)
    if entry and "secretGenerator" in document:
        hint = "keep secretGenerator, or the fields of a single entry"
        facts = {"expected": "secretGenerator or an entry", "found": "both", "suggestion": hint}
        faults.append(Fault("wrong-type", place._replace(field="data"), facts))
    if faults:
        raise Refused(faults)
    return {"secretGenerator": [entry], **document} if entry else document
