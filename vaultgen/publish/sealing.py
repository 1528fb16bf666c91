"""Values into documents, each encrypted anew only when it changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from vaultgen.publish.revision import keyed_digest
from vaultgen.publish.sops import Recipient, encrypt
from vaultgen.redacted import Redacted


class Sealer:
    """Encrypts the values of one published tree."""

    def __init__(
        self, recipients: Sequence[Recipient], key: bytes, now: datetime, earlier: Mapping[str, bytes] | None = None
    ) -> None:
        """Take who may decrypt, the key of the digests by which a value is known again, and the time (aware).

        ``key`` is random and stays in memory: who has it can try values against digests. ``earlier`` is the
        ``documents`` of the publication before, of a Sealer with the same key.
        """
        self._recipients = recipients
        self._key = key
        self._now = now
        self._earlier = earlier or {}
        self.documents: dict[str, bytes] = {}
        """Every document that was asked for, by digest."""

    def seal(self, place: str, content: Redacted) -> bytes:
        """Return the SOPS document of a value (bytes, wrapped); ``place`` tells equal values apart."""
        revealed: bytes = content.reveal()
        recipients = sorted(recipient.text for recipient in self._recipients)
        digest = keyed_digest(self._key, [place.encode(), *map(str.encode, recipients), revealed])
        document = self._earlier.get(digest) or self.documents.get(digest)
        self.documents[digest] = document or encrypt(revealed, self._recipients, self._now)
        return self.documents[digest]
