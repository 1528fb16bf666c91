"""What a build refuses since no Secret would come of it, and what looks like that and is let through."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.trees import write_tree
from vaultgen.kustomize.walk import walk
from vaultgen.unresolved import unresolved

OURS = "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: a}\nsecretGenerator: []\n"
FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {%s}\n"


def faults(directory: Path, files: Mapping[str, str | bytes]) -> list[tuple[str, str]]:
    """Write a tree and return code and place of each fault, files named from the directory."""
    found = unresolved(walk(str(write_tree(directory, files)), resources=False))
    return [(one.code, Path(one.place.file).resolve().relative_to(directory).name) for one in found]


@pytest.mark.parametrize(
    "document",
    [
        OURS,
        OURS.replace("v1alpha1", "v9"),
        "---\n" + OURS,
        FLUX % "secretGenerator: [{name: a}]",
        FLUX.replace("/v1", "/v1beta2") % "secretGenerator: []",
        '{"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator"}',
    ],
)
def test_a_document_among_the_resources_is_found(document: str, tmp_path: Path) -> None:
    files = {"kustomization.yaml": "resources: [one.yaml]\n", "one.yaml": document}
    assert faults(tmp_path, files) == [("listed-as-resource", "one.yaml")]


@pytest.mark.parametrize(
    "document",
    [
        FLUX % "path: ./secretGenerator",
        OURS.replace("VaultSecretGenerator", "VaultArtifact"),
        OURS.replace("vaultgen.dev", "other.example.com"),
        # The definition of a kind, and a text about one.
        "kind: CustomResourceDefinition\nspec: {names: {kind: VaultSecretGenerator}}\n",
        "kind: ConfigMap\ndata:\n  help: |\n    kind: VaultSecretGenerator\n    apiVersion: vaultgen.dev/v1alpha1\n",
        # Not for us to judge.
        "kind: VaultSecretGenerator\n  apiVersion: [",
    ],
)
def test_other_resources_are_let_through(document: str, tmp_path: Path) -> None:
    assert faults(tmp_path, {"kustomization.yaml": "resources: [one.yaml]\n", "one.yaml": document}) == []


def test_a_directory_of_configs_lists_documents_as_resources(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": "generators: [configs]\n",
        "configs/kustomization.yaml": "resources: [one.yaml]\n",
        "configs/one.yaml": OURS,
    }
    assert faults(tmp_path, files) == []


def test_a_file_that_two_kustomizations_list_is_told_once(tmp_path: Path) -> None:
    files = {"kustomization.yaml": "resources: [b, one.yaml]\n", "one.yaml": OURS}
    files |= {"b/kustomization.yaml": "resources: [../one.yaml]\n"}
    assert faults(tmp_path, files) == [("listed-as-resource", "one.yaml")]


EXEC = "annotations: {config.kubernetes.io/function: 'exec: {path: vaultgen}'}"
"""The annotation that has kustomize run vaultgen for a document."""


@pytest.mark.parametrize("role", ["transformers", "validators"])
@pytest.mark.parametrize(
    "document",
    [
        OURS,
        OURS.replace("{name: a}", f"{{name: a, {EXEC}}}"),
        FLUX % "secretGenerator: [{name: a}]",
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, {EXEC}}}\n",
    ],
)
def test_a_document_that_runs_as_a_transformer_is_found(document: str, role: str, tmp_path: Path) -> None:
    files = {"kustomization.yaml": f"{role}: [one.yaml]\n", "one.yaml": document}
    assert faults(tmp_path, files) == [("listed-as-transformer", "one.yaml")]
    inline = "".join(f"  {line}\n" for line in document.splitlines())
    assert faults(tmp_path, {"kustomization.yaml": f"{role}:\n- |\n{inline}"}) == [
        ("listed-as-transformer", "kustomization.yaml")
    ]
    assert faults(tmp_path, {**files, "kustomization.yaml": "generators: [one.yaml]\n"}) == []


def test_transformers_of_kustomize_and_of_others_are_let_through(tmp_path: Path) -> None:
    label = "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: a}\nlabels: {a: b}\n"
    other = OURS.replace("{name: a}", f"{{name: a, {EXEC.replace('path: vaultgen', 'path: ./other')}}}")
    files = {"kustomization.yaml": "transformers: [one.yaml]\n", "one.yaml": f"{label}---\n{other}"}
    assert faults(tmp_path, files) == []


REFERENCE = "vault:secret/data/app?key=password"


@pytest.mark.parametrize(
    "sources",
    [
        f"literals: ['A={REFERENCE}']",
        f"literals: ['A=x${{{REFERENCE}}}']",
        f"literals: ['A=\"{REFERENCE}\"']",
        f"files: ['a={REFERENCE}']",
        f"files: ['{REFERENCE}']",
        "envs: ['vault:secret/data/app']",
        "env: 'vault:secret/data/app'",
        "envs: [one.env]",
        "Envs: [one.env]",
    ],
)
@pytest.mark.parametrize("generator", ["secretGenerator", "configMapGenerator"])
def test_a_reference_in_a_builtin_generator_is_found(generator: str, sources: str, tmp_path: Path) -> None:
    kustomization = f"{generator}:\n- name: a\n  {sources}\n"
    files = {"kustomization.yaml": kustomization, "one.env": f"A=x\nB=x${{{REFERENCE}}}\n"}
    assert faults(tmp_path, files) == [("builtin-reference", "kustomization.yaml")]


def test_files_of_a_config_map_may_speak_of_references(tmp_path: Path) -> None:
    sources = f"{{name: a, files: [{'{'}x: y{'}'}, readme.md]}}"
    files = {"readme.md": f"Write `${{{REFERENCE}}}`.\n"}
    assert faults(tmp_path, {**files, "kustomization.yaml": f"configMapGenerator: [{sources}]\n"}) == []
    assert faults(tmp_path, {**files, "kustomization.yaml": f"secretGenerator: [{sources}]\n"}) == [
        ("builtin-reference", "kustomization.yaml")
    ]


@pytest.mark.parametrize(
    "text",
    [
        # Of bank-vaults' webhook.
        "vault:secret/data/app#password",
        "${vault:secret/data/app#password}",
        # Escaped, inside other text, and no path of Vault's.
        f"$${{{REFERENCE}}}",
        f"see {REFERENCE}",
        "https://vault:8200/ui?key=x",
        "vault:",
    ],
)
def test_what_other_tools_write_is_let_through(text: str, tmp_path: Path) -> None:
    files = {"kustomization.yaml": "secretGenerator:\n- name: a\n  literals: ['A=" + text + "']\n  envs: [one.env]\n"}
    assert faults(tmp_path, {**files, "one.env": f"A={text}\nB\n"}) == []


def test_a_file_that_is_named_like_a_reference_is_a_file(tmp_path: Path) -> None:
    files = {"kustomization.yaml": "secretGenerator:\n- {name: a, files: ['vault:one']}\n", "vault:one": "x"}
    assert faults(tmp_path, files) == []


@pytest.mark.parametrize("value", ["x", "{a: b}", "[x, 1, null]", "[{literals: x, files: 1, envs: [null, 2]}]", "null"])
def test_fields_of_other_types_are_for_kustomize_to_refuse(value: str, tmp_path: Path) -> None:
    assert faults(tmp_path, {"kustomization.yaml": f"secretGenerator: {value}\n"}) == []


def test_each_fault_has_its_line(tmp_path: Path) -> None:
    listed = f"secretGenerator:\n- name: a\n  Literals:\n  - A=x\n  - A={REFERENCE}\n  env: one.env\n"
    files = {
        "kustomization.yaml": f"resources: [list.yaml]\ngenerators: [b.yaml]\n{listed}",
        "b.yaml": f"a: b\n---\napiVersion: builtin\nkind: SecretGenerator\nname: a\nfiles:\n- a={REFERENCE}\n",
        "one.env": f"A={REFERENCE}\n",
        "list.yaml": "kind: List\nitems:\n- kind: ConfigMap\n- " + OURS.replace("\n", "\n  "),
    }
    found = unresolved(walk(str(write_tree(tmp_path, files)), resources=False))
    assert [(Path(one.place.file).name, one.place.line, one.place.column, one.place.field) for one in found] == [
        ("list.yaml", 4, 3, ""),
        ("kustomization.yaml", 7, 5, "secretGenerator[0].Literals[1]"),
        ("kustomization.yaml", 8, 3, "secretGenerator[0].env"),
        ("b.yaml", 7, 3, "files[0]"),
    ]
