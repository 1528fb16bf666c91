"""The cheap record does what typing.NamedTuple does, as far as it is used."""

import copy
import pickle
from typing import Any, NamedTuple

import pytest

from vaultgen.record import Record


class Ours(Record):
    """A record."""

    first: str
    second: int = 2
    third: tuple[str, ...] = ()


class Theirs(NamedTuple):
    """What a type checker takes a record for."""

    first: str
    second: int = 2
    third: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (("a",), {}),
        (("a", 1), {}),
        (("a", 1, ("b",)), {}),
        ((), {"first": "a"}),
        (("a",), {"third": ("b",)}),
        ((), {"third": (), "second": 5, "first": "a"}),
    ],
)
def test_it_is_made_and_shown_as_a_named_tuple_is(values: Any, named: Any) -> None:
    ours, theirs = Ours(*values, **named), Theirs(*values, **named)
    assert tuple(ours) == tuple(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours.first, ours.second, ours.third) == theirs
    assert hash(ours) == hash(theirs)


@pytest.mark.parametrize("changes", [{}, {"second": 7}, {"third": ("b",), "first": "c"}])
def test_parts_are_replaced(changes: Any) -> None:
    replaced = Ours("a")._replace(**changes)
    assert type(replaced) is Ours
    assert tuple(replaced) == tuple(Theirs("a")._replace(**changes))


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((), {"second": 1}), (("a",) * 4, {}), (("a",), {"fourth": 1}), (("a",), {"first": "b"})],
)
def test_one_that_is_not_complete_or_has_too_much_is_refused(values: Any, named: Any) -> None:
    with pytest.raises((TypeError, KeyError)):
        Ours(*values, **named)


def test_a_copy_is_the_same_record() -> None:
    made = Ours("a", 1, ("b",))
    for copied in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301
        assert type(copied) is Ours
        assert copied == made


def test_an_unknown_part_cannot_be_replaced() -> None:
    with pytest.raises(TypeError, match="Ours has the fields first, second, third"):
        Ours("a")._replace(fourth=1)  # type: ignore[call-arg]


def test_nothing_can_be_set() -> None:
    with pytest.raises(AttributeError):
        Ours("a").first = "b"  # type: ignore[misc]
