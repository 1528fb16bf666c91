"""A build's output, taken apart."""

import pytest

from vaultgen.krm.resources import mapping, mappings, resources_in
from vaultgen.redacted import Redacted

OUTPUT = b"""\
apiVersion: v1
data:
  note: |
    before
     ---
    after, of app-hbc28hm2g8
kind: ConfigMap
metadata:
  name: notes
---
apiVersion: v1
data:
  PASSWORD: aHVudGVyMg==
kind: Secret
metadata:
  name: app-hbc28hm2g8
  namespace: apps
type: Opaque
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - envFrom:
        - secretRef:
            name: app-hbc28hm2g8
        name: web
"""


def test_each_resource_knows_who_it_is() -> None:
    assert [resource.identity for resource in resources_in(OUTPUT)] == [
        ("", "ConfigMap", "", "notes"),
        ("", "Secret", "apps", "app"),
        ("apps", "Deployment", "", "web"),
    ]


def test_the_data_of_a_secret_is_wrapped_and_stands_nowhere_else() -> None:
    _, secret, _ = resources_in(OUTPUT)
    assert secret.data == {"PASSWORD": Redacted(b"hunter2")}
    assert secret.tree["type"] == "Opaque"
    assert "data" not in secret.tree
    assert secret.text == ""
    assert "aHVudGVyMg" not in repr(secret)


def test_the_text_of_other_resources_is_as_it_was_printed_but_for_suffixes() -> None:
    notes, _, web = resources_in(OUTPUT)
    assert notes.text == OUTPUT.decode().partition("\n---\n")[0].replace("-hbc28hm2g8", "")
    assert web.text.startswith("apiVersion: apps/v1\nkind: Deployment\n")
    assert "            name: app\n" in web.text
    assert web.tree["spec"]["template"]["spec"]["containers"][0]["envFrom"] == [
        {"secretRef": {"name": "app-hbc28hm2g8"}}
    ]


def test_a_secret_may_have_text_beside_its_data() -> None:
    (secret,) = resources_in(b"apiVersion: v1\nkind: Secret\nstringData: {A: a}\ndata: {B: Yg==}\n")
    assert secret.data == {"A": Redacted(b"a"), "B": Redacted(b"b")}


def test_folded_base64_is_read_and_what_is_none_is_still_compared() -> None:
    (secret,) = resources_in(b"apiVersion: v1\nkind: Secret\ndata:\n  A: |\n    aHVu\n    dGVyMg==\n  B: '***'\n")
    assert secret.data == {"A": Redacted(b"hunter2"), "B": Redacted(b"***")}


def test_names_that_differ_in_their_suffix_alone_keep_it() -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a-hbc28hm2g8}\n---\n"
    names = [resource.base for resource in resources_in(text + text.replace(b"hbc28hm2g8", b"25khgmg44c"))]
    assert names == ["a-hbc28hm2g8", "a-25khgmg44c"]


@pytest.mark.parametrize("name", ["app", "app-1.2.3", "app-hbc28hm2g", "app-hbc28hm2g8x", "app-abc28hm2g8"])
def test_only_what_kustomize_could_have_made_is_a_suffix(name: str) -> None:
    (resource,) = resources_in(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n".encode())
    assert resource.base == resource.name == name


def test_a_build_may_hold_nothing() -> None:
    assert resources_in(b"") == []


def test_parts_that_are_not_there_are_empty() -> None:
    tree = {"a": {"b": {"c": 1}}, "list": [{"d": 1}, "text"], "text": "x"}
    assert mapping(tree, "a", "b") == {"c": 1}
    assert mapping(tree, "text", "b") == mapping(tree, "none") == {}
    assert mappings(tree, "list") == [{"d": 1}]
    assert mappings(tree, "text") == mappings(tree, "none") == []
