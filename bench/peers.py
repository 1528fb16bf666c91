"""The programs that vaultgen is measured beside, built once into the checkout's cache."""

import functools
import os
import shutil
import subprocess
import sys

from support.kustomize import CACHE

TAGS = "custom_providers,vault,openbao"
"""vals with the providers that are compared, and no cloud's."""

_MODULES = {
    "vals": ("github.com/helmfile/vals/cmd/vals", "v0.46.1"),
    "consul-template": ("github.com/hashicorp/consul-template", "v0.41.1"),
    "server": ("github.com/Shopify/toxiproxy/v2/cmd/server", "v2.5.0"),
}
"""By the name of the binary that `go install` makes."""


@functools.cache
def peer(name: str) -> str | None:
    """Return the path of ``vals``, ``consul-template`` or toxiproxy's ``server``; None where it is not to be had."""
    module, version = _MODULES[name]
    directory = CACHE / f"{name}-{version}"
    binary = directory / name
    if not binary.exists():
        go = shutil.which("go")
        if go is None:
            print(f"left out, as no Go on PATH could build it: {module}", file=sys.stderr)
            return None
        print(f"building {module} {version}, once; a minute or two", file=sys.stderr)
        directory.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [go, "install", f"-tags={TAGS}", f"{module}@{version}"],
            env={**os.environ, "GOBIN": str(directory), "GOFLAGS": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"left out, as Go could not build it: {module}\n{done.stderr.strip()[-500:]}", file=sys.stderr)
            return None
    return str(binary)


def versions() -> str:
    """Return names and versions of the peers that are here."""
    return ", ".join(f"{module.split('/')[2]} {version}" for name, (module, version) in _MODULES.items() if peer(name))
