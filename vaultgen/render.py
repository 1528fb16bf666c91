"""From a plan and Vault's answers to Secrets."""

from vaultgen.document.api_rules import SECRET_LIMIT, is_data_key, key_without_json, missing_for_type
from vaultgen.errors import Fault, Refused, refuse
from vaultgen.field import extract, extract_all
from vaultgen.plan import Content, Registry, Value
from vaultgen.record import Record
from vaultgen.redacted import Redacted
from vaultgen.reference import Reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vaultgen.document.model import Behavior, Entry, GeneratorOptions
    from vaultgen.errors import Place
    from vaultgen.plan import Plan, PlannedSecret, Text, WholeSecret
    from vaultgen.ports import Answer, Miss, Read

    Answers = Mapping[Read, Answer | Miss]


TOTAL_LIMIT = 32 << 20
"""Bytes of all values of a document: a short one can ask for the same large value again and again."""


class GeneratedSecret(Record):
    """A Secret, complete but for how it is written."""

    name: str
    namespace: str
    type: str
    behavior: "Behavior | None"
    options: "GeneratorOptions"
    data: "Mapping[str, Redacted]"
    """Data key → bytes, wrapped; sorted by key."""
    volatile: bool
    """Whether a value changes with each read, so that a name suffix would restart Pods for nothing."""


def render(plan: "Plan", answers: "Answers") -> tuple[GeneratedSecret, ...]:
    """Return a document's Secrets. Raises ``Refused`` with every fault of every Secret.

    Raises KeyError where a read of the plan has no answer: what depends on it must not be left out of a Secret.
    """
    if any(read not in answers for read in plan.uses):
        raise KeyError("a read has no answer")
    faults: list[Fault] = []
    secrets: list[GeneratedSecret] = []
    size = 0
    for planned in plan.secrets:
        secrets.append(_secret(planned, answers, faults))
        size += size_of(secrets[-1])
        if size > TOTAL_LIMIT:
            raise refuse("values-too-large", planned.entry.place, limit=str(TOTAL_LIMIT))
    if faults:
        raise Refused(faults)
    return tuple(secrets)


def size_of(secret: GeneratedSecret) -> int:
    """Return how many bytes a Secret's values have."""
    return sum(len(value.reveal()) for value in secret.data.values())


def faults_of(plan: "Plan", answers: "Answers") -> "tuple[Fault, ...]":
    """Return what is wrong with the answers that there are, where reads have failed and no Secret can be made."""
    faults: list[Fault] = []
    for planned in plan.secrets:
        _secret(planned, answers, faults)
    return tuple(faults)


def _secret(planned: "PlannedSecret", answers: "Answers", faults: "list[Fault]") -> GeneratedSecret:
    entry = planned.entry
    data: dict[str, Redacted] = {}
    size = 0
    before = len(faults)
    for source in planned.sources:
        try:
            for key, value in _values(source, answers):
                if key in data:
                    faults.append(Fault("duplicate-data-key", source.place._replace(key=key), {"key": key}))
                size += len(value.reveal())
                # What will be refused is counted, and not kept: thousands of keys can have the same large value.
                data[key] = value if size <= SECRET_LIMIT else Redacted(b"")
        except Refused as refused:
            faults += refused.faults
    if planned.registries:
        try:
            data[".dockerconfigjson"] = login = _docker_config(planned.registries, answers)
            size += len(login.reveal())
        except Refused as refused:
            faults += refused.faults
    if len(faults) == before and all(read in answers for read in _reads(planned)):
        faults += _whole_faults(entry, data, size)
    volatile = any(getattr(answers.get(read), "volatile", False) for read in _reads(planned))
    return GeneratedSecret(
        entry.name, entry.namespace, entry.type, entry.behavior, entry.options, dict(sorted(data.items())), volatile
    )


def _values(source: "Content | Value | WholeSecret", answers: "Answers") -> "Iterator[tuple[str, Redacted]]":
    if isinstance(source, Content):
        yield source.key, source.content
    elif isinstance(source, Value):
        if len(source.text) == 1 and isinstance(reference := source.text[0], Reference):
            if (value := extract(reference, _answer(reference, answers), source.place)) is not None:
                yield source.key, value
        else:
            yield source.key, _joined(source.text, answers, source.place).map(str.encode)
    else:
        reference = source.reference
        for key, value in extract_all(reference, _answer(reference, answers), source.place).items():
            if not is_data_key(key):
                raise refuse(
                    "unusable-field-name", source.place._replace(reference=reference.shown), path=reference.read.path
                )
            yield key, value


def _answer(reference: Reference, answers: "Answers") -> "Answer | Miss":
    """Return the answer of a reference's read; raise ``Refused`` without a fault where there is none."""
    if reference.read not in answers:
        raise Refused(())
    return answers[reference.read]


def _joined(text: "Text", answers: "Answers", place: "Place") -> Redacted:
    """Return a text with its references filled in, as wrapped str."""
    joined = ""
    size = 0
    faults: list[Fault] = []
    for part in text:
        if not isinstance(part, Reference):
            joined += part
            continue
        try:
            if (value := extract(part, _answer(part, answers), place)) is not None:
                size += len(value.reveal())
                joined += value.reveal().decode() if size <= SECRET_LIMIT else ""
        except UnicodeDecodeError:
            faults.append(Fault("not-text", place._replace(reference=part.shown)))
        except Refused as refused:
            faults += refused.faults
    if size > SECRET_LIMIT:
        faults.append(_too_large(size, place))
    if faults:
        raise Refused(faults)
    return Redacted(joined)


def _docker_config(registries: "tuple[Registry, ...]", answers: "Answers") -> Redacted:
    from vaultgen.docker_config import Login, docker_config

    logins: list[Login] = []
    size = 0
    faults: list[Fault] = []
    for registry in registries:
        texts = (registry.server, registry.username, registry.password, registry.email)
        try:
            login = Login(*(_joined(text, answers, registry.place) for text in texts))
        except Refused as refused:
            faults += refused.faults
            continue
        if any(login.server == other.server for other in logins):
            faults.append(Fault("wrong-value", registry.place, {"expected": "a server that no other entry names"}))
        size += sum(len(text.reveal()) for text in login)
        if size > SECRET_LIMIT:
            raise Refused([*faults, _too_large(size, registry.place)])
        logins.append(login)
    if faults:
        raise Refused(faults)
    return docker_config(tuple(logins))


def _whole_faults(entry: "Entry", data: "Mapping[str, Redacted]", size: int) -> "Iterator[Fault]":
    if size > SECRET_LIMIT:
        yield _too_large(size, entry.place)
        return
    contents = {key: value.reveal() for key, value in data.items()}
    # What is merged onto may have the rest.
    lacking = "" if entry.behavior == "merge" else missing_for_type(entry.type, contents, entry.options.annotations)
    if not lacking and (key := key_without_json(entry.type, contents)):
        lacking = f"JSON in the key {key}"
    if lacking:
        yield Fault("incomplete-type", entry.place, {"type": entry.type, "what": lacking})


def _too_large(size: int, place: "Place") -> Fault:
    return Fault("secret-too-large", place, {"size": str(size), "limit": str(SECRET_LIMIT)})


def _reads(planned: "PlannedSecret") -> "Iterator[Read]":
    for source in planned.sources:
        if isinstance(source, Value):
            yield from (part.read for part in source.text if isinstance(part, Reference))
        elif not isinstance(source, Content):
            yield source.reference.read
    for registry in planned.registries:
        for text in registry[:4]:
            yield from (part.read for part in text if isinstance(part, Reference))
