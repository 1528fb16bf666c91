"""A directory as it was at a git revision: written to a private directory, and the user's own left alone."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vaultgen.errors import Fault, Refused, refuse
from vaultgen.private_directory import PrivateDirectory

_SETTINGS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.splitIndex=false")
"""Without these git may run a hook or a watcher when it writes an index, and write part of it elsewhere."""
_OF_A_HOOK = frozenset(
    ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
)
"""Variables that git sets for a hook, which would lead the git that it starts astray."""
_CREDENTIALS = ("VAULT_", "BAO_", "VAULTGEN_")


@dataclass(frozen=True)
class RevisionTree:
    """A work tree as it was at a revision."""

    revision: str
    """As the user has named it."""
    root: str
    """Where it lies: links resolved."""
    directory: str
    """In it, the directory that was asked for; it need not be there."""

    def named(self, text: str) -> str:
        """Return text with every path in the tree as git names it, ``REVISION:PATH``."""
        for root in (self.root, os.path.relpath(self.root)):
            text = text.replace(root + os.sep, f"{self.revision}:").replace(root, f"{self.revision}:")
        return text

    def named_faults(self, refused: Refused) -> list[Fault]:
        """Return the faults with such paths."""
        return [
            fault._replace(
                place=fault.place._replace(file=self.named(fault.place.file)),
                facts={name: self.named(text) for name, text in fault.facts.items()},
            )
            for fault in refused.faults
        ]


def is_in_work_tree(directory: str, environ: Mapping[str, str]) -> bool:
    """Return whether git takes a directory for part of a work tree; raises ``Refused`` (git-failed) without git."""
    return _git(directory, environ, "rev-parse", "--is-inside-work-tree") == b"true\n"


def tracked_files(directory: str, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the root of a work tree (links resolved) and the paths that git tracks there, those deleted left out.

    Raises ``Refused``: git-failed, no-work-tree.
    """
    top = _line(_git(directory, environ, "rev-parse", "--show-toplevel"))
    listed = _git(top, environ, "ls-files", "-z", "--cached") if top else None
    if listed is None:
        raise refuse("no-work-tree", directory=directory)
    root = os.path.realpath(top)
    paths = [os.fsdecode(path) for path in listed.split(b"\0") if path]
    return root, [path for path in dict.fromkeys(paths) if os.path.lexists(os.path.join(root, path))]


@contextlib.contextmanager
def revision_tree(directory: str, revision: str, environ: Mapping[str, str]) -> Iterator[RevisionTree]:
    """Yield the work tree of a directory as it was at a revision; it is removed at the end.

    Submodules are left out. Raises ``Refused``: no-work-tree, no-revision, git-failed.
    """
    if not is_in_work_tree(directory, environ):
        raise refuse("no-work-tree", directory=directory)
    top = _line(_git(directory, environ, "rev-parse", "--show-toplevel"))
    prefix = _line(_git(directory, environ, "rev-parse", "--show-prefix"))
    verify = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    # In two steps: what follows a name such as :/TEXT would become part of the text.
    found = _line(_git(directory, environ, *verify, revision))
    commit = _line(_git(directory, environ, *verify, found + "^{commit}"))
    if not commit:
        raise refuse("no-revision", revision=revision)
    with PrivateDirectory() as private:
        root = os.path.join(private.path, "tree")
        # An index of its own: what `git archive` would leave out or rewrite (export-ignore, export-subst) stays.
        own_index = {**environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
        index = os.path.join(private.path, "index")
        for words in (
            ("read-tree", "--no-sparse-checkout", commit),
            ("checkout-index", "--all", "--quiet", f"--prefix={root}/"),
        ):
            if _git(top, own_index, *words, index=index) is None:
                raise refuse("git-failed", why=f"it does not write the tree of {revision}")
        yield RevisionTree(revision, root, os.path.normpath(os.path.join(root, prefix)))


def _line(output: bytes | None) -> str:
    return os.fsdecode(output or b"").removesuffix("\n")


def _git(directory: str, environ: Mapping[str, str], *words: str, index: str = "") -> bytes | None:
    """Return what a git command prints; None if it fails. Raises ``Refused`` (git-failed) without git."""
    own = {
        name: value for name, value in environ.items() if name not in _OF_A_HOOK and not name.startswith(_CREDENTIALS)
    }
    if index:
        own["GIT_INDEX_FILE"] = index
    command: Sequence[str] = ("git", "-C", directory, *_SETTINGS, *words)
    try:
        done = subprocess.run(command, env=own, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    except OSError:
        raise refuse("git-failed", why="it is not on PATH") from None
    return done.stdout if done.returncode == 0 else None
