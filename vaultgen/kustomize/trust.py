"""What a tree would run or fetch, other than vaultgen: refused before kustomize starts.

With ``--enable-exec`` kustomize runs any program that a tree names, and it fetches remote bases by itself. Whoever
builds somebody else's tree (a pull request) wants neither.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vaultgen.document.read import API_VERSION, KIND
from vaultgen.errors import Fault, Place, Refused
from vaultgen.krm.tree import parse_one
from vaultgen.kustomize.addresses import BUILTIN_GROUP as BUILTIN_GROUP
from vaultgen.kustomize.addresses import without_credential
from vaultgen.kustomize.walk import Plugin, Remote, Tree

FUNCTION_ANNOTATIONS = ("config.kubernetes.io/function", "config.k8s.io/function")
CONTAINER_ANNOTATION = "config.kubernetes.io/container"
"""An older way: the image alone."""
FLUX_GROUP = "kustomize.toolkit.fluxcd.io"

OURS = "a document of vaultgen has `exec: {path: vaultgen}`; for another program:"
# What a function's spec may hold; Go takes these names in any case of their letters.
_PROGRAMS = {"exec": "path", "container": "image", "starlark": "path"}
_PLAIN_FIELDS = frozenset({"apiVersion", "kind", "metadata", "resources"})


def untrusted(tree: Tree, functions: Collection[str] = (), remotes: Collection[str] = ()) -> list[Fault]:
    """Return a fault for everything that a build would run or fetch and that is not allowed.

    ``functions`` lists what may run besides vaultgen: the path of an executable, an image, or GROUP/KIND of a
    legacy plugin; ``remotes`` the addresses that may be fetched. Each is compared letter for letter.
    """
    faults = [_remote(one) for one in tree.remotes if one.address not in remotes]
    faults += (fault for plugin in tree.plugins for fault in _plugin(plugin, functions))
    faults += _transformed_plugins(tree)
    return [fault for index, fault in enumerate(faults) if fault not in faults[:index]]


def is_ours(document: Mapping[str, Any]) -> bool:
    """Return whether a config is a document of vaultgen: a VaultSecretGenerator, or the article's Kustomization."""
    api_version, kind = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
    if (api_version, kind) == (API_VERSION, KIND):
        return True
    # kustomize makes a plugin's path of group and version: a version with `..` leads to a program of the tree.
    group, _, version = api_version.partition("/")
    return kind == "Kustomization" and group == FLUX_GROUP and re.fullmatch("v[0-9][a-z0-9]*", version) is not None


def is_for_vaultgen(document: Mapping[str, Any]) -> bool:
    """Return whether kustomize hands a config to vaultgen: by its function annotation, or as its legacy plugin."""
    functions = functions_of(document)
    return all(map(_runs_vaultgen, functions)) if functions else is_ours(document)


def function_of(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the function that a config names by annotation; an empty one where it is not readable, None without."""
    annotations = _map(document, "metadata", "annotations")
    return next((_parsed(annotations[name]) for name in FUNCTION_ANNOTATIONS if name in annotations), None)


def functions_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return every function that a config names in any way that a version of kustomize knows; it runs one of them."""
    metadata, annotations = _map(document, "metadata"), _map(document, "metadata", "annotations")
    found: list[Mapping[str, Any]] = []
    found += (_parsed(annotations[name]) for name in FUNCTION_ANNOTATIONS if name in annotations)
    if "configFn" in metadata:
        found.append(_map(metadata, "configFn"))
    if CONTAINER_ANNOTATION in annotations:
        found.append({"container": {"image": annotations[CONTAINER_ANNOTATION]}})
    return found


def _remote(remote: Remote) -> Fault:
    place = Place(remote.kustomization.file, field=remote.field)
    return Fault("remote-base", place, {"remote": without_credential(remote.address)[:200]})


def _plugin(plugin: Plugin, allowed: Collection[str]) -> Iterator[Fault]:
    document = plugin.document
    api_version, kind = str(document.get("apiVersion") or ""), str(document.get("kind") or "")
    place = Place(plugin.file, f"{kind} {_map(document, 'metadata').get('name') or ''}".strip(), field=plugin.role)
    functions = functions_of(document)
    for function in functions:
        yield from _function(function, place, allowed, OURS if is_ours(document) else "")
    if functions or is_ours(document) or api_version == BUILTIN_GROUP:
        return
    if not _is_allowed_plugin(api_version, kind, allowed):
        yield Fault("foreign-plugin", place, {"plugin": f"{api_version.partition('/')[0]}/{kind}"[:200]})


def _function(function: Mapping[str, Any], place: Place, allowed: Collection[str], remark: str) -> Iterator[Fault]:
    runs = _runs(function)
    if _runs_vaultgen(function):
        options = sorted({*map(str, function["exec"])} - {"path"} | {*map(str, function)} - {"exec"})
        if options:
            yield Fault("function-options", place, {"option": options[0][:64]})
    elif not runs or any(one not in allowed for one in runs):
        shown = (", ".join(runs) or "an unreadable annotation")[:200]
        yield Fault("foreign-function", place, {"function": shown, **({"remark": remark} if remark else {})})


def _runs_vaultgen(function: Mapping[str, Any]) -> bool:
    """Return whether a function is the program of this name, and not an image or a script."""
    return _runs(function) == ["vaultgen"] and _map(function, "exec").get("path") == "vaultgen"


def _runs(function: Mapping[str, Any]) -> list[str]:
    """Return every program and image that a function names; nothing if it is written in a way of its own."""
    found = []
    for kind, section in function.items():
        named = _PROGRAMS.get(kind)
        if named is None and kind.casefold() in _PROGRAMS:
            return []
        if named and isinstance(section, dict):
            if any(key.casefold() == named != key for key in section):
                return []
            found += [str(section[key]) for key in (named, "url") if key in section]
    return found


def _is_allowed_plugin(api_version: str, kind: str, allowed: Collection[str]) -> bool:
    group, _, version = api_version.partition("/")
    is_plain = all(part not in ("", ".", "..") and "/" not in part for part in (group, version, kind))
    return is_plain and f"{group}/{kind}" in allowed


def _transformed_plugins(tree: Tree) -> Iterator[Fault]:
    """A kustomization that yields configs may do no more than list them: a patch could change what is run."""
    for kustomization in tree.kustomizations:
        extra = sorted(set(kustomization.tree) - _PLAIN_FIELDS)
        if extra and kustomization.root in tree.plugin_roots:
            yield Fault("transformed-plugin", Place(kustomization.file, field=str(extra[0])), {"field": str(extra[0])})


def _parsed(annotation: Any) -> dict[str, Any]:
    try:
        function = parse_one(str(annotation).encode())
    except Refused:
        return {}
    return function if isinstance(function, dict) else {}


def _map(document: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        inner = document.get(name)
        document = inner if isinstance(inner, dict) else {}
    return document
