"""VaultStaticSecrets: what becomes of each field."""

import pytest

from support.imports import Imported, imported

HEAD = """\
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultStaticSecret
metadata: {name: db, namespace: apps}
spec:
  vaultAuthRef: login
"""
LOCATION = "  mount: kv\n  path: web/config\n  type: kv-v2\n"
EXCLUDE_RAW = "transformation: {excludeRaw: true}"
ALL = "vault:kv/data/web/config"


def static(destination: str = f"name: web, create: true, {EXCLUDE_RAW}", location: str = LOCATION) -> Imported:
    return imported(f"{HEAD}{location}  destination: {{{destination}}}\n")


def transformed(text: str, location: str = LOCATION) -> Imported:
    return static(f"name: web, create: true, transformation: {{{text}}}", location)


def test_every_field_becomes_a_key() -> None:
    done = static()
    assert done.entry == {
        "name": "web",
        "namespace": "apps",
        "envs": [ALL],
        "options": {"disableNameSuffixHash": True},
    }
    assert (done.left, done.vault) == ({}, None)
    assert "environment" in done.notes["spec.vaultAuthRef"]
    assert "deleted with the VaultStaticSecret" in done.notes["spec.destination.create"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("  version: 3\n", f"{ALL}?version=3"),
        ("  version: 0\n", ALL),
        ("  namespace: team-a\n", f"{ALL}?namespace=team-a"),
    ],
)
def test_where_the_secret_is(more: str, expected: str) -> None:
    assert static(location=LOCATION + more).entry["envs"] == [expected]


def test_kv_v1_has_no_versions_and_its_whole_answer_is_the_secret() -> None:
    done = static("name: web, create: true", LOCATION.replace("v2", "v1") + "  version: 2\n")
    assert done.entry["envs"] == ["vault:kv/web/config"]
    assert done.entry["files"] == {"_raw": "vault:kv/web/config?format=json"}
    assert "spec.version" in done.notes


def test_the_raw_answer_of_kv_v2_is_not_made_and_that_is_told() -> None:
    done = static("name: web, create: true")
    assert "_raw" in done.notes["spec.destination.transformation.excludeRaw"]
    assert done.left == {}


def test_type_and_metadata_are_those_of_the_destination() -> None:
    metadata = "type: kubernetes.io/basic-auth, labels: {a: b}, annotations: {c: d}"
    done = static(f"name: web, create: true, overwrite: true, {EXCLUDE_RAW}, {metadata}")
    assert done.entry["type"] == "kubernetes.io/basic-auth"
    options = {"disableNameSuffixHash": True, "labels": {"a": "b"}, "annotations": {"c": "d"}}
    assert (done.entry["options"], done.left) == (options, {})


@pytest.mark.parametrize("create", ["", ", create: false"])
def test_a_secret_that_the_operator_does_not_make_is_told_of(create: str) -> None:
    done = static(f"name: web{create}, type: a/b, labels: {{a: b}}, {EXCLUDE_RAW}")
    assert (done.left, "type" in done.entry, "labels" in done.entry["options"]) == ({}, False, False)
    assert any("behavior: replace" in why for why in done.notes.values())
    assert {"spec.destination.type", "spec.destination.labels"} <= done.notes.keys()


def test_what_only_an_operator_does_is_noted() -> None:
    names = ("refreshAfter", "syncConfig", "hmacSecretData", "rolloutRestartTargets")
    more = "  refreshAfter: 1m\n  syncConfig: {instantUpdates: true}\n  hmacSecretData: false\n"
    done = static(location=f"{LOCATION}{more}  rolloutRestartTargets: [{{kind: Deployment, name: web}}]\n")
    assert done.left == {}
    assert {f"spec.{name}" for name in names} <= done.notes.keys()


# --- transformation ---


@pytest.mark.parametrize("pattern", [".*", "^.*$", ".+"])
def test_templates_alone(pattern: str) -> None:
    templates = (
        "templates: {dsn: {text: 'a://{{ .Secrets.user }}@b'}, u: {name: n, text: '{{ get .Secrets \"user\" }}'}}"
    )
    done = transformed(f"excludeRaw: true, excludes: ['{pattern}'], {templates}")
    assert (done.left, "envs" in done.entry) == ({}, False)
    assert done.entry["files"] == {"u": f"{ALL}?key=user"}
    assert done.entry["literals"] == [f"dsn=a://${{{ALL}?key=user}}@b"]


