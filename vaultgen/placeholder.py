"""Secrets without Vault: each reference stands for itself, by name and not by value."""

from vaultgen.docker_config import Login, docker_config
from vaultgen.masking import marked
from vaultgen.plan import Content, Value, WholeSecret, plan
from vaultgen.redacted import Redacted
from vaultgen.reference import Reference
from vaultgen.render import GeneratedSecret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaultgen.document.model import Document
    from vaultgen.plan import PlannedSecret, Text
    from vaultgen.ports import Files

LABEL = "vaultgen.dev/placeholder"
_EMPTY_JSON = frozenset({".dockerconfigjson", ".dockercfg"})
"""Data keys in which the API server wants JSON."""


def placeholders(document: "Document", files: "Files") -> tuple[GeneratedSecret, ...]:
    """Return a document's Secrets with placeholders for what Vault holds, marked so that the API server refuses them.

    The same document gives the same bytes everywhere. The fields of a whole secret in ``envs`` are not known without
    Vault, so their data keys are missing: see ``notes_on``. Raises ``Refused`` as ``plan`` does.
    """
    return tuple(
        secret._replace(options=marked(secret.options, LABEL)) for secret in appliable_placeholders(document, files)
    )


def appliable_placeholders(document: "Document", files: "Files") -> tuple[GeneratedSecret, ...]:
    """Return the same Secrets without the mark, for a cluster that is to be tried without Vault."""
    return tuple(_secret(planned) for planned in plan(document, files).secrets)


def notes_on(document: "Document", files: "Files") -> "Iterator[str]":
    """Yield a line for standard error about each thing that only Vault knows. Raises ``Refused`` as ``plan`` does."""
    for planned in plan(document, files).secrets:
        for source in planned.sources:
            if isinstance(source, WholeSecret):
                lacking = f"its data keys from {source.reference.shown} are known to Vault alone, and left out"
                yield f'note: the placeholder for Secret "{planned.entry.name}": {lacking}\n'


def _secret(planned: "PlannedSecret") -> GeneratedSecret:
    entry = planned.entry
    data: dict[str, Redacted] = {}
    for source in planned.sources:
        if isinstance(source, Content):
            data[source.key] = source.content
        elif isinstance(source, Value):
            whole = source.key in _EMPTY_JSON and isinstance(source.text[0], Reference)
            data[source.key] = Redacted(b"{}") if whole else _text(source.text).map(str.encode)
    if planned.registries:
        logins = (Login(*map(_text, registry[:4])) for registry in planned.registries)
        data[".dockerconfigjson"] = docker_config(tuple(logins))
    return GeneratedSecret(
        entry.name, entry.namespace, entry.type, entry.behavior, entry.options, dict(sorted(data.items())), False
    )


def _text(text: "Text") -> Redacted:
    return Redacted("".join(placeholder(part) if isinstance(part, Reference) else part for part in text))


def placeholder(reference: Reference) -> str:
    """Return what stands for a reference: its path and field, in words."""
    return f"placeholder for {reference.field or 'all fields'} of {reference.read.path}"
