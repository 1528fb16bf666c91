"""The age key of an application: its private half goes from this process into the cluster, and nowhere else."""

from collections.abc import Mapping
from typing import Any

import pyrage

from vaultgen.cluster import KubernetesCluster
from vaultgen.errors import Refused, refuse
from vaultgen.flux.objects import Objects, is_fault
from vaultgen.redacted import Redacted

DATA_KEY = "identity.agekey"
ENDING = ".agekey"
"""Of the data keys that kustomize-controller takes age keys from."""
_BEGINNING = "AGE-SECRET-KEY-1"


class AgeKey:
    """A pair of which the private half is in a Secret, or is to be put there with ``store``."""

    def __init__(self, namespace: str, name: str, recipient: str, private: Redacted | None = None) -> None:
        self.recipient = recipient
        """The public half, ``age1…``."""
        self.is_new = private is not None
        """Whether it is in no Secret yet."""
        self._namespace = namespace
        self._name = name
        self._private = private

    def store(self, objects: Objects) -> None:
        """Create the Secret of a new key. Raises ``Refused``: cluster-conflict where there is one now, cluster-*."""
        if self._private is not None:
            head = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque"}
            metadata = {"name": self._name, "namespace": self._namespace}
            objects.create({**head, "metadata": metadata, "stringData": {DATA_KEY: self._private.reveal() + "\n"}})


def age_key(cluster: KubernetesCluster, namespace: str, name: str) -> AgeKey:
    """Return the key that a Secret holds; where there is no such Secret, a new one.

    Raises ``Refused``: no-age-key for a Secret that holds something else, which is never replaced; cluster-*.
    """
    try:
        data = cluster.secret(namespace, name)
    except Refused as refused:
        if not is_fault(refused, "cluster-not-found"):
            raise
        identity: Any = pyrage.x25519.Identity.generate()
        return AgeKey(namespace, name, str(identity.to_public()), Redacted(str(identity)))
    recipient = _recipient(data)
    if not recipient:
        raise refuse("no-age-key", secret=f"{namespace}/{name}")
    return AgeKey(namespace, name, recipient)


def _recipient(data: Mapping[str, Redacted]) -> str:
    """Return the public half of the first private one in a Secret's data; empty where there is none."""
    for key in sorted(data):
        if key.endswith(ENDING):
            for line in data[key].reveal().decode(errors="replace").splitlines():
                if line.strip().startswith(_BEGINNING):
                    try:
                        return str(pyrage.x25519.Identity.from_str(line.strip()).to_public())
                    except pyrage.IdentityError:
                        continue
    return ""
