"""Which addresses kustomize would fetch: as a base, and wherever else it takes a path."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vaultgen.kustomize.fields import maps, texts

BUILTIN_GROUP = "builtin"
"""The apiVersion of the plugins that kustomize has inside."""

_GIT = re.compile(r"\s*(git::)?(ssh:|https?:|file:|github\.com[/:]|[a-z][-a-z0-9]*@)", re.IGNORECASE)

# Where each field has paths, or is a path itself.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "crds": (),
    "configurations": (),
    "patchesStrategicMerge": (),
    "openapi": ("path",),
    "patches": ("path",),
    "patchesJson6902": ("path",),
    "replacements": ("path",),
    "configMapGenerator": ("files", "envs", "env"),
    "secretGenerator": ("files", "envs", "env"),
}
_CHARTS = ("helmCharts", "helmChartInflationGenerator")

# Builtin plugins by kind, as the field of a kustomization that does the same.
_BUILTINS = {
    "ConfigMapGenerator": "configMapGenerator",
    "SecretGenerator": "secretGenerator",
    "PatchTransformer": "patches",
    "PatchJson6902Transformer": "patchesJson6902",
    "HelmChartInflationGenerator": "helmCharts",
}
_PATHS_OF_PLUGINS = ("paths", "path", "targetFilePath", "argsFromFile")


def is_remote(entry: str) -> bool:
    """Return whether kustomize could take an entry for an address: it looks for one before it looks at the disk.

    Wider than kustomize's own rule (``api/internal/git``), so that what is left is local in any version: an address has
    a colon, or begins with a user or a known host.
    """
    first = entry.partition("/")[0].lower()
    return ":" in entry or "@" in first or first in ("github.com", "gitlab.com") or entry.startswith("//")


def is_remote_text(text: str) -> bool:
    """Return whether kustomize could take a text that may as well be YAML for an address; still wider than its rule."""
    return _GIT.match(text) is not None


def files(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field and text of every file, its bases and resources aside, that a kustomization names or holds inline.

    A file of a generator is ``PATH`` or ``KEY=PATH``; a patch may be the YAML itself.
    """
    for name, inner in _FIELDS.items():
        if not inner:
            yield from ((name, text) for text in texts(tree, name))
        for field in inner:
            shown = f"{name}.{field}" if name == "openapi" else f"{name}[].{field}"
            for item in maps(tree, name):
                yield from ((shown, text) for text in texts(item, field))


def files_of_plugin(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the text of every file that the config of a builtin or legacy plugin names, as ``files`` does."""
    if document.get("apiVersion") == BUILTIN_GROUP and (field := _BUILTINS.get(str(document.get("kind")))):
        yield from (text for _, text in files({field: [document]}))
    yield from (text for _, text in files({"replacements": list(maps(document, "replacements"))}))
    for field in _PATHS_OF_PLUGINS:
        yield from texts(document, field)


def addresses(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field and address of every file that a kustomization has fetched over HTTP, its bases aside.

    A chart counts as one: to look at it, kustomize runs helm.
    """
    for name, text in files(tree):
        yield from ((name, address) for address in _http_addresses([text]))
    for name in _CHARTS:
        for item in maps(tree, name):
            places = (text for field in ("repo", "chartRepoUrl", "name", "chartName") for text in texts(item, field))
            yield name, next((text for text in places if text), "a chart")


def addresses_of_plugin(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield every address that the config of a builtin or legacy plugin has fetched."""
    yield from _http_addresses(files_of_plugin(document))
    if document.get("apiVersion") == BUILTIN_GROUP and (field := _BUILTINS.get(str(document.get("kind")))) in _CHARTS:
        yield from (address for _, address in addresses({field: [document]}))


def _http_addresses(paths: Iterable[str]) -> Iterator[str]:
    """Yield what of some paths kustomize could fetch over HTTP; in ``KEY=PATH`` either part may be it."""
    for path in paths:
        parts = (path, path.partition("=")[2])
        yield from [part for part in parts if part.lower().lstrip().startswith(("http:", "https:"))][:1]


def without_credential(address: str) -> str:
    """Return an address without user name, password and query, which may hold a token; ``ref=`` stays."""
    scheme, mark, rest = address.rpartition("://")
    host, slash, path = rest.partition("/")
    path, question, query = path.partition("?")
    revision = next((f"?{part}" for part in query.split("&") if part.startswith("ref=")), "?…" if question else "")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}{revision}"
