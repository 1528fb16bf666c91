"""What a JWT says of itself, once Vault has refused it: whose it is, for whom, and from when to when it is good.

These claims are no secret, and the token itself is never shown. Nothing is verified: they only help to find out why.
"""

import time

from vaultgen.redacted import Redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHOWN = 200
"""Characters of an audience, and of a ServiceAccount."""
_UNITS = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"))


def remark_on(body: Redacted) -> str:
    """Return what to know of the JWT in the body of a login, a dict that is wrapped; empty where there is none.

    It leads over to what to check besides.
    """
    claims = _claims(body.reveal().get("jwt"))
    now = time.time()
    expires, begins, audience = _time(claims.get("exp")), _time(claims.get("nbf")), claims.get("aud")
    if expires is not None and expires <= now:
        return f"its token expired {_duration(now - expires)} ago; also"
    if begins is not None and begins > now:
        return f"its token is not valid for another {_duration(begins - now)}, by the clock here; also"
    named = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    facts = [f"for the audience {', '.join(map(str, named))[:SHOWN]}"] if named else []
    if account := _service_account(claims.get("sub")):
        facts.insert(0, f"of the ServiceAccount {account}")
    if not facts:
        return ""
    return f"its token is {' and '.join(facts)}, and the role may want another; also"


def _claims(token: "Any") -> "dict[str, Any]":
    import base64
    import json

    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (AttributeError, IndexError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _service_account(subject: "Any") -> str:
    """Return NAMESPACE/NAME; empty for any other subject, which may be a person."""
    if not isinstance(subject, str) or not subject.startswith("system:serviceaccount:"):
        return ""
    namespace, _, name = subject.removeprefix("system:serviceaccount:").partition(":")
    return f"{namespace}/{name}"[:SHOWN]


def _time(claim: "Any") -> float | None:
    return claim if type(claim) in (int, float) and 0 <= claim < 1e11 else None


def _duration(seconds: float) -> str:
    """Return a duration in the largest unit of which there are two."""
    size, unit = next((one for one in _UNITS if seconds >= 2 * one[0]), _UNITS[-1])
    return f"{int(seconds / size)} {unit}"
