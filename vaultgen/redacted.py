"""A value that cannot be printed by accident."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn


class Redacted:
    """Holds a secret until a writer asks for it by name.

    ``repr`` shows a marker. ``str``, ``format`` and pickling raise: a marker inside an f-string would be
    a wrong Secret, and a pickle would be a copy.
    """

    __slots__ = ("_value",)

    def __init__(self, value: "Any") -> None:
        self._value = value

    def reveal(self) -> "Any":
        """Return the value itself; tests list the modules that may call this."""
        return self._value

    def map(self, function: "Callable[[Any], Any]") -> "Redacted":
        """Return ``function(value)``, wrapped again. What ``function`` raises passes through unchanged."""
        return Redacted(function(self._value))

    def __repr__(self) -> str:
        return "[redacted]"

    def __str__(self) -> "NoReturn":
        raise TypeError("a redacted value has no text; call reveal() where it is written")

    def __format__(self, spec: str, /) -> "NoReturn":
        raise TypeError("a redacted value cannot be formatted; call reveal() where it is written")

    def __reduce__(self) -> "NoReturn":
        raise TypeError("a redacted value cannot be pickled or copied")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Redacted) and self._value == other._value

    __hash__ = None  # type: ignore[assignment]
