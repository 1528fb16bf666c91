"""What a refused JWT says of itself; none of its other parts is told."""

import base64
import json
import time
from typing import Any

import pytest

from vaultgen.redacted import Redacted
from vaultgen.vault.login.jwt_claims import SHOWN, remark_on

NOW = 2_000_000_000.0
AUDIENCE = "its token is for the audience {}, and the role may want another"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


def remark(claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return remark_on(Redacted({"role": "ci", "jwt": f"canary-head.{payload}.canary-signature"}))


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"aud": "vault"}, AUDIENCE.format("vault")),
        ({"aud": ["a", "b"], "exp": NOW + 1, "sub": "canary"}, AUDIENCE.format("a, b")),
        ({"aud": "x" * 999}, AUDIENCE.format("x" * SHOWN)),
        ({"aud": "a", "exp": NOW}, "its token expired 0 s ago"),
        ({"aud": "a", "exp": NOW - 119.5}, "its token expired 119 s ago"),
        ({"aud": "a", "exp": NOW - 120}, "its token expired 2 min ago"),
        ({"aud": "a", "exp": NOW - 3 * 3600}, "its token expired 3 h ago"),
        ({"aud": "a", "exp": NOW - 90 * 86400}, "its token expired 90 days ago"),
        ({"nbf": NOW + 300}, "its token is not valid for another 5 min, by the clock here"),
        ({"exp": NOW + 60}, ""),
        ({"exp": "1", "nbf": True, "aud": {"a": 1}}, ""),
        ({"exp": 1e300, "nbf": -1}, ""),
        (
            {"sub": "system:serviceaccount:apps:web", "aud": "a"},
            "its token is of the ServiceAccount apps/web and for the audience a, and the role may want another",
        ),
        (
            {"sub": "system:serviceaccount:apps:web"},
            "its token is of the ServiceAccount apps/web, and the role may want another",
        ),
        ({"sub": "system:serviceaccount:apps:web", "exp": NOW}, "its token expired 0 s ago"),
        ({"sub": ["system:serviceaccount:apps:web"]}, ""),
        ([], ""),
        ("canary", ""),
    ],
)
def test_a_token_is_told_by_its_time_or_its_audience(claims: Any, said: str) -> None:
    assert remark(claims) == (f"{said}; also" if said else "")


@pytest.mark.parametrize(
    "token", ["", "canary", "a.canary.b", "a.Y2FuYXJ5.b", "a.\u00fc.b", "a." + "W1tb" * 9999, None, 1]
)
def test_what_is_no_jwt_is_told_nothing_of(token: Any) -> None:
    assert remark_on(Redacted({"jwt": token})) == ""
    assert remark_on(Redacted({"password": token})) == ""
