import pytest

from vaultgen.errors import Refused
from vaultgen.kustomize.positions import Position, Positions, Span

TEXT = b"""\
# first
a: 1
list:
- x
- {b: c, 'd': "e"}
text: |
  one
    two
---
base: &base {k: v}
merged:
  <<: *base
  own: 2
"""


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ((0, "a"), Position(2, 1)),
        ((0, "list", 1, "b"), Position(5, 4)),
        ((0, "list", 1), Position(5, 3)),
        ((1, "merged", "own"), Position(13, 3)),
        ((1, "merged", "k"), Position(10, 14)),
        ((0,), Position(2, 1)),
    ],
)
def test_a_key_or_an_item_is_found(path: tuple[int | str, ...], position: Position) -> None:
    assert Positions(TEXT).at(path) == position


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ((0, "list", 7), Position(3, 1)),
        ((0, "a", "b", "c"), Position(2, 1)),
        ((0, "none"), Position(2, 1)),
        ((5, "none"), Position(1, 1)),
        ((), Position(2, 1)),
    ],
)
def test_of_what_is_not_there_the_nearest_above_is_found(path: tuple[int | str, ...], position: Position) -> None:
    assert Positions(TEXT).at(path) == position


def test_a_line_of_a_block_scalar_is_found() -> None:
    assert Positions(TEXT).at((0, "text"), 1) == Position(8, 3)
    assert Positions(TEXT).at((0, "a"), 1) == Position(2, 1)


def test_a_path_goes_on_inside_a_text_that_is_yaml() -> None:
    positions = Positions(b"generators:\n- |\n  # config\n  kind: A\n  spec:\n    x: 1\n- b: 2\n")
    assert positions.at((0, "generators", 0, 0, "spec", "x")) == Position(6, 5)
    assert positions.at((0, "generators", 0, 0, "none")) == Position(4, 3)


def test_a_text_inside_that_is_no_yaml_is_found_as_a_whole() -> None:
    positions = Positions(b"a: |\n  {\n")
    assert positions.at((0, "a", 0, "b")) == Position(1, 1)


def test_spans_take_quotes_along() -> None:
    positions = Positions(TEXT)
    text = TEXT.decode()
    key, value = positions.key((0, "list", 1, "d")), positions.value((0, "list", 1, "d"))
    assert key
    assert value
    assert (text[key.start : key.end], text[value.start : value.end]) == ("'d'", '"e"')
    assert positions.key((0, "list", 0)) is None
    assert positions.key((0, "none")) is None
    assert positions.value((0, "none")) is None


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_does_not_count(mark: bytes) -> None:
    positions = Positions(mark + "é: {ü: x}\r\nb: y\r\n".encode())
    assert positions.value((0, "é", "ü")) == Span(7, 8)
    assert positions.at((0, "b")) == Position(2, 1)


def test_unquoted_scalars_in_flow_style_are_listed_once() -> None:
    positions = Positions(b"a: &a [b, 'c', {d: e}]\nf: g\nh: *a\n")
    assert [(one.value, one.position.column) for one in positions.flow_scalars()] == [("b", 8), ("d", 17), ("e", 20)]


def test_an_anchor_that_is_set_twice_costs_the_positions_alone() -> None:
    assert Positions(b"a: &x 1\nb: &x 2\n").at((0, "b")) == Position(1, 1)


def test_what_the_reader_refuses_is_refused_before_it_is_composed() -> None:
    with pytest.raises(Refused):
        Positions(b"[" * 100_000)
