"""Stand-ins for values, so that a build can be looked at: equal values look equal within a run, and that is all.

kustomize has to be given stand-ins and never the value: once it holds a value, ``replacements`` can copy it anywhere,
and a name suffix is an oracle for a weak one.
"""

import hmac
import secrets

from vaultgen.redacted import Redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaultgen.document.model import GeneratorOptions
    from vaultgen.render import GeneratedSecret

MASKED_LABEL = "vaultgen.dev/masked"
REFUSED = "do not apply!"
"""No valid label value, so the API server refuses the object; kustomize takes it."""


class Masking:
    """Makes stand-ins under a key that lives as long as this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def stand_in(self, value: bytes) -> str:
        """Return the stand-in of a value: the same for equal values, and telling nothing else, not even a length."""
        return f"masked-{hmac.digest(self._key, value, 'sha256').hex()[:32]}"

    def mask(self, made: "Iterable[GeneratedSecret]") -> "tuple[GeneratedSecret, ...]":
        """Return Secrets with every value replaced, and a label that keeps the API server from taking them."""
        return tuple(
            secret._replace(
                data={key: Redacted(self.stand_in(value.reveal()).encode()) for key, value in secret.data.items()},
                options=marked(secret.options, MASKED_LABEL),
            )
            for secret in made
        )


def marked(options: "GeneratorOptions", label: str) -> "GeneratorOptions":
    """Return the options with a label whose value the API server refuses."""
    return options._replace(labels={**options.labels, label: REFUSED})
