"""``vaultgen lock``: pin what builds read, so that a rotation is a commit."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click

from vaultgen.cli.files import NewFile, write_all
from vaultgen.cli.terminal import waiting
from vaultgen.cli.usage import Misused
from vaultgen.errors import Fault, Refused
from vaultgen.errors.report import clean
from vaultgen.function import debug_log
from vaultgen.kustomize.walk import walk
from vaultgen.lock import Pin, by_secret, in_order, lock_text, secret_of
from vaultgen.pinning import Root, check, joined, look_up, named, new_pins, roots_of
from vaultgen.ports import LOCK_FILE, Read
from vaultgen.session.opened import opened_backends
from vaultgen.survey import survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    Pins = Mapping[Read, Pin]


class _Directory(click.Path):
    """Tells who leaves it out in front of a PATH where it stands."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False)

    def fail(self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None) -> NoReturn:
        if ctx is not None and ctx.params.get("update"):
            raise Misused(message, ctx, "the directory stands in front: vaultgen lock DIR --update PATH")
        super().fail(message, param, ctx)


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=_Directory())
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; fail where a path has no pin, or Vault has another."
)
@click.option("--update", is_flag=True, help="Pin what Vault has now: for these PATHs, or for all.")
def command(directory: str, paths: tuple[str, ...], only_check: bool, update: bool) -> None:
    """Pin the versions that builds of DIR read, in a vaultgen.lock beside each kustomization that needs one.

    From then on a build reads exactly those versions, and fails where Vault has another secret under their numbers.
    Without an option, paths that have no pin yet get one, those that nothing reads any more lose theirs, and all others
    stay. The file holds paths, versions and times; no value, and nothing made from one.

    \b
    Examples:
      vaultgen lock overlays/production
      vaultgen lock --check overlays/production
      vaultgen lock --update overlays/production
      vaultgen lock --update overlays/production secret/data/my-app/database
    """
    if only_check and update:
        raise click.UsageError("--check and --update exclude each other")
    if paths and not update:
        raise click.UsageError("a PATH goes with --update")
    tree = walk(directory)
    asked = survey(tree)
    known = {_secret_at(read.path) for one in asked for read in one.plan.uses}
    if unknown := [path for path in paths if _secret_at(path) not in known]:
        raise Refused(Fault("path-not-asked", facts={"path": path, "directory": directory}) for path in unknown)
    roots = roots_of((one.root for one in tree.kustomizations), asked, anew=update and not paths)

    # All spellings of a secret: with the pin of one left behind, a build would mix versions.
    updated = {_secret_at(path) for path in paths}

    def is_wanted(name: Read, is_pinned: bool) -> bool:
        return not is_pinned or (update and (not paths or _secret_at(name.path) in updated))

    with opened_backends(os.environ, debug_log(os.environ)) as shared, waiting("reading from Vault"):
        if only_check:
            check(roots, shared)
        else:
            pins = new_pins(look_up(roots, is_wanted, shared))
    if not roots:
        click.echo("nothing to lock: no document here reads from Vault", err=True)
    elif only_check:
        _tell_check(roots)
    else:
        _write(roots, pins)


def _secret_at(path: str) -> str:
    return secret_of(Read(path)).path


def _write(roots: list[Root], pins: "Mapping[str, Pins]") -> None:
    files: list[NewFile] = []
    lines: list[str] = []
    for root in roots:
        old, new = root.pins or {}, joined(root, pins.get(root.path, {}))
        # Through a link: what it leads to is the file that the user keeps.
        file = NewFile(Path(root.path, LOCK_FILE).resolve(), lock_text(new).encode(), 0o644)
        unchanged = file.path.exists() and file.path.read_bytes() == file.content
        lines.append(f"{'unchanged' if unchanged else 'wrote    '} {root.place.file}")
        lines += _changes(old, new)
        files += [] if unchanged else [file]
    if files:
        write_all(sorted(files, key=lambda file: file.path.exists()))
    click.echo("\n".join(map(clean, lines)))


def _changes(old: "Pins", new: "Pins") -> list[str]:
    before, after = by_secret(old), by_secret(new)
    lines: list[str] = []
    for read, _ in in_order(old):
        if read not in new and (other := after.get(secret_of(read))):
            lines.append(f"  {_shown(read)}: the same secret as {_shown(other)}")
        elif read not in new:
            lines.append(f"  {_shown(read)}: nothing reads it any more")
    for read, pin in in_order(new):
        was = old.get(read) or old.get(before.get(secret_of(read), read))
        if pin == Pin():
            lines.append(f"  {_shown(read)}: cannot be pinned, its engine keeps no versions")
        elif was is None:
            lines.append(f"  {_shown(read)}: {named(pin)}")
        elif was != pin:
            lines.append(f"  {_shown(read)}: {named(was)} -> {named(pin)}")
    return lines


def _tell_check(roots: list[Root]) -> None:
    for root in roots:
        click.echo(f"up to date {clean(root.place.file)}")
        surplus = root.surplus
        for read, pin in in_order(root.pins or {}):
            if read in surplus:
                click.echo(f"  {clean(_shown(read))}: nothing reads it any more")
            elif pin == Pin():
                click.echo(f"  {clean(_shown(read))}: cannot be pinned, its engine keeps no versions")


def _shown(read: Read) -> str:
    version = f"?version={read.version}" if read.version is not None else ""
    return f"{read.path}{version}" + (f" in {read.vault_namespace}" if read.vault_namespace else "")
