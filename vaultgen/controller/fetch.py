"""A source's artifact, fetched as kustomize-controller fetches it, with more suspicion."""

import asyncio
import contextlib
import hashlib
import socket
import threading
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from vaultgen.controller.sources import SourceArtifact
from vaultgen.errors import refuse

SIZE_LIMIT = 50 << 20
"""Bytes of an archive as it comes."""
_ALGORITHMS = ("sha256", "sha384", "sha512")
_CHUNK = 256 << 10


def fetch(artifact: SourceArtifact, seconds: float) -> bytes:
    """Return the bytes of an artifact, in ``seconds`` at most, whose digest was checked.

    Blocks; not to be called on a thread with an event loop. Raises ``Refused`` (source-not-fetched) where they are not
    to be had, are too many, or are not those.
    """
    algorithm, _, expected = artifact.digest.partition(":")
    if algorithm not in _ALGORITHMS:
        raise _lost(artifact, "the algorithm of its digest is not known")
    if not artifact.url.startswith(("http://", "https://")):
        raise _lost(artifact, "its URL is neither http nor https")
    # A loop of its own: time is kept over the whole of it, where a socket's timeout begins anew with each byte.
    content = asyncio.run(_content(artifact, seconds))
    if hashlib.new(algorithm, content).hexdigest() != expected.lower():
        raise _lost(artifact, "what came has another digest: it is being replaced, or was changed on its way")
    return content


async def _content(artifact: SourceArtifact, seconds: float) -> bytes:
    try:
        # What stands in the environment (a proxy, .netrc) is not asked; nothing is decoded, so nothing can swell.
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=seconds),
                auto_decompress=False,
                connector=aiohttp.TCPConnector(resolver=_Resolver()),
            ) as session,
            session.get(artifact.url, allow_redirects=False, headers={"Accept-Encoding": "identity"}) as response,
        ):
            if response.status != 200:
                raise _lost(artifact, f"it was answered with {response.status}")
            content = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                content += chunk
                if len(content) > SIZE_LIMIT:
                    raise _lost(artifact, f"it is larger than {SIZE_LIMIT >> 20} MiB")
            return bytes(content)
    except TimeoutError:
        raise _lost(artifact, "it did not come in time") from None
    except aiohttp.ClientPayloadError:
        raise _lost(artifact, "the answer was cut off") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise _lost(artifact, "no answer came") from None


class _Resolver(AbstractResolver):
    """Looks up each name in a thread of its own, which is left behind when the time is up.

    The system takes no deadline of ours, and may try one name server after the other for minutes. A thread of the loop
    is waited for at its end.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host. Raises OSError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any] | OSError] = loop.create_future()

        def settle(found: list[Any] | OSError) -> None:
            if not answer.done():
                answer.set_result(found)

        def look_up() -> None:
            try:
                found: list[Any] | OSError = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            except OSError as error:
                found = error
            except UnicodeError:
                found = OSError("no name of a host")
            # The loop may have ended meanwhile.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, found)

        threading.Thread(target=look_up, name="resolve", daemon=True).start()
        found = await answer
        if isinstance(found, OSError):
            raise found
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=endpoint[0], port=port, family=kind, proto=protocol, flags=numeric)
            for kind, _, protocol, _, endpoint in found
        ]

    async def close(self) -> None:
        """Wait for nothing."""


def _lost(artifact: SourceArtifact, why: str) -> Exception:
    return refuse("source-not-fetched", revision=artifact.revision[:200], why=why)
