"""Secrets without Vault: each reference stands for itself, by name and not by value.

Where they are to be looked at alone, what the tree holds in plain is not shown either, as in a masked build: a file
beside the document may be one that nobody has committed.
"""

from vaultgen.docker_config import Login, docker_config
from vaultgen.masking import marked
from vaultgen.plan import Content, WholeSecret, plan
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
PLAIN_TEXT = "placeholder for plain text"
PLAIN_FILE = "placeholder for a plain file"
_EMPTY_JSON = frozenset({".dockerconfigjson", ".dockercfg"})
"""Data keys in which the API server wants JSON."""


def placeholders(document: "Document", files: "Files") -> tuple[GeneratedSecret, ...]:
    """Return a document's Secrets with placeholders for what Vault holds, marked so that the API server refuses them.

    The same document gives the same bytes everywhere. The fields of a whole secret in ``envs`` are not known without
    Vault, so their data keys are missing: see ``notes_on``. Raises ``Refused`` as ``plan`` does.
    """
    made = (_secret(planned, shows_plain=False) for planned in plan(document, files).secrets)
    return tuple(secret._replace(options=marked(secret.options, LABEL)) for secret in made)


def appliable_placeholders(document: "Document", files: "Files") -> tuple[GeneratedSecret, ...]:
    """Return Secrets without the mark, plain text and files in them, for a cluster that is to be tried without Vault.

    Raises ``Refused`` as ``plan`` does.
    """
    return tuple(_secret(planned, shows_plain=True) for planned in plan(document, files).secrets)


def notes_on(document: "Document", files: "Files") -> "Iterator[str]":
    """Yield a line for standard error about each thing that only Vault knows. Raises ``Refused`` as ``plan`` does."""
    for planned in plan(document, files).secrets:
        for source in planned.sources:
            if isinstance(source, WholeSecret):
                lacking = f"its data keys from {source.reference.shown} are known to Vault alone, and left out"
                yield f'note: the placeholder for Secret "{planned.entry.name}": {lacking}\n'


def _secret(planned: "PlannedSecret", *, shows_plain: bool) -> GeneratedSecret:
    entry = planned.entry
    text_of = _text if shows_plain else _words
    data: dict[str, Redacted] = {}
    for source in planned.sources:
        if isinstance(source, WholeSecret):
            continue
        is_plain = isinstance(source, Content) or not isinstance(source.text[0], Reference)
        if source.key in _EMPTY_JSON and not (is_plain and shows_plain):
            data[source.key] = Redacted(b"{}")
        elif isinstance(source, Content):
            data[source.key] = source.content if shows_plain else Redacted(PLAIN_FILE.encode())
        else:
            data[source.key] = text_of(source.text).map(str.encode)
    if planned.registries:
        # The address of a registry is a name, and no part of a login.
        logins = (Login(_text(one[0]), *map(text_of, one[1:4])) for one in planned.registries)
        data[".dockerconfigjson"] = docker_config(tuple(logins))
    return GeneratedSecret(
        entry.name, entry.namespace, entry.type, entry.behavior, entry.options, dict(sorted(data.items())), False
    )


def _text(text: "Text") -> Redacted:
    return Redacted("".join(placeholder(part) if isinstance(part, Reference) else part for part in text))


def _words(text: "Text") -> Redacted:
    """Return what stands for a text: its references, and no plain part of it; nothing for an empty text."""
    if not any(text):
        return Redacted("")
    named = [placeholder(part) for part in text if isinstance(part, Reference)]
    if len(named) == len(text):
        return Redacted(" and ".join(named))
    return Redacted(" and ".join([PLAIN_TEXT, *named]))


def placeholder(reference: Reference) -> str:
    """Return what stands for a reference: its path and field, in words."""
    return f"placeholder for {reference.field or 'all fields'} of {reference.read.path}"
