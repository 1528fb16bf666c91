"""Stand-ins: what they show, and what they do not."""

import pytest

from support.build import LABEL_VALUE
from vaultgen.document.model import GeneratorOptions
from vaultgen.masking import MASKED_LABEL, REFUSED, Masking, marked
from vaultgen.redacted import Redacted
from vaultgen.render import GeneratedSecret


def secret(name: str = "app", namespace: str = "", **data: bytes) -> GeneratedSecret:
    """Return a Secret."""
    values = {key: Redacted(value) for key, value in data.items()}
    return GeneratedSecret(name, namespace, "Opaque", None, GeneratorOptions({"own": "label"}), values, False)


def stand_ins(made: tuple[GeneratedSecret, ...]) -> list[bytes]:
    """Return the values of some Secrets."""
    return [value.reveal() for one in made for value in one.data.values()]


def test_a_value_that_stays_keeps_its_stand_in_from_build_to_build() -> None:
    """So that two builds can be compared."""
    masking = Masking()
    first, second = (masking.of_one_build()([secret(a=b"1", b=b"2")], root) for root in ("/one", "/two"))
    assert stand_ins(first) == stand_ins(second)


def test_a_value_that_changes_gets_another() -> None:
    masking = Masking()
    first, second = (masking.of_one_build()([secret(a=value)], "/r") for value in (b"1", b"2"))
    assert stand_ins(first) != stand_ins(second)


@pytest.mark.parametrize(
    "other",
    [secret(b=b"1"), secret("other", a=b"1"), secret(namespace="apps", a=b"1"), secret("ap", "p", a=b"1")],
)
def test_equal_values_look_different_at_different_places(other: GeneratedSecret) -> None:
    """Else a tree that is not trusted could hold every PIN, and its reader see which one is the real one."""
    found = stand_ins(Masking().of_one_build()([secret(a=b"1"), other], "/r"))
    assert len(set(found)) == len(found)


def test_a_secret_of_two_roots_is_at_two_places() -> None:
    mask = Masking().of_one_build()
    first, again, elsewhere = (mask([secret(a=b"1")], root) for root in ("/one", "/one", "/two"))
    assert stand_ins(first) == stand_ins(again)
    assert stand_ins(first) != stand_ins(elsewhere)


def test_each_key_of_a_run_is_another() -> None:
    assert Masking().stand_in(b"1") != Masking().stand_in(b"1")


@pytest.mark.parametrize("value", [b"", b"1", b"x" * 1_000_000, b"\xff\0"])
def test_a_stand_in_tells_nothing_of_the_length(value: bytes) -> None:
    assert len(Masking().stand_in(value, "a")) == 39


def test_what_stands_in_one_part_of_a_place_cannot_be_taken_for_another() -> None:
    masking = Masking()
    places = [("a", "b"), ("ab",), ("a", "b", ""), ("", "ab"), ("1:a", "b"), ("a1:b",)]
    assert len({masking.stand_in(b"c", *place) for place in places}) == len(places)


def test_all_but_values_stays_and_a_label_is_added() -> None:
    (masked,) = Masking().of_one_build()([secret(a=b"1")], "/r")
    assert masked.options.labels == {"own": "label", MASKED_LABEL: REFUSED}
    assert masked._replace(data={}, options=GeneratorOptions()) == secret()._replace(options=GeneratorOptions())


def test_the_label_is_one_that_the_api_server_refuses() -> None:
    assert not LABEL_VALUE.fullmatch(REFUSED)
    assert LABEL_VALUE.fullmatch("true")
    assert marked(GeneratorOptions(), "x").labels == {"x": REFUSED}
