"""``vaultgen diff``: what another tree, revision or the cluster has, held against a build; values are never shown."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

import click

from vaultgen.build import KUSTOMIZE_FAILED, Builder, Options, Show
from vaultgen.cli.app import FOUND_STATUS
from vaultgen.cli.comparison import Report, as_json, as_markdown, as_text
from vaultgen.cli.options import build_options, completed_as, kustomize_flags
from vaultgen.cli.terminal import waiting
from vaultgen.cli.usage import Misused
from vaultgen.cluster import KubernetesCluster
from vaultgen.compare import compare, with_values_where_one_side_is_masked
from vaultgen.errors import Refused, refuse
from vaultgen.function import debug_log
from vaultgen.git_tree import RevisionTree, is_in_work_tree, revision_tree
from vaultgen.krm.resources import Resource, resources_in
from vaultgen.kustomize.generators import KUSTOMIZATION_NAMES
from vaultgen.kustomize.walk import walk
from vaultgen.live import live_sides
from vaultgen.survey import survey
from vaultgen.versions import Versions, changed_paths, versions

CLUSTER = "cluster"
HEAD = "HEAD"
OF_THE_CLUSTER = "Secrets, and the names of them in workloads; for all else there is kubectl diff"
FORMATS: dict[str, Callable[[Report], str]] = {"text": as_text, "json": as_json, "markdown": as_markdown}


@dataclass(frozen=True)
class Side:
    """One of the two trees that are built."""

    directory: str
    tree: RevisionTree | None = None
    """What the directory is part of, if that is a revision."""

    def named(self, text: str) -> str:
        """Return text with the names that the user knows."""
        return self.tree.named(text) if self.tree else text


@dataclass(frozen=True)
class Found:
    """What a build gave."""

    resources: list[Resource]
    versions: Versions


class _Directory(click.Path):
    """Tells who names a revision in place of the directory where that stands."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False)

    def fail(self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None) -> NoReturn:
        if ctx is not None and not ctx.params.get("against"):
            raise Misused(message, ctx, "a revision stands behind --against: vaultgen diff DIR --against REVISION")
        super().fail(message, param, ctx)


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=_Directory())
@kustomize_flags
@click.option(
    "--against",
    metavar="DIR|GIT-REVISION|cluster",
    default="",
    shell_complete=completed_as("dir", CLUSTER, HEAD),
    help="What to compare with; HEAD unless given. A directory named cluster is ./cluster.",
)
@click.option(
    "--output",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="How to say it: for a terminal, for programs, or for a CI step summary.",
)
@build_options
def command(
    directory: str,
    flags: tuple[str, ...],
    against: str,
    output: str,
    kustomize: str,
    allow_function: tuple[str, ...],
    allow_remote: tuple[str, ...],
) -> int:
    """Show what applying DIR would change, and which workloads restart for it.

    Secrets are told by data key and KV version, never by value. DIR is compared with the same directory at a git
    revision, with another directory, or with what is in the cluster. Both sides are built masked, from what Vault has
    now or from the versions that their vaultgen.lock names. Exit status: 0 if no resource changes, 1 if one does.

    \b
    Examples:
      vaultgen diff overlays/production
      vaultgen diff overlays/production --against origin/main --output markdown
      vaultgen diff overlays/production --against cluster
    """
    environ = dict(os.environ)
    builder = Builder("masked", environ, Options(kustomize, allow_function, allow_remote, flags), debug_log(environ))
    try:
        with waiting(f"comparing {directory} with {against or HEAD}"):
            if not _is_there(Side(directory)):
                raise refuse("no-kustomization", directory=directory)
            if against == CLUSTER:
                report = _against_cluster(builder, directory, environ)
            else:
                report = _against_tree(builder, directory, against or HEAD, environ)
    finally:
        builder.close()
    click.echo(FORMATS[output](report), nl=False)
    return 0 if report.comparison.is_empty else FOUND_STATUS


def _against_tree(builder: Builder, directory: str, against: str, environ: Mapping[str, str]) -> Report:
    with _other_side(directory, against, environ) as other:
        after = _built(builder, Side(directory))
        before, note = Found([], {}), f"there is no kustomization at {other.named(other.directory)}: all is new"
        # A directory that the user has named is for kustomize to refuse.
        if other.tree is None or _is_there(other):
            before, note = _built(builder, other), ""
    sides = with_values_where_one_side_is_masked(before.resources, after.resources, builder.value_of)
    comparison = compare(*sides)
    return Report(directory, against, comparison, changed_paths(before.versions, after.versions), note)


def _against_cluster(builder: Builder, directory: str, environ: Mapping[str, str]) -> Report:
    cluster = KubernetesCluster(environ)
    context, _ = cluster.context()
    side = Side(directory)
    masked = resources_in(_output(builder, side, "masked"))
    revealed = resources_in(_output(builder, side, "revealed"))
    sides = live_sides(masked, revealed, cluster)
    name = f"{CLUSTER} {context}" if context else CLUSTER
    return Report(directory, name, compare(sides.before, sides.after), note=OF_THE_CLUSTER)


@contextlib.contextmanager
def _other_side(directory: str, against: str, environ: Mapping[str, str]) -> Iterator[Side]:
    """Yield what to compare with, while it is there. Raises what ``revision_tree`` does."""
    if os.path.isdir(against):
        yield Side(against)
        return
    if against != HEAD and not is_in_work_tree(directory, environ):
        raise refuse("no-revision", revision=against)
    with revision_tree(directory, against, environ) as tree:
        yield Side(tree.directory, tree)


def _built(builder: Builder, side: Side) -> Found:
    try:
        output = _output(builder, side, "masked")
        documents = survey(walk(side.directory, resources=False))
        return Found(resources_in(output), versions(documents, builder.answers))
    except Refused as refused:
        raise Refused(side.tree.named_faults(refused) if side.tree else refused.faults) from None


def _output(builder: Builder, side: Side, show: Show) -> bytes:
    """Return what kustomize prints. Ends the command if a document was refused, and raises ``Refused``."""
    built = builder.build(side.directory, show)
    if built.status:
        sys.stderr.write(side.named(built.messages))
    if built.status == KUSTOMIZE_FAILED:
        raise refuse("build-failed", directory=side.named(side.directory))
    if built.status:
        raise click.exceptions.Exit(built.status)
    return built.output


def _is_there(side: Side) -> bool:
    return any(os.path.isfile(os.path.join(side.directory, name)) for name in KUSTOMIZATION_NAMES)
