"""Stand-ins for values, so that a build can be looked at: a data key whose value stays keeps its own, and that is all.

kustomize has to be given stand-ins and never the value: once it holds a value, ``replacements`` can copy it anywhere,
and a name suffix is an oracle for a weak one.
"""

import hmac
import secrets

from vaultgen.redacted import Redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vaultgen.document.model import GeneratorOptions
    from vaultgen.render import GeneratedSecret

MASKED_LABEL = "vaultgen.dev/masked"
REFUSED = "do not apply!"
"""No valid label value, so the API server refuses the object; kustomize takes it."""


class Masking:
    """Makes stand-ins under a key that lives as long as this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._values: dict[bytes, Redacted] = {}

    def stand_in(self, value: bytes, *place: str) -> str:
        """Return the stand-in of a value at a place: the same for the same two, and telling nothing else, no length.

        Equal values at different places look different, or else a tree could find a value by guesses of its own.
        """
        message = b"".join(b"%d:%s" % (len(part), part) for part in (*map(str.encode, place), value))
        return f"masked-{hmac.digest(self._key, message, 'sha256').hex()[:32]}"

    def value_of(self, shown: Redacted) -> Redacted:
        """Return the value (bytes, wrapped) that a stand-in of this object stands for; anything else is itself."""
        return self._values.get(shown.reveal(), shown)

    def of_one_build(self) -> "Callable[[Iterable[GeneratedSecret], str], tuple[GeneratedSecret, ...]]":
        """Return what masks the Secrets of one document after the other: (Secrets, root) → Secrets.

        Every value is replaced, and a label keeps the API server from taking them. A Secret that is made in several
        roots is, in each of them, at another place.
        """
        roots: dict[tuple[str, str], list[str]] = {}

        def mask(made: "Iterable[GeneratedSecret]", root: str) -> "tuple[GeneratedSecret, ...]":
            return tuple(self._masked(secret, root, roots) for secret in made)

        return mask

    def _masked(
        self, secret: "GeneratedSecret", root: str, roots: "dict[tuple[str, str], list[str]]"
    ) -> "GeneratedSecret":
        seen = roots.setdefault((secret.namespace, secret.name), [])
        if root not in seen:
            seen.append(root)
        # Its order, not its path: that differs between the two sides of a comparison.
        place = (secret.namespace, secret.name, str(seen.index(root)))
        stand_ins = {key: self.stand_in(value.reveal(), *place, key) for key, value in secret.data.items()}
        data = {key: Redacted(text.encode()) for key, text in stand_ins.items()}
        self._values.update((text.encode(), secret.data[key]) for key, text in stand_ins.items())
        return secret._replace(data=data, options=marked(secret.options, MASKED_LABEL))


def marked(options: "GeneratorOptions", label: str) -> "GeneratorOptions":
    """Return the options with a label whose value the API server refuses."""
    return options._replace(labels={**options.labels, label: REFUSED})
