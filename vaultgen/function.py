"""Face: the exec KRM function that kustomize and kpt start."""

import os
import sys

from vaultgen.document.read import read_document
from vaultgen.errors import Fault, Refused, refuse
from vaultgen.generate import generate
from vaultgen.krm.resource_list import ResourceList, file_of, read_resource_list, write_resource_list
from vaultgen.local_files import LocalFiles
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from vaultgen.document.model import Document
    from vaultgen.ports import Files
    from vaultgen.render import GeneratedSecret
    from vaultgen.vault.backend import VaultBackend

    Make = Callable[[Document, Files], tuple[GeneratedSecret, ...]]


MODE = "VAULTGEN_MODE"
"""``placeholder`` makes Secrets without Vault, for every build that this variable reaches."""
FRAMES = 20
FAILED = 70
"""Exit status where not even a fault can be reported; that of the family internal."""
INTERRUPTED = 130
"""Exit status after ctrl-C, as shells have it."""


class Surroundings(Record):
    """What a run may see of the outside."""

    environ: "Mapping[str, str]"
    root: str
    """Directory of the kustomization that lists the generator."""
    log: "Callable[[str], None] | None" = None
    """Takes one line at a time, without values; None unless VAULTGEN_LOG=debug."""
    make: "Make | None" = None
    """Makes the Secrets of a document; by default VAULTGEN_MODE tells how."""


class Outcome(Record):
    """What a run leaves behind."""

    stdout: bytes
    stderr: str
    status: int


def run(request: bytes, surroundings: Surroundings) -> Outcome:
    """Answer a ResourceList (bytes of standard input) with one that holds the Secrets.

    Never raises. On any fault stdout is empty and the status is not 0.
    """
    return _guarded(lambda: _answer(read_resource_list(request), surroundings))


def run_document(config: bytes, surroundings: Surroundings, file: str = "") -> Outcome:
    """Answer a bare document (the text of a config file) with a ResourceList that holds its Secrets.

    Never raises. On any fault stdout is empty and the status is not 0.
    """
    from vaultgen.krm.tree import parse_one

    def answer() -> Outcome:
        tree = parse_one(config, file)
        return _answer(
            ResourceList("config.kubernetes.io/v1", (), tree if isinstance(tree, dict) else {}), surroundings
        )

    return _guarded(answer)


def _answer(request: ResourceList, surroundings: Surroundings) -> Outcome:
    files = LocalFiles(surroundings.root)
    try:
        return _generated(request, surroundings, files)
    except Refused as refused:
        from vaultgen.kustomize.generators import file_of_generator

        # kustomize runs a generator without saying which file it stands in, and a build may have many.
        file = file_of(request.function_config) or file_of_generator(files, request.function_config)
        raise Refused(
            fault._replace(place=fault.place._replace(file=fault.place.file or file)) for fault in refused.faults
        ) from None


def _generated(request: ResourceList, surroundings: Surroundings, files: LocalFiles) -> Outcome:
    document = read_document(request.function_config)
    notes: list[str] = []
    secrets = (surroundings.make or _maker(surroundings, notes))(document, files)
    return Outcome(write_resource_list(request.api_version, request.items, secrets), "".join(notes), 0)


def _maker(surroundings: Surroundings, notes: "list[str]") -> "Make":
    mode = surroundings.environ.get(MODE, "")
    if mode == "placeholder":
        from vaultgen.placeholder import notes_on, placeholders

        def make(document: "Document", files: "Files") -> "tuple[GeneratedSecret, ...]":
            notes.extend(notes_on(document, files))
            return placeholders(document, files)

        return make
    if mode:
        raise refuse("bad-setting", name=MODE, why="the one mode is placeholder")
    return lambda document, files: _from_vault(document, files, surroundings)


def _from_vault(document: "Document", files: "Files", surroundings: Surroundings) -> "tuple[GeneratedSecret, ...]":
    opened: list[VaultBackend] = []

    def backend() -> "VaultBackend":
        from vaultgen.vault.backend import connect

        opened.append(connect(document.vault, surroundings.environ, files, log=surroundings.log))
        return opened[0]

    try:
        return generate(document, files, backend)
    finally:
        for session in opened:
            session.close()


def _guarded(answer: "Callable[[], Outcome]") -> Outcome:
    try:
        return answer()
    except Refused as refused:
        faults = refused.faults
    except KeyboardInterrupt:
        return Outcome(b"", "", INTERRUPTED)
    except Exception as error:
        faults = (unknown_fault(error),)
    from vaultgen.errors.report import exit_status, report

    try:
        return Outcome(b"", report(faults), exit_status(faults))
    except Exception as error:
        faults = (unknown_fault(error),)
        return Outcome(b"", report(faults), exit_status(faults))


def unknown_fault(error: BaseException) -> Fault:
    """Return the fault for an exception that nobody expected: its type and our own frames, never its message."""
    frames = []
    trace = error.__traceback__
    while trace:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("vaultgen"):
            frames.append(f"{module}:{trace.tb_lineno}")
        trace = trace.tb_next
    # The innermost ones: a recursion has a thousand.
    shown = " < ".join(frames[: -FRAMES - 1 : -1])
    return Fault("internal", facts={"type": type(error).__name__, "frames": shown})


def main() -> "NoReturn":
    """Bind ``run`` to standard input and output, and exit without Python's own clean-up, which costs 5 ms."""
    environ = dict(os.environ)
    finish(run(sys.stdin.buffer.read(), Surroundings(environ, os.getcwd(), debug_log(environ))))


def debug_log(environ: "Mapping[str, str]") -> "Callable[[str], None] | None":
    """Return where debug lines go: standard error if VAULTGEN_LOG=debug, else nowhere."""
    if environ.get("VAULTGEN_LOG", "").lower() != "debug" or sys.stderr is None:
        return None
    return lambda line: print(f"vaultgen: {line}", file=sys.stderr, flush=True)


def finish(outcome: Outcome) -> "NoReturn":
    """Write an outcome and end the process at once."""
    status = outcome.status
    try:
        if outcome.stderr:
            sys.stderr.write(outcome.stderr)
            sys.stderr.flush()
        sys.stdout.buffer.write(outcome.stdout)
        sys.stdout.buffer.flush()
    except (AttributeError, OSError):
        # Gone, or closed from the start: Python has None in its place then.
        status = status or FAILED
    os._exit(status)
