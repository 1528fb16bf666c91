"""``vaultgen flux``: what an application needs in a cluster with Flux, and how far its values have come."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from vaultgen.cli.app import FOUND_STATUS, main
from vaultgen.cli.terminal import waiting
from vaultgen.cluster import KubernetesCluster
from vaultgen.document.api_rules import is_namespace, is_secret_name
from vaultgen.errors import Refused
from vaultgen.errors.report import clean
from vaultgen.extras import imported_with
from vaultgen.flux.manifests import LEAST_INTERVAL_SECONDS, SOURCE_KINDS, Application, Object, manifests
from vaultgen.flux.objects import Objects, is_fault, shown
from vaultgen.flux.status import Outcome, Step, walk
from vaultgen.vault.address import Unusable, parse_address
from vaultgen.vault.environment import duration

SIGNS: Mapping[Outcome, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "waiting": ("…", "yellow"),
    "stuck": ("✗", "red"),
    "unknown": ("?", "bright_black"),
}


class _Name(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click alone
    """A name that an object of the cluster may have."""

    name = "name"

    def __init__(self, *, namespace: bool = False) -> None:
        self._is_one = is_namespace if namespace else is_secret_name

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not self._is_one(value):
            self.fail("that is no name in Kubernetes: lower-case letters, digits and - only", param, ctx)
        return value


def _path(context: click.Context, parameter: click.Parameter, value: str) -> str:
    segments = [segment for segment in value.split("/") if segment not in ("", ".")]
    if value.startswith("/") or ".." in segments or not value.isprintable():
        raise click.BadParameter("give the directory as it is in the repository: ./apps/my-app")
    return "/".join([".", *segments]) if segments else "./"


def _source(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, str]:
    kind, _, name = value.partition("/")
    if kind not in SOURCE_KINDS or not is_secret_name(name):
        raise click.BadParameter(f"write KIND/NAME, where KIND is one of {', '.join(SOURCE_KINDS)}")
    return kind, name


def _address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        if parse_address(value).scheme == "unix":
            raise Unusable("a Pod in the cluster cannot reach a socket")
    except Unusable as unusable:
        raise click.BadParameter(unusable.why) from None
    return value


def _interval(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+", value, re.ASCII):
        raise click.BadParameter("write a duration such as 90s, 5m or 1h30m")
    if duration(value) < LEAST_INTERVAL_SECONDS:
        raise click.BadParameter(f"it must be {LEAST_INTERVAL_SECONDS:.0f}s or more: each look asks Vault")
    return value


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Set up and follow an application in a cluster with Flux.

    `flux vaultgen` is the same, as a plugin of Flux's own command line.

    \b
    Examples:
      vaultgen flux init ./apps/my-app
      vaultgen flux status my-app
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _namespace_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return ``-n``, which says ``what`` in its help."""
    return click.option(
        "-n",
        "--namespace",
        metavar="NAME",
        type=_Name(namespace=True),
        default="flux-system",
        show_default=True,
        help=what,
    )


@command.command(short_help="Make all that a directory of a source needs")
@click.argument("path", callback=_path)
@click.option("--name", metavar="NAME", type=_Name(), help="Of what is made; the last part of PATH unless given.")
@_namespace_option("Where it is made.")
@click.option(
    "--source",
    metavar="KIND/NAME",
    default="GitRepository/flux-system",
    show_default=True,
    callback=_source,
    help="The source that PATH is in, of the same namespace.",
)
@click.option(
    "--vault-address",
    metavar="URL",
    envvar="VAULT_ADDR",
    show_envvar=True,
    required=True,
    callback=_address,
    help="Vault, as the controller reaches it.",
)
@click.option(
    "--vault-namespace",
    metavar="NAME",
    envvar="VAULT_NAMESPACE",
    show_envvar=True,
    default="",
    help="The Vault namespace to read in.",
)
@click.option(
    "--service-account", metavar="NAME", type=_Name(), help="Who reads from Vault; called as the rest unless given."
)
@click.option("--target-namespace", metavar="NAME", type=_Name(namespace=True), help="Where the application goes.")
@click.option(
    "--interval",
    metavar="DURATION",
    default="5m",
    show_default=True,
    callback=_interval,
    help="How often Vault is asked.",
)
@click.option(
    "--recipient", metavar="AGE1…", default="", help="Public half of a key that exists; without it one is made."
)
@click.option("--export", is_flag=True, help="Print the manifests and change nothing; needs --recipient.")
def init(
    path: str,
    name: str | None,
    namespace: str,
    source: tuple[str, str],
    vault_address: str,
    vault_namespace: str,
    service_account: str | None,
    target_namespace: str | None,
    interval: str,
    recipient: str,
    export: bool,
) -> None:
    """Make all that PATH, a directory of a Flux source, needs to be applied.

    That is a ServiceAccount, the right of the controller to act as it at Vault, a VaultArtifact, and a Kustomization
    that applies what the controller publishes. They are applied to the cluster of the current context; what somebody
    else set there is not overwritten. A Kustomization that is there already is left as it is, and you are told what to
    set in it.

    The age key by which the values are encrypted is made on the way: its private half goes straight into the cluster,
    as the Secret NAME-age, never into a file or onto the screen. A Secret that is there already is used.

    \b
    Examples, with the address in VAULT_ADDR:
      vaultgen flux init ./apps/my-app --target-namespace apps
      vaultgen flux init ./apps/my-app --recipient age1… --export > my-app.yaml
    """
    name = name or path.rpartition("/")[2]
    if not is_secret_name(name):
        raise click.UsageError("give a --name: the last part of PATH cannot be one")
    if export and not recipient:
        raise click.UsageError("--export makes no key: give the public half of one that exists with --recipient")
    application = Application(
        name,
        namespace,
        path,
        *source,
        vault_address,
        vault_namespace,
        service_account or name,
        target_namespace or "",
        interval,
    )
    with imported_with("publish"):
        from vaultgen.publish.sops import parse_recipients
    if recipient:
        (recipient,) = [one.text for one in parse_recipients([recipient])]
    if export:
        click.echo(_yaml(manifests(application, recipient)), nl=False)
    else:
        _apply(application, recipient)


