"""``vaultgen explain``: what a reference reads, or what an error code or a rule of lint means. Vault is not asked."""

import contextlib
import re
import shlex
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import click

from vaultgen.cli.usage import Misused
from vaultgen.errors import Refused
from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS
from vaultgen.errors.likely import likely_meant
from vaultgen.errors.meaning import FAMILIES, meaning
from vaultgen.errors.report import clean
from vaultgen.reference import OPENING, PREFIX, Reference, parse_reference
from vaultgen.vault.mounts import guess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.lint.finding import Rule

Row = tuple[str, str]
"""A word and what is said of it."""

MISSING = "that is an error; default=TEXT or optional=true would answer it"


def _codes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return sorted(code for code in {*CATALOGUE, *_rules()} if code.startswith(incomplete))


@click.command()
@click.argument("what", metavar="REFERENCE|CODE|RULE", shell_complete=_codes)
def command(what: str) -> None:
    """Say what a reference reads, or what a code or lint rule means and what to do about it.

    Vault is not asked. Put quotes around a reference: ? and & mean something to the shell.

    \b
    Examples:
      vaultgen explain 'vault:secret/data/my-app/database?key=password'
      vaultgen explain permission-denied
      vaultgen explain no-restart
    """
    named = re.fullmatch(r"(?:error|warning|info)\[(.*)\]", what)
    name = named[1] if named else what
    rules = _rules()
    if name in CATALOGUE or name in rules:
        said = [_of_code(name)] if name in CATALOGUE else []
        said += [_of_rule(rules[name])] if name in rules else []
        click.echo("\n\n".join(said))
        return
    if what.startswith(OPENING):
        what = what.removeprefix("${").removesuffix("}")
    if not what.startswith(PREFIX):
        raise _neither(what, name, rules)
    reference, whole = _parsed(what)
    click.echo(_block(reference.shown, *_rows(reference, whole=whole)))


def _rules() -> "dict[str, Rule]":
    from vaultgen.lint.rules import RULES

    return {rule.id: rule for rule in RULES}


def _of_code(code: str) -> str:
    says, hint = meaning(code)
    family = CATALOGUE[code].family
    return _block(
        f"error[{code}]: {says}",
        ("hint", hint),
        ("family", f"{family}. {FAMILIES[family]}"),
        ("status", str(EXIT_STATUS[family])),
    )


def _of_rule(rule: "Rule") -> str:
    mends = "vaultgen lint --fix mends what can be mended safely" if rule.is_fixable else "by hand"
    return _block(
        f"{rule.severity}[{rule.id}]: {rule.description}",
        ("found by", "vaultgen lint"),
        ("fix", mends),
        ("ignore", f"a comment there, or on the line above: # vaultgen-ignore: {rule.id} REASON"),
    )


def _parsed(text: str) -> tuple[Reference, bool]:
    """Return a reference, and whether it is one that only envs take. Raises ``Refused`` (bad-reference)."""
    try:
        return parse_reference(text), False
    except Refused as refused:
        with contextlib.suppress(Refused):
            return parse_reference(text, whole=True), True
        raise refused from None


def _neither(text: str, name: str, rules: "Mapping[str, Rule]") -> click.UsageError:
    if "/" in text:
        with contextlib.suppress(Refused):
            meant = shlex.quote(_parsed(PREFIX + text)[0].shown)
            message = f"a reference begins with {PREFIX}"
            return Misused(message, click.get_current_context(), f"did you mean `vaultgen explain {meant}`?")
    if close := get_close_matches(name, [*CATALOGUE, *rules], 1):
        return click.UsageError(f"there is no code {name}; did you mean {close[0]}?")
    return click.UsageError(f"{name} is no code, and no reference: that would begin with {PREFIX}")


def _block(head: str, *rows: Row) -> str:
    return "\n".join([clean(head), "", *(f"{word:<10}{clean(said)}" for word, said in rows)])


def _rows(reference: Reference, *, whole: bool) -> Iterator[Row]:
    read = reference.read
    query = "" if read.version is None else f"?version={read.version}"
    if question := likely_meant(read.path):
        yield "hint", question
    paths = _api_paths(read.path)
    for condition, path in paths.items():
        yield "reads", f"GET /v1/{path}{query}{condition}"
    if read.vault_namespace:
        yield "in", f"the Vault namespace {read.vault_namespace}, whatever VAULT_NAMESPACE says"
    if len(paths) > 1:
        yield "before", "GET /v1/sys/internal/ui/mounts, once a build: it tells of which kind the mount is"
    yield (
        "version",
        f"{read.version}, and no other" if read.version else "the latest, or the one that vaultgen.lock names",
    )
    yield "takes", _takes(reference, whole=whole)
    yield "missing", _missing(reference)
    yield "denied", "an error whatever the reference says; so are a deleted or destroyed version, and any failure"
    if read.allow_dynamic:
        yield "dynamic", "each read may make a new credential: no name suffix, and the token is not revoked at the end"
    for condition, path in paths.items():
        yield "policy", f'path "{path}" {{ capabilities = ["read"] }}{condition}'


def _api_paths(path: str) -> dict[str, str]:
    """Return the API paths that a path may stand for, by the condition for each."""
    if guess(path):
        return {"": path}
    mount, slash, rest = path.partition("/")
    if not slash:
        return {"": path}
    return {f"  (if {mount}/ is KV v2)": f"{mount}/data/{rest}", f"  (if {mount}/ is KV v1, or another engine)": path}


def _takes(reference: Reference, *, whole: bool) -> str:
    if whole:
        return "in envs, every field as a data key; elsewhere add ?key=FIELD or ?format=json"
    if not reference.field:
        return "the whole secret, as JSON"
    said = f"the field {reference.field}"
    if reference.pointer is not None:
        said += f", in the JSON there what stands at {reference.pointer}"
    said += ", decoded from base64" if reference.decode else ""
    return f"{said}, percent-encoded for a URL" if reference.encode else said


def _missing(reference: Reference) -> str:
    part = f"path or field {reference.field}" if reference.field else "path"
    if reference.default is not None:
        return f"if there is no such {part}: the text of default="
    if reference.optional:
        return f"if there is no such {part}: the data key is left out"
    return f"if there is no such {part}: {MISSING}"
