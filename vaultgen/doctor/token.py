"""Is the token good, for how long, and not for too much?"""

from collections.abc import Generator
from typing import Any

from vaultgen.doctor.verdict import Verdict, failed, ok, warn
from vaultgen.errors import Fault, Refused
from vaultgen.vault.message import Request, Response, Session, json_body
from vaultgen.vault.mounts import LISTING_PATH
from vaultgen.vault.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.vault.message import Exchange

NAME = "token"
SHORT = 300
"""Seconds that should be left of a token that nobody acquires anew for each build."""


def check_token(settings: Settings, session: Session, exchange: "Exchange") -> Generator[Verdict, None, bool]:
    """Let the token look itself up, and return whether Vault accepts it."""
    lookup, listing = exchange.send(
        [Request("GET", path, token=session.token) for path in ("auth/token/lookup-self", LISTING_PATH)]
    )
    if fault := _refusal(listing, settings, session):
        yield from failed(NAME, [fault])
        return False
    data = _data(lookup, settings)
    if data is None:
        yield warn(
            NAME,
            "valid; for how long is not known, for it may not look itself up",
            "give it the policy `default`, or read on auth/token/lookup-self",
        )
    else:
        yield _judged(data, session)
    return True


def _refusal(listing: Response | Fault, settings: Settings, session: Session) -> Fault | None:
    """Return what is wrong with the token; every token of the Vault namespace may list what it can see of mounts."""
    if isinstance(listing, Fault):
        return listing
    if listing.status == 404 and settings.vault_namespace:
        return Fault("namespace-unknown", facts={"namespace": settings.vault_namespace})
    if listing.status == 403:
        return Fault("token-invalid", facts={"source": session.source})
    if listing.status != 200:
        return Fault("bad-request", facts={"address": settings.address.text, "status": str(listing.status)})
    return None


def _data(lookup: Response | Fault, settings: Settings) -> dict[str, Any] | None:
    if isinstance(lookup, Fault) or lookup.status != 200:
        return None
    try:
        answer = json_body(lookup, settings.address.text)
    except Refused:
        return None
    data = answer.get("data") if isinstance(answer, dict) else None
    return data if isinstance(data, dict) else None


def _judged(data: dict[str, Any], session: Session) -> Verdict:
    policies = _texts(data, "policies") | _texts(data, "identity_policies")
    seconds, uses = _number(data, "ttl"), _number(data, "num_uses")
    seen = [
        f"valid for {_duration(seconds)}" if seconds else "valid, without an end",
        "renewable" if data.get("renewable") is True else "not renewable",
        f"{len(policies)} {'policy' if len(policies) == 1 else 'policies'}",
    ]
    said = ", ".join(seen)
    if "root" in policies:
        return warn(NAME, f"{said}: it may do everything", "take one that may read what the documents ask for")
    if uses:
        return warn(NAME, f"{said}, good for {uses} more requests", "take one without a limit: a build needs several")
    if seconds and seconds < SHORT and not session.acquired:
        return warn(NAME, said, "log in again")
    return ok(NAME, said)


def _texts(data: dict[str, Any], name: str) -> set[str]:
    listed = data.get(name)
    return {text for text in listed if isinstance(text, str)} if isinstance(listed, list) else set()


def _number(data: dict[str, Any], name: str) -> int:
    text = str(data.get(name, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _duration(seconds: int) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} more"
    return f"{seconds} s more"
