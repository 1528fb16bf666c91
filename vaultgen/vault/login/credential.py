"""Credentials where they lie: variables, files, Secrets of a cluster, the document itself."""

from vaultgen.errors import Refused, refuse
from vaultgen.record import Record
from vaultgen.redacted import Redacted
from vaultgen.vault.message import header_problem
from vaultgen.vault.settings import require_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vaultgen.document.model import CredentialSource
    from vaultgen.ports import Cluster, Files
    from vaultgen.vault.message import Exchange
    from vaultgen.vault.settings import Settings

ALLOWED_ENV = "VAULTGEN_ALLOWED_ENV"
POD_TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 the name of a file

_LIMIT = 1 << 16


class Outside(Record):
    """What a login may look at, and whom it may ask."""

    settings: "Settings"
    environ: "Mapping[str, str]"
    exchange: "Exchange"
    cluster: "Callable[[], Cluster]"
    """Raises Refused where no cluster is configured."""
    files: "Files"
    """For relative paths; absolute ones are read from disk."""


def describe(source: "CredentialSource") -> str:
    """Return where a credential comes from, in public words."""
    if source.env:
        return f"the environment variable {source.env}"
    if source.file:
        return f"the file {source.file}"
    if source.secret_ref:
        return f"the Secret {source.secret_ref.namespace}/{source.secret_ref.name}"
    return "the document"


def is_allowed(name: str, environ: "Mapping[str, str]") -> bool:
    """Whether a document may name this environment variable."""
    return name.startswith(("VAULT_", "BAO_")) or name in environ.get(ALLOWED_ENV, "").replace(",", " ").split()


def is_present(source: "CredentialSource", outside: Outside) -> bool:
    """Whether there is a credential to use, good or not; one that a cluster holds is not asked for yet."""
    if source.env:
        return bool(outside.environ.get(source.env, "").strip())
    if source.file:
        return _is_there(source.file, outside)
    return has_cluster(outside) if source.secret_ref else True


def has_cluster(outside: Outside) -> bool:
    """Whether a cluster is configured."""
    try:
        outside.cluster()
    except Refused:
        return False
    return True


def obtain(source: "CredentialSource", outside: Outside) -> Redacted:
    """Return a credential (str, wrapped) without the space around it.

    Raises Refused: bad-credential, credential-leaves-home, cluster-*, file-*.
    """
    words = describe(source)
    return usable(_text(source, words, outside), words)


def obtain_token(source: "CredentialSource", outside: Outside) -> Redacted:
    """Return a token or JWT (str, wrapped): as ``obtain`` does, and no space may be inside."""
    words = describe(source)
    return usable_token(_text(source, words, outside), words)


def usable(text: str, source: str) -> Redacted:
    """Strip and wrap a credential. Raises Refused (bad-credential), which names ``source`` and nothing of the text."""
    text = text.strip()
    if not text:
        raise refuse("bad-credential", source=source, why="it is empty")
    if not text.isprintable():  # bytes that are not UTF-8 have become surrogates, which are not printable either
        raise refuse("bad-credential", source=source, why="it has a line break or another unprintable character inside")
    return Redacted(text)


def usable_token(text: str, source: str) -> Redacted:
    """Strip and wrap a token: a credential that a header can hold. Raises Refused (bad-credential)."""
    text = text.strip()
    problem = header_problem(text)
    if not problem and " " in text:
        problem = "it has a space inside"
    if problem:
        raise refuse("bad-credential", source=source, why=problem)
    return Redacted(text)


def file_text(path: str, name: str) -> str | None:
    """Return the text of a file anywhere on disk, or None where there is none; ``name`` is what faults call it.

    Raises Refused (file-unreadable).
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise refuse("file-unreadable", path=name, why="it is a directory") from None
    except (OSError, ValueError) as error:
        why = "permission denied" if isinstance(error, PermissionError) else "it cannot be opened or read"
        raise refuse("file-unreadable", path=name, why=why) from None
    if len(content) > _LIMIT:
        raise refuse("file-unreadable", path=name, why=f"it is larger than a credential can be ({_LIMIT} bytes)")
    return content.decode("utf-8", "surrogateescape")


def _is_there(path: str, outside: Outside) -> bool:
    if path.startswith("/"):
        from os.path import exists

        return exists(path)
    try:
        outside.files.read(path)
    except Refused as refused:
        # Another fault is the reader's to report: a file that may not be read is not a missing one.
        return any(fault.code != "file-not-found" for fault in refused.faults)
    return True


def _text(source: "CredentialSource", words: str, outside: Outside) -> str:
    if not (source.env or source.file or source.secret_ref):
        return source.text
    require_home(outside.settings, words)
    if source.env:
        return outside.environ.get(source.env, "")
    if source.secret_ref:
        namespace, name, key = source.secret_ref
        data = outside.cluster().secret(namespace, name)
        if key not in data:
            raise refuse("cluster-not-found", what=f"key {key} of Secret {namespace}/{name}")
        return str(data[key].reveal().decode("utf-8", "surrogateescape"))
    if not source.file.startswith("/"):
        return outside.files.read(source.file).decode("utf-8", "surrogateescape")
    text = file_text(source.file, source.file)
    if text is None:
        raise refuse("file-not-found", path=source.file)
    return text
