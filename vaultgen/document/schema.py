"""The JSON Schemas that define the documents, from ``schemas/``."""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VAULT_SECRET_GENERATOR = "vaultsecretgenerator.v1alpha1.json"  # noqa: S105
"""The schema of our own document."""
FLUX_KUSTOMIZATION = "flux-kustomization.json"
"""The schema of a Flux Kustomization with ``spec.secretGenerator``."""

# A link in a source checkout, a plain directory in a wheel.
_DIRECTORY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "schemas")


def load(name: str) -> "dict[str, Any]":
    """Return one of the two schemas above, parsed. An installation without it raises OSError."""
    schema: dict[str, Any] = json.loads(text(name))
    return schema


def text(name: str) -> str:
    """Return one of the two schemas above as it is written."""
    with open(os.path.join(_DIRECTORY, name), encoding="utf-8") as file:
        return file.read()
