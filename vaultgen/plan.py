"""What a document asks for: data keys with the parts of their values, and the distinct reads behind them."""

from vaultgen.document.api_rules import bad_metadata, is_data_key, is_namespace, is_secret_name
from vaultgen.document.sources import parse_dotenv
from vaultgen.errors import Fault, Place, Refused
from vaultgen.record import Record
from vaultgen.redacted import Redacted
from vaultgen.reference import Reference, is_reference, parse_reference, split_text, unescaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaultgen.document.model import DockerAuth, Document, Entry, FileSource
    from vaultgen.ports import Files, Read

    Text = tuple[str | Reference, ...]
    """A value's parts, joined when all are known."""


SUFFIX = "-0123456789"
"""As long as what kustomize adds to a name."""


class Content(Record):
    """A data key whose bytes are known already: a plain file."""

    key: str
    content: Redacted
    place: Place


class Value(Record):
    """A data key whose value is text with references in it, or one reference."""

    key: str
    text: "Text"
    place: Place


class WholeSecret(Record):
    """Data keys that are the fields of a Vault secret; their names are known only after reading."""

    reference: Reference
    place: Place


class Registry(Record):
    """One registry of a .dockerconfigjson."""

    server: "Text"
    username: "Text"
    password: "Text"
    email: "Text"
    place: Place


class PlannedSecret(Record):
    """One Secret to be."""

    entry: "Entry"
    sources: tuple[Content | Value | WholeSecret, ...]
    registries: tuple[Registry, ...] = ()


class Plan(Record):
    """All that is needed to make a document's Secrets."""

    secrets: tuple[PlannedSecret, ...]
    uses: "Mapping[Read, tuple[Place, ...]]"
    """Each distinct read, in the order of the document, and the places that ask for it."""


def plan(document: "Document", files: "Files") -> Plan:
    """Return the plan of a document, its plain files read.

    Raises ``Refused`` with all that is wrong in the document: the faults found while parsing it, references,
    sources, files, keys and names.
    """
    planner = _Planner(files)
    secrets = tuple(planner.secret(entry) for entry in document.entries)
    if faults := [*document.faults, *planner.faults]:
        raise Refused(sorted(faults, key=lambda fault: _order(fault.place.field)))
    return Plan(secrets, {read: tuple(places) for read, places in planner.uses.items()})


