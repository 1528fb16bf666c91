"""Turns the builtin ``secretGenerator`` of a kustomization into a generator document: text in, text out.

Nothing is dumped: lines move as they are, so comments, quotes and order survive in both files.
"""

import re
from typing import NamedTuple

import yaml

from vaultgen.errors import Place, Refused, refuse
from vaultgen.krm.tree import parse_one

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

_Ends = yaml.MappingEndEvent | yaml.SequenceEndEvent
_PLAIN_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_UNUSUAL = "an anchor is used on both sides of the cut, or its layout is unusual"


class Conversion(NamedTuple):
    """The two files after the conversion."""

    kustomization: str
    generator: str


class _Field(NamedTuple):
    """A top-level field of a block mapping, by the whole lines that it covers."""

    start: int
    """Index of the first character of its first line."""
    end: int
    """Index behind its last line, indented comments below it included."""
    events: "list[Any]"
    """Of its value."""


def convert(text: str, file: str, generator_file: str) -> Conversion:
    """Return a kustomization without its ``secretGenerator``, and the generator document that takes its place.

    ``text`` is the kustomization, ``file`` its name in faults, ``generator_file`` the name under which the new
    document is listed in ``generators``. Raises ``Refused``: invalid-yaml and its kin, no-secret-generator,
    cannot-convert.
    """
    tree = parse_one(text.encode(), file)
    if not isinstance(tree, dict) or not tree.get("secretGenerator"):
        raise refuse("no-secret-generator", Place(file))
    fields = _fields(text, file)
    moved = fields["secretGenerator"]
    newline = "\r\n" if text[: text.find("\n") + 1].endswith("\r\n") else "\n"
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


def _fields(text: str, file: str) -> dict[str, _Field]:
    """Return the top-level fields of a block mapping; the text is known to be a mapping without equal keys."""
    try:
        # The C parser counts a byte order mark differently; a kustomization is small enough for this one.
        parsed = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        raise refuse("cannot-convert", Place(file), why=_UNUSUAL) from None
    events: list[Any] = [event for event in parsed if isinstance(event, yaml.NodeEvent | _Ends)]
    if events[0].flow_style:
        raise refuse("cannot-convert", Place(file), why="it is written in braces, not as one field a line")
    fields = {}
    position = 1
    while position < len(events) - 1:
        key, first = events[position], position + 1
        position = first + 1
        depth = int(isinstance(events[first], yaml.CollectionStartEvent))
        while depth:
            depth += isinstance(events[position], yaml.CollectionStartEvent) - isinstance(events[position], _Ends)
            position += 1
        start = key.start_mark.index
        if text[text.rfind("\n", 0, start) + 1 : start].lstrip("\ufeff"):
            why = "its top-level fields do not begin their lines"
            raise refuse("cannot-convert", Place(file, line=key.start_mark.line + 1, column=1), why=why)
        fields[key.value] = _Field(start, _end(text, key, events[first:position]), events[first:position])
    return fields


def _end(text: str, key: "Any", events: "list[Any]") -> int:
    """Return the index behind the last line of a field, which is that of its last scalar, alias or bracket."""
    # A block collection's end has no width: the parser puts it where the next field begins.
    last = next((event for event in reversed(events) if event.start_mark.index < event.end_mark.index), key)
    end: int = last.end_mark.index
    if text[end - 1] != "\n":
        end = text.find("\n", end) + 1 or len(text)
    elif "+" not in text[last.start_mark.index :].partition("\n")[0]:
        # A block scalar takes the empty lines below it along; only with `+` they are part of the value.
        while text[:end].endswith(("\n\n", "\n\r\n")):
            end = text.rfind("\n", 0, end - 1) + 1
    indented_comments = re.compile(r"(?:[ \t]*\r?\n)*[ \t]+#[^\n]*(?:\n|\Z)")
    while comment := indented_comments.match(text, end):
        end = comment.end()
    return end


def _with_generator(text: str, fields: dict[str, _Field], generator_file: str, newline: str, file: str) -> str:
    """Return the text without secretGenerator, and with the file listed first in ``generators``.

    First, because kustomize runs the builtin generators before the listed ones, and order can show in a build.
    """
    moved = fields["secretGenerator"]
    indent = _indent(text, moved)
    listed = fields.get("generators")
    if listed is None:
        ending = text[moved.start : moved.end].endswith("\n")
        item = f"generators:{newline}{indent}- {generator_file}{newline if ending else ''}"
        return text[: moved.start] + item + text[moved.end :]
    first = listed.events[0]
    value: int = first.start_mark.index
    if isinstance(first, yaml.SequenceStartEvent) and first.flow_style:
        at = value + 1
        item = generator_file if isinstance(listed.events[1], _Ends) else f"{generator_file}, "
    elif isinstance(first, yaml.SequenceStartEvent):
        at = text.find("\n", listed.start) + 1
        item = f"{_indent(text, listed)}- {generator_file}{newline}"
    elif isinstance(first, yaml.ScalarEvent) and not first.value:
        at = value
        item = f"{newline}{indent}- {generator_file}"
    else:
        raise refuse("cannot-convert", Place(file, field="generators"), why="it is not a list")
    if at <= moved.start:
        return text[:at] + item + text[at : moved.start] + text[moved.end :]
    return text[: moved.start] + text[moved.end : at] + item + text[at:]


def _indent(text: str, field: _Field) -> str:
    """Return the spaces in front of a block list's first item."""
    item = re.compile(r"^( *)- ?", re.MULTILINE).search(text, field.start, field.end)
    return item[1] if item else ""


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
    raise refuse("cannot-convert", Place(file), why=_UNUSUAL)
