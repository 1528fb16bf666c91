"""Which engine answers at a path."""

from typing import Any

import pytest

from vaultgen.errors import Fault
from vaultgen.ports import Read
from vaultgen.vault.answers import Target
from vaultgen.vault.mounts import guess, parse_mounts, resolve

ENGINES = {
    "secret/": ("kv", {"version": "2"}),
    "team/kv/": ("kv", {"version": "2"}),
    "kv1/": ("kv", None),
    "kv1/deep/": ("kv", {"version": "2"}),
    "old/": ("generic", None),
    "pki/": ("pki", None),
    "db/": ("database", None),
    "db/data/": ("database", None),
    "totp/": ("totp", None),
}
LISTING = {"data": {"secret": {path: {"type": kind, "options": options} for path, (kind, options) in ENGINES.items()}}}
MOUNTS = parse_mounts(LISTING)


def where(path: str, version: int | None = None, *, allow_dynamic: bool = False) -> tuple[str, str] | str:
    target = resolve(Read(path, version, allow_dynamic=allow_dynamic), MOUNTS)
    return target.code if isinstance(target, Fault) else (target.path, target.kind)


@pytest.mark.parametrize("path", ["secret/data/app", "team/kv/data/app/x", "a/data/creds", "data/data/x"])
def test_a_path_that_looks_like_kv2_is_read_at_once(path: str) -> None:
    assert guess(path) == Target(path, "guessed")


@pytest.mark.parametrize(
    "path",
    [
        "secret/app",
        "secret",
        "data/app",
        "secret/data",
        "secret/datax/app",
        "db/data/creds/role",
        "db/data/static-creds/role",
        "x/data/code/k",
        "team/data/otp/code/k",
        "a/creds/data/app",
        "x/data/issue/web",
        "x/data/sign/web",
    ],
)
def test_any_other_path_wants_the_mounts_first(path: str) -> None:
    assert guess(path) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("secret/data/app", ("secret/data/app", "kv2")),
        ("secret/app", ("secret/data/app", "kv2")),
        ("secret/app/data/x", ("secret/data/app/data/x", "kv2")),
        ("secret/data", ("secret/data/data", "kv2")),
        ("secret/metadata/app", ("secret/data/metadata/app", "kv2")),
        ("team/kv/app", ("team/kv/data/app", "kv2")),
        ("kv1/app", ("kv1/app", "kv1")),
        ("kv1/data/app", ("kv1/data/app", "kv1")),
        ("kv1/deep/app", ("kv1/deep/data/app", "kv2")),
        ("old/app", ("old/app", "kv1")),
        ("pki/cert/ca", ("pki/cert/ca", "static")),
        ("db/static-creds/app", ("db/static-creds/app", "static")),
        ("pki/issue/web", "dynamic-engine"),
        ("pki/cert", "dynamic-engine"),
        ("db/creds/app", "dynamic-engine"),
        ("db/data/creds/app", "dynamic-engine"),
        ("totp/code/k", "dynamic-engine"),
        ("totp/static-creds", "dynamic-engine"),
        ("nowhere/app", "mount-hidden"),
        ("secre", "mount-hidden"),
        ("secrets/app", "mount-hidden"),
        ("secret", "bad-reference"),
        ("team/kv", "bad-reference"),
    ],
)
def test_a_path_is_resolved_by_the_longest_mount(path: str, expected: object) -> None:
    assert where(path) == expected


def test_an_engine_that_makes_credentials_is_read_where_that_is_wanted() -> None:
    assert where("db/creds/app", allow_dynamic=True) == ("db/creds/app", "dynamic")
    assert where("secret/app", allow_dynamic=True) == ("secret/data/app", "kv2")


def test_only_kv2_has_versions() -> None:
    assert where("secret/app", 3) == ("secret/data/app", "kv2")
    assert [where(path, 3) for path in ("kv1/app", "pki/cert/ca", "totp/code/k")] == ["bad-reference"] * 3


def test_a_refused_engine_is_named() -> None:
    fault = resolve(Read("db/creds/app"), MOUNTS)
    assert isinstance(fault, Fault)
    assert fault.facts == {"path": "db/creds/app", "engine": "database"}
    assert fault.read == Read("db/creds/app")


@pytest.mark.parametrize(
    "listing",
    [None, [], {}, {"data": None}, {"data": {"secret": []}}, {"data": {"secret": {"secret/": "kv"}}}],
)
def test_a_listing_of_odd_shape_shows_no_mounts(listing: Any) -> None:
    assert parse_mounts(listing) == ()
