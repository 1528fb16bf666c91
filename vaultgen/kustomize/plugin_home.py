"""Where kustomize looks for legacy plugins."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

DOCUMENTS = (
    "vaultgen.dev/v1alpha1/vaultsecretgenerator/VaultSecretGenerator",
    "kustomize.toolkit.fluxcd.io/v1/kustomization/Kustomization",
)
"""Where kustomize looks for the program of a document: GROUP/VERSION/lower-case KIND/KIND."""

MARK = "# vaultgen: kustomize's legacy plugin"
"""Begins the second line of each plugin of ours; a file without it belongs to somebody else."""


class PluginHome(NamedTuple):
    """A directory below which kustomize looks for plugins."""

    path: Path
    variable: str
    """The environment variable that leads there."""


def plugin_homes(environ: Mapping[str, str]) -> list[PluginHome]:
    """Return where kustomize looks for plugins, in its order: the one that it prints where none exists."""
    places = (
        ("KUSTOMIZE_PLUGIN_HOME", ""),
        ("XDG_CONFIG_HOME", "kustomize/plugin"),
        ("HOME", ".config/kustomize/plugin"),
        ("HOME", "kustomize/plugin"),
    )
    return [PluginHome(Path(environ[name], below), name) for name, below in places if environ.get(name)]


def plugin_of(api_version: str, kind: str, environ: Mapping[str, str]) -> Path | None:
    """Return the program that kustomize would start for a config without function annotation; None if it has none."""
    home = next((home.path for home in plugin_homes(environ) if home.path.is_dir()), None)
    program = home / api_version / kind.lower() / kind if home else None
    return program if program and program.is_file() else None
