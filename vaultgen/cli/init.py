"""``vaultgen init``: a kustomization's builtin ``secretGenerator`` becomes a generator file."""

import os
import shlex
import stat
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml

from vaultgen.cli.files import NewFile, write_all
from vaultgen.document.model import Document
from vaultgen.document.read import read_document
from vaultgen.errors import Place, refuse
from vaultgen.errors.report import clean
from vaultgen.krm.tree import parse_one
from vaultgen.kustomize.conversion import convert
from vaultgen.kustomize.walk import kustomization_file
from vaultgen.local_files import LocalFiles
from vaultgen.plan import plan

GENERATOR_NAME = "vaultgen.yaml"


class Example(NamedTuple):
    """A source of the new document, and what could stand there instead; neither holds a value."""

    line: int
    now: str
    then: str


@click.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path))
def command(directory: Path) -> None:
    """Turn a builtin secretGenerator into a generator file.

    Moves secretGenerator from DIRECTORY/kustomization.yaml, as it is written and with its comments, to
    DIRECTORY/vaultgen.yaml, and lists that under `generators`. Both files change, or none. The build gives the same
    as before; then put a vault: reference where a value stands.

    \b
    Examples:
      vaultgen init
      vaultgen init apps/my-app
    """
    path = Path(kustomization_file(str(directory)))
    generator_path = directory / GENERATOR_NAME
    content, mode = _read(path)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise refuse("invalid-yaml", Place(str(path)), why="it is not UTF-8") from None
    conversion = convert(text, str(path), GENERATOR_NAME)
    if os.path.lexists(generator_path):
        raise refuse("file-exists", path=str(generator_path), remark="add the entries to it by hand, or")
    generator = conversion.generator.encode()
    document = read_document(parse_one(generator, str(path)), str(path))
    planned = plan(document, LocalFiles(str(directory)))
    write_all(
        [
            NewFile(generator_path, generator, mode),
            # Through a link: what it leads to is the file that the user keeps.
            NewFile(path.resolve(), conversion.kustomization.encode(), mode),
        ]
    )
    click.echo(f"moved secretGenerator ({_secrets(len(document.entries))}) from {path} to {generator_path}")
    if planned.uses:
        click.echo("values in it that begin with vault: or hold ${vault:…} were text so far and are references now")
    elif example := example_of(document, conversion.generator):
        where = f"{generator_path}:{example.line}"
        click.echo(f"\nPut references where sources stand, for example in {where} instead of")
        click.echo(f"  {clean(example.now)}\nwrite\n  {clean(example.then)}")
    shown = shlex.quote(str(directory))
    click.echo(f"\nThen look at it, values masked, with\n  vaultgen build {shown}")
    click.echo(f"and build it with\n  kustomize build --enable-alpha-plugins --enable-exec {shown}")


def example_of(document: Document, text: str) -> Example | None:
    """Return the first source of the document that a reference could replace; ``text`` is the document's."""
    for index, entry in enumerate(document.entries):
        path = f"vault:secret/data/{entry.name}"
        for literal in entry.literals:
            line = _line(text, index, "literals")
            return Example(line, f"{literal.key}=…", f"{literal.key}={path}?key={literal.key}")
        for file in entry.files:
            source = file.source if file.key == file.source else f"{file.key}={file.source}"
            return Example(_line(text, index, "files"), source, f"{file.key}={path}?key={file.key}")
        for env in entry.envs:
            return Example(_line(text, index, "envs"), env.source, path)
    return None


def _line(text: str, index: int, field: str) -> int:
    """Return the line of the first source in a field of an entry, or of what is nearest above it."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for step in ("secretGenerator", index, field, 0):
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), node)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
    return int(node.start_mark.line) + 1


def _read(path: Path) -> tuple[bytes, int]:
    try:
        return path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    except OSError:
        raise refuse("file-unreadable", Place(str(path)), path=str(path), why="it cannot be opened") from None


def _secrets(count: int) -> str:
    return "1 Secret" if count == 1 else f"{count} Secrets"
