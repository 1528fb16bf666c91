"""The configs that a kustomization lists: which are vaultgen's generators, and which stock Flux cannot run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaultgen.errors import Fault, Place
from vaultgen.kustomize.trust import BUILTIN_GROUP, function_of, is_ours
from vaultgen.kustomize.walk import ROLES
from vaultgen.publish.reader import Reader
from vaultgen.publish.tree import Tree, resolve

Config = Mapping[str, Any]

_CHARTS = ("helmCharts", "helmChartInflationGenerator")


@dataclass
class Listed:
    """What the configs of one kustomization come to."""

    documents: list[tuple[str, Config]] = field(default_factory=list)
    """File and tree of each document of vaultgen, in the order in which kustomize runs them."""
    dropped: list[int] = field(default_factory=list)
    """Indexes of the items of ``generators`` that hold them."""
    builtin: set[str] = field(default_factory=set)
    """Names of the Secrets of builtin SecretGenerators that stand in ``generators`` as well."""
    faults: list[Fault] = field(default_factory=list)


def read_generators(tree: Tree, directory: str, file: str, fields: Config, reader: Reader) -> Listed:
    """Return what a kustomization (``file`` in ``directory``, its ``fields``) lists, and what of it is refused.

    Raises what ``reader`` does for the files that it lists.
    """
    listed = Listed()
    inline: list[tuple[str, Config]] = []
    for role in ROLES:
        for index, entry in _entries(fields, role):
            place = Place(file, field=f"{role}[{index}]")
            path = resolve(directory, entry)
            if _is_inline(entry):
                source, configs = file, _configs(entry.encode(), file, reader)
            elif path is not None and path in tree.files:
                source, configs = path, _configs(tree.files[path], path, reader)
            elif path is not None and tree.is_directory(path):
                configs = list(_configs_below(tree, path, reader))
                if any(map(runs_vaultgen, configs)):
                    why = "it comes from a directory of configs, which could change it"
                    listed.faults.append(Fault("unpublishable-generator", place, {"why": why}))
                listed.faults += _foreign(configs, place)
                continue
            else:
                listed.faults.append(Fault("file-not-found", place, {"path": entry[:200]}))
                continue
            listed.faults += _foreign(configs, place)
            if role != "generators":
                continue
            listed.builtin |= {_name(config) for config in configs if config.get("kind") == "SecretGenerator"}
            ours = [(source, config) for config in configs if runs_vaultgen(config)]
            if ours and len(ours) < len(configs):
                why = "another generator stands in the same file"
                listed.faults.append(Fault("unpublishable-generator", place, {"why": why}))
            elif ours:
                listed.dropped.append(index)
                # kustomize takes what is written inside the kustomization before what stands in files.
                (inline if _is_inline(entry) else listed.documents).extend(ours)
    listed.documents[:0] = inline
    for name in _CHARTS:
        if fields.get(name):
            listed.faults.append(Fault("unpublishable-plugin", Place(file, field=name), {"what": "a chart"}))
    return listed


def _is_inline(entry: str) -> bool:
    return "\n" in entry or ": " in entry


def runs_vaultgen(config: Config) -> bool:
    """Return whether a config is a document of vaultgen, or one of any kind that it is the function of."""
    function = (function_of(config) or {}).get("exec")
    path = function.get("path") if isinstance(function, dict) else None
    return is_ours(config) or str(path).rpartition("/")[2] == "vaultgen"


def _foreign(configs: Sequence[Config], place: Place) -> Iterator[Fault]:
    """Yield a fault for each function or plugin that is neither builtin nor vaultgen's."""
    for config in configs:
        api_version, kind = str(config.get("apiVersion") or ""), str(config.get("kind") or "")
        is_builtin = api_version == BUILTIN_GROUP and function_of(config) is None
        if not is_builtin and not runs_vaultgen(config):
            what = f"{kind} of {api_version}" if kind and api_version else "a config without kind or apiVersion"
            yield Fault("unpublishable-plugin", place, {"what": what[:200]})


def _configs_below(tree: Tree, directory: str, reader: Reader) -> Iterator[Config]:
    """Yield the configs that a directory's kustomization collects, as far as they can be found."""
    seen: set[str] = set()
    waiting = [directory]
    while waiting:
        directory = waiting.pop()
        if directory in seen:
            continue
        seen.add(directory)
        for file in tree.kustomizations_in(directory):
            for fields in _configs(tree.files[file], file, reader):
                for _, entry in [*_entries(fields, "resources"), *_entries(fields, "generators")]:
                    path = resolve(directory, entry)
                    if path is not None and path in tree.files:
                        yield from _configs(tree.files[path], path, reader)
                    elif path is not None:
                        waiting.append(path)


def _configs(content: bytes, file: str, reader: Reader) -> list[Config]:
    found: list[Config] = []
    for document in reader.documents(content, file):
        if isinstance(document, dict) and str(document.get("kind", "")).endswith("List"):
            items = document.get("items")
            found += [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        elif isinstance(document, dict):
            found.append(document)
    return found


def _entries(fields: Config, name: str) -> list[tuple[int, str]]:
    listed = fields.get(name)
    items: list[Any] = listed if isinstance(listed, list) else []
    return [(index, entry) for index, entry in enumerate(items) if isinstance(entry, str)]


def _name(config: Config) -> str:
    metadata = config.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, dict) else ""
