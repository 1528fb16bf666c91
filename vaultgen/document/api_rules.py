"""What the Kubernetes API server takes, so that a build can say so first.

The rules are those of k8s.io/apimachinery's ``util/validation`` and of core/v1 Secrets.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vaultgen.document.model import GeneratorOptions

SECRET_LIMIT = 1_048_576
"""Bytes that all values of a Secret may have together."""

# Sets of characters rather than regular expressions, whose compilation costs a run more than all checks.
_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz" + _DIGITS
_LETTERS = _LOWER + _LOWER[:26].upper()

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
    return 0 < len(key) <= 253 and not key.strip(_LETTERS + "-._") and key != "." and not key.startswith("..")


def is_secret_name(name: str) -> bool:
    """Return whether a Secret may have this name (a DNS-1123 subdomain)."""
    return len(name) <= 253 and all(_is_word(part, _LOWER, "-") for part in name.split("."))


def is_namespace(name: str) -> bool:
    """Return whether a namespace may have this name (a DNS-1123 label)."""
    return len(name) <= 63 and _is_word(name, _LOWER, "-")


def bad_metadata(options: "GeneratorOptions") -> "list[tuple[str, str, str]]":
    """Return (what, name, why) of each label and annotation that would be refused; no values."""
    found = []
    for what, pairs in (("label", options.labels), ("annotation", options.annotations)):
        for name, value in pairs.items():
            if not _is_qualified_name(name if what == "label" else name.lower()):
                found.append((what, name, "the name is not [PREFIX/]NAME"))
            elif what == "label" and value and not _is_label(value):
                found.append((what, name, "its value has a character or a length that labels may not have"))
    return found


def missing_for_type(type_: str, keys: "Collection[str]") -> str:
    """Return what a Secret of this type lacks, in words; empty if nothing."""
    groups = [group for group in _KEYS_OF_TYPE.get(type_, ()) if not any(key in keys for key in group)]
    return " and ".join("the key " + " or ".join(group) for group in groups)


def _is_qualified_name(name: str) -> bool:
    prefix, slash, rest = name.rpartition("/")
    return _is_label(rest) and (not slash or is_secret_name(prefix))


def _is_label(text: str) -> bool:
    return len(text) <= 63 and _is_word(text, _LETTERS, "-_.")


def _is_word(text: str, ends: str, middle: str) -> bool:
    """Whether a text is not empty, made of both, and starts and ends with one of ``ends``."""
    return bool(text) and text[0] in ends and text[-1] in ends and not text.strip(ends + middle)
