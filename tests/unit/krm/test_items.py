"""Items that are handed through keep every character."""

import json
from typing import Any

import pytest
import yaml

from vaultgen.document.model import GeneratorOptions
from vaultgen.krm.items import block_item, item_texts
from vaultgen.krm.resource_list import read_resource_list, write_resource_list
from vaultgen.redacted import Redacted
from vaultgen.render import GeneratedSecret

HEAD = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
"""
ITEMS = """\
- # says more
  # - not an item
  apiVersion: v1
  kind: Pod
  metadata:
    name: p
    annotations: {a: "\\U0001F600 \\L x", b: 'yes', internal.config.kubernetes.io/path: 'pod.yaml'}
  spec:
    mode: 0644
    privileged: yes
    when: 2001-01-01
    number: 1.10
    many: 1_000
    none: ~
    list:
    - a
    - - b
    text: |+
      - x

      functionConfig:

- {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flow"}} # behind
- apiVersion: v1
  kind: Secret
  metadata:
    name: db
    annotations:
      internal.config.kubernetes.io/path: 'db.yaml'
  data: {a: Yg==}
# in front of the config
"""
CONFIG = """\
functionConfig:
  apiVersion: vaultgen.dev/v1alpha1
  kind: VaultSecretGenerator
  metadata: {name: x}
"""


def _secret(name: str) -> GeneratedSecret:
    return GeneratedSecret(name, "", "Opaque", None, GeneratorOptions(), {"a": Redacted(b"x" * 60)}, False)


def _answer(request: str, *names: str) -> str:
    read = read_resource_list(request.encode())
    return write_resource_list(read.api_version, read.items, [_secret(name) for name in names]).decode()


@pytest.mark.parametrize("pad", ["", "  "])
@pytest.mark.parametrize("order", ["items first", "config first", "last line open"])
def test_items_come_back_as_they_were_written(pad: str, order: str) -> None:
    items = "items:\n" + "".join(pad + line for line in ITEMS.splitlines(keepends=True) if line.strip() or not pad)
    request = HEAD + (CONFIG + items if order == "config first" else items + CONFIG)
    if order == "last line open":
        request = HEAD + CONFIG + items.rstrip("\n")
    assert _answer(request) == HEAD + items


def test_a_secret_is_added_as_a_block() -> None:
    answer = _answer(HEAD + "items:\n" + ITEMS + CONFIG, "new")
    assert answer.startswith(HEAD + "items:\n" + ITEMS)
    assert answer.removeprefix(HEAD + "items:\n" + ITEMS) == (
        '- apiVersion: "v1"\n  kind: "Secret"\n  metadata:\n    name: "new"\n  type: "Opaque"\n  data:\n'
        '    "a": "' + "eHh4" * 17 + "eH\\nh4" + "eHh4" * 2 + "\\n\"\n"
    )  # fmt: skip


def test_a_secret_takes_the_place_of_one_of_its_name() -> None:
    answer = _answer(HEAD + "items:\n" + ITEMS + CONFIG, "db")
    kept = ITEMS[: ITEMS.index("- apiVersion: v1\n  kind: Secret")]
    assert answer.startswith(HEAD + "items:\n" + kept)
    items = yaml.load(answer, yaml.BaseLoader)["items"]
    assert [item["metadata"]["name"] for item in items] == ["p", "flow", "db"]
    assert items[2]["metadata"]["annotations"]["internal.config.kubernetes.io/path"] == "db.yaml"
    assert len(items[2]["data"]["a"]) == 82


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + "items: [{kind: A}]\n" + CONFIG,
        HEAD + "items:\n- &a {kind: A}\n- {kind: B}\n" + CONFIG,
        HEAD + "items:\n- &a\n  kind: A\n- *a\n" + CONFIG,
        json.dumps({"items": [{"kind": "A"}]}),
        "items: []",
        "items:",
        "kind: items\nother:\n- a",
        "- items",
        "",
    ],
)
def test_items_that_do_not_stand_by_themselves_are_not_cut(request_: str) -> None:
    assert item_texts(request_.encode()) == []


def test_a_flow_list_is_answered_with_json() -> None:
    answer = json.loads(_answer(HEAD + "items: [{kind: A, mode: 0644}]\n" + CONFIG, "db"))
    assert [item["kind"] for item in answer["items"]] == ["A", "Secret"]


def test_a_request_in_another_encoding_is_answered_with_json() -> None:
    request = (HEAD + "items:\n- kind: A\n" + CONFIG).encode("utf-16")
    read = read_resource_list(request)
    assert json.loads(write_resource_list(read.api_version, read.items, []))["items"] == [{"kind": "A"}]


def test_a_byte_order_mark_shifts_nothing() -> None:
    assert item_texts(b"\xef\xbb\xbf" + ("items:\n- kind: é\n- kind: B\n" + CONFIG).encode()) == [
        "- kind: é\n",
        "- kind: B\n",
    ]


@pytest.mark.parametrize("tree", [{"a": {}}, {"a": {"b": {"c": "d"}}, "name": "x", "1": True}, {"data": {"on": "é"}}])
def test_a_block_says_what_json_says(tree: dict[str, Any]) -> None:
    assert yaml.safe_load(block_item(tree, "   ", json.dumps)) == [tree]
