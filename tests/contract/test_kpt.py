"""kpt: items come back as they were, and the Secrets are added."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.kustomize import vaultgen_directory

pytestmark = pytest.mark.skipif(shutil.which("kpt") is None, reason="kpt is not installed")

POD = """\
# a comment
apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {a: "\\U0001F600", b: 'yes'}
spec:
  mode: 0644
  privileged: yes
  number: 1.10 # behind
  text: |
    a
    b
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of two files."""
    made = tmp_path / "package"
    made.mkdir()
    (made / "Kptfile").write_text("apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: package\n")
    (made / "pod.yaml").write_text(POD)
    return made


def _eval(package: Path, *arguments: str) -> None:
    command = ["kpt", "fn", "eval", str(package), "--exec", str(vaultgen_directory() / "vaultgen"), *arguments]
    done = subprocess.run(
        command, env={**os.environ, "HOME": str(package.parent)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_package_keeps_every_line_and_gets_its_secret(package: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: x}\n"
        "secretGenerator:\n- name: db\n  literals: [a=b]\n"
    )
    _eval(package, "--fn-config", str(config))
    assert (package / "pod.yaml").read_text() == POD
    (made,) = set(package.iterdir()) - {package / "pod.yaml", package / "Kptfile"}
    assert '"a": "Yg=="' in made.read_text()
    first = made.read_text()

    config.write_text(config.read_text().replace("a=b", "a=c"))
    _eval(package, "--fn-config", str(config))
    assert made.read_text() == first.replace("Yg==", "Yw==")
    assert (package / "pod.yaml").read_text() == POD
    assert len(list(package.iterdir())) == 3


def test_the_arguments_of_kpt_are_a_document(package: Path) -> None:
    _eval(package, "--", "name=db", "literals=a=b")
    made = [path for path in package.iterdir() if "secret" in path.name]
    assert ['"a": "Yg=="' in path.read_text() for path in made] == [True]
