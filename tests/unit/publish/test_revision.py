import pytest

from vaultgen.document.model import GeneratorOptions
from vaultgen.publish.revision import fingerprint, keyed_digest
from vaultgen.redacted import Redacted
from vaultgen.render import GeneratedSecret

SECRET = GeneratedSecret(
    name="app",
    namespace="",
    type="Opaque",
    behavior=None,
    options=GeneratorOptions(),
    data={"A": Redacted(b"1"), "B": Redacted(b"2")},
    volatile=False,
)
FILES = {"a.yaml": b"a", "b.yaml": b"b"}


def test_the_same_is_the_same() -> None:
    """In whatever order the files come."""
    one = fingerprint(b"key", FILES, [[SECRET]], ["path"])
    assert one == fingerprint(b"key", dict(reversed(FILES.items())), [[SECRET]], ["path"])


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"namespace": "apps"},
        {"type": "own"},
        {"behavior": "merge"},
        {"volatile": True},
        {"options": GeneratorOptions(labels={"a": "b"})},
        {"options": GeneratorOptions(annotations={"a": "b"})},
        {"options": GeneratorOptions(immutable=True)},
        {"options": GeneratorOptions(disable_name_suffix_hash=True)},
        {"data": {"A": Redacted(b"1"), "B": Redacted(b"3")}},
        {"data": {"A": Redacted(b"12"), "B": Redacted(b"")}},
        {"data": {"A": Redacted(b"1"), "C": Redacted(b"2")}},
        {"data": {"A": Redacted(b"1")}},
    ],
)
def test_any_change_of_a_secret_shows(changes: dict[str, object]) -> None:
    changed = SECRET._replace(**changes)  # type: ignore[arg-type]
    assert fingerprint(b"key", FILES, [[changed]]) != fingerprint(b"key", FILES, [[SECRET]])


@pytest.mark.parametrize(
    ("files", "secrets", "context"),
    [
        ({"a.yaml": b"a", "b.yaml": b"c"}, [[SECRET]], ["path"]),
        ({"a.yaml": b"a", "c.yaml": b"b"}, [[SECRET]], ["path"]),
        ({"a.yaml": b"ab", "b.yaml": b""}, [[SECRET]], ["path"]),
        (FILES, [[SECRET], []], ["path"]),
        (FILES, [], ["path"]),
        (FILES, [[SECRET]], ["pa", "th"]),
    ],
)
def test_any_other_change_shows(
    files: dict[str, bytes], secrets: list[list[GeneratedSecret]], context: list[str]
) -> None:
    assert fingerprint(b"key", files, secrets, context) != fingerprint(b"key", FILES, [[SECRET]], ["path"])


def test_without_the_key_a_value_cannot_be_tried() -> None:
    assert keyed_digest(b"key", [b"1234"]) != keyed_digest(b"other", [b"1234"])
