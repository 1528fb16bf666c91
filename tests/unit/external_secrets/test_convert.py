"""ExternalSecrets: what becomes of each field."""

import pytest

from support.imports import Imported, imported

HEAD = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db, namespace: apps, labels: {a: b}, annotations: {c: d}}
spec:
  secretStoreRef: {name: vault}
"""
STORE = """\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: apps}
spec: {provider: {vault: {server: 'https://vault.example.com', path: secret}}}
"""
DATA = "  data: [{secretKey: user, remoteRef: {key: db, property: user}}]\n"
USER = "vault:secret/data/db?key=user"


def spec(text: str, head: str = HEAD) -> Imported:
    """Import an ExternalSecret with these further fields of its spec."""
    return imported(head + text, STORE)


def item(remote: str, secret_key: str = "k") -> Imported:
    return spec(f"  data: [{{secretKey: '{secret_key}', remoteRef: {{{remote}}}}}]\n")


def test_name_namespace_and_metadata_are_those_of_the_external_secret() -> None:
    assert spec(DATA).entry == {
        "name": "db",
        "namespace": "apps",
        "files": {"user": USER},
        "options": {"disableNameSuffixHash": True, "labels": {"a": "b"}, "annotations": {"c": "d"}},
    }


def test_target_and_template_say_otherwise() -> None:
    template = "{type: kubernetes.io/basic-auth, metadata: {labels: {x: 'y'}}}"
    done = spec(f"{DATA}  target: {{name: other, immutable: true, template: {template}}}\n")
    assert (done.entry["name"], done.entry["type"]) == ("other", "kubernetes.io/basic-auth")
    options = {"disableNameSuffixHash": True, "labels": {"x": "y"}, "immutable": True}
    assert (done.entry["options"], done.left) == (options, {})


def test_an_older_version_is_the_same_and_the_oldest_is_listed() -> None:
    assert spec(DATA, HEAD.replace("/v1", "/v1beta1")) == spec(DATA)
    assert list(spec(DATA, HEAD.replace("/v1", "/v1alpha1")).left) == ["apiVersion"]


def test_an_external_secret_of_another_group_is_listed() -> None:
    """Such as that of the tool that the operator followed."""
    assert list(spec(DATA, HEAD.replace("external-secrets.io", "kubernetes-client.io")).left) == ["apiVersion"]


def test_what_kubectl_writes_for_itself_stays_behind() -> None:
    own = "kubectl.kubernetes.io/last-applied-configuration"
    done = spec(DATA, HEAD.replace("{c: d}", f"{{c: d, {own}: '{{}}'}}"))
    assert done.entry["options"]["annotations"] == {"c": "d"}
    assert f"metadata.annotations.{own}" in done.notes


# --- data ---


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("key: db, property: user", "vault:secret/data/db?key=user"),
        ("key: db", "vault:secret/data/db?format=json"),
        ("key: db, property: user, version: '3'", "vault:secret/data/db?key=user&version=3"),
        ("key: db, property: user, version: '0'", "vault:secret/data/db?key=user"),
        ("key: db, property: user, decodingStrategy: Base64", "vault:secret/data/db?key=user&decode=base64"),
        ("key: db, property: user, decodingStrategy: None, conversionStrategy: Unicode, metadataPolicy: None", USER),
        ("key: db, property: tls.crt", "vault:secret/data/db?key=tls.crt"),
        ("key: db, property: .dockerconfigjson", "vault:secret/data/db?key=.dockerconfigjson"),
        ("key: db, property: foo.nested.bar", "vault:secret/data/db?key=foo&jsonPointer=/nested/bar"),
        ("key: db, property: hosts.0.name", "vault:secret/data/db?key=hosts&jsonPointer=/0/name"),
        (r"key: db, property: 'fav\.movie'", "vault:secret/data/db?key=fav.movie"),
        (r"key: db, property: 'a.b\.c.d'", "vault:secret/data/db?key=a&jsonPointer=/b.c/d"),
    ],
)
def test_a_value_is_a_reference(remote: str, expected: str) -> None:
    done = item(remote)
    assert (done.entry["files"], done.left) == ({"k": expected}, {})


@pytest.mark.parametrize(
    ("remote", "where"),
    [
        ("key: db, property: user, decodingStrategy: Auto", ".remoteRef.decodingStrategy"),
        ("key: db, property: user, decodingStrategy: Base64URL", ".remoteRef.decodingStrategy"),
        ("key: db, decodingStrategy: Base64", ".remoteRef"),
        ("key: db, property: user, version: v3", ".remoteRef"),
        ("key: db, metadataPolicy: Fetch", ".remoteRef.metadataPolicy"),
        ("key: db, property: 'a.#(b==\"c\").d'", ".remoteRef.property"),
        ("key: db, property: 'a.b|@pretty'", ".remoteRef.property"),
        ("key: db, property: 'a.*'", ".remoteRef.property"),
        ("key: db, property: 'a..b'", ".remoteRef.property"),
        ("property: user", ".remoteRef"),
        ("key: [db]", ".remoteRef.key"),
    ],
)
def test_a_value_that_no_reference_names_is_listed(remote: str, where: str) -> None:
    done = item(remote)
    assert (done.documents, list(done.left)) == ([], [f"spec.data[0]{where}"])


@pytest.mark.parametrize("key", ["a b", "", "x/y"])
def test_a_key_that_a_secret_cannot_have_is_listed(key: str) -> None:
    done = item("key: db, property: user", key)
    assert done.documents == []
    assert len(done.left) == 1


def test_a_name_with_dots_is_told_of_since_it_can_mean_two_things() -> None:
    assert "write key=a.b" in item("key: db, property: a.b").notes["spec.data[0].remoteRef.property"]
    assert "taken as the field" in item("key: db, property: a.pem").notes["spec.data[0].remoteRef.property"]


def test_of_two_items_with_one_key_the_later_wins() -> None:
    done = spec("  data: [{secretKey: a, remoteRef: {key: x}}, {secretKey: a, remoteRef: {key: y}}]\n")
    assert done.entry["files"] == {"a": "vault:secret/data/y?format=json"}
    assert "spec.data[0].secretKey" in done.notes


# --- dataFrom ---


def test_a_whole_secret_is_one_of_envs() -> None:
    done = spec("  dataFrom: [{extract: {key: all, version: '2'}}, {extract: {key: more}}]\n")
    assert done.entry["envs"] == ["vault:secret/data/all?version=2", "vault:secret/data/more"]
    assert "the same key" in done.notes["spec.dataFrom"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("extract: {key: a, property: b}", ".extract.property"),
        ("extract: {key: a, decodingStrategy: Base64}", ".extract.decodingStrategy"),
        ("extract: {key: a}, rewrite: [{regexp: {source: b, target: c}}]", ".rewrite"),
        ("find: {name: {regexp: .*}}", ".find"),
        ("sourceRef: {generatorRef: {kind: Password, name: a}}", ".sourceRef.generatorRef"),
        ("sourceRef: {storeRef: {name: vault}}", ""),
    ],
)
def test_what_makes_keys_otherwise_is_listed(text: str, where: str) -> None:
    done = spec(f"{DATA}  dataFrom: [{{{text}}}]\n")
    assert list(done.left) == [f"spec.dataFrom[0]{where}"]
    assert done.entry["files"] == {"user": USER}
    assert "envs" not in done.entry


# --- templates ---


def template(data: str, more: str = "", sources: str = DATA) -> Imported:
    return spec(f"{sources}  target: {{template: {{data: {{{data}}}{more}}}}}\n")


def test_a_template_takes_the_place_of_the_data() -> None:
    done = template("dsn: 'postgres://{{ .user }}@db', same: '{{ .user }}', plain: text")
    assert (done.left, "envs" in done.entry) == ({}, False)
    assert done.entry["files"] == {"same": USER}
    assert done.entry["literals"] == [f"dsn=postgres://${{{USER}}}@db", "plain=text"]


def test_merged_the_data_stay_where_no_template_has_the_key() -> None:
    data = DATA.replace("}}]", "}}, {secretKey: dsn, remoteRef: {key: db}}]")
    done = template("dsn: 'x{{ .user }}'", ", mergePolicy: Merge", data)
    assert (done.entry["files"], done.entry["literals"]) == ({"user": USER}, [f"dsn=x${{{USER}}}"])


def test_a_template_finds_the_fields_of_the_one_whole_secret() -> None:
    one, two = "  dataFrom: [{extract: {key: all}}]\n", "  dataFrom: [{extract: {key: all}}, {extract: {key: b}}]\n"
    assert template("a: 'x{{ .f }}'", sources=one).entry["literals"] == ["a=x${vault:secret/data/all?key=f}"]
    assert list(template("a: 'x{{ .f }}'", sources=two).left) == ["spec.target.template.data.a"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ .user | upper }}", "the template function upper"),
        ("{{ .nobody }}", "it uses nobody, which nothing in data gives"),
        ("{{ .auto }}", "it uses auto, which is not carried over"),
    ],
)
def test_a_template_that_does_more_is_listed(text: str, why: str) -> None:
    auto = DATA.replace("}}]", "}}, {secretKey: auto, remoteRef: {key: x, property: 'y', decodingStrategy: Auto}}]")
    done = template(f"a: '{text}', b: '{{{{ .user }}}}'", sources=auto)
    assert done.left["spec.target.template.data.a"] == why
    assert done.entry["files"] == {"b": USER}


def test_of_a_pull_secret_that_a_template_composes_it_is_said_what_composes_it_here() -> None:
    done = template(".dockerconfigjson: '{{ printf \"%s:%s\" .user .user | b64enc }}'")
    assert done.left["spec.target.template.data..dockerconfigjson"] == (
        "the template function printf; dockerConfig in the entry composes this key: server, username, password"
    )


@pytest.mark.parametrize(
    ("more", "where"),
    [
        (", templateFrom: [{configMap: {name: a, items: []}}]", "templateFrom"),
        (", engineVersion: v1", "data.a"),
        (", metadata: {labels: {x: '{{ .user }}'}}", "metadata.labels.x"),
        (", metadata: {finalizers: [a/b]}", "metadata.finalizers"),
    ],
)
def test_what_else_a_template_has_is_listed(more: str, where: str) -> None:
    assert list(template("a: '{{ .user }}'", more).left) == [f"spec.target.template.{where}"]


def test_with_templates_from_elsewhere_the_data_are_no_keys() -> None:
    done = spec(f"{DATA}  target: {{template: {{templateFrom: [{{literal: 'a: b'}}]}}}}\n")
    assert done.documents == []


# --- policies ---


@pytest.mark.parametrize(
    ("target", "behavior", "noted"),
    [
        ("creationPolicy: Owner", None, True),
        ("creationPolicy: Orphan", None, False),
        ("creationPolicy: Merge", "merge", True),
        ("creationPolicy: CreateOrMerge", None, True),
        ("deletionPolicy: Retain", None, False),
        ("deletionPolicy: Delete", None, True),
        ("deletionPolicy: Merge", None, True),
    ],
)
def test_policies(target: str, behavior: str | None, noted: bool) -> None:
    done = spec(f"{DATA}  target: {{{target}}}\n")
    assert done.left == {}
    assert done.entry.get("behavior") == behavior
    assert (f"spec.target.{target.partition(':')[0]}" in done.notes) is noted


@pytest.mark.parametrize("target", ["creationPolicy: None", "manifest: {apiVersion: v1, kind: ConfigMap}"])
def test_what_makes_no_secret_is_listed(target: str) -> None:
    done = spec(f"{DATA}  target: {{{target}}}\n")
    assert done.documents == []
    assert list(done.left) == [f"spec.target.{target.partition(':')[0]}"]


def test_what_is_about_time_is_noted() -> None:
    more = "  refreshInterval: 1h\n  refreshPolicy: CreatedOnce\n  syncWindows: {kind: deny, windows: []}\n"
    done = spec(DATA + more)
    assert done.left == {}
    assert {f"spec.{name}" for name in ("refreshInterval", "refreshPolicy", "syncWindows")} < done.notes.keys()


@pytest.mark.parametrize("text", ["", "  data: []\n", "  target: {template: {type: Opaque}}\n"])
def test_an_external_secret_without_a_value_is_listed(text: str) -> None:
    done = spec(text)
    assert (done.documents, list(done.left)) == ([], ["spec"])


# --- other kinds ---


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("external-secrets.io/v1", "ClusterExternalSecret"),
        ("external-secrets.io/v1alpha1", "PushSecret"),
        ("external-secrets.io/v9", "Unheard"),
        ("generators.external-secrets.io/v1alpha1", "VaultDynamicSecret"),
    ],
)
def test_other_kinds_are_listed(group: str, kind: str) -> None:
    done = imported(f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{x: y}}\n")
    assert list(done.left) == ["kind"]


def test_a_field_of_another_type_is_listed() -> None:
    done = spec("  data: text\n")
    assert done.left == {"spec.data": "a list is expected here"}
