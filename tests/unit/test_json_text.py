"""JSON in and out without loss."""

import pytest

from vaultgen.json_text import JsonNumber, json_text, parse_json


@pytest.mark.parametrize(
    "text",
    ["1.10", "1e5", "1E+05", "-0", "0.1000", "123456789012345678901234567890", "1" + "0" * 5000, "-0.0", "1e999999"],
)
def test_a_number_keeps_its_digits(text: str) -> None:
    assert parse_json(text) == text
    assert isinstance(parse_json(text), JsonNumber)
    assert json_text(parse_json(text)) == text
    assert json_text(parse_json(f'{{"a":[{text}]}}')) == f'{{"a":[{text}]}}'


def test_a_text_of_digits_stays_a_text() -> None:
    assert json_text(parse_json('"1.10"')) == '"1.10"'


def test_order_is_kept_and_space_is_not() -> None:
    assert json_text(parse_json(' { "b" : 1 , "a" : [ true , null , false , "x" ] } ')) == (
        '{"b":1,"a":[true,null,false,"x"]}'
    )


def test_other_letters_are_written_as_they_are() -> None:
    assert json_text('é😀<&>\u2028"\\\n') == '"é😀<&>\u2028\\"\\\\\\n"'


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": NaN}', "", "{", "01", "1.", "'a'", "[1,]"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_json(text)


def test_absurd_nesting_is_a_recursion_error() -> None:
    with pytest.raises(RecursionError):
        parse_json("[" * 100_000)
