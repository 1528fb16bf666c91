"""The real Flux and the API server below it: built once into the checkout's cache from the modules in tests/flux/parts.

As a program (``python tests/support/flux_parts.py``) it makes sure that all are there, or says why they cannot be.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

_CHECKOUT = Path(__file__).parents[2]
_CACHE = _CHECKOUT / ".cache" / "flux"
_MODULES = _CHECKOUT / "tests" / "flux" / "parts"
_BUILD_SECONDS = 1200

# Without it the version is v0.0.0-master, which no client can compare.
_KUBERNETES_VERSION = "-X k8s.io/component-base/version.gitVersion={version}"


class NoGo(Exception):
    """Nothing is built yet, and there is no Go that could build it."""


class BuildFailed(Exception):
    """Go could not build a part; the message ends with what it said."""


class Parts(NamedTuple):
    """Paths of programs, and of directories with the CustomResourceDefinitions of Flux's."""

    etcd: Path
    kube_apiserver: Path
    source_controller: Path
    kustomize_controller: Path
    notification_controller: Path
    crds: tuple[Path, ...]


class _Module(NamedTuple):
    """A module in tests/flux/parts, and what is built from it."""

    name: str
    programs: tuple[tuple[str, str], ...]
    """File name and package of each."""
    source: str
    """The module whose version it pins."""
    flags: str = ""
    has_crds: bool = False


_KUBERNETES = _Module(
    "kubernetes",
    (("etcd", "."), ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver")),
    "k8s.io/kubernetes",
    flags=_KUBERNETES_VERSION,
)
_SOURCE, _KUSTOMIZE, _NOTIFICATION = (
    _Module(name, ((name, f"github.com/fluxcd/{name}"),), f"github.com/fluxcd/{name}", has_crds=True)
    for name in ("source-controller", "kustomize-controller", "notification-controller")
)


def flux_parts() -> Parts:
    """Return the parts, built where they are not; that takes ten minutes at first, seconds with Go's own cache warm.

    Raises NoGo and BuildFailed.
    """
    kubernetes, source, kustomize, notification = map(_built, (_KUBERNETES, _SOURCE, _KUSTOMIZE, _NOTIFICATION))
    return Parts(
        kubernetes / "etcd",
        kubernetes / "kube-apiserver",
        source / "source-controller",
        kustomize / "kustomize-controller",
        notification / "notification-controller",
        (source / "crds", kustomize / "crds", notification / "crds"),
    )


def _built(module: _Module) -> Path:
    """Return the directory with what is built from a module; its name is that of the module's content."""
    content = b"".join(path.read_bytes() for path in sorted((_MODULES / module.name).iterdir()))
    target = _CACHE / f"{module.name}-{hashlib.sha256(content + repr(module).encode()).hexdigest()[:12]}"
    if not target.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        with (_CACHE / f"{module.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                _build(module, target)
    return target


def _build(module: _Module, target: Path) -> None:
    go = _find_go(module)
    # Until it is fetched, its directory is not known.
    _go(go, module, "mod", "download", module.source)
    version, source = _go(go, module, "list", "-m", "-f", "{{.Version}} {{.Dir}}", module.source).split()
    partial = Path(tempfile.mkdtemp(prefix=f"{module.name}.", dir=_CACHE))
    try:
        flags = f"-s -w {module.flags.format(version=version)}".strip()
        for name, package in module.programs:
            print(f"building {name}, once; up to four minutes", file=sys.stderr, flush=True)
            _go(go, module, "build", "-trimpath", "-ldflags", flags, "-o", str(partial / name), package)
        if module.has_crds:
            # Files of Go's module cache are read-only, and would be so in the copy.
            shutil.copytree(Path(source, "config/crd/bases"), partial / "crds", copy_function=shutil.copyfile)
            (partial / "crds").chmod(0o755)
        partial.chmod(0o755)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _find_go(module: _Module) -> str:
    """Return the path of a Go that takes the module, or can fetch one that does."""
    go = shutil.which("go")
    if go is None:
        raise NoGo("no Go on PATH to build Flux with")
    try:
        _go(go, module, "env", "GOVERSION")
    except BuildFailed as failure:
        raise NoGo(f"this Go cannot build Flux: {str(failure).splitlines()[-1]}") from None
    return go


def _go(go: str, module: _Module, *words: str) -> str:
    # The true HOME: Go keeps its caches there, and a test's own is empty.
    home = pwd.getpwuid(os.getuid()).pw_dir
    done = subprocess.run(
        [go, *words],
        cwd=_MODULES / module.name,
        env={**os.environ, "HOME": home, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        raise BuildFailed(f"go {words[0]} in {module.name} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


if __name__ == "__main__":
    try:
        flux_parts()
    except NoGo as why:
        print(f"skipping the tests with the real Flux: {why}")
