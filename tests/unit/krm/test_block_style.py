"""The style in which kustomize writes to a function."""

import pytest

from vaultgen.krm.block_style import parse_block_style
from vaultgen.krm.tree import parse_one

REQUEST = b"""\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: vaultgen.dev/v1alpha1
  kind: VaultSecretGenerator
  metadata:
    annotations:
      config.kubernetes.io/function: |
        exec:
          path: vaultgen
      config.kubernetes.io/local-config: 'true'
    name: my-app
  generatorOptions: {}
  secretGenerator:
  - envs:
    - .env
    files:
      .dockerconfigjson: "vault:secret/data/a?key=b"
      db_password.txt: vault:secret/data/my-app/database?key=password&version=2
    literals:
    - DSN=postgres://app:${vault:secret/data/my-app/database?key=password}@db/app
    - 'TWO=it''s: "quoted" # here'
    - |-
      LINES=one
        two
    immutable: true
    name: my-app-secrets
    version: 1.50
functionConfig:
  spec: []
"""


def test_a_request_of_kustomize_is_read() -> None:
    tree = parse_block_style(REQUEST)
    assert tree is not None
    assert tree == parse_one(REQUEST)
    (entry,) = tree["items"][0]["secretGenerator"]
    assert entry["literals"][1:] == ['TWO=it\'s: "quoted" # here', "LINES=one\n  two"]
    assert (entry["envs"], entry["immutable"], entry["version"]) == ([".env"], True, 1.5)
    assert tree["functionConfig"] == {"spec": []}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"a: b",
        b"a: 1\nb: 2\na: 3\n",
        b"a:\nb: 1\n",
        b"a: {b: c}\n",
        b"a: [b]\n",
        b"a: b # comment\n",
        b"# comment\na: b\n",
        b"a: &x b\n",
        b"a: *x\n",
        b"a: !!str b\n",
        b'a: "\\n"\n',
        b"a: 'it's'\n",
        b"a: >\n  b\n",
        b"a: |2\n  b\n",
        b"a: |\n  b\n\n  c\n",
        b"a: |\n    b\n  c\n",
        b"a: |\nb: c\n",
        b"a: b\n  c\n",
        b"a: b: c\n",
        b"a: b:\n",
        b"a:  b\n",
        b"a: b \n",
        b"a:b\n",
        b"a:\tb\n",
        b"a: b\r\n",
        b"a: \xc3\xa9\n",
        b"a: b\n---\na: b\n",
        b"---\na: b\n",
        b"a: b\n...\n",
        b"<<: b\n",
        b"? a\n: b\n",
        b"'a': b\n",
        b"- a\n",
        b"a:\n- - b\n",
        b"a:\n-\n  b\n",
        b"a:\n  - b\n c: d\n",
        b"  a: b\nc: d\n",
        b"a" * 300 + b": b\n",
        b"".join(b"  " * depth + b"a:\n" for depth in range(60)) + b"  " * 60 + b"a: b\n",
    ],
)
def test_all_else_is_left_to_pyyaml(text: bytes) -> None:
    assert parse_block_style(text) is None
