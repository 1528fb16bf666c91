"""Items that a function hands through, as they were written: kpt puts what comes back into the package's files.

Read and written again they would lose ``0644`` to 644, ``yes`` to a text, and their style to JSON's.
"""

import yaml

from vaultgen.krm.tree import LOADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

_PLAIN_NAMES = frozenset(
    ("apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "type", "immutable", "data")
)


def item_texts(request: bytes) -> "list[str]":
    """Return the lines of each item of a ResourceList, dash and comments included; it must have been parsed before.

    Empty where the items do not stand by themselves, line by line: a flow list, or anchors anywhere.
    """
    try:
        text = request.decode("utf-8-sig")
        starts, column, end = _marks(text)
        dash = "\n" + " " * column + "-"
        lines = [text.rindex(dash, 0, start) + 1 for start in starts]
    except (UnicodeError, ValueError):
        return []
    return [_whole_lines(text[start:stop]) for start, stop in zip(lines, [*lines[1:], end], strict=True)]


def _marks(text: str) -> "tuple[list[int], int, int]":
    """Return where each item's content starts, the column of their dashes, and where the list ends.

    Raises ValueError where the text cannot be cut.
    """
    starts: list[int] = []
    depth, column, key = 0, -1, ""
    for event in yaml.parse(text, LOADER):
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            if depth == 1 and column >= 0:
                return starts, column, mark.index
        elif isinstance(event, yaml.CollectionStartEvent):
            if depth == 1 and key == "items" and not event.flow_style:
                column = mark.column
            elif depth == 2 and column >= 0:
                starts.append(mark.index)
            depth += 1
        # A value may be the text `items`, too, but what follows that is no collection.
        key = event.value if depth == 1 and isinstance(event, yaml.ScalarEvent) else ""
    raise ValueError


def _whole_lines(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def block_item(resource: "Mapping[str, Any]", pad: str, quoted: "Callable[[Any], str]") -> str:
    """Return a resource as an item of a block list whose dash stands behind ``pad``; ``quoted`` writes a scalar."""
    return f"{pad}- " + "".join(_block(resource, pad + "  ", quoted)).removeprefix(pad + "  ")


def _block(tree: "Mapping[str, Any]", pad: str, quoted: "Callable[[Any], str]") -> "Iterator[str]":
    for name, value in tree.items():
        yield f"{pad}{name if name in _PLAIN_NAMES else quoted(name)}:"
        if isinstance(value, dict) and value:
            yield "\n"
            yield from _block(value, pad + "  ", quoted)
        else:
            yield f" {quoted(value)}\n"
