"""``vaultgen import``: the way on from argocd-vault-plugin."""

from collections.abc import Iterator
from pathlib import Path

import click

from vaultgen.avp.convert import Conversion, convert
from vaultgen.avp.document import document_text
from vaultgen.cli.files import NewFile, tell_written, write_all
from vaultgen.errors import refuse
from vaultgen.errors.report import clean
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.walk import shown_path

INCOMPLETE_STATUS = 1


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write there, not to standard output."
)
@click.option("--name", default="imported", show_default=True, help="Name of the generator document.")
def command(paths: tuple[str, ...], output: str | None, name: str) -> int:
    """Turn Secrets with placeholders of argocd-vault-plugin into a generator document.

    PATH is a manifest, or a directory whose manifests are taken. What cannot be carried over is listed on standard
    error with its reason, and the exit status is 1 then.

    \b
    Examples:
      vaultgen import secret.yaml -o vaultgen.yaml
      vaultgen import overlays/production > vaultgen.yaml
    """
    found = Conversion()
    for path in _manifests(paths):
        try:
            content = path.read_bytes()
        except OSError:
            raise refuse("file-unreadable", path=shown_path(str(path)), why="it cannot be opened") from None
        convert(shown_path(str(path)), parse_yaml(content, shown_path(str(path))), found)
    if not found.entries and not found.left:
        raise refuse("nothing-to-import")
    if found.entries:
        text = document_text(name, found.entries)
        if output:
            if Path(output).exists():
                raise refuse("file-exists", path=output)
            write_all([NewFile(Path(output), text.encode(), 0o644)])
            tell_written(output)
        else:
            click.echo(text, nl=False)
        listed = f"list {output or 'the document'} under generators:"
        _group(f"Carried over; remove from resources, and {listed}", found.converted)
        _group("Carried over in part; keep it until the rest has a place", found.partly)
    if not found.left:
        return 0
    _group("Not carried over:", [f"{left.file}: {left.resource}, {left.where}: {left.why}" for left in found.left])
    return INCOMPLETE_STATUS


def _group(title: str, lines: list[str]) -> None:
    if lines:
        click.echo("\n".join(["", title, *(f"  {clean(line)}" for line in lines)]), err=True)


def _manifests(paths: tuple[str, ...]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix in (".yaml", ".yml") and one.is_file())
        else:
            yield path
