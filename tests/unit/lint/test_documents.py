"""Rules about documents, and what runs them."""

from pathlib import Path

import pytest

from support.lint_tree import ENTRY, HEAD, LISTED, app, found, report
from support.trees import write_tree

FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec:
  interval: 5m
  path: ./app
  prune: true
  sourceRef: {kind: GitRepository, name: a}
  secretGenerator:
  - name: web
    files: {password: 'vault:secret/data/app?key=password'}
"""
BARE = "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: app}\n" + ENTRY


def write_program(path: Path) -> None:
    write_tree(path.parent, {path.name: "#!/bin/sh\n"})
    path.chmod(0o755)


def named(path: str) -> dict[str, str]:
    files = app()
    files["app.yaml"] = files["app.yaml"].replace("{path: vaultgen}", f"{{path: {path}}}")
    return files


# --- refused ---


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("secretGenerator:\n- name: App\n  literals: [A=b]\n", "9:3"),
        ("secretGenerator:\n- name: app\n  literals: [A=b, c]\n", "10:19"),
        ("secretGenerator:\n- name: app\n  literals: [A=b, A=c]\n", "10:19"),
        ("secretGenerator:\n- name: app\n  files: {A: gone.txt}\n", "10:11"),
        ("secretGenerator:\n- name: app\n  envs: [gone.env]\n", "10:10"),
        ("secretGenerator:\n- name: app\n  options: {labels: {a: 1}}\n", "10:22"),
        ("secretGenerator:\n- name: app\n  literal: [A=b]\n", "10:3"),
        ("secretGenerator:\n- literals: [A=b]\n", "9:3"),
        ("secretGenerators: []\n", "8:1"),
        ("secretGenerator:\n- name: app\n  type: kubernetes.io/tls\n  literals: [tls.key=a]\n", "9:3"),
        ("vault: {auth: {kubernetis: {role: a}}}\n" + ENTRY, "8:16"),
    ],
)
def test_what_a_build_refuses_has_a_place(body: str, place: str, tmp_path: Path) -> None:
    assert f"refused app.yaml:{place}" in found(tmp_path, app(body))


def test_a_fault_of_a_dotenv_file_is_found_in_its_line(tmp_path: Path) -> None:
    files = app("secretGenerator:\n- name: app\n  envs: [local.env]\n", local__env="A=b\n\nI J\nC=vault:d\n")
    assert found(tmp_path, files) == ["refused local.env:3:1", "refused local.env:4:1"]


def test_an_inline_document_is_looked_at_where_it_stands(tmp_path: Path) -> None:
    text = "".join(f"  {line}\n" for line in (HEAD + "secretGenerator:\n- name: App\n").splitlines())
    assert found(tmp_path, {"kustomization.yaml": "generators:\n- |\n" + text}) == ["refused kustomization.yaml:11:5"]


def test_each_broken_file_is_told_in_one_run(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": "resources: [a.yaml, b.yaml, base, gone]\ngenerators: [c.yaml]\n",
        "a.yaml": "a: [\n",
        "b.yaml": "a: 1\na: 2\n",
        "base/readme.md": "",
        "c.yaml": HEAD + "secretGenerator: [{name: A}]\n",
    }
    assert found(tmp_path, files) == [
        "refused a.yaml:2:1",
        "refused b.yaml:2:1",
        "refused c.yaml:8:19",
        "refused kustomization.yaml:1:29",
        "refused kustomization.yaml:1:35",
    ]


def test_another_kind_or_version_of_ours_is_refused(tmp_path: Path) -> None:
    files = app()
    for old, new in (("VaultSecretGenerator", "VaultSecret"), ("v1alpha1", "v1")):
        changed = {**files, "app.yaml": files["app.yaml"].replace(old, new)}
        assert found(tmp_path, changed)[0].startswith("refused app.yaml:1:1")


def test_one_line_tells_a_mistake_once(tmp_path: Path) -> None:
    """A quoted reference is refused too, but its own rule says what to do."""
    files = app("secretGenerator:\n- name: app\n  envs: [a.env]\n", a__env="A='vault:a/b?key=c'\n")
    assert found(tmp_path, files) == ["quoted-reference a.env:1:1"]


# --- the function annotation ---


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("./gone", ["exec-path", "foreign-function"]),
        ("./bin", ["exec-path", "foreign-function"]),
        ("./bin/plain", ["exec-path", "foreign-function"]),
        ("./bin/run", ["foreign-function"]),
        ("../run", ["foreign-function"]),
        ("other", ["exec-path", "foreign-function"]),
        ("onpath", ["foreign-function"]),
    ],
)
def test_the_program_has_to_be_there_as_seen_from_the_root(path: str, rules: list[str], tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_program(root / "bin/run")
    write_program(tmp_path / "run")
    write_program(tmp_path / "path/onpath")
    (root / "bin/plain").write_text("")
    lines = found(root, named(path), {"PATH": str(tmp_path / "path")})
    assert sorted(line.split()[0] for line in lines) == rules


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("config.kubernetes.io/function", "config.kubernetes.io/Function", "6:5"),
        ("config.kubernetes.io/function", "configs.kubernetes.io/function", "6:5"),
        ("  annotations:", "  labels:", "6:5"),
        ("  annotations:\n    config.kubernetes.io/function: |\n    ", "  config.kubernetes.io/function: |\n", "5:3"),
    ],
)
def test_an_annotation_that_kustomize_does_not_see(old: str, new: str, place: str, tmp_path: Path) -> None:
    files = app()
    files["app.yaml"] = files["app.yaml"].replace(old, new)
    assert found(tmp_path, files) == [f"function-annotation app.yaml:{place}"]


def test_another_annotation_is_none_of_it(tmp_path: Path) -> None:
    files = app()
    files["app.yaml"] = BARE.replace("{name: app}", "{name: app, annotations: {config.kubernetes.io/index: '0'}}", 1)
    assert found(tmp_path, files) == ["no-annotation app.yaml:2:1"]


def test_without_annotation_a_plugin_will_do(tmp_path: Path) -> None:
    files = {"kustomization.yaml": "generators: [app.yaml, flux.yaml]\n", "app.yaml": BARE, "flux.yaml": FLUX}
    home = tmp_path / "home"
    environ = {"KUSTOMIZE_PLUGIN_HOME": str(home)}
    lines = ["no-annotation app.yaml:2:1", "no-annotation flux.yaml:2:1"]
    assert found(tmp_path / "tree", files, environ) == lines
    write_program(home / "vaultgen.dev/v1alpha1/vaultsecretgenerator/VaultSecretGenerator")
    write_program(home / "kustomize.toolkit.fluxcd.io/v1/kustomization/Kustomization")
    assert found(tmp_path / "tree", files, environ) == []


# --- where it is listed ---


@pytest.mark.parametrize("role", ["resources", "transformers", "validators"])
def test_a_document_belongs_under_generators(role: str, tmp_path: Path) -> None:
    files = {"kustomization.yaml": f"{role}: [app.yaml]\n", "app.yaml": HEAD + ENTRY}
    assert found(tmp_path, files) == [f"not-a-generator kustomization.yaml:1:{len(role) + 4}"]


def test_a_flux_kustomization_with_secrets_belongs_under_generators_too(tmp_path: Path) -> None:
    files = {"kustomization.yaml": "resources: [flux.yaml]\n", "flux.yaml": FLUX}
    assert found(tmp_path, files) == ["not-a-generator kustomization.yaml:1:13"]
    plain = FLUX.partition("  secretGenerator")[0]
    assert found(tmp_path, {**files, "flux.yaml": plain}) == []


def test_a_file_that_holds_more_is_not_moved(tmp_path: Path) -> None:
    more = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    files = {"kustomization.yaml": "resources:\n- app.yaml\n", "app.yaml": HEAD + ENTRY + more}
    (finding,) = report(tmp_path, files).findings
    assert (finding.rule, finding.fix) == ("not-a-generator", None)
    (finding,) = report(tmp_path, {**files, "app.yaml": HEAD + ENTRY}).findings
    assert finding.fix


def test_a_document_that_nothing_names_is_not_listed(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": "resources: [base]\npatches: [{path: patches/app.yaml}]\n",
        "patches/app.yaml": HEAD + ENTRY,
        "base/kustomization.yaml": "namePrefix: a-\n",
        "base/deep/er/app.yml": HEAD + ENTRY,
        "other/kustomization.yaml": LISTED,
        "other/app.yaml": HEAD + ENTRY,
        ".hidden/app.yaml": HEAD + ENTRY,
        "templates/app.yaml": "kind: VaultSecretGenerator\n",
        "broken.yaml": "kind: VaultSecretGenerator\na: [\n",
    }
    assert found(tmp_path, files) == ["not-listed base/deep/er/app.yml:2:1"]


# --- what a build trusts ---


def test_remotes_are_told_where_they_stand(tmp_path: Path) -> None:
    text = (
        "resources:\n- github.com/a/b?ref=v1\npatches:\n- path: https://u:p@example.com/x.yaml?token=t\n"
        "helmCharts:\n- {name: a, repo: https://charts.example.com}\n"
    )
    assert found(tmp_path, {"kustomization.yaml": text}) == [
        "remote-base kustomization.yaml:2:3",
        "remote-base kustomization.yaml:4:3",
        "remote-base kustomization.yaml:6:13",
    ]
    messages = "".join(one.message for one in report(tmp_path, {"kustomization.yaml": text}).findings)
    assert "u:p" not in messages
    assert "token=t" not in messages


def test_options_beside_exec_are_told(tmp_path: Path) -> None:
    files = app()
    files["app.yaml"] = files["app.yaml"].replace("{path: vaultgen}", "{path: vaultgen, args: [lint]}")
    assert found(tmp_path, files) == ["foreign-function app.yaml:1:1"]
