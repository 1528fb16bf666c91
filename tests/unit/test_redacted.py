"""A secret shows itself to nobody who does not ask by name."""

import copy
import json
import logging
import pickle
import pprint
import traceback
from typing import NamedTuple

import pytest

from vaultgen.record import Record
from vaultgen.redacted import Redacted

VALUE = "hunter2-canary"


def test_reveal_gives_the_value_back() -> None:
    assert Redacted(VALUE).reveal() == VALUE


def test_repr_is_a_marker() -> None:
    assert repr(Redacted(VALUE)) == "[redacted]"
    assert f"{Redacted(VALUE)!r}" == "%r" % Redacted(VALUE) == ascii(Redacted(VALUE)) == "[redacted]"  # noqa: UP031


@pytest.mark.parametrize(
    "write",
    [
        lambda value: str(value),
        lambda value: f"{value}",
        lambda value: f"{value:>20}",
        lambda value: "%s" % value,  # noqa: UP031
        lambda value: "{}".format(value),  # noqa: UP032
        lambda value: "".join([value]),
        lambda value: "a" + value,
        lambda value: print(value),
        lambda value: bytes(value),
        lambda value: json.dumps(value),
        lambda value: json.dumps({"a": value}),
        lambda value: pickle.dumps(value),
        lambda value: pickle.dumps([value], protocol=0),
        lambda value: copy.copy(value),
        lambda value: copy.deepcopy({"a": [value]}),
        lambda value: hash(value),
        lambda value: iter(value),
        lambda value: len(value),
        lambda value: value[0],
    ],
)
def test_a_marker_or_a_copy_never_stands_in_for_the_value(write: object, capsys: pytest.CaptureFixture[str]) -> None:
    """A marker inside an f-string would be a wrong Secret."""
    assert callable(write)
    with pytest.raises(TypeError) as raised:
        write(Redacted(VALUE))
    assert VALUE not in str(raised.value)
    assert VALUE not in "".join(capsys.readouterr())


class Pair(NamedTuple):
    name: str
    value: Redacted


class Kept(Record):
    name: str
    value: Redacted


@pytest.mark.parametrize("holder", [Pair("a", Redacted(VALUE)), Kept("a", Redacted(VALUE)), {"a": [Redacted(VALUE)]}])
def test_what_holds_a_secret_can_be_shown(holder: object) -> None:
    shown = repr(holder) + pprint.pformat(holder) + f"{holder}"
    assert VALUE not in shown
    assert "[redacted]" in shown


def test_a_traceback_with_locals_shows_no_value() -> None:
    def fails(secret: Redacted) -> None:
        kept = [secret]
        raise ValueError(kept)

    try:
        fails(Redacted(VALUE))
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "kept = [[redacted]]" in shown
    assert VALUE not in shown


def test_a_failed_comparison_shows_no_value() -> None:
    one, other = Redacted(VALUE), Redacted("another")
    with pytest.raises(AssertionError) as raised:
        assert one == other
    assert VALUE not in str(raised.value)


def test_a_log_record_shows_no_value(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger("test").warning("got %r", Redacted(VALUE))
    assert VALUE not in caplog.text


def test_there_is_no_dictionary_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(Redacted(VALUE))


def test_equal_values_are_equal() -> None:
    assert Redacted(VALUE) == Redacted(VALUE)
    assert Redacted(VALUE) != Redacted("another")
    assert Redacted(VALUE) != VALUE


def test_map_wraps_what_comes_out() -> None:
    mapped = Redacted(VALUE).map(str.encode)
    assert isinstance(mapped, Redacted)
    assert mapped.reveal() == VALUE.encode()


def test_map_lets_errors_through() -> None:
    with pytest.raises(UnicodeEncodeError):
        Redacted("\ud800").map(str.encode)
