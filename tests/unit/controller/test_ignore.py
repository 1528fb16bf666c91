"""What a property test against git does not reach: time, and texts that are no patterns."""

import pytest

from vaultgen.controller.ignore import Ignored, TooSlow


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a*" * 2000 + "b", "a" * 255),
        ("*a" * 2000, "a" * 255),
        ("*?" * 2000 + "b", "a" * 255),
        ("**/a/" * 1000 + "b", "a/" * 500 + "a"),
        ("**/*a*a*a*b/" * 500 + "c", "/".join(["a" * 250] * 4)),
        ("[[:alpha:]]*" * 800 + "-", "a" * 255),
    ],
)
def test_no_pattern_tries_again_and_again(pattern: str, path: str) -> None:
    """With an expression as libraries make one, none of these comes to an end in a lifetime, and no thread runs."""
    assert list(Ignored(pattern).kept([path], 60)) == [path]


@pytest.mark.parametrize("pattern", ["!", "a\\", "[", "[a", "[[:nothing:]]", "a/[b/c]"])
def test_a_pattern_that_is_none_is_not_passed_over(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        Ignored(f"a\n{pattern}")


@pytest.mark.parametrize("text", ["", "# a", "   ", "/", "\\#b", "a\\ "])
def test_what_is_no_pattern_of_a_leaves_a(text: str) -> None:
    assert list(Ignored(text).kept(["a"], 60)) == ["a"]


@pytest.mark.parametrize("text", ["a", "a ", "/a", "\\a", "b\r\na\r\n", "[z-a]\na"])
def test_these_leave_a_out(text: str) -> None:
    assert list(Ignored(text).kept(["a"], 60)) == []


def test_it_ends_when_its_time_is_over() -> None:
    with pytest.raises(TooSlow):
        list(Ignored("a").kept(["b", "c"], 0))
