"""Writes what is derived from schemas/vaultsecretgenerator.v1alpha1.json: run it after a change there.

That is the tables of fields in docs/reference.md, and the definitions that schemas/flux-kustomization.json shares. A
copy, and not a reference across files, so that an editor needs one file and the run-time check reads one.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "schemas" / "vaultsecretgenerator.v1alpha1.json"
FLUX_SCHEMA = ROOT / "schemas" / "flux-kustomization.json"
REFERENCE = ROOT / "docs" / "reference.md"

BEGIN, END = "<!-- fields: begin; written by docs/from_schema.py -->\n", "<!-- fields: end -->\n"

Definition = dict[str, Any]


class Section(NamedTuple):
    """A map with fields of its own: a table."""

    title: str
    definition: Definition
    paths: list[str]
    """Where it stands in the document."""


def with_tables(reference: str, schema: Definition) -> str:
    """Return the text of docs/reference.md with the tables of fields between its markers."""
    before, rest = reference.split(BEGIN)
    _, after = rest.split(END)
    return (
        before + BEGIN + "\n" + "\n".join(_table(section, schema) for section in sections(schema)) + "\n" + END + after
    )


def with_definitions(flux: str, schema: str) -> str:
    """Return the text of the Flux schema with the definitions that its entries need, letter for letter."""
    head = flux[: flux.index('  "$defs": {\n')]
    names = ["entry"]
    for name in names:
        names += [found for found in re.findall(r"#/\$defs/(\w+)", _block(schema, name)) if found not in names]
    return head + '  "$defs": {\n' + ",\n".join(_block(schema, name) for name in names) + "\n  }\n}\n"


def _block(schema: str, name: str) -> str:
    """Return the lines of one definition, without the comma behind it."""
    definitions = schema[schema.index('  "$defs": {\n') :]
    found = re.search(rf'^    "{name}": {{\n.*?^    }}', definitions, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"no definition {name}, or not laid out as the others are")
    return found.group()


def sections(schema: Definition) -> list[Section]:
    """Return every map with named fields, each once, in the order in which a reader meets them."""
    found: dict[str, Section] = {}
    for path, definition in _maps(schema, schema, ""):
        title = _title(definition, path)
        found.setdefault(title, Section(title, definition, [])).paths.append(path)
    return list(found.values())


def _maps(definition: Definition, schema: Definition, path: str) -> Iterator[tuple[str, Definition]]:
    definition = _merged(definition, schema)
    if fields := definition.get("properties"):
        yield path, definition
        for name, field in fields.items():
            yield from _maps(field, schema, _below(path, name))
    # A list of maps that may also stand alone (vault.auth) is no other place.
    elif item := definition.get("items"):
        yield from _maps(item, schema, f"{path}[]")
    if isinstance(value := definition.get("additionalProperties"), dict):
        yield from _maps(value, schema, f"{path}.*")


def _merged(definition: Definition, schema: Definition) -> Definition:
    reference = definition.get("$ref")
    return {**schema["$defs"][reference.removeprefix("#/$defs/")], **definition} if reference else definition


def _title(definition: Definition, path: str) -> str:
    title: str = definition.get("title") or path
    return title


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _table(section: Section, schema: Definition) -> str:
    lines = [f"### {section.title}", ""]
    if section.paths not in ([section.title], [""]):
        lines += ["At " + ", ".join(f"`{path}`" for path in section.paths) + ".", ""]
    lines += ["| Field | Type | Required | Meaning |", "| --- | --- | --- | --- |"]
    for name, field in section.definition["properties"].items():
        field = _merged(field, schema)
        type_ = _type(field, schema, _below(section.paths[0], name))
        required = "yes" if name in section.definition.get("required", ()) else ""
        lines.append(f"| `{name}` | {type_} | {required} | {_meaning(field)} |")
    return "\n".join(lines) + "\n"


def _type(field: Definition, schema: Definition, path: str, plural: str = "") -> str:
    field = _merged(field, schema)
    words = []
    for type_ in [field["type"]] if isinstance(field["type"], str) else field["type"]:
        if type_ == "array":
            words.append("list of " + _type(field["items"], schema, f"{path}[]", "s"))
        elif type_ == "object" and "properties" in field:
            anchor = re.sub(r"[^\w -]", "", _title(field, path).lower()).replace(" ", "-")
            words.append(f"[map{plural}](#{anchor})")
        elif type_ == "object" and field.get("additionalProperties"):
            words.append("map of " + _type(field["additionalProperties"], schema, f"{path}.*", "s"))
        elif type_ != "null":
            words.append({"object": "map"}.get(type_, type_) + plural)
    return " or ".join(words)


def _meaning(field: Definition) -> str:
    meaning = field["description"].replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    if "default" in field:
        default = field["default"]
        meaning += f" Default: `{default if isinstance(default, str) else json.dumps(default)}`."
    return str(meaning)


def main() -> None:
    """Rewrite both files where they are out of date."""
    text = SCHEMA.read_text(encoding="utf-8")
    for path, renewed in (
        (FLUX_SCHEMA, with_definitions(FLUX_SCHEMA.read_text(encoding="utf-8"), text)),
        (REFERENCE, with_tables(REFERENCE.read_text(encoding="utf-8"), json.loads(text))),
    ):
        path.write_text(renewed, encoding="utf-8")


if __name__ == "__main__":
    main()
