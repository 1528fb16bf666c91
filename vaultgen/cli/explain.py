"""``vaultgen explain``: what a reference reads, or what an error code means. Vault is not asked."""

import contextlib
from collections.abc import Iterator
from difflib import get_close_matches

import click

from vaultgen.errors import Refused
from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS
from vaultgen.errors.meaning import FAMILIES, meaning
from vaultgen.errors.report import clean
from vaultgen.reference import OPENING, PREFIX, Reference, parse_reference
from vaultgen.vault.mounts import guess

Row = tuple[str, str]
"""A word and what is said of it."""

MISSING = "that is an error; default=TEXT or optional=true would answer it"


def _codes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [code for code in CATALOGUE if code.startswith(incomplete)]


@click.command()
@click.argument("what", metavar="REFERENCE|CODE", shell_complete=_codes)
def command(what: str) -> None:
    """Say what a reference reads, or what an error code means and what to do about it.

    Vault is not asked. Put quotes around a reference: ? and & mean something to the shell.

    \b
    Examples:
      vaultgen explain 'vault:secret/data/my-app/database?key=password'
      vaultgen explain permission-denied
    """
    code = what.removeprefix("error[").removesuffix("]")
    if code in CATALOGUE:
        says, hint = meaning(code)
        family = CATALOGUE[code].family
        click.echo(f"error[{code}]: {says}\n")
        _print(("hint", hint), ("family", f"{family}. {FAMILIES[family]}"), ("status", str(EXIT_STATUS[family])))
        return
    if what.startswith(OPENING):
        what = what.removeprefix("${").removesuffix("}")
    if not what.startswith(PREFIX):
        raise click.UsageError(_neither(code))
    reference, whole = _parsed(what)
    click.echo(f"{clean(reference.shown)}\n")
    _print(*_rows(reference, whole=whole))


def _parsed(text: str) -> tuple[Reference, bool]:
    """Return a reference, and whether it is one that only envs take. Raises ``Refused`` (bad-reference)."""
    try:
        return parse_reference(text), False
    except Refused as refused:
        with contextlib.suppress(Refused):
            return parse_reference(text, whole=True), True
        raise refused from None


def _neither(text: str) -> str:
    if close := get_close_matches(text, CATALOGUE, 1):
        return f"there is no code {text}; did you mean {close[0]}?"
    return f"{text} is no code, and no reference: that would begin with {PREFIX}"


def _print(*rows: Row) -> None:
    for word, said in rows:
        click.echo(f"{word:<10}{clean(said)}")


def _rows(reference: Reference, *, whole: bool) -> Iterator[Row]:
    read = reference.read
    query = "" if read.version is None else f"?version={read.version}"
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
    return f"{said}, decoded from base64" if reference.decode else said


def _missing(reference: Reference) -> str:
    part = f"path or field {reference.field}" if reference.field else "path"
    if reference.default is not None:
        return f"if there is no such {part}: the text of default="
    if reference.optional:
        return f"if there is no such {part}: the data key is left out"
    return f"if there is no such {part}: {MISSING}"
