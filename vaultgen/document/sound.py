"""What of a faulty document can still be looked at, so that one run tells all that is wrong. Imported only then."""

from vaultgen.document.check import conforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Definition = Mapping[str, Any]


def sound_entries(items: object, schema: "Definition") -> "list[dict[str, Any]]":
    """Return the entries of a ``secretGenerator`` without what does not conform to the schema, each at its index.

    One whose name or namespace is faulty becomes an empty one: nothing else of it would be told in the right words.
    """
    definition = schema["$defs"]["entry"]
    entries: list[dict[str, Any]] = []
    for index, item in enumerate(items if isinstance(items, list) else ()):
        entry = {"name": f"entry-{index}"}
        if isinstance(item, dict) and "name" in item:
            sound = {key: value for key, value in item.items() if conforms({**entry, key: value}, schema, definition)}
            if all(key in sound for key in ("name", "namespace") if key in item):
                entry = sound
        entries.append(entry)
    return entries