class _Planner:
    def __init__(self, files: "Files") -> None:
        self.faults: list[Fault] = []
        self.uses: dict[Read, list[Place]] = {}
        self._files = files
        self._names: set[tuple[str, str]] = set()
        self._keys: set[str] = set()

    def secret(self, entry: "Entry") -> PlannedSecret:
        self._check(entry)
        self._keys = set()
        sources: list[Content | Value | WholeSecret] = []
        for file in entry.files:
            sources += self._file(file)
        for literal in entry.literals:
            sources += self._value(literal.key, literal.text, literal.place)
        for env in entry.envs:
            sources += self._env(env.source, env.place)
        registries = tuple(registry for item in entry.docker_config if (registry := self._registry(item)))
        if entry.docker_config:
            self._claim(".dockerconfigjson", entry.docker_config[0].place)
        return PlannedSecret(entry, tuple(sources), registries)

    def _check(self, entry: "Entry") -> None:
        # kustomize takes no namespace and the namespace default for the same one.
        if (full_name := (entry.namespace or "default", entry.name)) in self._names:
            self._fault("same-secret-twice", entry.place)
        self._names.add(full_name)
        suffix = "" if entry.options.disable_name_suffix_hash else SUFFIX
        if not is_secret_name(entry.name + suffix):
            self._fault("invalid-secret-name", entry.place, name=entry.name[:64], what="name")
        if entry.namespace and not is_namespace(entry.namespace):
            self._fault("invalid-secret-name", entry.place, name=entry.namespace[:64], what="namespace")
        for what, name, why in bad_metadata(entry.options):
            self._fault("invalid-metadata", entry.place, what=what, name=name[:64], why=why)

    def _file(self, file: "FileSource") -> "list[Content | Value | WholeSecret]":
        source, place = file.source, file.place
        if is_reference(source):
            if (reference := self._reference(source, place)) is None:
                return []
            key = file.key or reference.field
            if not key:
                why = "the whole secret needs a data key of its own"
                self._fault("bad-file-source", place._replace(reference=reference.shown), why=why)
                return []
            place = place._replace(key=key)
            return [Value(key, (reference,), place)] if self._claim(key, place) else []
        if "${vault:" in source:
            self._fault("bad-file-source", place, why="${vault:…} stands for text, and a file source is a path")
            return []
        content = self._read(source, place)
        return [Content(file.key, content, place)] if self._claim(file.key, place) and content else []

    def _value(self, key: str, text: str, place: Place) -> "list[Content | Value | WholeSecret]":
        parts = self._text(text, place)
        return [Value(key, parts, place)] if self._claim(key, place) and parts is not None else []

    def _env(self, source: str, place: Place) -> "list[Content | Value | WholeSecret]":
        if is_reference(source):
            reference = self._reference(source, place, whole=True)
            return [WholeSecret(reference, place)] if reference else []
        if "=" in source:
            # Most likely a literal in the wrong list, which must not be shown as the name of a file.
            self._fault("bad-file-source", place, why="envs lists files, and KEY=VALUE is a literal")
            return []
        if (content := self._read(source, place)) is None:
            return []
        found: list[Content | Value | WholeSecret] = []
        for line in parse_dotenv(content.reveal(), place):
            if isinstance(line, Fault):
                self.faults.append(line)
            else:
                found += self._value(*line, place._replace(key=line[0]))
        return found

    def _registry(self, auth: "DockerAuth") -> Registry | None:
        texts = [self._text(text, auth.place) for text in (auth.server, auth.username, auth.password, auth.email)]
        server, username, password, email = texts
        for part in (part for text in texts for part in text or () if isinstance(part, Reference) and part.optional):
            why, hint = "optional has no meaning in dockerConfig", "give default=TEXT (it may be empty) instead"
            self._fault("bad-reference", auth.place._replace(reference=part.shown), why=why, suggestion=hint)
        if server is None or username is None or password is None or email is None:
            return None
        return Registry(server, username, password, email, auth.place)

    def _reference(self, text: str, place: Place, *, whole: bool = False) -> Reference | None:
        try:
            reference = parse_reference(text, place, whole=whole)
        except Refused as refused:
            self.faults += refused.faults
            return None
        self._use(reference, place._replace(key=place.key or reference.field))
        return reference

    def _text(self, text: str, place: Place) -> "Text | None":
        try:
            parts = split_text(text, place)
        except Refused as refused:
            self.faults += refused.faults
            return None
        for part in parts:
            if isinstance(part, Reference):
                self._use(part, place)
        return parts

    def _use(self, reference: Reference, place: Place) -> None:
        self.uses.setdefault(reference.read, []).append(place._replace(reference=reference.shown))

    def _read(self, path: str, place: Place) -> Redacted | None:
        try:
            return Redacted(self._files.read(unescaped(path)))
        except Refused as refused:
            self.faults += (fault._replace(place=place) for fault in refused.faults)
            return None

    def _claim(self, key: str, place: Place) -> bool:
        if not is_data_key(key):
            self._fault("invalid-data-key", place, key=_shown_key(key) if place.key else "what stands before the =")
        elif key in self._keys:
            self._fault("duplicate-data-key", place, key=key)
        else:
            self._keys.add(key)
            return True
        return False

    def _fault(self, code: str, place: Place, **facts: str) -> None:
        self.faults.append(Fault(code, place, facts))


def _shown_key(key: str) -> str:
    return f'"{key}"' if len(key) <= 64 else f'"{key[:60]}…" ({len(key)} characters)'


def _order(field: str) -> tuple[int, ...]:
    """Sort by the list indexes of a field's path, so that faults come in the document's order."""
    return tuple(int(part.partition("]")[0]) for part in field.split("[")[1:2])
