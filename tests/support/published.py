"""What the publication of a tree comes to: its values read, encrypted, packed and unpacked."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from vaultgen.document.model import Document, VaultConfig
from vaultgen.generate import generate
from vaultgen.local_files import LocalFiles
from vaultgen.publish.archive import pack, unpack
from vaultgen.publish.rewrite import published
from vaultgen.publish.sealing import Sealer
from vaultgen.publish.sops import parse_recipients
from vaultgen.publish.survey import survey
from vaultgen.vault.backend import VaultBackend, connect

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def published_archive(
    files: Mapping[str, bytes],
    path: str,
    environment: Mapping[str, str],
    recipients: Sequence[str],
    added: Document | None = None,
) -> bytes:
    """Return the archive of a published tree; ``environment`` leads to the Vault, if the tree reads from one."""
    surveyed = survey(files, path, added)
    with contextlib.ExitStack() as stack:

        def backend() -> VaultBackend:
            connected = connect(VaultConfig(), environment, LocalFiles("."))
            stack.callback(connected.close)
            return connected

        secrets = [generate(one.document, one.files, backend) for one in surveyed.generators]
    return pack(published(surveyed, secrets, Sealer(parse_recipients(recipients), b"key", _NOW)))


def published_tree(
    files: Mapping[str, bytes], path: str, environment: Mapping[str, str], recipients: Sequence[str]
) -> dict[str, bytes]:
    """Return the files of a published tree after a way through an archive."""
    return unpack(published_archive(files, path, environment, recipients))
