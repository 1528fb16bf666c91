"""Whether anything changed, told by a digest that is no oracle for weak values: it is keyed."""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from vaultgen.render import GeneratedSecret


def keyed_digest(key: bytes, parts: Iterable[bytes]) -> str:
    """Return an HMAC (SHA-256, hexadecimal) over some bytes strings, their lengths included."""
    digest = hmac.new(key, digestmod="sha256")
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def fingerprint(
    key: bytes,
    files: Mapping[str, bytes],
    secrets: Sequence[Sequence[GeneratedSecret]],
    context: Sequence[str] = (),
) -> str:
    """Return a keyed digest of all that a published tree is made of.

    ``files`` is the source tree, or nothing where ``context`` names its digest; ``secrets`` are those of each
    generator; ``context`` is whatever else matters: path, recipients.
    """
    return keyed_digest(key, _parts(files, secrets, context))


def _parts(
    files: Mapping[str, bytes], secrets: Sequence[Sequence[GeneratedSecret]], context: Sequence[str]
) -> Iterator[bytes]:
    yield _plain(list(context), sorted(files), [len(group) for group in secrets])
    yield from (files[path] for path in sorted(files))
    for secret in (secret for group in secrets for secret in group):
        options = secret.options
        yield _plain(secret.name, secret.namespace, secret.type, secret.behavior, secret.volatile, list(secret.data))
        yield _plain(
            dict(options.labels), dict(options.annotations), options.immutable, options.disable_name_suffix_hash
        )
        yield from (value.reveal() for value in secret.data.values())


def _plain(*parts: object) -> bytes:
    return json.dumps(parts, sort_keys=True).encode()
