"""References that are put together are those that are meant."""

import pytest

from vaultgen.importing.source import NotCarried, Source, plain_path
from vaultgen.reference import parse_reference


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Source("secret/data/a", "f"), "vault:secret/data/a?key=f"),
        (Source("/secret//data/a/"), "vault:secret/data/a?format=json"),
        (Source("s/a", "f", version="3", namespace="/team/"), "vault:s/a?key=f&version=3&namespace=team"),
        (Source("s/a", "f", pointer=("b", "0", "c/d~")), "vault:s/a?key=f&jsonPointer=/b/0/c~1d~0"),
        (Source("s/a", "f", decode=True, missing="default="), "vault:s/a?key=f&decode=base64&default="),
        (Source("s/a", "f", encode=True, decode=True), "vault:s/a?key=f&decode=base64&encode=url"),
        (Source("s/a#?&%}", "f&=}%"), "vault:s/a%23%3F%26%25%7D?key=f%26%3D%7D%25"),
    ],
)
def test_the_reference_of_a_value(source: Source, expected: str) -> None:
    assert source.reference() == expected
    parsed = parse_reference(expected)
    assert (parsed.field, parsed.read.path) == (source.field, plain_path(source.path))


def test_the_reference_of_all_fields() -> None:
    assert Source("s/a", version="2", namespace="n").whole() == "vault:s/a?version=2&namespace=n"


@pytest.mark.parametrize("source", [Source("s", "f"), Source("s", decode=True), Source("s", pointer=("a",))])
def test_a_part_does_not_stand_for_all_fields(source: Source) -> None:
    with pytest.raises(NotCarried):
        source.whole()


@pytest.mark.parametrize(
    "source",
    [
        Source("", "f"),
        Source("/", "f"),
        Source("a/../b", "f"),
        Source("a\nb", "f"),
        Source(" a", "f"),
        Source("a", "f\n"),
        Source("a", "f", version="latest"),
        Source("a", "f", version="0"),
        Source("a", "f", version="٣"),
        Source("a", decode=True),
        Source("a", encode=True),
        Source("a", "f", namespace="a//b"),
        Source("a", "f", namespace="a/.."),
    ],
)
def test_what_no_reference_can_say_is_refused(source: Source) -> None:
    with pytest.raises(NotCarried):
        source.reference()
