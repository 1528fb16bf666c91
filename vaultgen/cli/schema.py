"""``vaultgen schema``: the JSON Schemas, for editors and other programs."""

import click

from vaultgen.document.schema import FLUX_KUSTOMIZATION, VAULT_SECRET_GENERATOR, text

SCHEMAS = {"generator": VAULT_SECRET_GENERATOR, "flux-kustomization": FLUX_KUSTOMIZATION}


@click.command()
@click.argument("name", metavar="[generator|flux-kustomization]", type=click.Choice(list(SCHEMAS)), default="generator")
def command(name: str) -> None:
    """Print the JSON Schema of a document.

    generator is that of a VaultSecretGenerator, flux-kustomization that of a Flux Kustomization with
    spec.secretGenerator. An editor with the YAML language server completes and checks a file whose first line is
    `# yaml-language-server: $schema=` and the path of the schema.

    \b
    Examples:
      vaultgen schema > vaultgen.schema.json
      vaultgen schema flux-kustomization
    """
    click.echo(text(SCHEMAS[name]), nl=False)
