"""An entry of ``secretGenerator``, as it is put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaultgen.document.api_rules import is_data_key
from vaultgen.importing.resource import Resource
from vaultgen.importing.source import NotCarried, Source, literal


@dataclass
class Entry:
    """A Secret to be."""

    name: str
    namespace: str = ""
    type: str = ""
    behavior: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    immutable: bool = False
    vault: Mapping[str, Any] = field(default_factory=dict)
    """The ``vault:`` block that it is read by; empty where all of that is left to the environment."""
    origin: str = ""
    """What the block was made from, in a word that can be part of a name."""
    files: dict[str, str] = field(default_factory=dict)
    literals: list[str] = field(default_factory=list)
    envs: list[str] = field(default_factory=list)
    lacks: Sequence[str] = ()
    """What was not carried over."""

    def __bool__(self) -> bool:
        """Return whether there is anything in the Secret."""
        return bool(self.files or self.literals or self.envs)

    def put(self, key: str, parts: Sequence[str | Source]) -> None:
        """Add a data key. Raises NotCarried for what a reference or a Secret cannot have."""
        if not is_data_key(key):
            raise NotCarried("a data key that a Secret cannot have")
        if len(parts) == 1 and isinstance(parts[0], Source):
            self.files[key] = parts[0].reference()
        else:
            self.literals.append(literal(key, parts))

    def put_all(self, source: Source) -> None:
        """Add all fields of a secret. Raises NotCarried."""
        self.envs.append(source.whole())

    def fields(self) -> dict[str, Any]:
        """Return the entry as the document has it, without what is empty."""
        options: dict[str, Any] = {"disableNameSuffixHash": True}
        options |= {"labels": dict(self.labels)} if self.labels else {}
        options |= {"annotations": dict(self.annotations)} if self.annotations else {}
        options |= {"immutable": True} if self.immutable else {}
        fields = {name: getattr(self, name) for name in ("namespace", "type", "behavior", "files", "literals", "envs")}
        return {"name": self.name, **{name: value for name, value in fields.items() if value}, "options": options}


@dataclass
class Conversion:
    """Entries, and what became of the resources that they were made from."""

    entries: list[Entry] = field(default_factory=list)
    whole: list[Resource] = field(default_factory=list)
    """Resources that an entry takes the place of."""
    partly: list[Resource] = field(default_factory=list)
    """Resources of which an entry holds a part."""

    def add(self, resource: Resource, entry: Entry) -> None:
        """Add the entry of a resource of which all has been said; without any source of data it is none."""
        if entry:
            entry.lacks = [remark.where for remark in resource.left]
            self.entries.append(entry)
            (self.partly if resource.left else self.whole).append(resource)
