"""``vaultgen import``: nothing makes it crash, and nothing in a spec is dropped without a word."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from vaultgen.cli.import_resources import convert_resources
from vaultgen.document.read import read_document
from vaultgen.document.sources import parse_literal
from vaultgen.errors import Fault
from vaultgen.importing.document import documents_text
from vaultgen.importing.entry import Conversion, Entry
from vaultgen.importing.resource import Resource, Steps, read_resources, shown
from vaultgen.importing.source import Source, literal
from vaultgen.krm.tree import LOADER, parse_yaml
from vaultgen.reference import split_text

EXTERNAL_SECRET = """
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db, namespace: apps, labels: {a: b}, annotations: {c: d}}
spec:
  refreshInterval: 1h
  refreshPolicy: Periodic
  secretStoreRef: {name: vault, kind: SecretStore}
  target:
    name: db
    creationPolicy: Owner
    deletionPolicy: Retain
    immutable: true
    template:
      type: Opaque
      engineVersion: v2
      mergePolicy: Merge
      metadata: {labels: {a: b}, annotations: {c: d}, finalizers: [e/f]}
      data: {dsn: 'postgres://{{ .user }}@db', up: '{{ .user | upper }}'}
      templateFrom: [{target: Data, literal: 'a: b'}]
  data:
  - secretKey: user
    remoteRef: {key: my-app/db, property: a.b, version: '3', decodingStrategy: Base64, conversionStrategy: Default}
    sourceRef: {storeRef: {name: vault}}
  - secretKey: meta
    remoteRef: {key: my-app/db, metadataPolicy: Fetch}
  dataFrom:
  - extract: {key: my-app/all}
    rewrite: [{regexp: {source: a, target: b}}]
  - extract: {key: my-app/more, version: '1', conversionStrategy: Unicode, nullBytePolicy: Fail}
    sourceRef: {storeRef: {name: vault, kind: SecretStore}}
  - find: {path: dev, name: {regexp: .*}, tags: {a: b}}
  - sourceRef: {generatorRef: {apiVersion: a/b, kind: C, name: d}}
"""
STORE = """
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: apps}
spec:
  controller: own
  conditions: [{namespaces: [apps]}]
  provider:
    vault:
      server: https://vault.example.com
      path: secret
      version: v2
      namespace: team
      caBundle: LS0t
      caProvider: {type: Secret, name: ca, key: ca.crt}
      tls: {certSecretRef: {name: a, key: b}, keySecretRef: {name: a, key: b}}
      headers: {x: y}
      auth:
        namespace: login
        appRole: {path: approle, roleRef: {name: a, key: b}, secretRef: {name: a, key: b, namespace: c}}
"""
STATIC_SECRET = """
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultStaticSecret
metadata: {name: db, namespace: apps}
spec:
  vaultAuthRef: login
  namespace: team
  mount: secret
  path: my-app/db
  type: kv-v2
  version: 2
  refreshAfter: 30s
  hmacSecretData: true
  syncConfig: {instantUpdates: true}
  rolloutRestartTargets: [{kind: Deployment, name: web}]
  destination:
    name: db
    create: true
    overwrite: true
    type: Opaque
    labels: {a: b}
    annotations: {c: d}
    transformation:
      excludeRaw: true
      includes: ['^user$']
      excludes: ['^other$']
      transformationRefs: [{name: t, templateRefs: [{name: a, keyOverride: b}]}]
      templates: {dsn: {name: t, text: 'postgres://{{ .Secrets.user }}@db'}}
"""
LOGIN = """
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultAuth
metadata: {name: login, namespace: apps}
spec:
  method: kubernetes
  mount: kubernetes
  namespace: team
  vaultConnectionRef: connection
  vaultAuthGlobalRef: {name: shared}
  allowedNamespaces: ['*']
  params: {a: b}
  headers: {a: b}
  kubernetes: {role: my-app, serviceAccount: my-app, audiences: [vault], tokenExpirationSeconds: 600}
