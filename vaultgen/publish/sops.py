"""SOPS documents, made without SOPS: its binary store, a fresh data key each, wrapped by age.

The format is that of getsops/sops: ``stores/json`` (BinaryStore), ``aes`` and the MAC of ``sops.go``.
"""

import json
import os
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha512

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vaultgen.errors import Fault, Refused

VERSION = "3.9.0"
"""Of the file format; sops compares it with its own."""
MARKERS = (b'"mac": "ENC[', b"mac: ENC[", b"sops_mac=ENC[", b"[sops]")
"""By one of these kustomize-controller takes bytes for a SOPS document: of a file, and of a built Secret's value."""

_DATA_KEY_BYTES = 32
_NONCE_BYTES = 32
_TAG_BYTES = 16


@dataclass(frozen=True)
class Recipient:
    """The public half of an age key."""

    text: str
    _key: pyrage.x25519.Recipient

    def wrap(self, data_key: bytes) -> str:
        """Return a data key as an armored age file that only the private half opens."""
        armored: bytes = pyrage.encrypt(data_key, [self._key], armored=True)
        return armored.decode()


def parse_recipients(texts: Sequence[str]) -> tuple[Recipient, ...]:
    """Return recipients by their text (``age1…``), each once, in their order.

    Raises ``Refused``: bad-recipient for each that is none, which never shows the text: it may be a private key.
    """
    faults: list[Fault] = []
    found: dict[str, Recipient] = {}
    for number, text in enumerate(map(str.strip, texts), 1):
        try:
            found[text] = Recipient(text, pyrage.x25519.Recipient.from_str(text))
        except pyrage.RecipientError:
            facts = {"which": f"recipient {number}" if len(texts) > 1 else "the recipient", "why": _why(text)}
            faults.append(Fault("bad-recipient", facts=facts))
    if not texts:
        faults.append(Fault("bad-recipient", facts={"which": "the list of recipients", "why": "it is empty"}))
    if faults:
        raise Refused(faults)
    return tuple(found.values())


def _why(text: str) -> str:
    if text.upper().startswith("AGE-SECRET-KEY-"):
        return "it is a private key, which has to stay in the cluster"
    if text.startswith("ssh-"):
        return "it is an SSH key"
    return "it is not the public half of an age key (X25519)"


def is_like_sops(content: bytes) -> bool:
    """Return whether kustomize-controller would try to decrypt these bytes."""
    return any(marker in content for marker in MARKERS)


def encrypt(content: bytes, recipients: Sequence[Recipient], now: datetime) -> bytes:
    """Return a SOPS document of the binary store for some bytes; ``now`` (aware) becomes ``lastmodified``."""
    data_key = os.urandom(_DATA_KEY_BYTES)
    modified = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    mac = sha512(content).hexdigest().upper().encode()
    document = {
        "data": _sealed(content, data_key, "data:") if content else "",
        "sops": {
            "age": [{"recipient": recipient.text, "enc": recipient.wrap(data_key)} for recipient in recipients],
            "lastmodified": modified,
            "mac": _sealed(mac, data_key, modified),
            "version": VERSION,
        },
    }
    # Indented, since kustomize-controller passes over a document without the blank in `"mac": "ENC[`.
    return json.dumps(document, indent=1).encode() + b"\n"


def _sealed(content: bytes, data_key: bytes, context: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(data_key).encrypt(nonce, content, context.encode())
    parts = (sealed[:-_TAG_BYTES], nonce, sealed[-_TAG_BYTES:])
    data, iv, tag = (b64encode(part).decode() for part in parts)
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]"
