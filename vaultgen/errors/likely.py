"""What somebody who wrote a path very likely meant: the parts of Vault's API that are easily put into one."""

_MIXED_UP = ("path-missing", "permission-denied", "mount-hidden")
"""Codes of a path that led nowhere; a path that leads somewhere was meant, however it looks."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.errors import Fault


def likely_path(fault: "Fault") -> str:
    """Return a question that names the path that was likely meant; empty where none is."""
    return likely_meant(fault.facts.get("path", "")) if fault.code in _MIXED_UP else ""


def likely_meant(path: str) -> str:
    """Return such a question about any path, also one of which nobody knows where it leads."""
    first, _, rest = path.partition("/")
    if first == "v1" and "/" in rest:
        return f"did you mean {rest}, since v1/ is put in front by itself?"
    mount, data, below = path.partition("/data/data/")
    if mount and data and below:
        return f"did you mean {mount}/data/{below}, with data/ once?"
    mount, metadata, below = path.partition("/metadata/")
    if mount and metadata and below and "/data" not in mount:
        return f"did you mean {mount}/data/{below}, since values are not under metadata/?"
    return ""
