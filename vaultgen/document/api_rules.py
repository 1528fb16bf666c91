"""What the Kubernetes API server takes, so that a build can say so first.

The rules are those of k8s.io/apimachinery's ``util/validation`` and of core/v1 Secrets.
"""

from vaultgen.json_text import parse_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaultgen.document.model import GeneratorOptions

SECRET_LIMIT = 1_048_576
"""Bytes that all values of a Secret may have together."""
ANNOTATIONS_LIMIT = 262_144
"""Bytes that all annotations may have together, names included."""

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
_SERVICE_ACCOUNT = "kubernetes.io/service-account.name"


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
    if sum(len(text.encode()) for pair in options.annotations.items() for text in pair) > ANNOTATIONS_LIMIT:
        found.append(("annotations", "of this Secret", f"they hold more than {ANNOTATIONS_LIMIT} bytes"))
    return found


def missing_for_type(type_: str, data: "Mapping[str, bytes]", annotations: "Mapping[str, str]") -> str:
    """Return what a Secret of this type lacks, in words; empty if nothing."""
    groups = [group for group in _KEYS_OF_TYPE.get(type_, ()) if not any(key in data for key in group)]
    lacking = ["the key " + " or ".join(group) for group in groups]
    if type_ == "kubernetes.io/ssh-auth" and data.get("ssh-privatekey") == b"":
        lacking.append("something in the key ssh-privatekey")
    if type_ == "kubernetes.io/service-account-token" and not annotations.get(_SERVICE_ACCOUNT):
        lacking.append(f"the annotation {_SERVICE_ACCOUNT}")
    return " and ".join(lacking)


def key_without_json(type_: str, data: "Mapping[str, bytes]") -> str:
    """Return the data key that this type wants a JSON object in, if it is there and holds none; else an empty text."""
    key = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}.get(type_)
    if key is None or key not in data:
        return ""
    try:
        tree = parse_json(data[key].decode(errors="replace"))
    except (ValueError, RecursionError):
        return key
    return "" if tree is None or isinstance(tree, dict) else key


def _is_qualified_name(name: str) -> bool:
    prefix, slash, rest = name.rpartition("/")
    return _is_label(rest) and (not slash or is_secret_name(prefix))


def _is_label(text: str) -> bool:
    return len(text) <= 63 and _is_word(text, _LETTERS, "-_.")


def _is_word(text: str, ends: str, middle: str) -> bool:
    """Whether a text is not empty, made of both, and starts and ends with one of ``ends``."""
    return bool(text) and text[0] in ends and text[-1] in ends and not text.strip(ends + middle)
