"""`vaultgen init` against the real kustomize: the build is the same before and after, byte for byte."""

from pathlib import Path

import pytest

from support.kustomize import NEWEST, OLDEST, kustomize, kustomize_build
from vaultgen.cli import app

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: my-app}
spec:
  selector: {matchLabels: {app: my-app}}
  template:
    metadata: {labels: {app: my-app}}
    spec:
      containers:
      - name: my-app
        image: my-app
        envFrom:
        - secretRef: {name: my-app}
        - configMapRef: {name: settings}
"""

CASES = {
    "literals, with quotes and a multi-line value": """\
resources: [deployment.yaml]
secretGenerator:
- name: my-app
  literals:
  - PASSWORD="two words"  # quoted
  - 'DSN=postgres://app:x@db/app?a=b'
  - |-
    KEY=one
      two
  - EMPTY=
configMapGenerator:
- name: settings
  literals: [A=1]
""",
    "files, binary and long, under their own and other names": """\
resources:
  - deployment.yaml
secretGenerator:
  - name: my-app
    files:
      - binary.bin
      - renamed=certificates/long.pem
    envs:
      - settings.env
""",
    "the older env": """\
secretGenerator:
- name: my-app
  env: settings.env
""",
    "options of the kustomization, and of entries": """\
generatorOptions:
  labels: {team: a, tier: b}   # for all
  annotations: {note: "yes"}
  immutable: true
secretGenerator:
- name: my-app
  literals: [A=1]
  options:
    labels: {tier: c}
- name: stable
  type: example.com/token
  namespace: apps
  literals: [A=1]
  options: {disableNameSuffixHash: true}
configMapGenerator:
- name: settings
  literals: [A=1]
""",
    "no suffixes": """\
secretGenerator:
- name: my-app
  literals: [A=1]
generatorOptions: {disableNameSuffixHash: true}
""",
    "names, labels and a namespace from the kustomization": """\
namePrefix: dev-
nameSuffix: -v1
namespace: apps
labels:
- pairs: {app: my-app}
  includeSelectors: true
resources: [deployment.yaml]
secretGenerator:
- name: my-app
  literals: [A=1]
patches:
- target: {kind: Secret}
  patch: |-
    - {op: add, path: /metadata/annotations, value: {patched: "yes"}}
""",
    "merge and replace over the Secrets of a base": """\
resources: [base]
secretGenerator:
- name: merged
  behavior: merge
  literals: [B=2]
- name: replaced
  behavior: replace
  files: [binary.bin]
""",
    "the order in which they were made": """\
sortOptions: {order: fifo}
generators:
# another
- other.yaml
secretGenerator:
- {name: z, literals: [A=1]}
- {name: a, literals: [A=1]}
configMapGenerator:
- name: settings
  literals: [A=1]
resources: [deployment.yaml]
""",
    "windows line ends": "secretGenerator:\r\n- name: my-app\r\n  literals:\r\n  - A=1\r\n",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """What the kustomizations above refer to."""
    for name, text in {
        "deployment.yaml": DEPLOYMENT,
        "settings.env": '# ours\nA=1\n\n  B="2"\nC\n',
        "certificates/long.pem": "0123456789" * 30 + "\n",
        "other.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: other}\nliterals: [A=1]\n",
        "base/kustomization.yaml": "secretGenerator:\n"
        "- {name: merged, literals: [A=1]}\n- {name: replaced, literals: [A=1]}\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / "binary.bin").write_bytes(bytes(range(256)))
    return tmp_path


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
@pytest.mark.parametrize("case", CASES)
def test_the_build_is_the_same_before_and_after(case: str, version: str, directory: Path) -> None:
    (directory / "kustomization.yaml").write_bytes(CASES[case].encode())
    binary = kustomize(version)
    before = kustomize_build(directory, binary=binary)
    assert before.status == 0, before.stderr

    assert app.main(["init", str(directory)]) == 0

    after = kustomize_build(directory, binary=binary)
    assert (after.status, after.stderr) == (0, b"")
    assert after.stdout == before.stdout


def test_an_overlay_sees_no_difference(directory: Path) -> None:
    """Its own builtin merge goes onto what the base's generator file makes."""
    overlay = directory / "overlay"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        "resources: [../base]\nsecretGenerator:\n- {name: merged, behavior: merge, literals: [B=2]}\n"
    )
    before = kustomize_build(overlay)
    assert before.status == 0, before.stderr
    assert app.main(["init", str(directory / "base")]) == 0
    assert kustomize_build(overlay).stdout == before.stdout


def test_two_secrets_of_a_name_in_one_generator_are_what_kustomize_refuses(directory: Path) -> None:
    """Why init refuses them: kustomize runs the builtin once an entry, and a function once a document."""
    (directory / "kustomization.yaml").write_text(
        "secretGenerator:\n- {name: a, literals: [A=1]}\n- {name: a, behavior: merge, literals: [B=2]}\n"
    )
    assert kustomize_build(directory).status == 0

    secret = "{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {kustomize.config.k8s.io/behavior: %s}}}"
    items = ", ".join(secret % behavior for behavior in ("create", "merge"))
    function = directory / "function"
    function.write_text(
        f"#!/bin/sh\necho '{{apiVersion: config.kubernetes.io/v1, kind: ResourceList, items: [{items}]}}'\n"
    )
    function.chmod(0o755)
    (directory / "kustomization.yaml").write_text("generators: [generator.yaml]\n")
    (directory / "generator.yaml").write_text(
        "apiVersion: example.com/v1\nkind: Generator\nmetadata:\n  name: a\n  annotations:\n"
        "    config.kubernetes.io/function: |\n      exec: {path: ./function}\n"
    )
    assert b"already registered id" in kustomize_build(directory).stderr
