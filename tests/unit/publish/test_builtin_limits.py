import pytest

from vaultgen.document.model import Entry, GeneratorOptions
from vaultgen.publish.builtin_limits import key_limit, metadata_limits

NUMBERS = (
    "9",
    "09",
    "1_000",
    "1.5",
    "1e5",
    "5.",
    ".5",
    "0x1f",
    "0b1",
    "0o7",
    "-1",
    "1_",
    "-_1",
    "-0x1f",
    "1_.5",
    ".inf",
)
TEXTS = (
    "a",
    "f1",
    "yes",
    "on",
    "y",
    "_1",
    "0xZZ",
    "0b2",
    "-",
    "--",
    "1-1",
    "1.2.3",
    "1e",
    "e5",
    "1e400",
    "nan",
    "..",
    "",
)


@pytest.mark.parametrize("key", [*NUMBERS, ".nan", "-.Inf"])
def test_a_number_is_no_key(key: str) -> None:
    assert key_limit(key) == "YAML takes it for a number"


@pytest.mark.parametrize(
    ("key", "kind"), [("true", "a boolean"), ("FALSE", "a boolean"), ("Null", "null"), ("2001-1-01", "a date")]
)
def test_a_word_that_means_something_is_no_key(key: str, kind: str) -> None:
    assert key_limit(key) == f"YAML takes it for {kind}"


@pytest.mark.parametrize("key", [*TEXTS, "tRUE", "2001-13-01", "2001-01-01T", "20010101a"])
def test_text_is_a_key(key: str) -> None:
    assert key_limit(key) == ""


def limits(**fields: object) -> list[tuple[str, str]]:
    return list(metadata_limits(Entry(**{"name": "app", **fields})))  # type: ignore[arg-type]


def test_metadata_is_held_to_what_the_builtin_makes() -> None:
    note, label = {"b": "\ta\nb", "1": "x"}, {"true": "x", "c": "9"}
    assert limits(
        name="2001-01-01", namespace="2001-01-02", options=GeneratorOptions(labels=label, annotations=note)
    ) == [
        ('the name "2001-01-01"', "YAML takes it for a date"),
        ('the namespace "2001-01-02"', "YAML takes it for a date"),
        ('the label "true"', "YAML takes it for a boolean"),
        ('the annotation "b"', "its text begins with a tab and has several lines"),
        ('the annotation "1"', "YAML takes it for a number"),
    ]


def test_names_that_are_numbers_are_made() -> None:
    assert limits(name="9", namespace="1", options=GeneratorOptions(annotations={"a": "{\n\t}", "b": "\t"})) == []