"""
CONNECTION = """
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultConnection
metadata: {name: connection, namespace: apps}
spec:
  address: https://vault.example.com
  tlsServerName: vault
  caCertSecretRef: ca
  caCertPath: /ca.pem
  skipTLSVerify: true
  timeout: 10s
  headers: {a: b}
"""
AUTHS = """
- tokenSecretRef: {name: a, key: b}
- kubernetes: {mountPath: c, role: r, serviceAccountRef: {name: a, namespace: b, audiences: [v]}}
- kubernetes: {role: r, secretRef: {name: a}}
- jwt: {path: c, role: r, secretRef: {name: a, key: b}}
- jwt: {role: r, kubernetesServiceAccountToken: {serviceAccountRef: {name: a}, audiences: [v], expirationSeconds: 600}}
- cert: {path: c, vaultRole: r, clientCert: {name: a, key: b}, secretRef: {name: a, key: b}}
- userPass: {path: c, username: u, secretRef: {name: a, key: b}}
- ldap: {path: c, username: u, secretRef: {name: a, key: b}}
- iam: {vaultRole: r}
"""
LOGINS = """
- {method: jwt, jwt: {role: r, secretRef: s}}
- {method: jwt, jwt: {role: r, serviceAccount: a, audiences: [v], tokenExpirationSeconds: 600}}
- {method: appRole, appRole: {roleId: r, secretRef: s}}
- {method: appRole, appRole: {roleId: r, secretIDPath: /s}}
- {method: aws, aws: {role: r}}
"""
RESOURCES = [yaml.safe_load(text) for text in (EXTERNAL_SECRET, STORE, STATIC_SECRET, LOGIN, CONNECTION)]
STORE_AT, LOGIN_AT = 1, 3


def _sets() -> Iterator[list[Any]]:
    """Yield the resources with each way to log in."""
    yield RESOURCES
    for auth in yaml.safe_load(AUTHS):
        changed_set = copy.deepcopy(RESOURCES)
        changed_set[STORE_AT]["spec"]["provider"]["vault"]["auth"] = auth
        yield changed_set
    for spec in yaml.safe_load(LOGINS):
        changed_set = copy.deepcopy(RESOURCES)
        changed_set[LOGIN_AT]["spec"] = spec
        yield changed_set


SETS = list(_sets())

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from(
        ["", "x", "None", "Merge", "Auto", "v1", "{{", "{{ .user }}", "..", "a/../b", "a.b\\.c", ".*", "/"]
    ),
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Z"]), max_size=8),
    st.just([]),
    st.just({}),
    st.just(["x", 1, None, {"y": "z"}]),
    st.just({"name": "x", "y": [1]}),
)
"""What may stand where something else is expected."""


def paths(tree: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Yield the path to each value of a tree."""
    yield steps
    pairs = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in pairs:
        yield from paths(value, (*steps, step))


def changed(tree: Any, steps: Steps, value: Any) -> Any:
    """Return a copy with another value at a path."""
    if not steps:
        return copy.deepcopy(value)
    tree = copy.copy(tree)
    tree[steps[0]] = changed(tree[steps[0]], steps[1:], value)
    return tree


def convert(trees: list[Any]) -> tuple[list[Resource], Conversion]:
    """Import trees, written as JSON."""
    text = "\n---\n".join(json.dumps(tree, ensure_ascii=False) for tree in trees)
    resources = read_resources("all.yaml", text.encode())
    return resources, convert_resources(resources)


@st.composite
def changed_sets(draw: st.DrawFn) -> list[Any]:
    """Resources with up to three values that may not belong there."""
    trees = list(draw(st.sampled_from(SETS)))
    for _ in range(draw(st.integers(0, 3))):
        number = draw(st.integers(0, len(trees) - 1))
        if below := [steps for steps in paths(trees[number]) if steps]:
            trees[number] = changed(trees[number], draw(st.sampled_from(below)), draw(ODD))
    return trees


