"""Signs JWTs as a cluster or a CI system does (ES256)."""

import base64
import json
import time
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature


class JwtIssuer:
    """A key, and the tokens that it signs."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """PEM text."""
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(encoding, form).decode()

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_encode(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": x, "y": y}

    def sign(self, claims: Mapping[str, object], seconds: int = 600) -> str:
        """Return a JWT with these claims, good for so long from now."""
        now = int(time.time())
        header = {"alg": "ES256", "typ": "JWT"}
        complete = {"iss": "https://issuer.test", "iat": now, "nbf": now, "exp": now + seconds, **claims}
        signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, complete))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def service_account(self, namespace: str, name: str, audience: str = "vault", seconds: int = 600) -> str:
        """Return a ServiceAccount's token, with the claims that Kubernetes gives a bound one."""
        account = {"name": name, "uid": f"uid-of-{namespace}-{name}"}
        return self.sign(
            {
                "sub": f"system:serviceaccount:{namespace}:{name}",
                "aud": [audience],
                "kubernetes.io": {"namespace": namespace, "serviceaccount": account},
            },
            seconds,
        )

    def claims(self, token: str) -> dict[str, object] | None:
        """Return the claims of a token of this issuer that is still good; None for any other."""
        signed, _, signature = token.rpartition(".")
        try:
            raw = _decode(signature)
            encoded = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            self._key.public_key().verify(encoded, signed.encode(), ec.ECDSA(hashes.SHA256()))
            claims = json.loads(_decode(signed.split(".")[1]))
        except (InvalidSignature, ValueError, IndexError):
            return None
        return claims if isinstance(claims, dict) and claims["exp"] > time.time() else None


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
