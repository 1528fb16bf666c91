"""Turns the builtin ``secretGenerator`` of a kustomization into a generator document: text in, text out.

Nothing is dumped: lines move as they are, so comments, quotes and order survive in both files.
"""

import re
from typing import NamedTuple

import yaml

from vaultgen.errors import Place, Refused, refuse
from vaultgen.krm.tree import parse_one
from vaultgen.kustomize.top_level import UNUSUAL, Ends, Field, fields_of, indent_of, newline_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEADER = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: {name}
  annotations:
    config.kubernetes.io/function: |
      exec: {{path: vaultgen}}
"""

_PLAIN_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


class Conversion(NamedTuple):
    """The two files after the conversion."""

    kustomization: str
    generator: str


def convert(text: str, file: str, generator_file: str) -> Conversion:
    """Return a kustomization without its ``secretGenerator``, and the generator document that takes its place.

    ``text`` is the kustomization, ``file`` its name in faults, ``generator_file`` the name under which the new
    document is listed in ``generators``. Raises ``Refused``: invalid-yaml and its kin, no-secret-generator,
    cannot-convert.
    """
    tree = parse_one(text.encode(), file)
    if not isinstance(tree, dict) or not tree.get("secretGenerator"):
        raise refuse("no-secret-generator", Place(file))
    fields = fields_of(text, file, "cannot-convert")
    moved = fields["secretGenerator"]
    newline = newline_of(text)
    options = fields.get("generatorOptions") if tree.get("generatorOptions") else None
    blocks = [text[field.start : field.end] for field in (options, moved) if field]
    generator = HEADER.format(name=_document_name(tree["secretGenerator"], file)).replace("\n", newline)
    generator += "".join(block if block.endswith("\n") else block + newline for block in blocks)
    kustomization = _with_generator(text, fields, generator_file, newline, file)
    _check(tree, kustomization, generator, generator_file, file)
    return Conversion(kustomization, generator)


def _document_name(entries: "Any", file: str) -> str:
    """Return the name of the only Secret if it needs no quotes, else a common one."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise refuse("cannot-convert", Place(file, field="secretGenerator"), why="it is not a list of mappings")
    name = str(entries[0].get("name") or "")
    plain = len(entries) == 1 and _PLAIN_NAME.fullmatch(name) and name not in _YAML_WORDS
    return name if plain else "secrets"


def _with_generator(text: str, fields: dict[str, Field], generator_file: str, newline: str, file: str) -> str:
    """Return the text without secretGenerator, and with the file listed first in ``generators``.

    First, because kustomize runs the builtin generators before the listed ones, and order can show in a build.
    """
    moved = fields["secretGenerator"]
    indent = indent_of(text, moved)
    listed = fields.get("generators")
    if listed is None:
        ending = text[moved.start : moved.end].endswith("\n")
        item = f"generators:{newline}{indent}- {generator_file}{newline if ending else ''}"
        return text[: moved.start] + item + text[moved.end :]
    first = listed.events[0]
    value: int = first.start_mark.index
    if isinstance(first, yaml.SequenceStartEvent) and first.flow_style:
        at = value + 1
        item = generator_file if isinstance(listed.events[1], Ends) else f"{generator_file}, "
    elif isinstance(first, yaml.SequenceStartEvent):
        at = text.find("\n", listed.start) + 1
        item = f"{indent_of(text, listed)}- {generator_file}{newline}"
    elif isinstance(first, yaml.ScalarEvent) and not first.value:
        at = value
        item = f"{newline}{indent}- {generator_file}"
    else:
        raise refuse("cannot-convert", Place(file, field="generators"), why="it is not a list")
    if at <= moved.start:
        return text[:at] + item + text[at : moved.start] + text[moved.end :]
    return text[: moved.start] + text[moved.end : at] + item + text[at:]


def _check(tree: "Any", kustomization: str, generator: str, generator_file: str, file: str) -> None:
    """Read both results again: they must say together what the kustomization said alone."""
    expected = {key: value for key, value in tree.items() if key != "secretGenerator"}
    expected["generators"] = [generator_file, *(tree.get("generators") or [])]
    moved = {key: tree[key] for key in ("generatorOptions", "secretGenerator") if tree.get(key)}
    try:
        document = parse_one(generator.encode(), file)
        if parse_one(kustomization.encode(), file) == expected and moved.items() <= document.items():
            return
    except Refused:
        pass
    raise refuse("cannot-convert", Place(file), why=UNUSUAL)
