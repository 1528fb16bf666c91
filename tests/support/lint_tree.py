"""Small trees put to the rules in this very process."""

from collections.abc import Mapping
from pathlib import Path

from support.trees import write_tree
from vaultgen.lint.finding import Finding, Report
from vaultgen.lint.run import lint

HEAD = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: app
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
"""
ENTRY = "secretGenerator:\n- name: app\n  literals: [password=x]\n"
LISTED = "generators: [app.yaml]\n"


def report(directory: Path, files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Report:
    """Write a tree and return what is found in it."""
    return lint(str(write_tree(directory, files)), environ or {})


def found(directory: Path, files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> list[str]:
    """Write a tree and return ``RULE FILE:LINE:COLUMN`` of each finding, files named from the directory."""
    return [shown(one, directory) for one in report(directory, files, environ).findings]


def shown(finding: Finding, directory: Path) -> str:
    """Return rule and place of a finding."""
    file = Path(finding.file).resolve().relative_to(directory.resolve())
    return f"{finding.rule} {file}:{finding.line}:{finding.column}"


def app(body: str = ENTRY, **files: str) -> dict[str, str]:
    """Return the files of a tree with one document; a name with ``__`` stands for one with a dot."""
    named = {name.replace("__", "."): text for name, text in files.items()}
    return {"kustomization.yaml": LISTED, "app.yaml": HEAD + body, **named}
