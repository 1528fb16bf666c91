"""``vaultgen lock``: pin what builds read, so that a rotation is a commit."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from vaultgen.cli.files import NewFile, write_all
from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.function import debug_log
from vaultgen.kustomize.walk import shown_path, walk
from vaultgen.local_files import LocalFiles
from vaultgen.lock import LOCK_FILE, Pin, lock_text, locked_reads, parse_lock, pin_of
from vaultgen.survey import Asked, survey
from vaultgen.vault.backend import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Answer, Miss, Read

    Pins = dict[Read, Pin]


@click.command()
@click.argument("directory", metavar="DIR", default=".", type=click.Path(exists=True, file_okay=False))
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; fail where Vault has something else, or a path has no pin.")
@click.option("--update", is_flag=True, help="Take what Vault has now, for these PATHs or for all.")
def command(directory: str, paths: tuple[str, ...], check: bool, update: bool) -> None:
    """Pin the versions that builds of DIR read, in a vaultgen.lock beside each kustomization that needs one.

    From then on a build reads exactly those versions, and fails where Vault has another secret under their numbers.
    Without an option, paths that have no pin yet get one, those that are no longer asked for lose theirs, and all
    others stay. The file holds paths, versions and times; no value, and nothing made from one.

    \b
    Examples:
      vaultgen lock overlays/production
      vaultgen lock --check overlays/production
      vaultgen lock --update overlays/production secret/data/my-app/database
    """
    if check and update:
        raise click.UsageError("--check and --update exclude each other")
    if paths and not update:
        raise click.UsageError("PATH goes with --update")
    asked = survey(walk(directory))
    roots = list(dict.fromkeys(one.root for one in asked if one.plan.uses))
    unknown = set(paths) - {read.path for one in asked for read in one.plan.uses}
    if unknown:
        raise refuse("path-not-asked", path=min(unknown), directory=directory)
    found = {root: _pins([one for one in asked if one.root == root]) for root in roots}
    kept = {root: _locked(root) for root in roots}
    if check:
        _check(found, kept)
        click.echo("vaultgen.lock is up to date", err=True)
        return
    files = []
    for root in roots:
        old = kept[root] or {}
        pins = {
            read: pin if read not in old or (update and (not paths or read.path in paths)) else old[read]
            for read, pin in found[root].items()
        }
        files.append(NewFile(Path(root, LOCK_FILE), lock_text(pins).encode(), 0o644))
        _tell(root, old, pins)
    if files:
        write_all(files)


def _pins(asked: list[Asked]) -> "Pins":
    """Return what Vault has now for all documents of one kustomization. Raises ``Refused``."""
    pins: Pins = {}
    faults: list[Fault] = []
    for one in asked:
        backend = connect(one.document.vault, os.environ, LocalFiles(one.root), log=debug_log(os.environ))
        try:
            answers = backend.read_all(locked_reads(one.plan.uses))
        except Refused as refused:
            faults += refused.faults
            continue
        finally:
            backend.close()
        for read, answer in answers.items():
            pin = pin_of(answer)
            if pin is None:
                faults.append(_gone(read, answer, one))
            else:
                pins[read] = pin
    if faults:
        raise Refused(faults)
    return pins


def _gone(read: "Read", answer: "Answer | Miss", one: Asked) -> Fault:
    place = next(places[0] for asked, places in one.plan.uses.items() if asked.path == read.path)
    reason = getattr(answer, "reason", "deleted")
    code = {"no_version": "version-missing", "destroyed": "version-destroyed"}.get(reason, "version-deleted")
    return Fault(code, place, {"path": read.path, "version": str(answer.version or "the latest")}, read)


def _locked(root: str) -> "Mapping[Read, Pin] | None":
    try:
        return parse_lock(LocalFiles(root).read(LOCK_FILE)).pins
    except Refused as refused:
        if refused.faults[0].code == "file-not-found":
            return None
        raise


def _check(found: "Mapping[str, Pins]", kept: "Mapping[str, Mapping[Read, Pin] | None]") -> None:
    faults = []
    for root, pins in found.items():
        place = Place(shown_path(os.path.join(root, LOCK_FILE)))
        old = kept[root] or {}
        for read, pin in pins.items():
            if read not in old:
                faults.append(Fault("lock-incomplete", place, {"path": read.path}))
            elif old[read] != pin:
                facts = {"path": read.path, "locked": _named(old[read]), "now": _named(pin)}
                faults.append(Fault("lock-outdated", place, facts))
    if faults:
        raise Refused(faults)


def _tell(root: str, old: "Mapping[Read, Pin]", new: "Pins") -> None:
    click.echo(shown_path(os.path.join(root, LOCK_FILE)))
    for read, pin in new.items():
        if pin.version is None and not pin.absent:
            click.echo(f"  {read.path}: cannot be pinned, its engine keeps no versions", err=True)
        elif read not in old:
            click.echo(f"  {read.path}: {_named(pin)}")
        elif old[read] != pin:
            click.echo(f"  {read.path}: {_named(old[read])} -> {_named(pin)}")
    for read in old:
        if read not in new:
            click.echo(f"  {read.path}: no longer asked for")


def _named(pin: Pin) -> str:
    if pin.absent:
        return "nothing there"
    return f"version {pin.version} of {pin.created_time[:23]}" if pin.version else "no version"
