"""``vaultgen plugin``: what a legacy plugin found by kustomize starts."""

import click


@click.command()
@click.argument("config_file", type=click.Path())
@click.argument("words", nargs=-1)
def command(config_file: str, words: tuple[str, ...]) -> None:
    """Act as kustomize's legacy plugin (kustomize starts this).

    Reads the document in CONFIG_FILE and prints a ResourceList with its Secrets. The scripts that `vaultgen
    install` writes, and those under plugin/ in vaultgen's repository, do this for kustomize, which adds WORDS if the
    document has argsOneLiner; they are not used.
    """
    from vaultgen.legacy import main

    main([config_file])
