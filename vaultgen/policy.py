"""The least that a token must be allowed, as a policy in HCL, for what the documents of a tree read."""

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from vaultgen.errors import Fault, Refused
from vaultgen.errors.report import clean
from vaultgen.generate import placed_faults
from vaultgen.ports import Read
from vaultgen.survey import Asked
from vaultgen.vault.answers import Target as VaultTarget
from vaultgen.vault.mounts import Mount, resolve

Target = Callable[[Read], tuple[str, str]]
"""A read → its API path, and a note about it that may be empty."""

WIDTH = 118
HEAD = """\
# Written by `vaultgen policy`: what the documents read, and nothing else.
#
# The policy `default`, which a token has unless it is made without, lets vaultgen revoke a token that a login gave it.
# Without `default` such a token lives until its TTL ends; nothing else is missing.
"""
SEVERAL = """\
#
# Each section is a policy of its own: write it in the Vault namespace, and at the server, that it names.
"""


@dataclass(frozen=True)
class Rule:
    """One path that must be readable."""

    path: str
    """API path, from the Vault namespace of the section on."""
    users: tuple[str, ...]
    """The Secrets and data keys that it is read for, in words."""
    notes: tuple[str, ...] = ()
    """What is not certain about it."""


@dataclass(frozen=True)
class Section:
    """The rules of one policy."""

    vault_namespace: str
    """The namespace that the policy belongs in; empty for the root namespace, or where none is known."""
    rules: tuple[Rule, ...]
    is_foreign: bool = False
    """Whether it lies outside of the one that the session logs in to."""


def sections(asked: Iterable[tuple[Asked, Target]], own: str) -> tuple[Section, ...]:
    """Return what some documents read, a section for each policy that it takes.

    ``own`` is the Vault namespace of their session; a policy there reaches into the namespaces below. Raises
    ``Refused`` with all faults that the targets raise.
    """
    users: dict[str, dict[str, dict[str, None]]] = {}
    notes: dict[tuple[str, str], dict[str, None]] = {}
    faults = []
    for one, target in asked:
        for read in one.plan.uses:
            try:
                path, note = target(read)
            except Refused as refused:
                names_it = read.vault_namespace and refused.faults[0].code == "namespace-unknown"
                if refused.faults[0].read is None and not names_it:
                    # No fault of this read: it would come again for each.
                    raise
                faults += [
                    placed
                    for fault in refused.faults
                    for placed in placed_faults(fault._replace(read=read), one.plan, one.document)
                ]
                continue
            inside = _inside(read.vault_namespace or own, own)
            namespace, path = (read.vault_namespace, path) if inside is None else (own, inside + path)
            users.setdefault(namespace, {}).setdefault(path, {}).update(dict.fromkeys(_users(one, read)))
            notes.setdefault((namespace, path), {}).update({note: None} if note else {})
    if faults:
        raise Refused(faults)
    return tuple(
        Section(
            namespace,
            tuple(Rule(path, tuple(by), tuple(notes[namespace, path])) for path, by in sorted(paths.items())),
            namespace != own,
        )
        for namespace, paths in sorted(users.items(), key=lambda item: (item[0] != own, item[0]))
    )


def api_path(read: Read, mounts: tuple[Mount, ...] | None) -> tuple[str, str]:
    """Return the API path that a read goes to, and a note where that is not certain; ``mounts`` is None without Vault.

    Raises ``Refused`` for what a build refuses to read: dynamic-engine, bad-reference.
    """
    target = None if mounts is None else resolve(read, mounts)
    if isinstance(target, Fault) and target.code != "mount-hidden":
        raise Refused([target])
    if isinstance(target, VaultTarget):
        return target.path, f"the engine {target.engine} makes a credential there" if target.kind == "dynamic" else ""
    why = "as Vault did not say" if target is None else "as no mount for it is visible to this token"
    mount, _, rest = read.path.partition("/")
    if rest.startswith("data/"):
        return read.path, "" if target is None else f"taken for a path of KV v2, {why}"
    if "/data/" in read.path:
        return read.path, f"taken for the API path of KV v2, {why}"
    return f"{mount}/data/{rest}", f"taken for KV v2 at {mount}/, {why}"


def policy_text(found: Sequence[tuple[str, Section]]) -> str:
    """Return the policy for some sections, each with the address that it is for (empty where none is known)."""
    several = len(found) > 1
    parts = [HEAD + (SEVERAL if several else "")]
    for address, section in found:
        if several or section.vault_namespace:
            parts.append(_heading(address if len({one for one, _ in found}) > 1 else "", section))
        parts += map(_block, section.rules)
    return "\n".join(parts)


def spelled(path: str) -> tuple[str, bool]:
    """Return a path as a policy spells it, and whether that allows more than the path.

    Vault knows no escape: a segment ``+`` matches any, ``*`` at the end matches any rest, ``+*`` is refused, and double
    braces are templates.
    """
    segments = ["+" if re.search(r"^\+$|\+\*|\{\{|\}\}", segment) else segment for segment in path.split("/")]
    if segments[-1] == "*":
        segments[-1] = "+"
    return "/".join(segments), "+" in segments or segments[-1].endswith("*")


def _block(rule: Rule) -> str:
    path, is_wider = spelled(rule.path)
    notes = [*rule.notes, *([f"wider than {rule.path}, which no policy can spell"] if is_wider else [])]
    comments = [*rule.users, *(f"({note})" for note in notes)]
    return f'{_comment(*comments)}path "{_hcl(path)}" {{\n  capabilities = ["read"]\n}}\n'


def _heading(address: str, section: Section) -> str:
    where = f"Vault namespace {section.vault_namespace}" if section.vault_namespace else "root namespace"
    lines = [f"--- {where}" + (f" of {address}" if address else "")]
    if section.is_foreign:
        lines.append(
            "The session is of another namespace, whose policies do not reach here: attach this one here, to a group "
            "that the session's identity belongs to."
        )
    return _comment(*lines)


def _comment(*texts: str) -> str:
    wrapped = (
        textwrap.wrap(clean(text), WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)
        for text in texts
    )
    return "".join(f"{line}\n" for lines in wrapped for line in lines)


def _hcl(path: str) -> str:
    """Return a text as it stands between quotes in HCL; ``${`` would begin an interpolation."""
    return path.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\u0024{")


def _inside(namespace: str, own: str) -> str | None:
    """Return how paths in a Vault namespace begin for policies of the own one; None where these do not reach it."""
    if namespace == own:
        return ""
    if not own or namespace.startswith(f"{own}/"):
        return namespace[len(own) :].lstrip("/") + "/"
    return None


def _users(one: Asked, read: Read) -> Iterator[str]:
    """Yield a line a Secret that a read is for."""
    keys: dict[str, list[str]] = {}
    for place in one.plan.uses[read]:
        whole = ".dockerconfigjson" if ".dockerConfig" in place.field else "all fields"
        keys.setdefault(place.entry, []).append(place.key or whole)
    for entry, names in keys.items():
        yield f"{one.plugin.file}, Secret {entry}: {', '.join(dict.fromkeys(names))}"
