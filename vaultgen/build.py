"""A whole build: the real kustomize over one Vault session, showing as much as was asked for."""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vaultgen.document.read import read_document
from vaultgen.errors import Fault, Refused
from vaultgen.krm.resources import resources_in
from vaultgen.kustomize.binary import find_kustomize, start_build
from vaultgen.kustomize.location import faults_with_lines
from vaultgen.kustomize.plugin_home import plugin_of
from vaultgen.kustomize.trust import functions_of, is_ours, untrusted
from vaultgen.kustomize.walk import Tree, walk
from vaultgen.local_files import LocalFiles
from vaultgen.masking import Masking
from vaultgen.placeholder import appliable_placeholders, notes_on, placeholders
from vaultgen.redacted import Redacted
from vaultgen.session.answers import Answers
from vaultgen.session.backends import Located
from vaultgen.session.opened import opened_backends
from vaultgen.session.server import BuildSession
from vaultgen.survey import Asked, documents_of
from vaultgen.unresolved import unresolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Answer, Miss, Read
    from vaultgen.session.answers import Make

Show = Literal["masked", "revealed", "placeholder", "appliable"]

PASSED_ON = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR"})
"""All of the environment that kustomize and its children get where no value is to be shown."""
PRIVATE = ("VAULT_", "BAO_", "VAULTGEN_")
"""What they never get: only this process talks to Vault."""
HARMLESS = re.compile(
    "(# Warning: '(bases|commonLabels|imageTags|patchesJson6902|patchesStrategicMerge|vars)' is deprecated[.] "
    "Please use '[a-z]+' instead[.] (\\[EXPERIMENTAL\\] )?"
    "Run 'kustomize edit fix' to update your Kustomization automatically[.]\n)*"
)
"""What kustomize says about old fields: it quotes nothing (``api/types/kustomization.go``)."""
KUSTOMIZE_FAILED = 1
"""Exit status where kustomize itself fails."""
WITHHELD = "note: kustomize fails on the values themselves, and what it says may quote them: it is not shown\n"


@dataclass(frozen=True)
class Options:
    """How to build."""

    kustomize: str = ""
    """Name or path; empty finds it on PATH."""
    functions: Sequence[str] = ()
    """What else may run, as ``untrusted`` takes it."""
    remotes: Sequence[str] = ()
    """What may be fetched."""
    flags: Sequence[str] = ()
    """Further flags for ``kustomize build``."""


@dataclass(frozen=True)
class Built:
    """What a build gave; the output holds values only where they are revealed."""

    status: int
    """0, else that of the refused document, else 1 for kustomize's own."""
    output: bytes
    """YAML; empty unless status is 0."""
    messages: str
    """What kustomize and its children said, without any value."""


