"""What a check has seen, and what to do about it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from vaultgen.errors import Fault
from vaultgen.errors.report import hint, message, where

Outcome = Literal["ok", "warn", "fail", "skip"]
"""``warn``: a build works, and something is not as it should be. ``skip``: it was not looked at, or does not apply."""


@dataclass(frozen=True)
class Verdict:
    """One line of the doctor's; holds no value and no token."""

    check: str
    """Name of the check."""
    outcome: Outcome
    seen: str
    """What was seen, or why nothing was."""
    advice: str = ""
    """What to do; never empty where the outcome is ``warn`` or ``fail``."""
    code: str = ""
    """The error code that a build would have ended with, where it is known."""
    scope: str = ""
    """The documents that it is about, where a tree has several ways to Vault."""


def ok(check: str, seen: str) -> Verdict:
    """Return the verdict that all is well."""
    return Verdict(check, "ok", seen)


def skip(check: str, why: str) -> Verdict:
    """Return the verdict that nothing was looked at."""
    return Verdict(check, "skip", why)


def warn(check: str, seen: str, advice: str) -> Verdict:
    """Return the verdict that a build works all the same."""
    return Verdict(check, "warn", seen, advice)


def fail(check: str, seen: str, advice: str, code: str = "") -> Verdict:
    """Return the verdict that a build would fail."""
    return Verdict(check, "fail", seen, advice, code)


def failed(check: str, faults: Iterable[Fault]) -> Iterator[Verdict]:
    """Yield a verdict for each fault that a build would end with."""
    for fault in faults:
        place = where(fault.place)
        seen = f"{place}: {message(fault)}" if place else message(fault)
        yield fail(check, seen, hint(fault) or f"see `vaultgen explain {fault.code}`", fault.code)
