"""Do this machine and Vault agree on the time?"""

from email.utils import parsedate_to_datetime

from vaultgen.doctor.verdict import Verdict, ok, skip, warn
from vaultgen.vault.message import Response

NAME = "clock"
LIMIT = 30
"""Seconds. Vault's jwt and kubernetes logins bear 60, some issuers of tokens none."""


def check_clock(response: Response, received: float) -> Verdict:
    """Compare an answer's Date, which has no fractions, with when it was received (seconds since the epoch)."""
    date = response.headers.get("date", "")
    try:
        there = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return skip(NAME, "the answer does not tell the time")
    ahead = received - there
    # Between the clock's tick and its being written down there is up to a second.
    seconds = int(max(0.0, abs(ahead - 0.5) - 0.5))
    seen = (
        f"this machine is {seconds} s {'ahead of' if ahead > 0 else 'behind'} Vault"
        if seconds
        else "agrees with Vault's"
    )
    if seconds > LIMIT:
        return warn(NAME, f"{seen}; a login with a JWT may be refused", "let NTP set the clocks")
    return ok(NAME, seen)
