"""Trees of files for builds, and the configs that hostile ones are made of."""

from collections.abc import Mapping
from pathlib import Path

_FUNCTION = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
secretGenerator: [{{name: {name}, literals: [A=b]}}]
metadata:
  name: {name}
  annotations:
    config.kubernetes.io/function: "exec: {{path: {path}}}"
"""


def config(path: str = "vaultgen", name: str = "app") -> str:
    """Return a generator's config whose function annotation, its last line, names a program."""
    return _FUNCTION.format(path=path, name=name)


def indented(text: str, spaces: int = 2) -> str:
    """Return a text with its lines moved to the right."""
    return "".join(" " * spaces + line + "\n" for line in text.splitlines())


def chain(levels: int, field: str = "resources") -> dict[str, str]:
    """Return a tree of kustomizations, ``0`` to ``levels - 1``, each of which lists the next one."""
    files = {f"{level}/kustomization.yaml": f"{field}: [../{level + 1}]\n" for level in range(levels - 1)}
    return files | {f"{levels - 1}/kustomization.yaml": "{}\n"}


def write_tree(
    directory: Path, files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None, mode: int = 0o644
) -> Path:
    """Write files and symbolic links (path → target) below a directory, and return it."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
    for name, target in (links or {}).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    return directory


def write_program(path: Path, text: str) -> Path:
    """Write an executable and return its path."""
    write_tree(path.parent, {path.name: text}, mode=0o755)
    return path
