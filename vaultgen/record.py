"""NamedTuple without its price: importing ``typing`` and defining some thirty of them costs a run 8 ms of 40.

A type checker sees ``typing.NamedTuple``. At run time a class costs a few microseconds, since nothing is compiled
for it; instances are plain tuples with names.
"""

from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:

    class _RecordType(type):
        def __new__(cls, name, bases, namespace):
            namespace["__slots__"] = ()
            made = super().__new__(cls, name, bases, namespace)
            made._fields = tuple(made.__dict__.get("__annotations__") or getattr(made, "__annotations__", ()))
            made._defaults = {field: namespace[field] for field in made._fields if field in namespace}
            made._last = tuple(made._defaults.values())
            for index, field in enumerate(made._fields):
                setattr(made, field, property(itemgetter(index)))
            return made

    class Record(tuple, metaclass=_RecordType):
        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = cls._complete(values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _complete(cls, values, named):
            missing = len(cls._fields) - len(values)
            if not named and 0 < missing <= len(cls._last):
                return values + cls._last[-missing:]
            given = dict(zip(cls._fields, values, strict=False), **named)
            twice = len(given) < len(values) + len(named)
            complete = [given.pop(field) if field in given else cls._defaults[field] for field in cls._fields]
            if given or twice:
                raise TypeError(f"{cls.__name__} has the fields {', '.join(cls._fields)}")
            return complete

        def __getnewargs__(self):
            return tuple(self)  # without it a copy is a record of one tuple

        def _replace(self, **changes):
            made = tuple.__new__(type(self), map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(f"{type(self).__name__} has the fields {', '.join(self._fields)}")
            return made

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(map('{}={!r}'.format, self._fields, self))})"


__all__ = ["Record"]
