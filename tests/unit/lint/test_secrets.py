"""Rules about the Secrets of a build, and what refers to them."""

from pathlib import Path

import pytest

from support.lint_tree import ENTRY, HEAD, app, found, report
from support.trees import chain

STABLE = ENTRY + "  options: {disableNameSuffixHash: true}\n"
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {annotations: {a: b}}
    spec:
      containers:
      - name: web
"""
ENVIRONMENT = WEB + "        env: [{name: A, valueFrom: {secretKeyRef: {name: app, key: password}}}]\n"
MOUNT = "        volumeMounts: [{name: v, mountPath: /a%s}]\n      volumes: [{name: v, secret: {secretName: app}}]\n"


def with_web(web: str, secrets: str = ENTRY, kustomization: str = "", **files: str) -> dict[str, str]:
    """Return a tree with a resource and a document; a name with ``__`` stands for one with a dot."""
    tree = app(secrets, web__yaml=web, **files)
    tree["kustomization.yaml"] = f"resources: [web.yaml]\ngenerators: [app.yaml]\n{kustomization}"
    return tree


# --- behavior ---


@pytest.mark.parametrize("base", ["https://example.com/base?ref=v1", "gone.yaml"])
def test_what_is_not_seen_may_have_the_secret(base: str, tmp_path: Path) -> None:
    files = app(ENTRY + "  behavior: merge\n")
    files["kustomization.yaml"] += f"resources: ['{base}']\n"
    assert "merge-without-base" not in {one.split()[0] for one in found(tmp_path, files)}


def test_a_component_alone_is_not_judged_by_what_its_parent_has(tmp_path: Path) -> None:
    files = app(ENTRY + "  behavior: merge\n")
    files["kustomization.yaml"] += "kind: Component\n"
    assert found(tmp_path, files) == []


def test_a_builtin_entry_cannot_merge_into_what_comes_later(tmp_path: Path) -> None:
    files = app()
    files["kustomization.yaml"] += "secretGenerator:\n- {name: app, behavior: merge, literals: [a=b]}\n"
    (finding,) = report(tmp_path, files).findings
    assert (finding.rule, finding.line, finding.column) == ("merge-without-base", 3, 15)
    assert finding.hint.startswith("kustomize runs its own secretGenerator first")


def test_a_secret_that_a_patch_may_rename_is_left_alone(tmp_path: Path) -> None:
    files = app(ENTRY + "  behavior: merge\n")
    files["base/kustomization.yaml"] = (
        "secretGenerator: [{name: other, literals: [a=b]}]\npatches:\n- target: {kind: Secret}\n"
        "  options: {allowNameChange: true}\n  patch: '[{op: replace, path: /metadata/name, value: app}]'\n"
    )
    files["kustomization.yaml"] += "resources: [base]\n"
    assert found(tmp_path, files) == []


# --- options ---


@pytest.mark.parametrize(
    ("options", "own", "lacking"),
    [
        ("{labels: {a: b}}", "", "labels"),
        ("{labels: {a: b}}", "generatorOptions: {labels: {a: c}}\n", "labels"),
        ("{annotations: {a: b}}", "", "annotations"),
        ("{disableNameSuffixHash: true, immutable: true}", "", "disableNameSuffixHash and immutable"),
        ("{labels: {a: b}, immutable: true}", "generatorOptions: {labels: {a: b, c: d}}\n", "immutable"),
        ("{labels: {a: b}}", "generatorOptions: {labels: {a: b, c: d}}\n", ""),
        ("{disableNameSuffixHash: false}", "", ""),
        ("{}", "", ""),
    ],
)
def test_options_that_do_not_reach(options: str, own: str, lacking: str, tmp_path: Path) -> None:
    files = app(own + ENTRY)
    files["kustomization.yaml"] += f"generatorOptions: {options}\n"
    findings = report(tmp_path, files).findings
    assert [one.message.partition(" of ")[0] for one in findings] == ([lacking] if lacking else [])


def test_options_of_the_whole_document_count(tmp_path: Path) -> None:
    options = "generatorOptions:\n  immutable: true\n  annotations: {config.kubernetes.io/local-config: 'yes'}\n"
    assert found(tmp_path, app(options + STABLE)) == [
        "immutable-stable-name app.yaml:9:3",
        "vanishing-secret app.yaml:10:17",
    ]


# --- keys ---


@pytest.mark.parametrize(
    ("web", "place"),
    [
        (ENVIRONMENT.replace("key: password", "key: pasword"), "10:63"),
        (WEB + "      volumes: [{secret: {secretName: app, items: [{key: a, path: b}]}}]\n", "10:53"),
        (WEB + "      volumes: [{projected: {sources: [{secret: {name: app, items: [{key: a}]}}]}}]\n", "10:70"),
        (WEB + "      imagePullSecrets: [{name: app}]\n", "10:27"),
        ("apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec:\n  tls:\n  - secretName: app\n", "5:5"),
    ],
)  # fmt: skip
def test_a_key_that_the_secret_does_not_have(web: str, place: str, tmp_path: Path) -> None:
    lines = found(tmp_path, with_web(web))
    assert lines
    assert set(lines) == {f"missing-key web.yaml:{place}"}


@pytest.mark.parametrize(
    ("secrets", "kustomization"),
    [
        (ENTRY + "  envs: ['vault:secret/data/app']\n", ""),
        (ENTRY, "patches: [{target: {kind: Secret}, patch: 'x'}]\n"),
        (ENTRY, "patches: [{path: gone.yaml}]\n"),
        (ENTRY, "patches:\n- patch: |\n    kind: Deployment\n    metadata: {name: web}\n    spec: {env: null}\n"),
        (ENTRY, "replacements: [{source: {kind: A}, targets: [{select: {kind: Deployment}}]}]\n"),
        (ENTRY, "transformers: ['{apiVersion: a.b/v1, kind: Any, metadata: {name: a}}']\n"),
        (ENTRY + "  behavior: merge\n", "helmCharts: [{name: a}]\n"),
    ],
)
def test_where_a_key_may_come_from_elsewhere_nothing_is_said(secrets: str, kustomization: str, tmp_path: Path) -> None:
    files = with_web(ENVIRONMENT.replace("key: password", "key: other"), secrets, kustomization)
    assert "missing-key" not in {one.split()[0] for one in found(tmp_path, files)}


def test_a_patch_that_is_about_something_else_changes_nothing(tmp_path: Path) -> None:
    web = ENVIRONMENT.replace("key: password", "key: other")
    files = with_web(web, kustomization="patches: [{target: {kind: Deployment}, patch: 'spec: {replicas: 3}'}]\n")
    assert found(tmp_path, files) == ["missing-key web.yaml:10:63"]


def test_an_optional_key_may_be_missing(tmp_path: Path) -> None:
    web = ENVIRONMENT.replace("key: password", "key: other, optional: true")
    assert found(tmp_path, with_web(web)) == []


def test_keys_of_all_that_is_merged_count(tmp_path: Path) -> None:
    files = with_web(ENVIRONMENT.replace("key: password", "key: user"), ENTRY + "  behavior: merge\n")
    files["base/kustomization.yaml"] = "secretGenerator: [{name: app, literals: [user=a]}]\n"
    files["kustomization.yaml"] = files["kustomization.yaml"].replace("[web.yaml]", "[base, web.yaml]")
    assert found(tmp_path, files) == []
    replaced = {**files, "app.yaml": files["app.yaml"].replace("behavior: merge", "behavior: replace")}
    assert found(tmp_path, replaced) == ["missing-key web.yaml:10:63"]


def test_keys_of_plain_manifests_and_of_builtin_entries_count(tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\nstringData: {a: b}\ndata: {c: ZA==}\n"
    for key, lines in (("a", []), ("c", []), ("d", ["missing-key web.yaml:10:63"])):
        files = {
            "kustomization.yaml": "resources: [secret.yaml, web.yaml]\n",
            "secret.yaml": secret,
            "web.yaml": ENVIRONMENT.replace("key: password", f"key: {key}"),
        }
        assert found(tmp_path, files) == lines
    files["kustomization.yaml"] = (
        "resources: [web.yaml]\nsecretGenerator: [{name: app, files: [d=a.txt], literals: [x=y], envs: [b.env]}]\n"
    )
    assert found(tmp_path, {**files, "a.txt": "", "b.env": "K=v\n"}) == []


# --- names ---


@pytest.mark.parametrize(
    ("name", "is_told"),
    [("my-app-secret", True), ("my-ap-secrets", True), ("other", False), ("my-app-secrets-2", False)],
)
def test_a_name_that_is_nearly_that_of_a_secret(name: str, is_told: bool, tmp_path: Path) -> None:
    files = with_web(ENVIRONMENT.replace("name: app,", f"name: {name},"), ENTRY.replace("app", "my-app-secrets"))
    assert found(tmp_path, files) == (["misspelled-secret web.yaml:10:52"] if is_told else [])


def test_the_name_before_its_prefix_is_the_right_one(tmp_path: Path) -> None:
    assert found(tmp_path, with_web(ENVIRONMENT, kustomization="namePrefix: my-\nnameSuffix: -1\n")) == []


@pytest.mark.parametrize(
    ("secret", "web", "stable", "is_told"),
    [
        ("", "", False, False),
        ("", "default", False, False),
        ("", "apps", False, True),
        ("apps", "", False, True),
        ("apps", "web", False, True),
        ("apps", "apps", False, False),
        ("apps", "web", True, True),
        ("", "apps", True, False),
    ],
)
def test_namespaces_have_to_agree(secret: str, web: str, stable: bool, is_told: bool, tmp_path: Path) -> None:
    entry = (STABLE if stable else ENTRY) + (f"  namespace: {secret}\n" if secret else "")
    text = ENVIRONMENT.replace("{name: web}", f"{{name: web, namespace: {web}}}" if web else "{name: web}")
    lines = [one for one in found(tmp_path, with_web(text, entry)) if "no-restart" not in one]
    assert lines == (["other-namespace web.yaml:10:52"] if is_told else [])


ISSUER = "apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: a}\nspec: {ca: {secretName: app}}\n"


@pytest.mark.parametrize(
    ("kustomization", "secrets", "is_told"),
    [
        ("", ENTRY, True),
        ("", STABLE, False),
        ("namePrefix: my-\n", STABLE, True),
        ("configurations: [names.yaml]\n", ENTRY, False),
        ("crds: [crds.yaml]\n", ENTRY, False),
        ("namespace: apps\n", ENTRY, True),
    ],
)
def test_a_field_of_a_custom_resource(kustomization: str, secrets: str, is_told: bool, tmp_path: Path) -> None:
    names = "nameReference:\n- {kind: Secret, fieldSpecs: [{kind: Issuer, path: spec/ca/secretName}]}\n"
    files = with_web(ISSUER, secrets, kustomization, names__yaml=names)
    assert found(tmp_path, files) == (["unrewritten-reference web.yaml:4:13"] if is_told else [])


def test_what_to_write_is_what_kustomize_takes(tmp_path: Path) -> None:
    """The hint itself, as a file under configurations, ends the finding."""
    (finding,) = report(tmp_path, with_web(ISSUER)).findings
    names = finding.hint.partition("says ")[2]
    assert found(tmp_path, with_web(ISSUER, kustomization="configurations: [names.yaml]\n", names__yaml=names)) == []


# --- rotation ---


@pytest.mark.parametrize(
    ("web", "kustomization", "is_told"),
    [
        (ENVIRONMENT, "", True),
        (WEB + MOUNT % "", "", False),
        (WEB + MOUNT % ", subPath: password", "", True),
        (ENVIRONMENT.replace("kind: Deployment", "kind: Job").replace("apps/v1", "batch/v1"), "", False),
        (ENVIRONMENT.replace("{a: b}", "{reloader.stakater.com/auto: 'true'}"), "", False),
        (ENVIRONMENT.replace("{a: b}", "{secret.reloader.stakater.com/reload: 'x, app'}"), "", False),
        (ENVIRONMENT.replace("{a: b}", "{secret.reloader.stakater.com/reload: 'x'}"), "", True),
        (ENVIRONMENT.replace("{a: b}", "{reloader.stakater.com/search: 'true'}"), "", True),
        (ENVIRONMENT, "commonAnnotations: {reloader.stakater.com/auto: 'true'}\n", False),
        (ENVIRONMENT, "patches:\n- target: {kind: Deployment}\n  patch: 'reloader.stakater.com/auto'\n", False),
    ],
)
def test_pods_that_would_not_see_a_new_value(web: str, kustomization: str, is_told: bool, tmp_path: Path) -> None:
    lines = found(tmp_path, with_web(web, STABLE, kustomization))
    assert [one.split()[0] for one in lines] == (["no-restart"] if is_told else [])
    assert found(tmp_path, with_web(web, ENTRY, kustomization)) == []


def test_reloader_finds_a_secret_by_its_annotation(tmp_path: Path) -> None:
    web = ENVIRONMENT.replace("{a: b}", "{reloader.stakater.com/search: 'true'}")
    options = "  options: {disableNameSuffixHash: true, annotations: {reloader.stakater.com/match: 'true'}}\n"
    assert found(tmp_path, with_web(web, ENTRY + options)) == []


def test_a_workload_is_told_once_a_secret(tmp_path: Path) -> None:
    web = ENVIRONMENT + "        envFrom: [{secretRef: {name: app}}]\n" + MOUNT % ", subPath: a"
    assert found(tmp_path, with_web(web, STABLE)) == ["no-restart web.yaml:10:52"]


# --- odd trees ---


@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: web.yaml\ngenerators: app.yaml\n",
        "resources: [1, {a: b}, null]\npatches: [1, {target: 1}, {patch: 1}]\n",
        "replacements: [1, {targets: [1, {select: 1}]}, {targets: 1}]\n",
        "secretGenerator: [1, {name: 1, literals: 1, files: {a: b}, envs: 1, options: 1}]\ngeneratorOptions: 1\n",
        "secretGenerator: {name: a}\nconfigMapGenerator: 1\ncommonAnnotations: 1\nconfigurations: [1, gone.yaml]\n",
        "namespace: [a]\nnamePrefix: 1\ncomponents: [.]\nresources: [.]\n",
        "patches: [{target: {kind: '('}, patch: x}]\nresources: [web.yaml]\ngenerators: [app.yaml]\n",
        "replacements: [{path: gone.yaml}, {path: app.yaml}]\npatchesStrategicMerge: [gone.yaml, 1, 'a: [']\n",
        "null\n",
        "[]\n",
    ],
)
def test_a_tree_that_makes_no_sense_breaks_nothing(kustomization: str, tmp_path: Path) -> None:
    web = "- kind: a\n---\nkind: [a]\nmetadata: 1\nspec: {secretName: app, secretRef: 1}\n---\nkind: Secret\ndata: 1\n"
    files = {"kustomization.yaml": kustomization, "web.yaml": web, "app.yaml": HEAD + ENTRY}
    found(tmp_path, files)


def test_what_may_have_the_secret_a_hundred_levels_away_is_not_looked_for(tmp_path: Path) -> None:
    """All is read, since it is listed near the top as well, but nobody goes down all the way."""
    nearer = ", ".join(f"./{level}" for level in range(499, -1, -1))
    files = {**app(ENTRY + "  behavior: merge\n"), **chain(500)}
    files["kustomization.yaml"] += f"resources: [{nearer}]\n"
    assert "merge-without-base" not in {one.split()[0] for one in found(tmp_path, files)}
