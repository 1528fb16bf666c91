import pytest
import yaml

from vaultgen.lint.references import FieldSpec, Reference, added_fields, is_rewritten, references

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {a/secretName: none}}
spec:
  template:
    spec:
      imagePullSecrets: [{name: pull}]
      initContainers:
      - env: [{name: A, valueFrom: {secretKeyRef: {name: init, key: a, optional: true}}}]
      containers:
      - envFrom: [{secretRef: {name: all}}, {configMapRef: {name: none}}]
        env: [{name: A, valueFrom: {secretKeyRef: {name: one, key: a}}}]
      ephemeralContainers:
      - envFrom: [{secretRef: {name: passing}}]
      volumes:
      - secret: {secretName: files, items: [{key: b, path: c}]}
      - projected: {sources: [{secret: {name: joined, items: [{key: d, path: e}]}}]}
      - csi: {nodePublishSecretRef: {name: driver}}
"""


def of(text: str) -> list[Reference]:
    return list(references(yaml.safe_load(text)))


def test_a_workload_refers_to_secrets_in_many_ways() -> None:
    tree = yaml.safe_load(DEPLOYMENT)
    found = {one.name: one for one in references(tree)}
    keys = {name: [key.name for key in one.keys] for name, one in found.items() if one.keys}
    assert keys == {"init": ["a"], "one": ["a"], "files": ["b"], "joined": ["d"]}
    assert {name for name, one in found.items() if one.is_environment} == {"init", "all", "one", "passing"}
    assert {name for name, one in found.items() if one.optional} == {"init"}
    assert {name for name, one in found.items() if one.pull} == {"pull"}
    written = {name for name, one in found.items() if is_rewritten(one, tree, [])}
    assert written == {"pull", "init", "all", "one", "files", "joined"}
    assert found.keys() - written == {"passing", "driver"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{kind: Ingress, apiVersion: networking.k8s.io/v1, spec: {tls: [{secretName: a}]}}", ["a"]),
        ("{kind: ServiceAccount, apiVersion: v1, imagePullSecrets: [{name: a}]}", ["a"]),
        ("{kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {imagePullSecrets: [{name: a}]}}}}}}", ["a"]),
    ],
)
def test_kustomize_writes_names_into_these(text: str, names: list[str]) -> None:
    assert [one.name for one in of(text) if is_rewritten(one, yaml.safe_load(text), [])] == names


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{kind: ServiceAccount, apiVersion: v1, secrets: [{name: a}]}", "secrets/name"),
        ("{kind: Gateway, apiVersion: g/v1, spec: {certificateRefs: [{name: a}]}}", "spec/certificateRefs/name"),
        ("{kind: HelmRelease, apiVersion: h/v2, spec: {from: [{kind: Secret, name: a}]}}", "spec/from/name"),
        ("{kind: Issuer, apiVersion: c/v1, spec: {ca: {secretName: a}}}", "spec/ca/secretName"),
        ("{kind: GitRepository, apiVersion: s/v1, spec: {secretRef: {name: a}}}", "spec/secretRef/name"),
        ("{kind: ReplicationController, apiVersion: v1, spec: {template: {spec: {imagePullSecrets: [{name: a}]}}}}",
         "spec/template/spec/imagePullSecrets/name"),
    ],
)  # fmt: skip
def test_kustomize_needs_to_be_told_of_these(text: str, field: str) -> None:
    tree = yaml.safe_load(text)
    (reference,) = references(tree)
    assert (reference.name, reference.field) == ("a", field)
    assert not is_rewritten(reference, tree, [])
    assert is_rewritten(reference, tree, [FieldSpec("", "", tree["kind"], field)])
    assert not is_rewritten(reference, tree, [FieldSpec("other", "", tree["kind"], field)])


@pytest.mark.parametrize(
    "text",
    [
        "{kind: Certificate, spec: {secretName: a}}",
        "{kind: ExternalSecret, spec: {secretRef: {name: a}}}",
        "{kind: Issuer, spec: {acme: {privateKeySecretRef: {name: a}}}}",
        "{kind: HelmRelease, spec: {valuesFrom: [{kind: ConfigMap, name: a}]}}",
        "{kind: Secret, stringData: {secretName: a}}",
    ],
)
def test_what_makes_a_secret_does_not_refer_to_it(text: str) -> None:
    assert of(text) == []


def test_a_tree_adds_fields_for_secrets_alone() -> None:
    configuration = {
        "nameReference": [
            {"kind": "Secret", "fieldSpecs": [{"kind": "A", "path": "spec/list[]/name"}, "odd"]},
            {"kind": "ConfigMap", "fieldSpecs": [{"kind": "B", "path": "c"}]},
            "odd",
        ]
    }
    (added,) = added_fields(configuration)
    assert added == FieldSpec("", "", "A", "spec/list[]/name")
    tree = {"kind": "A", "apiVersion": "a/v1", "spec": {"list": [{"kind": "Secret", "name": "x"}]}}
    (reference,) = references(tree)
    assert is_rewritten(reference, tree, [added])
    assert list(added_fields(None)) == []
