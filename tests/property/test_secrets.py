"""What is written for any Secret and any item."""

import base64
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from support.name_suffix import name_suffix
from vaultgen.document.model import GeneratorOptions
from vaultgen.krm.resource_list import folded_base64, read_resource_list, secret_resource, write_resource_list
from vaultgen.krm.tree import parse_one
from vaultgen.redacted import Redacted
from vaultgen.render import GeneratedSecret

V1 = "config.kubernetes.io/v1"
CONFIG = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator", "metadata": {"name": "my-app"}}

contents = st.dictionaries(st.text("ab.-_9", min_size=1, max_size=8), st.binary(max_size=300), max_size=5)
names = st.sampled_from(["a", "b", "1e5", "true", "null", "0x1f", "2001-01-01", "on"])
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
annotations = st.dictionaries(any_text, any_text, max_size=3)


def _secret(name: str, data: dict[str, bytes], options: GeneratorOptions | None = None) -> GeneratedSecret:
    wrapped = {key: Redacted(content) for key, content in sorted(data.items())}
    return GeneratedSecret(name, "", "Opaque", None, options or GeneratorOptions(), wrapped, False)


@given(st.binary(max_size=500))
def test_folded_base64_is_base64_in_lines_of_at_most_70(content: bytes) -> None:
    text = folded_base64(content)
    assert base64.b64decode(text, validate=False) == content
    lines = text.split("\n")
    assert (len(lines) == 1 and len(text) < 70) or (
        lines[-1] == "" and {len(line) for line in lines[:-2]} <= {70} and 0 < len(lines[-2]) <= 70
    )


@pytest.mark.parametrize(
    ("type_", "data", "suffix"),
    [
        ("Opaque", {}, "46f8b28mk5"),
        ("Opaque", {"a": b"a"}, "hbc28hm2g8"),
        ("Opaque", {"a": b"1"}, "25khgmg44c"),
        ("Opaque", {"a": b"a" * 200}, "b2d7ctc7dc"),
    ],
)
def test_the_suffix_is_that_of_kustomize(type_: str, data: dict[str, bytes], suffix: str) -> None:
    """Vectors that kustomize 5.5.0 and 5.8.1 gave."""
    resource = secret_resource(_secret("a", data)._replace(type=type_))
    assert name_suffix(resource["type"], resource["data"]) == suffix


@given(names, contents, annotations)
def test_an_answer_says_the_same_as_json_and_as_yaml(
    name: str, data: dict[str, bytes], annotated: dict[str, str]
) -> None:
    answer = write_resource_list(V1, [], [_secret(name, data, GeneratorOptions(annotations=annotated))])
    tree = json.loads(answer)
    assert tree == parse_one(answer)
    (secret,) = tree["items"]
    assert secret["metadata"]["name"] == name
    assert {key: base64.b64decode(value) for key, value in secret["data"].items()} == data
    assert annotated.items() <= secret["metadata"]["annotations"].items()


scalars = st.none() | st.booleans() | st.integers() | any_text
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)
items = st.lists(st.dictionaries(any_text, trees, min_size=1, max_size=3), min_size=1, max_size=4)


@given(items, st.sampled_from([False, None]), contents)
def test_items_come_back_as_they_were_written(
    resources: list[dict[str, Any]], flow: bool | None, data: dict[str, bytes]
) -> None:
    written = yaml.dump(
        {"apiVersion": V1, "functionConfig": CONFIG, "kind": "ResourceList", "items": resources},
        Dumper=_WithoutAliases,
        default_flow_style=flow,
        sort_keys=False,
    )
    request = read_resource_list(written.encode())
    answer = write_resource_list(request.api_version, request.items, [_secret("new", data)]).decode()
    as_they_were = written.partition("\nitems:\n")[2]
    assert answer.startswith(f"apiVersion: {V1}\nkind: ResourceList\nitems:\n{as_they_were}")
    added = parse_one(answer.encode())["items"][len(resources) :]
    assert [{key: base64.b64decode(value) for key, value in one["data"].items()} for one in added] == [data]


class _WithoutAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True
