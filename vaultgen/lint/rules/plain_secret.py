"""Text in the tree that looks like a secret."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from vaultgen.document.model import Entry
from vaultgen.document.sources import parse_literal
from vaultgen.errors import Fault
from vaultgen.kustomize.walk import Kustomization
from vaultgen.lint.build import builtin_entries, dotenv_files, texts
from vaultgen.lint.files import joined
from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.generator import Generator, dotenv_sources, is_meant
from vaultgen.lint.subject import Subject
from vaultgen.lint.suspicion import form_line, known_form, suspicion
from vaultgen.lint.texts import dotenv_lines, strings, without_references
from vaultgen.lint.words import shown_key
from vaultgen.reference import is_reference

_HINT = "keep it in Vault and write a reference; whoever can read the repository knows it, so change it as well"


def check(subject: Subject) -> Iterator[Found]:
    """Find secrets by their form anywhere, and by their randomness where Secrets are made; none is shown."""
    for generator in subject.generators:
        for entry in generator.entries:
            yield from _entry(entry, generator, subject)
    for kustomization in subject.tree.kustomizations:
        yield from _builtin(kustomization, subject)
    for change in subject.changes:
        if what := known_form(change.text):
            yield Found(change.at(form_line(change.text)), f"a patch holds {what}", _HINT)
    # Most files hold none at all, which is quick to see.
    files = {file for file in {one.file for one in subject.tree.resources} if known_form(subject.files.text(file))}
    for resource in subject.tree.resources:
        at = Spot(resource.file, resource.path)
        if resource.document.get("kind") == "Secret":
            yield from _secret(resource.document, at)
        elif resource.file in files and not is_meant(resource.document):
            yield from _any(resource.document, at)


def _entry(entry: Entry, generator: Generator, subject: Subject) -> Iterator[Found]:
    root = generator.plugin.kustomization.root
    for literal in entry.literals:
        if not is_reference(literal.text) and (what := suspicion(without_references(literal.text))):
            yield Found(
                generator.at(literal.place._replace(key="")),
                f"the literal {shown_key(literal.key)} holds {what}",
                _HINT,
            )
    for auth in entry.docker_config:
        if not is_reference(auth.password) and without_references(auth.password).strip():
            yield Found(
                generator.at(auth.place._replace(key="password")), "a registry's password is written here", _HINT
            )
    for env in dotenv_sources(entry):
        yield from _dotenv(env.source, root, subject)
    for file in entry.files:
        if not is_reference(file.source):
            yield from _file(file.source, root, subject)


def _builtin(kustomization: Kustomization, subject: Subject) -> Iterator[Found]:
    for name, judge in (("secretGenerator", suspicion), ("configMapGenerator", known_form)):
        for at, entry in builtin_entries(kustomization, name):
            for index, text in texts(entry, "literals"):
                parsed = parse_literal(text)
                if not isinstance(parsed, Fault) and (what := judge(parsed[1])):
                    yield Found(at.below("literals", index), f"the literal {shown_key(parsed[0])} holds {what}", _HINT)
            for path in dotenv_files(entry):
                yield from _dotenv(path, kustomization.root, subject, judge is known_form)
            for _, text in texts(entry, "files"):
                yield from _file(text.partition("=")[2] or text, kustomization.root, subject)


def _dotenv(path: str, root: str, subject: Subject, by_form_alone: bool = False) -> Iterator[Found]:
    for number, key, value in dotenv_lines(subject.files.local(root, path) or b""):
        plain = without_references(value)
        if not is_reference(value) and (what := known_form(plain) if by_form_alone else suspicion(plain)):
            yield Found(Spot(joined(root, path), line=number), f"the line of {shown_key(key)} holds {what}", _HINT)


def _file(path: str, root: str, subject: Subject) -> Iterator[Found]:
    text = (subject.files.local(root, path) or b"").decode("utf-8", "replace")
    if what := known_form(text):
        yield Found(Spot(joined(root, path), line=form_line(text) + 1), f"the file holds {what}", _HINT)


def _secret(document: Mapping[str, Any], at: Spot) -> Iterator[Found]:
    if "sops" in document:
        return
    for part in ("data", "stringData"):
        data = document.get(part)
        for key, value in data.items() if isinstance(data, dict) else ():
            if isinstance(value, str) and (what := suspicion(_decoded(value) if part == "data" else value)):
                yield Found(
                    at.below(part, key), f"the key {shown_key(key)} of a Secret in the tree holds {what}", _HINT
                )


def _any(document: Mapping[str, Any], at: Spot) -> Iterator[Found]:
    for path, text in strings(document):
        if what := known_form(text):
            spot = at.below(*path)
            yield Found(Spot(spot.file, spot.path, form_line(text)), f"a {document.get('kind')} holds {what}", _HINT)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


RULE = Rule("plain-secret", "warning", "text in the tree looks like a secret", check)
