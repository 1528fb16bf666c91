"""What a tree would run or fetch, other than vaultgen: refused before kustomize starts.

With ``--enable-exec`` kustomize runs any program that a tree names, and it fetches remote bases by itself. Whoever
builds somebody else's tree (a pull request) wants neither.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vaultgen.document.read import API_VERSION, KIND
from vaultgen.errors import Fault, Place, Refused
from vaultgen.krm.tree import parse_one
from vaultgen.kustomize.walk import Kustomization, Plugin, Tree

FUNCTION_ANNOTATIONS = ("config.kubernetes.io/function", "config.k8s.io/function")
BUILTIN_GROUP = "builtin"
_PLAIN_FIELDS = frozenset({"apiVersion", "kind", "metadata", "resources"})


def untrusted(tree: Tree, functions: Collection[str] = (), remotes: Collection[str] = ()) -> list[Fault]:
    """Return a fault for everything that a build would run or fetch and that is not allowed.

    ``functions`` lists what may run besides vaultgen: the path of an executable, an image, or GROUP/KIND of a
    legacy plugin; ``remotes`` the addresses that may be fetched. Each is compared letter for letter.
    """
    return [
        *(
            Fault("remote-base", Place(one.kustomization.file, field=one.field), {"remote": one.address[:200]})
            for one in tree.remotes
            if one.address not in remotes
        ),
        *(fault for plugin in tree.plugins for fault in _plugin(plugin, functions)),
        *_transformed_plugins(tree),
    ]


def is_ours(document: Mapping[str, Any]) -> bool:
    """Return whether a config is a document of vaultgen: a VaultSecretGenerator, or the article's Kustomization."""
    api_version, kind = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
    if (api_version, kind) == (API_VERSION, KIND):
        return True
    return kind == "Kustomization" and api_version.partition("/")[0] == "kustomize.toolkit.fluxcd.io"


def function_of(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the function that a config names by annotation; an empty one where it is not readable, None without."""
    metadata = document.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    for name in FUNCTION_ANNOTATIONS:
        if isinstance(annotations, dict) and name in annotations:
            try:
                function = parse_one(str(annotations[name]).encode())
            except Refused:
                return {}
            return function if isinstance(function, dict) else {}
    return None


def _plugin(plugin: Plugin, functions: Collection[str]) -> Iterator[Fault]:
    document = plugin.document
    api_version, kind = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else ""
    place = Place(plugin.file, f"{kind} {name or ''}".strip(), field=plugin.role)
    function = function_of(document)
    if function is None:
        group = api_version.rpartition("/")[0]
        if not is_ours(document) and api_version != BUILTIN_GROUP and f"{group}/{kind}" not in functions:
            yield Fault("foreign-plugin", place, {"plugin": f"{group}/{kind}"[:200]})
        return
    runs = _runs(function)
    if runs == ["vaultgen"]:
        extra = sorted({str(key) for key in function["exec"]} - {"path"} | {str(key) for key in function} - {"exec"})
        if extra:
            yield Fault("function-options", place, {"option": extra[0][:64]})
    elif not runs or any(one not in functions for one in runs):
        yield Fault("foreign-function", place, {"function": (", ".join(runs) or "an unreadable annotation")[:200]})


def _runs(function: Mapping[str, Any]) -> list[str]:
    """Return every program or image that a function annotation names."""
    found = []
    for kind, key in (("exec", "path"), ("container", "image"), ("starlark", "path"), ("starlark", "url")):
        section = function.get(kind)
        if isinstance(section, dict) and key in section:
            found.append(str(section[key]))
    return found


def _transformed_plugins(tree: Tree) -> Iterator[Fault]:
    """A kustomization that yields configs may do no more than list them: a patch could change what is run."""
    for kustomization in _kustomizations_of_plugins(tree):
        if extra := sorted(set(kustomization.tree) - _PLAIN_FIELDS):
            yield Fault("transformed-plugin", Place(kustomization.file, field=str(extra[0])), {"field": str(extra[0])})


def _kustomizations_of_plugins(tree: Tree) -> list[Kustomization]:
    return [one for one in tree.kustomizations if one.root in tree.plugin_roots]
