"""``destination.transformation``: which fields become keys, and which keys templates make."""

import re
from dataclasses import replace

from vaultgen.importing.entry import Entry
from vaultgen.importing.resource import Listed, Node
from vaultgen.importing.source import NotCarried, Source
from vaultgen.importing.template import field_named, split_template

_ALL = frozenset({".*", "^.*$", ".+", "^.+$"})
_ONE_NAME = re.compile(r"\^((?:[\w-]|\\\.)+)\$")
"""A pattern that fits a single name."""
_RAW = "_raw"

_PATTERN = "a pattern that may fit several fields; write ^NAME$ for each field, or list them under files"
_NO_RAW = "the key _raw, Vault's whole answer as JSON, is not made, since it also says when the secret was written"
_SAME_KEY = "where a field has the name of a template, the operator leaves it out, and a build fails"


def fill(transformation: Node, source: Source, kv_v1: bool, entry: Entry) -> None:
    """Put the data keys into an entry; what cannot be carried over is listed."""
    templates = transformation.mapping("templates")
    _fields(transformation, source, frozenset(templates.names()), entry)
    if not transformation.flag("excludeRaw"):
        if kv_v1:
            # Of KV v1 the whole answer is the secret.
            entry.put(_RAW, [source])
        else:
            transformation.tell("excludeRaw", _NO_RAW)
    if entry.envs:
        transformation.note("templates", _SAME_KEY)
    for key in templates.names():
        try:
            _template(templates.mapping(key), key, source, entry)
        except Listed:
            continue


def _fields(transformation: Node, source: Source, templates: frozenset[str], entry: Entry) -> None:
    """Put fields into an entry: all of them, those that are named, or none where that cannot be said."""
    if "transformationRefs" in transformation:
        why = "templates and filters of a SecretTransformation are not followed; write them into the resource first"
        transformation.leave("transformationRefs", why)
        transformation.seen("includes", "excludes")
        return
    try:
        excludes, includes = transformation.texts("excludes"), transformation.texts("includes")
    except Listed:
        transformation.seen("includes", "excludes")
        return
    if _ALL.intersection(excludes):
        return
    if not excludes and (not includes or _ALL.intersection(includes)):
        entry.put_all(source)
        return
    for name, patterns in (("excludes", excludes), ("includes", includes)):
        if not all(_ONE_NAME.fullmatch(pattern) for pattern in patterns):
            transformation.leave(name, _PATTERN)
            return
    if not includes:
        transformation.leave("excludes", "all fields but some cannot be said; list the others under files")
        return
    named = {_name(pattern) for pattern in includes} - {_name(pattern) for pattern in excludes} - templates
    for name in sorted(named):
        try:
            entry.put(name, [replace(source, field=name, missing="optional=true")])
        except NotCarried as reason:
            transformation.leave("includes", str(reason))


def _name(pattern: str) -> str:
    return pattern[1:-1].replace("\\.", ".")


def _template(template: Node, key: str, source: Source, entry: Entry) -> None:
    # Templates can be called by name from others, which is one of the things that are listed.
    template.seen("name")
    try:
        parts = split_template(
            template.text("text"), lambda expression: replace(source, field=field_named(expression, ".Secrets"))
        )
        entry.put(key, parts)
    except NotCarried as reason:
        raise template.unable("text", str(reason)) from None
