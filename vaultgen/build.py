"""A whole build: the real kustomize over one Vault session, showing as much as was asked for."""

import base64
import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vaultgen.document.model import Document, VaultConfig
from vaultgen.errors import Refused
from vaultgen.krm.resources import SUFFIX
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.binary import find_kustomize, start_build
from vaultgen.kustomize.trust import is_ours, untrusted
from vaultgen.kustomize.walk import walk
from vaultgen.local_files import LocalFiles
from vaultgen.masking import Masking
from vaultgen.placeholder import appliable_placeholders, placeholders
from vaultgen.session.answers import Answers, SharedBackends
from vaultgen.session.server import BuildSession
from vaultgen.survey import Asked
from vaultgen.vault.backend import VaultBackend, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Answer, Backend, Files, Miss, Read
    from vaultgen.render import GeneratedSecret
    from vaultgen.session.answers import Make

Show = Literal["masked", "revealed", "placeholder", "appliable"]

PASSED_ON = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR"})
"""All of the environment that kustomize and its children get where no value is to be shown."""
PRIVATE = ("VAULT_", "BAO_", "VAULTGEN_")
"""What they never get: only this process talks to Vault."""
KUSTOMIZE_FAILED = 1
"""Exit status where kustomize itself fails."""
SHORTEST_VALUE = 4
"""Characters from which on a value is looked for in messages; a shorter one is in any text."""


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
        self._log = log
        self._opened: list[VaultBackend] = []
        self._backends = SharedBackends(self._connect)
        self._values: set[bytes] = set()
        self.masking = Masking()

    def close(self) -> None:
        """End the Vault session."""
        for backend in self._opened:
            backend.close()

    def build(self, directory: str, show: Show | None = None) -> Built:
        """Build a directory; ``show`` overrides that of this builder.

        Raises ``Refused``: what ``walk`` raises, what the tree would run or fetch, and no-kustomize.
        """
        show = show or self._show
        tree = walk(directory)
        if faults := untrusted(tree, self._options.functions, self._options.remotes):
            raise Refused(faults)
        kustomize = find_kustomize(self._options.kustomize, self._environ)
        if show in ("masked", "revealed"):
            self._backends.read_ahead(plugin for plugin in tree.plugins if is_ours(plugin.document))
        answers = Answers(self._make(show), self._environ)
        with BuildSession(answers) as session:
            process = start_build(kustomize, directory, self._child_environment(session, show), self._options.flags)
            with process, _ended(process):
                output, messages = process.communicate()
        status = (answers.status or KUSTOMIZE_FAILED) if process.returncode else 0
        return Built(status, b"" if status else output, self._without_values(messages))

    def build_with_real_names(self, directory: str) -> Built:
        """Build masked, and give the resources the names that a revealed build would; raises as ``build`` does."""
        masked = self.build(directory, "masked")
        if masked.status:
            return masked
        revealed = self.build(directory, "revealed")
        if revealed.status:
            return revealed
        output = masked.output
        truth = _suffixed_names(revealed.output)
        for identity, name in _suffixed_names(masked.output).items():
            output = output.replace(name.encode(), truth.get(identity, name).encode())
        return Built(0, output, masked.messages)

    def answers(self, one: Asked) -> "Mapping[Read, Answer | Miss]":
        """Return what Vault has for a document; nothing is asked twice. Raises what the backend does."""
        return self._backends.of(one.document.vault, LocalFiles(one.root), one.root).read_all(tuple(one.plan.uses))

    def _connect(self, config: VaultConfig, files: "Files") -> "Backend":
        backend = connect(config, self._environ, files, log=self._log)
        self._opened.append(backend)
        return backend

    def _make(self, show: Show) -> "Make":
        if show == "placeholder":
            return lambda document, files, _: placeholders(document, files)
        if show == "appliable":
            return lambda document, files, _: appliable_placeholders(document, files)

        def make(document: Document, files: "Files", root: str) -> "tuple[GeneratedSecret, ...]":
            made = self._backends.make(document, files, root)
            if show == "masked":
                return self.masking.mask(made)
            self._values |= {value.reveal() for secret in made for value in secret.data.values()}
            return made

        return make

    def _child_environment(self, session: BuildSession, show: Show) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in self._environ.items()
            if (show == "revealed" and not name.startswith(PRIVATE)) or name in PASSED_ON
        }
        if show != "revealed":
            # No ~/.vault-token, ~/.kube/config or ~/.netrc either.
            inherited["HOME"] = session.directory
        path = inherited.get("PATH", "")
        return {**inherited, "PATH": f"{session.bin}:{path}", "KUSTOMIZE_PLUGIN_HOME": session.plugin_home}

    def _without_values(self, messages: bytes) -> str:
        """Take values out of what kustomize says: it quotes the data that it cannot read."""
        for value in sorted(self._values, key=len, reverse=True):
            if len(value) >= SHORTEST_VALUE:
                for form in (value, base64.b64encode(value)):
                    messages = messages.replace(form, b"[redacted]")
        return messages.decode(errors="replace")


def _suffixed_names(output: bytes) -> dict[tuple[str, str, str], str]:
    """Return the names with a suffix: by kind, namespace and the name without it."""
    found = {}
    for resource in parse_yaml(output):
        metadata = resource["metadata"]
        if match := SUFFIX.search(metadata["name"]):
            identity = (resource["kind"], metadata.get("namespace", ""), metadata["name"][: match.start()])
            found[identity] = metadata["name"]
    return found


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Leave no kustomize behind an interrupt."""
    try:
        yield
    except BaseException:
        process.kill()
        raise
