"""``vaultgen import``: the way on from other tools that read from Vault."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from vaultgen.avp.convert import convert as convert_placeholders
from vaultgen.cli.files import NewFile, tell_written, write_all
from vaultgen.cli.options import file_or_standard_output
from vaultgen.errors import Fault, Refused, refuse
from vaultgen.errors.report import clean, message, where
from vaultgen.external_secrets.convert import GENERATORS
from vaultgen.external_secrets.convert import GROUP as EXTERNAL_SECRETS
from vaultgen.external_secrets.convert import convert as convert_external_secrets
from vaultgen.importing.document import documents_text
from vaultgen.importing.entry import Conversion
from vaultgen.importing.resource import Remark, Resource, read_resources
from vaultgen.kustomize.walk import shown_path
from vaultgen.secrets_operator.convert import GROUP as SECRETS_OPERATOR
from vaultgen.secrets_operator.convert import convert as convert_static_secrets

INCOMPLETE_STATUS = 1
_PLACES = 3
"""How many places a note names."""


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    callback=file_or_standard_output,
    help="Write there, not to standard output.",
)
@click.option("--name", default="imported", show_default=True, help="Name of the generator document.")
def command(paths: tuple[str, ...], output: str | None, name: str) -> int:
    """Turn ExternalSecrets and their like into a generator document.

    These are carried over: ExternalSecrets of External Secrets Operator, VaultStaticSecrets of Vault Secrets
    Operator, and Secrets with placeholders of argocd-vault-plugin. Give the stores, VaultAuths and
    VaultConnections as well, and the document says where Vault is and how to log in.

    PATH is a manifest, or a directory whose manifests are taken. What cannot be carried over is listed on standard
    error with its reason, and the exit status is 1 then.

    \b
    Examples:
      vaultgen import external-secret.yaml secret-store.yaml -o vaultgen.yaml
      vaultgen import overlays/production > vaultgen.yaml
    """
    unread: list[Fault] = []
    resources = [resource for path in _manifests(paths) for resource in _read(path, paths, unread)]
    found = convert_resources(resources)
    left = [remark for resource in resources for remark in sorted(resource.left, key=_line)]
    if not found.entries and not left:
        raise Refused(unread) if unread else refuse("nothing-to-import")
    if found.entries:
        text = documents_text(name, found.entries)
        if output:
            if Path(output).exists():
                raise refuse("file-exists", path=output, remark="name another, or")
            write_all([NewFile(Path(output), text.encode(), 0o644)])
            tell_written(output)
        else:
            click.echo(text, nl=False)
        listed = f"list {output or 'the document'} under generators:"
        _group(f"Carried over; remove from resources, and {listed}", _labels(found.whole))
        _group("Carried over in part; keep it until the rest has a place", _labels(found.partly))
    _group("To know:", _notes([remark for resource in resources for remark in sorted(resource.notes, key=_line)]))
    _group("Not carried over:", [f"{_place(one)}: {one.resource}, {one.where}: {one.why}" for one in left])
    _group("Not read:", [f"{where(one.place)}: {message(one)}" for one in unread])
    return INCOMPLETE_STATUS if left or unread else 0


def convert_resources(resources: Sequence[Resource]) -> Conversion:
    """Convert each resource by what it is of: its API group says that, and all else may hold placeholders."""
    found = Conversion()
    convert_external_secrets(resources, found)
    convert_static_secrets(resources, found)
    groups = (EXTERNAL_SECRETS, GENERATORS, SECRETS_OPERATOR)
    convert_placeholders([one for one in resources if one.group not in groups], found)
    return found


def _read(path: Path, named: Sequence[str], unread: list[Fault]) -> list[Resource]:
    """Return what is in a file; of one that only its directory brought, a Helm template perhaps, add what is wrong."""
    try:
        try:
            content = path.read_bytes()
        except OSError:
            raise refuse("file-unreadable", path=shown_path(str(path)), why="it cannot be opened") from None
        return read_resources(shown_path(str(path)), content)
    except Refused as refused:
        if str(path) in map(str, map(Path, named)):
            raise
        unread += refused.faults
        return []


def _labels(resources: Sequence[Resource]) -> list[str]:
    return [f"{resource.file}: {resource.label}" for resource in resources]


def _notes(remarks: Sequence[Remark]) -> list[str]:
    """Return each note once, with the first places that it is about."""
    places: dict[tuple[str, str], list[str]] = {}
    for remark in remarks:
        places.setdefault((remark.where, remark.why), []).append(_place(remark))
    return [
        f"{', '.join(at[:_PLACES])}{f' and {len(at) - _PLACES} more' if len(at) > _PLACES else ''}: {where}: {why}"
        for (where, why), at in places.items()
    ]


def _line(remark: Remark) -> int:
    return remark.line


def _place(remark: Remark) -> str:
    return f"{remark.file}:{remark.line}"


def _group(title: str, lines: list[str]) -> None:
    if lines:
        click.echo("\n".join(["", title, *(f"  {clean(line)}" for line in lines)]), err=True)


def _manifests(paths: tuple[str, ...]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix in (".yaml", ".yml") and one.is_file())
        else:
            yield path
