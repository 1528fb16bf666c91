"""Is Vault unsealed?"""

import re
from collections.abc import Generator
from typing import Any

from vaultgen.doctor.verdict import Verdict, fail, failed, ok, warn
from vaultgen.errors import Fault, Refused
from vaultgen.vault.message import Response, json_body
from vaultgen.vault.settings import Settings

NAME = "seal"


def check_seal(settings: Settings, response: Response) -> Generator[Verdict, None, bool]:
    """Look at the answer of sys/seal-status, and return whether it is worth to ask on."""
    if response.status != 200:
        seen = f"sys/seal-status is answered with {response.status}, and a Vault tells it to anybody"
        yield warn(NAME, seen, "check the address, and what stands in between")
        return True
    address = settings.address.text
    try:
        state = json_body(response, address)
    except Refused as refused:
        yield from failed(NAME, refused.faults)
        return False
    if not isinstance(state, dict) or not isinstance(state.get("sealed"), bool):
        yield from failed(NAME, [Fault("answer-not-json", facts={"address": address})])
        return False
    if state.get("initialized") is False:
        yield fail(
            NAME,
            f"Vault at {address} is not initialised",
            "run `vault operator init` or `bao operator init` there, and unseal it",
            "sealed",
        )
        return False
    if state["sealed"]:
        yield from failed(NAME, [Fault("sealed", facts={"address": address})])
        return False
    yield ok(NAME, f"unsealed{_version(state)}")
    return True


def _version(state: dict[str, Any]) -> str:
    """Return the server's version; nothing else of what it says is taken over."""
    found = re.match(r"\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.])", str(state.get("version", "")), re.ASCII)
    return f", version {found[0]}" if found else ""