@given(changed_sets())
def test_whatever_stands_in_a_resource_a_document_comes_out_or_a_reason(trees: list[Any]) -> None:
    """And the document is one that the schema allows."""
    resources, found = convert(trees)
    assert found.entries or any(one.left for one in resources) or not any(one.kind in KINDS for one in resources)
    if found.entries:
        for document in parse_yaml(documents_text("imported", found.entries).encode()):
            read_document(document)


KINDS = {"ExternalSecret", "VaultStaticSecret"}
NOT_OF_THE_SPEC = {"apiVersion", "kind", "metadata"}


def test_a_field_that_nobody_knows_is_listed_wherever_it_stands() -> None:
    """Or what is around it is, or another field of an item or login which is left out for that."""
    for trees, number in [*((RESOURCES, number) for number in range(len(RESOURCES))), *VARIED]:
        tree = trees[number]
        for steps in paths(tree):
            inner = at(tree, steps)
            if steps[:1] != ("spec",) or not isinstance(inner, Mapping):
                continue
            trees = list(trees)
            trees[number] = changed(tree, steps, {**inner, "neverHeardOf": "x"})
            resources, found = convert(trees)
            left = {one.where for one in resources[number].left}
            said = left | {one.where for one in resources[number].notes}
            own = shown((*steps, "neverHeardOf"))
            above = {shown(steps[:length]) for length in range(1, len(steps) + 1)}
            unit = unit_around(steps)
            dropped = bool(unit) and any(one.startswith(unit) for one in left)
            kept = "neverHeardOf" in documents_text("imported", found.entries)
            assert own in said or above & said or dropped or kept, own


VARIED = [(trees, number) for trees in SETS for number in (STORE_AT, LOGIN_AT) if trees[number] != RESOURCES[number]]


def unit_around(steps: Steps) -> str:
    """Return the item or login around a field, which is carried over as a whole or not at all; empty if none is."""
    if steps[1:2] in (("data",), ("dataFrom",)):
        return shown(steps[:3])
    if steps[:4] == ("spec", "provider", "vault", "auth"):
        return shown(steps[:5])
    return shown(steps[:2]) if steps[1:2] in (("kubernetes",), ("jwt",), ("appRole",)) else ""


def at(tree: Any, steps: Steps) -> Any:
    """Return the value at a path."""
    for step in steps:
        tree = tree[step]
    return tree


def named(field: str) -> Source:
    """Return a value of Vault."""
    return Source("secret/data/a", field)


PIECES = st.sampled_from(["$", "$$", "{", "}", "vault:", "${vault:", "a", '"', "'", "\\", " ", "\n", "=", "é"])


@given(
    st.lists(st.lists(PIECES).map("".join), min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "b}", "c&"]).map(named), min_size=3, max_size=3),
)
def test_a_literal_means_the_text_that_it_was_made_from(texts: list[str], values: list[Source]) -> None:
    parts: list[str | Source] = [texts[0]]
    expected = [texts[0]]
    for source, text in zip(values, texts[1:], strict=False):
        parts += [source, text]
        expected += [source.field, text]
    parsed = parse_literal(literal("KEY", parts))
    assert not isinstance(parsed, Fault)
    key, value = parsed
    found: list[str] = [""]
    for piece in split_text(value):
        found[-1:] = [found[-1] + piece] if isinstance(piece, str) else [found[-1], piece.field, ""]
    assert (key, found) == ("KEY", expected)


@given(st.text(), st.text(), st.dictionaries(st.text(min_size=1), st.text(), max_size=3))
def test_any_text_comes_out_of_the_document_as_it_went_in(name: str, literal: str, labels: dict[str, str]) -> None:
    entry = Entry(name, literals=[literal], labels=labels, lacks=[name])
    text = documents_text("imported", [entry])
    if any("\ud800" <= one <= "\udfff" for one in text):
        return  # no YAML text can hold it, and none brought it
    (document,) = yaml.load_all(text, LOADER)
    (read,) = document["secretGenerator"]
    assert (read["name"], read["literals"]) == (name, [literal])
    assert read["options"].get("labels", {}) == labels
