"""A source's artifact, fetched as kustomize-controller fetches it, with more suspicion."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from vaultgen.controller.sources import SourceArtifact
from vaultgen.errors import refuse

SIZE_LIMIT = 50 << 20
"""Bytes of an archive as it comes."""
_ALGORITHMS = ("sha256", "sha384", "sha512")
_CHUNK = 256 << 10


def fetch(pool: urllib3.PoolManager, artifact: SourceArtifact, seconds: float) -> bytes:
    """Return the bytes of an artifact, in ``seconds`` at most, whose digest was checked.

    Raises ``Refused`` (source-not-fetched) where they are not to be had, are too many, or are not those.
    """
    algorithm, _, expected = artifact.digest.partition(":")
    if algorithm not in _ALGORITHMS:
        raise _lost(artifact, "the algorithm of its digest is not known")
    if not artifact.url.startswith(("http://", "https://")):
        raise _lost(artifact, "its URL is neither http nor https")
    content = _content(pool, artifact, seconds)
    if not hmac.compare_digest(hashlib.new(algorithm, content).hexdigest(), expected.lower()):
        raise _lost(artifact, "what came has another digest: it is being replaced, or was changed on its way")
    return content


def _content(pool: urllib3.PoolManager, artifact: SourceArtifact, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    try:
        response: Any = pool.request(
            "GET",
            artifact.url,
            timeout=urllib3.Timeout(total=seconds),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
    except (HTTPError, ValueError):
        raise _lost(artifact, "no answer came") from None
    try:
        if response.status != 200:
            raise _lost(artifact, f"it was answered with {response.status}")
        return _bounded(response.read, artifact, deadline)
    except HTTPError:
        raise _lost(artifact, "the answer was cut off") from None
    finally:
        response.close()


def _bounded(read: Callable[[int], bytes], artifact: SourceArtifact, deadline: float) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := read(_CHUNK):
        size += len(chunk)
        if size > SIZE_LIMIT:
            raise _lost(artifact, f"it is larger than {SIZE_LIMIT >> 20} MiB")
        if time.monotonic() > deadline:
            raise _lost(artifact, "it did not come in time")
        chunks.append(chunk)
    return b"".join(chunks)


def _lost(artifact: SourceArtifact, why: str) -> Exception:
    return refuse("source-not-fetched", revision=artifact.revision, why=why)
