"""``vaultgen controller``: run in a cluster, and publish what stock Flux applies."""

import asyncio
import os
from pathlib import Path

import click

from vaultgen.extras import imported_with


@click.command(name="controller", short_help="Run in a cluster, and publish what stock Flux applies")
@click.option(
    "--vault-address",
    "vault_addresses",
    metavar="URL",
    multiple=True,
    required=True,
    help="An address that VaultArtifacts may name; repeat it for more.",
)
@click.option("--vault-ca-file", metavar="PATH", default="", help="CA certificates, PEM, that Vault is trusted by.")
@click.option("--storage-path", metavar="DIR", default="/data", show_default=True, help="Where artifacts are kept.")
@click.option(
    "--storage-limit",
    metavar="MIB",
    type=click.IntRange(1),
    default=1536,
    show_default=True,
    help="How much artifacts may take; those of one namespace half of it.",
)
@click.option("--storage-addr", metavar="[HOST]:PORT", default=":9090", show_default=True, help="Serves artifacts.")
@click.option(
    "--storage-adv-addr",
    metavar="HOST[:PORT]",
    envvar="STORAGE_ADV_ADDR",
    required=True,
    show_envvar=True,
    help="What the URLs of artifacts begin with.",
)
@click.option("--metrics-addr", metavar="[HOST]:PORT", default=":8080", show_default=True, help="Serves /metrics.")
@click.option(
    "--health-addr", metavar="[HOST]:PORT", default=":9440", show_default=True, help="Serves /healthz and /readyz."
)
@click.option("--events-addr", metavar="URL", default="", help="Where notification-controller takes events.")
@click.option(
    "--concurrent",
    metavar="N",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="How many VaultArtifacts are looked at at once.",
)
@click.option(
    "--watch-all-namespaces/--no-watch-all-namespaces",
    default=True,
    show_default=True,
    help="Or only the one in RUNTIME_NAMESPACE.",
)
@click.option(
    "--allow-cross-namespace-refs", is_flag=True, help="Let a VaultArtifact name a source of another namespace."
)
@click.option(
    "--shard",
    metavar="NAME",
    default="",
    help="Take only objects with sharding.fluxcd.io/key=NAME; without it, those without the label.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="How much to log, as JSON on stderr.",
)
def command(
    vault_addresses: tuple[str, ...],
    vault_ca_file: str,
    storage_path: str,
    storage_limit: int,
    storage_addr: str,
    storage_adv_addr: str,
    metrics_addr: str,
    health_addr: str,
    events_addr: str,
    concurrent: int,
    watch_all_namespaces: bool,
    allow_cross_namespace_refs: bool,
    shard: str,
    log_level: str,
) -> None:
    """Run in a cluster, and publish what stock Flux applies.

    Takes VaultArtifacts, resolves the generators of their source with the rights of their own ServiceAccount, and
    publishes an ExternalArtifact whose values only kustomize-controller can decrypt. deploy/ starts it in
    flux-system; docs/flux.md tells the rest.

    \b
    Examples:
      vaultgen controller --vault-address https://vault:8200 --storage-adv-addr vaultgen.flux-system
    """
    with imported_with("controller"):
        from vaultgen.controller.identity import Operator
        from vaultgen.controller.logs import set_up
        from vaultgen.controller.operator import Addresses, Options, run
    namespace = ""
    if not watch_all_namespaces:
        namespace = os.environ.get("RUNTIME_NAMESPACE", "")
        if not namespace:
            raise click.UsageError("--no-watch-all-namespaces needs RUNTIME_NAMESPACE in the environment")
    set_up(log_level)
    options = Options(
        Operator(vault_addresses, os.path.abspath(vault_ca_file) if vault_ca_file else ""),
        Path(storage_path),
        storage_limit << 20,
        storage_adv_addr,
        Addresses(storage_addr, metrics_addr, health_addr),
        events_addr,
        concurrent,
        namespace,
        allow_cross_namespace_refs,
        shard,
    )
    asyncio.run(run(options, os.environ))
