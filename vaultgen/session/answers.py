"""How a build's parent answers the processes that kustomize starts."""

import os
from collections.abc import Callable, Mapping

from vaultgen.document.model import Document
from vaultgen.function import Surroundings, run, run_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Files
    from vaultgen.render import GeneratedSecret

    Make = Callable[[Document, Files, str], tuple[GeneratedSecret, ...]]
    """(document, files, root) → Secrets."""


class Answers:
    """Answers the processes of one build."""

    def __init__(self, make: "Make", environ: Mapping[str, str]) -> None:
        """``make`` makes the Secrets that kustomize may see."""
        self._make = make
        self._environ = environ
        self.status = 0
        """Exit status of the document that was refused last; 0 if none was."""

    def __call__(self, face: str, root: str, request: bytes) -> tuple[int, str, bytes]:
        """Answer one process: (status, text for standard error, standard output). Never raises."""
        root = os.path.realpath(root)
        surroundings = Surroundings(self._environ, root, make=lambda document, files: self._make(document, files, root))
        outcome = (run_document if face == "plugin" else run)(request, surroundings)
        self.status = outcome.status or self.status
        return outcome.status, outcome.stderr, outcome.stdout