class Builder:
    """Builds directories over one Vault session; several of them, to compare them under the same stand-ins."""

    def __init__(
        self, show: Show, environ: Mapping[str, str], options: Options, log: "Callable[[str], None] | None" = None
    ) -> None:
        """``environ`` is that of this process; ``log`` takes debug lines without values."""
        self._show = show
        self._environ = environ
        self._options = options
        self._session = contextlib.ExitStack()
        self._backends = self._session.enter_context(opened_backends(environ, log))
        self._masking = Masking()

    def close(self) -> None:
        """End the Vault session."""
        self._session.close()

    def build(self, directory: str, show: Show | None = None) -> Built:
        """Build a directory; ``show`` overrides that of this builder.

        Raises ``Refused`` before kustomize starts: what ``walk`` raises, what the tree would run or fetch, what no
        Secret would come of, no-kustomize, and all that is wrong with its documents and with what Vault has for them.
        """
        show = show or self._show
        # An absolute path is never an address, whatever kustomize makes of those.
        directory = os.path.realpath(directory)
        tree = walk(directory, resources=False)
        with faults_with_lines(tree):
            refused = [*untrusted(tree, self._options.functions, self._options.remotes), *unresolved(tree)]
            if faults := [*refused, *tree.missing]:
                raise Refused(faults)
            kustomize = find_kustomize(self._options.kustomize, self._environ)
            notes = self._prepare(tree, show)
        built = self._run(kustomize, tree, directory, show)
        if show == "revealed" and not HARMLESS.fullmatch(built.messages):
            # kustomize quotes data that it cannot use, whole or in part: what it says is said without the values.
            masked = self._run(kustomize, tree, directory, "masked")
            withheld = "" if masked.status == built.status else WITHHELD
            built = replace(built, messages=masked.messages + withheld)
        return replace(built, messages="".join(dict.fromkeys(notes)) + built.messages)

    def build_with_real_names(self, directory: str) -> Built:
        """Build masked, and give the resources the names that a revealed build would; raises as ``build`` does."""
        masked = self.build(directory, "masked")
        if masked.status:
            return masked
        revealed = self.build(directory, "revealed")
        if revealed.status:
            return revealed
        output = masked.output
        truth = {one.identity: one.name for one in resources_in(revealed.output)}
        for one in resources_in(masked.output):
            if one.name != one.base:
                output = output.replace(one.name.encode(), truth.get(one.identity, one.name).encode())
        return Built(0, output, masked.messages)

    def answers(self, one: Asked) -> "Mapping[Read, Answer | Miss]":
        """Return what Vault has for a document; nothing is asked twice. Raises what the backend does."""
        return self._backends.of(one.document.vault, LocalFiles(one.root), one.root).read_all(tuple(one.plan.uses))

    def value_of(self, shown: Redacted) -> Redacted:
        """Return what a stand-in in the output of this builder stands for; anything else is itself."""
        return self._masking.value_of(shown)

    def _prepare(self, tree: Tree, show: Show) -> list[str]:
        """Look at all documents, and read what they ask for. Returns notes for standard error; raises ``Refused``."""
        documents: list[Located] = []
        notes: list[str] = []
        faults: list[Fault] = []
        for plugin in documents_of(tree):
            root = plugin.kustomization.root
            try:
                one = Located(read_document(plugin.document, plugin.file), LocalFiles(root), root)
                if show in ("placeholder", "appliable"):
                    notes += notes_on(one.document, one.files)
                documents.append(one)
            except Refused as refused:
                faults += refused.faults
        if faults:
            raise Refused(faults)
        if show in ("masked", "revealed"):
            self._backends.read_ahead(documents)
        return notes

    def _run(self, kustomize: str, tree: Tree, directory: str, show: Show) -> Built:
        answers = Answers(self._make(show), self._environ)
        with BuildSession(answers, self._plugins(tree)) as session:
            environ = self._child_environment(session, show)
            process = start_build(kustomize, directory, environ, self._options.flags)
            with process, _ended(process):
                session.bind(process.pid)
                output, messages = process.communicate()
                session.bind(None)
        status = (answers.status or KUSTOMIZE_FAILED) if process.returncode else 0
        return Built(status, b"" if status else output, messages.decode(errors="replace"))

    def _make(self, show: Show) -> "Make":
        if show == "placeholder":
            return lambda document, files, _: placeholders(document, files)
        if show == "appliable":
            return lambda document, files, _: appliable_placeholders(document, files)
        if show == "revealed":
            return self._backends.make
        mask = self._masking.of_one_build()
        return lambda document, files, root: mask(self._backends.make(document, files, root), root)

    def _plugins(self, tree: Tree) -> Iterator[tuple[str, str]]:
        """Yield the legacy plugins of the user's that a tree may run: path below the plugin home, and directory."""
        for plugin in tree.plugins:
            if functions_of(plugin.document) or is_ours(plugin.document):
                continue
            api_version, kind = str(plugin.document.get("apiVersion")), str(plugin.document.get("kind"))
            if found := plugin_of(api_version, kind, self._environ):
                yield f"{api_version}/{kind.lower()}", str(found.parent)

    def _child_environment(self, session: BuildSession, show: Show) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in self._environ.items()
            if (show == "revealed" and not name.startswith(PRIVATE)) or name in PASSED_ON
        }
        if show != "revealed":
            # No ~/.vault-token, ~/.kube/config or ~/.netrc either.
            inherited["HOME"] = session.directory
        # An empty part of PATH would be the directory that is built.
        path = os.pathsep.join([session.bin, inherited.get("PATH") or os.defpath])
        return {**inherited, "PATH": path, "KUSTOMIZE_PLUGIN_HOME": session.plugin_home}


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Leave nothing behind that kustomize has started: neither after an interrupt, nor when it ends first.

    What is left would hold its outputs open, and this process would wait for that.
    """
    threading.Thread(target=_end_what_is_left, args=(process,), daemon=True).start()
    try:
        yield
    except BaseException:
        _kill_group(process.pid)
        raise


def _end_what_is_left(process: "subprocess.Popen[bytes]") -> None:
    process.wait()
    _kill_group(process.pid)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
