"""What the Kubernetes API server takes, so that a build can say so first.

The rules are those of k8s.io/apimachinery's ``util/validation`` and of core/v1 Secrets.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vaultgen.document.model import GeneratorOptions

SECRET_LIMIT = 1_048_576
"""Bytes that all values of a Secret may have together."""

_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")

_KEYS_OF_TYPE = {
    "kubernetes.io/tls": (("tls.crt",), ("tls.key",)),
    "kubernetes.io/dockerconfigjson": ((".dockerconfigjson",),),
    "kubernetes.io/dockercfg": ((".dockercfg",),),
    "kubernetes.io/basic-auth": (("username", "password"),),
    "kubernetes.io/ssh-auth": (("ssh-privatekey",),),
}
"""Keys that a type needs: one of each group."""


def is_data_key(key: str) -> bool:
    """Return whether a Secret may have this data key."""
    return bool(_DATA_KEY.fullmatch(key)) and key != "." and not key.startswith("..")


def is_secret_name(name: str) -> bool:
    """Return whether a Secret may have this name (a DNS-1123 subdomain)."""
    return len(name) <= 253 and bool(_SUBDOMAIN.fullmatch(name))


def is_namespace(name: str) -> bool:
    """Return whether a namespace may have this name (a DNS-1123 label)."""
    return bool(_NAMESPACE.fullmatch(name))


def bad_metadata(options: "GeneratorOptions") -> "list[tuple[str, str, str]]":
    """Return (what, name, why) of each label and annotation that would be refused; no values."""
    found = []
    for what, pairs in (("label", options.labels), ("annotation", options.annotations)):
        for name, value in pairs.items():
            if not _is_qualified_name(name if what == "label" else name.lower()):
                found.append((what, name, "the name is not [PREFIX/]NAME"))
            elif what == "label" and not _LABEL.fullmatch(value):
                found.append((what, name, "its value has a character or a length that labels may not have"))
    return found


def missing_for_type(type_: str, keys: "Collection[str]") -> str:
    """Return what a Secret of this type lacks, in words; empty if nothing."""
    groups = [group for group in _KEYS_OF_TYPE.get(type_, ()) if not any(key in keys for key in group)]
    return " and ".join("the key " + " or ".join(group) for group in groups)


def _is_qualified_name(name: str) -> bool:
    prefix, slash, rest = name.rpartition("/")
    return bool(rest) and bool(_LABEL.fullmatch(rest)) and (not slash or is_secret_name(prefix))