def test_templates_beside_the_fields() -> None:
    done = transformed("excludeRaw: true, templates: {a: {text: 'x{{ .Secrets.a }}'}}")
    assert (done.entry["envs"], done.entry["literals"]) == ([ALL], [f"a=x${{{ALL}?key=a}}"])
    assert "a build fails" in done.notes["spec.destination.transformation.templates"]


def test_fields_that_are_named_become_keys_if_they_are_there() -> None:
    filters = r"includes: ['^user$', '^tls\.key$', '^t$', '^x$'], excludes: ['^x$']"
    done = transformed(f"excludeRaw: true, {filters}, templates: {{t: {{text: a}}}}")
    assert done.left == {}
    assert done.entry["files"] == {
        "tls.key": f"{ALL}?key=tls.key&optional=true",
        "user": f"{ALL}?key=user&optional=true",
    }


def test_a_field_that_cannot_be_a_data_key_is_listed() -> None:
    done = transformed("excludeRaw: true, includes: ['^user$', '^é$']")
    assert done.left == {"spec.destination.transformation.includes": "a data key that a Secret cannot have"}
    assert done.entry["files"] == {"user": f"{ALL}?key=user&optional=true"}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("includes: [user]", "includes"),
        ("excludes: ['^a.*']", "excludes"),
        ("excludes: ['^a$']", "excludes"),
        ("transformationRefs: [{name: a}], excludes: [b]", "transformationRefs"),
        ("includes: [1]", "includes[0]"),
    ],
)
def test_where_it_cannot_be_said_which_fields_are_keys_none_is(text: str, where: str) -> None:
    done = transformed(f"excludeRaw: true, {text}, templates: {{t: {{text: '{{{{ .Secrets.a }}}}'}}}}")
    assert list(done.left) == [f"spec.destination.transformation.{where}"]
    assert (done.entry["files"], "envs" in done.entry) == ({"t": f"{ALL}?key=a"}, False)


def test_a_template_that_does_more_is_listed() -> None:
    done = transformed("excludeRaw: true, templates: {t: {text: '{{ .Metadata.version }}'}}")
    assert list(done.left) == ["spec.destination.transformation.templates.t.text"]
    assert done.entry["envs"] == [ALL]


# --- what is none ---


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("  path: a\n  type: kv-v2\n", "spec"),
        ("  mount: ''\n  path: a\n  type: kv-v2\n", "spec.mount"),
        ("  mount: kv\n  type: kv-v2\n", "spec"),
        ("  mount: kv\n  path: a\n", "spec"),
        ("  mount: kv\n  path: a\n  type: kv-v3\n", "spec.type"),
        ("  mount: kv\n  path: a/../b\n  type: kv-v2\n", "spec.path"),
        ("  mount: kv\n  path: a\n  type: kv-v2\n  version: latest\n", "spec.path"),
    ],
)
def test_a_secret_that_is_nowhere_is_listed(location: str, where: str) -> None:
    done = static(location=location)
    assert (done.documents, list(done.left)) == ([], [where])


def test_a_secret_without_a_name_is_listed() -> None:
    assert list(static("create: true").left) == ["spec.destination"]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("VaultDynamicSecret", "allowDynamic=true"),
        ("VaultPKISecret", "certificate"),
        ("HCPVaultSecretsApp", "another service"),
        ("CSISecrets", "no Secret"),
        ("Unheard", "not known"),
    ],
)
def test_other_kinds_are_listed(kind: str, why: str) -> None:
    done = imported(f"apiVersion: secrets.hashicorp.com/v1beta1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{x: y}}\n")
    assert why in done.left["kind"]


def test_another_version_is_listed() -> None:
    done = imported(HEAD.replace("v1beta1", "v1") + LOCATION)
    assert list(done.left) == ["apiVersion"]
