"""``vaultgen install``: the legacy plugin, where kustomize and kubectl look for it."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from vaultgen.cli.files import NewFile, write_all
from vaultgen.errors import Fault, Refused, refuse
from vaultgen.kustomize.plugin_home import DOCUMENTS, MARK, PluginHome, plugin_homes

SCRIPT = """\
#!/bin/sh
{mark}, written by `vaultgen install`. To remove: vaultgen install --uninstall
# Directories made for it: {directories}
python={python}
[ -x "$python" ] || {{ echo "error: vaultgen's Python has gone: $python
  hint: run \\`vaultgen install\\` again" >&2; exit 1; }}
exec "$python" -P -c 'from vaultgen.legacy import main; main()' "$@"
"""

SAMPLE = {
    "kustomization.yaml": "generators: [sample.yaml]\n",
    "sample.yaml": "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: sample}\n"
    "secretGenerator:\n- {name: sample, literals: [works=yes]}\n",
}
KUBECTL_SECONDS = 60


@click.command()
@click.option("--kubectl", is_flag=True, help="Also build a sample with the kubectl on PATH.")
@click.option("--uninstall", is_flag=True, help="Remove what `vaultgen install` wrote, and nothing else.")
def command(kubectl: bool, uninstall: bool) -> None:
    """Put the legacy plugin where kustomize and kubectl look for it.

    With it, documents without the annotation config.kubernetes.io/function build without --enable-exec, which
    kubectl does not have. The plugin runs this very installation of vaultgen, whatever PATH is.

    \b
    Examples:
      vaultgen install
      vaultgen install --kubectl
      vaultgen install --uninstall
    """
    if kubectl and uninstall:
        raise click.UsageError("--kubectl and --uninstall exclude each other")
    homes = plugin_homes(os.environ)
    if uninstall:
        for line in remove_plugins(homes) or ("nothing to remove",):
            click.echo(line)
        return
    home = chosen(homes)
    for line in write_plugins(home.path):
        click.echo(line)
    if home.path not in (other.path for other in homes if other.variable == "HOME"):
        click.echo(f"A build finds it only while {home.variable} is set as it is now.")
    click.echo("\nDocuments without the annotation config.kubernetes.io/function now build with")
    if kubectl:
        build_sample("kubectl")
        click.echo("  kubectl kustomize --enable-alpha-plugins DIR | kubectl apply -f -")
        click.echo("(a sample did, just now; `kubectl apply -k` cannot: it has no flag for plugins)")
    else:
        click.echo("  kustomize build --enable-alpha-plugins DIR")
        click.echo("  kubectl kustomize --enable-alpha-plugins DIR")


def chosen(homes: list[PluginHome]) -> PluginHome:
    """Return the first plugin home that exists, as kustomize does, else the first. Raises ``Refused`` (bad-setting)."""
    if not homes:
        raise refuse("bad-setting", name="HOME", why="it is not set")
    home = next((home for home in homes if home.path.is_dir()), homes[0])
    if not home.path.is_absolute():
        # kustomize finds the directory from where it is started, and then the plugin from the kustomization's root.
        raise refuse("bad-setting", name=home.variable, why="it is no absolute path")
    return home


def write_plugins(home: Path) -> list[str]:
    """Write the plugins below a plugin home, and return a line a plugin.

    Raises ``Refused``: plugin-exists for each file that is not ours (nothing is written then), file-not-written.
    """
    paths = [home / document for document in DOCUMENTS]
    if faults := [Fault("plugin-exists", facts={"path": str(path)}) for path in paths if _is_foreign(path)]:
        raise Refused(faults)
    lines = []
    for path in paths:
        old = _text(path)
        made = _made_directories(old) or sum(not parent.exists() for parent in path.parents)
        script = SCRIPT.format(mark=MARK, directories=made, python=shlex.quote(sys.executable))
        unchanged = script == old and os.access(path, os.X_OK)
        if not unchanged:
            write_all([NewFile(path, script.encode(), 0o755)])
        lines.append(f"{'unchanged' if unchanged else 'wrote    '} {path}")
    return lines


def remove_plugins(homes: list[PluginHome]) -> list[str]:
    """Remove our plugins from all plugin homes, with the empty directories made for them; return a line a plugin.

    Raises ``Refused`` (file-not-written).
    """
    lines = []
    # The directories above both were made for the first, so it goes last.
    for path in dict.fromkeys(home.path / document for home in homes for document in reversed(DOCUMENTS)):
        if _is_foreign(path):
            lines.append(f"kept      {path} (not written by vaultgen)")
        elif path.exists():
            made = _made_directories(_text(path))
            try:
                path.unlink()
                for parent in list(path.parents)[:made]:
                    if any(parent.iterdir()):
                        break
                    parent.rmdir()
            except OSError:
                raise refuse("file-not-written", path=str(path), why="it cannot be removed") from None
            lines.append(f"removed   {path}")
    return lines


def _is_foreign(path: Path) -> bool:
    return os.path.lexists(path) and MARK not in _text(path)[:400]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _made_directories(script: str) -> int:
    made = re.search(r"^# Directories made for it: (\d+)$", script, re.MULTILINE)
    return int(made[1]) if made else 0


def build_sample(kubectl: str) -> None:
    """Build a small kustomization with kubectl and the plugin; raise ``Refused`` (kubectl-failed) if that fails."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in SAMPLE.items():
            Path(directory, name).write_text(text)
        build = (kubectl, "kustomize", "--enable-alpha-plugins", directory)
        suggestion = "see what `kubectl kustomize --enable-alpha-plugins DIR` says of a document of yours"
        try:
            done = subprocess.run(build, capture_output=True, timeout=KUBECTL_SECONDS, check=False)  # noqa: S603
        except FileNotFoundError:
            why = "it is not on PATH"
            raise refuse("kubectl-failed", why=why, suggestion="the plugin is in place; kustomize can use it") from None
        except (OSError, subprocess.TimeoutExpired):
            raise refuse("kubectl-failed", why="it does not run", suggestion=suggestion) from None
    if done.returncode or b"works: eWVz" not in done.stdout:
        raise refuse("kubectl-failed", why=f"exit status {done.returncode}", suggestion=suggestion)