def _apply(application: Application, recipient: str) -> None:
    from vaultgen.flux.age_key import age_key

    cluster = KubernetesCluster(os.environ)
    secret = shown("Secret", application.namespace, application.key_name)
    with cluster.session():
        objects = Objects(cluster)
        key = None if recipient else age_key(cluster, application.namespace, application.key_name)
        *trees, kustomization = manifests(application, key.recipient if key else recipient)
        # What the cluster would refuse is refused before anything is made.
        for tree in trees:
            objects.apply(tree, dry_run=True)
        is_ours = _is_ours(objects, kustomization)
        if key is not None and key.is_new:
            key.store(objects)
            click.echo(f"created {secret}, the private half of {key.recipient}")
        for tree in [*trees, *([kustomization] if is_ours else [])]:
            objects.apply(tree)
            metadata = tree["metadata"]
            click.echo(f"applied {shown(tree['kind'], metadata['namespace'], metadata['name'])}")
    if not is_ours:
        click.echo(_what_to_set(kustomization))
    if key is None:
        click.echo(f"\nThe private half of {recipient} has to be in {secret}, under a key that ends in .agekey.")
    click.echo(f"\nVault has to let the ServiceAccount in, by the role {application.role}:")
    click.echo(f"  vault write auth/kubernetes/role/{application.role} \\")
    click.echo(f"    bound_service_account_names={application.service_account} \\")
    click.echo(f"    bound_service_account_namespaces={application.namespace} \\")
    click.echo(f"    audience={application.vault_address} token_policies=POLICY token_ttl=10m")
    click.echo(f"\nThen see how far it gets:\n  vaultgen flux status {application.name} -n {application.namespace}")


def _is_ours(objects: Objects, kustomization: Object) -> bool:
    """Return whether a Kustomization may be applied: not one that somebody else keeps, and set otherwise."""
    try:
        objects.apply(kustomization, dry_run=True)
    except Refused as refused:
        if not is_fault(refused, "cluster-conflict"):
            raise
        return False
    return True


def _what_to_set(kustomization: Object) -> str:
    """Return what somebody else's Kustomization needs to apply what is published."""
    spec, metadata = kustomization["spec"], kustomization["metadata"]
    needed = {"spec": {field: spec[field] for field in ("path", "sourceRef", "decryption")}}
    name = shown("Kustomization", metadata["namespace"], metadata["name"])
    lines = "\n".join(f"  {line}" for line in _yaml([needed]).splitlines())
    return f"\n{name} is left as it is: somebody else keeps it. Once the VaultArtifact is ready, set in it:\n{lines}"


def _yaml(trees: Iterable[Object]) -> str:
    import yaml

    return "---\n".join(yaml.safe_dump(tree, sort_keys=False, width=200) for tree in trees)


@command.command(short_help="Tell how far the values have come")
@click.argument("name", type=_Name())
@_namespace_option("Of the VaultArtifact.")
@click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For people or programs."
)
def status(name: str, namespace: str, output: str) -> int:
    """Tell how far the values of a VaultArtifact have come, from the source to the Pods.

    Looks at the source, the VaultArtifact NAME, its ExternalArtifact, the Kustomizations that apply it, and the Secrets
    and workloads of these. No value is read. The exit status is 1 unless all has arrived.

    \b
    Examples:
      vaultgen flux status my-app
      vaultgen flux status my-app -n apps --output json
    """
    cluster = KubernetesCluster(os.environ)
    steps: list[Step] = []
    with cluster.session():
        found = walk(Objects(cluster), namespace, name)
        while True:
            with waiting("still looking"):
                step = next(found, None)
            if step is None:
                break
            steps.append(step)
            if output == "text":
                click.echo(_lines(step))
    late = next((step for step in steps if step.outcome in ("stuck", "waiting")), None)
    if output == "json":
        click.echo(_json(steps))
    elif late is None:
        click.echo("\nall of it has arrived")
    else:
        at = shown(late.kind, late.namespace, late.name)
        click.echo(f"\n{'stuck at' if late.outcome == 'stuck' else 'under way at'} {clean(at)}")
    return FOUND_STATUS if late else 0


def _lines(step: Step) -> str:
    sign, colour = SIGNS[step.outcome]
    first, *rest = step.seen.splitlines() or [""]
    lines = [
        f"{clean(shown(step.kind, step.namespace, step.name))}: {clean(first)}",
        *(f"    {clean(line)}" for line in rest),
    ]
    if step.advice:
        lines.append(f"    -> {clean(step.advice)}")
    return click.style(sign, fg=colour) + " " + "\n".join(lines)


def _json(steps: Iterable[Step]) -> str:
    found = [
        {
            "kind": step.kind,
            "namespace": step.namespace,
            "name": step.name,
            "outcome": step.outcome,
            "seen": step.seen,
            "advice": step.advice,
        }
        for step in steps
    ]
    return json.dumps({"steps": found}, indent=2, ensure_ascii=False)


def plugin() -> int:
    """Run as ``flux-vaultgen``, which Flux's command line takes for its command ``vaultgen``."""
    return main(["flux", *sys.argv[1:]])
