"""What a build may run and fetch."""

from pathlib import Path
from typing import Any

import pytest

from support.errands import DOWNLOADS, ERRANDS
from support.hostile import TRICKS, Trick
from support.in_memory import codes
from support.trees import config, write_tree
from vaultgen.errors import Refused
from vaultgen.errors.report import hint, report
from vaultgen.kustomize.trust import function_of, functions_of, is_for_vaultgen, is_ours, untrusted
from vaultgen.kustomize.walk import Tree, walk

FLUX = "kustomize.toolkit.fluxcd.io"


def tree_of(directory: Path, document: str, kustomization: str = "generators: [gen.yaml]\n") -> Tree:
    return walk(str(write_tree(directory, {"kustomization.yaml": kustomization, "gen.yaml": document})))


def faults_of(directory: Path, **allowed: Any) -> list[str]:
    """Return the codes by which a build of a directory is refused before anything runs."""
    try:
        return [fault.code for fault in untrusted(walk(str(directory), resources=False), **allowed)]
    except Refused as refused:
        return codes(refused)


@pytest.mark.parametrize("name", [*TRICKS, *ERRANDS])
def test_each_trick_is_refused(name: str, tmp_path: Path) -> None:
    trick: Trick = {**TRICKS, **ERRANDS}[name]
    assert set(faults_of(trick.write(tmp_path))) & set(trick.codes)


@pytest.mark.parametrize("name", DOWNLOADS)
def test_each_download_is_refused(name: str, tmp_path: Path) -> None:
    files = {path: text.replace("<<address>>", "http://h/x") for path, text in DOWNLOADS[name].items()}
    assert faults_of(write_tree(tmp_path, files)) == ["remote-base"]


@pytest.mark.parametrize(
    "document",
    [
        config(),
        config().replace("config.kubernetes.io", "config.k8s.io"),
        config().replace('"exec: {path: vaultgen}"', "|\n      exec:\n        path: vaultgen\n"),
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: legacy}\n",
        f"apiVersion: {FLUX}/v1\nkind: Kustomization\nmetadata: {{name: article}}\n",
        f"apiVersion: {FLUX}/v1beta2\nkind: Kustomization\nmetadata: {{name: article}}\n",
        config().replace("vaultgen.dev/v1alpha1", "v1").replace("VaultSecretGenerator", "ConfigMap"),
        "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\nlabels: {a: https://h}\n",
    ],
)
@pytest.mark.parametrize("role", ["generators", "transformers", "validators"])
def test_vaultgen_and_the_builtins_are_trusted(document: str, role: str, tmp_path: Path) -> None:
    assert untrusted(tree_of(tmp_path, document, f"{role}: [gen.yaml]\n")) == []


@pytest.mark.parametrize(
    ("function", "option"),
    [
        ("exec: {path: vaultgen, args: [plugin]}", "args"),
        ("exec: {path: vaultgen, envs: [A=B]}", "envs"),
        ("{exec: {path: vaultgen}, deferFailure: true}", "deferFailure"),
        ("{exec: {path: vaultgen}, container: {network: true}}", "container"),
    ],
)
def test_options_of_our_own_function_are_refused(function: str, option: str, tmp_path: Path) -> None:
    (fault,) = untrusted(tree_of(tmp_path, config().replace("exec: {path: vaultgen}", function)))
    assert (fault.code, fault.facts["option"]) == ("function-options", option)


@pytest.mark.parametrize(
    "path", ["./vaultgen", "vaultgen ", " vaultgen", "VAULTGEN", "../vaultgen", "/usr/bin/vaultgen"]
)
def test_only_the_bare_name_is_vaultgen(path: str, tmp_path: Path) -> None:
    (fault,) = untrusted(tree_of(tmp_path, config(f"'{path}'")))
    assert (fault.code, fault.facts["function"]) == ("foreign-function", path)


@pytest.mark.parametrize(
    "function",
    ["container: {image: vaultgen}", "starlark: {path: vaultgen}", "{exec: {args: []}, container: {image: vaultgen}}"],
)
def test_an_image_or_a_script_of_that_name_is_not_vaultgen(function: str, tmp_path: Path) -> None:
    tree = tree_of(tmp_path, config().replace("exec: {path: vaultgen}", function))
    (fault,) = untrusted(tree)
    assert (fault.code, fault.facts["function"]) == ("foreign-function", "vaultgen")
    assert not is_for_vaultgen(tree.plugins[0].document)


def test_who_writes_another_program_into_a_document_of_vaultgen_is_told_the_right_one(tmp_path: Path) -> None:
    """Of a document of somebody else nothing is known."""
    ours = config("/usr/bin/vaultgen")
    (fault,) = untrusted(tree_of(tmp_path, ours))
    assert hint(fault).startswith("a document of vaultgen has `exec: {path: vaultgen}`; for another program: if you ")
    (fault,) = untrusted(tree_of(tmp_path, ours.replace("VaultSecretGenerator", "ksops")))
    assert hint(fault).startswith("if you trust it")


@pytest.mark.parametrize(
    "text", ["", "exec", "[", "exec: {}", "exec: {path: vaultgen, Path: ./evil}", "a: 1\n---\nb: 2", "starlark: {}"]
)
def test_an_annotation_that_names_nothing_is_refused(text: str, tmp_path: Path) -> None:
    document = config().replace('"exec: {path: vaultgen}"', f'"{text}"'.replace("\n", "\\n"))
    assert [fault.code for fault in untrusted(tree_of(tmp_path, document))] == ["foreign-function"]


def test_an_allowed_function_is_let_through_by_its_exact_name(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, config("./fn"))
    assert untrusted(tree, functions=["./fn"]) == []
    assert [fault.code for fault in untrusted(tree, functions=["fn", "./FN", "./fn "])] == ["foreign-function"]


def test_an_allowed_image_does_not_let_a_program_through(tmp_path: Path) -> None:
    for function in (
        "{container: {image: ok}, exec: {path: ./evil}}",
        "{container: {image: ok}, EXEC: {path: ./evil}}",
        "{container: {image: ok, Image: evil}}",
    ):
        tree = tree_of(tmp_path, config().replace("exec: {path: vaultgen}", function))
        assert [fault.code for fault in untrusted(tree, functions=["ok"])] == ["foreign-function"]


def test_every_function_of_a_document_must_be_allowed(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, config() + "    config.k8s.io/function: 'exec: {path: ./evil}'\n")
    assert [fault.code for fault in untrusted(tree)] == ["foreign-function"]


def test_an_allowed_plugin_is_let_through_in_any_version(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, "apiVersion: example.com/v7\nkind: Maker\nmetadata: {name: x}\n")
    assert untrusted(tree, functions=["example.com/Maker"]) == []
    assert [fault.facts["plugin"] for fault in untrusted(tree)] == ["example.com/Maker"]


@pytest.mark.parametrize("api_version", ["example.com/..", "example.com/a/../..", "example.com/.", "example.com"])
def test_an_allowed_plugin_cannot_be_one_of_another_directory(api_version: str, tmp_path: Path) -> None:
    tree = tree_of(tmp_path, f"apiVersion: {api_version}\nkind: Maker\nmetadata: {{name: x}}\n")
    assert [fault.code for fault in untrusted(tree, functions=["example.com/Maker", "/Maker"])] == ["foreign-plugin"]


def test_an_allowed_address_is_let_through_by_its_letters(tmp_path: Path) -> None:
    tree = walk(str(write_tree(tmp_path, {"kustomization.yaml": "resources: ['https://h/a?ref=1']\n"})))
    assert untrusted(tree, remotes=["https://h/a?ref=1"]) == []
    assert len(untrusted(tree, remotes=["https://h/a", "https://h/a?ref=2"])) == 1


def test_an_address_is_not_shown_with_its_credential(tmp_path: Path) -> None:
    tree = walk(str(write_tree(tmp_path, {"kustomization.yaml": "resources: ['https://me:hunter2@h/a']\n"})))
    assert "hunter2" not in report(untrusted(tree))


def test_the_same_thing_is_told_once(tmp_path: Path) -> None:
    write_tree(tmp_path, {"kustomization.yaml": "generators: [gen.yaml, ./gen.yaml]\n", "gen.yaml": config("./evil")})
    assert faults_of(tmp_path) == ["foreign-function"]


def test_a_directory_that_only_lists_configs_is_trusted(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "generators: [configs]\npatches: [{patch: x, target: {kind: Y}}]\n",
            "configs/kustomization.yaml": "kind: Kustomization\nmetadata: {name: x}\nresources: [gen.yaml]\n",
            "configs/gen.yaml": config(),
        },
    )
    assert faults_of(tmp_path) == []


def document(api_version: str, kind: str, **metadata: object) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


@pytest.mark.parametrize(
    ("api_version", "kind", "ours"),
    [
        ("vaultgen.dev/v1alpha1", "VaultSecretGenerator", True),
        ("vaultgen.dev/v1", "VaultSecretGenerator", False),
        (f"{FLUX}/v1", "Kustomization", True),
        (f"{FLUX}/v1beta2", "Kustomization", True),
        (f"{FLUX}/../..", "Kustomization", False),
        (f"{FLUX}/v1/..", "Kustomization", False),
        (FLUX, "Kustomization", False),
        ("kustomize.config.k8s.io/v1beta1", "Kustomization", False),
    ],
)
def test_which_documents_are_ours(api_version: str, kind: str, ours: bool) -> None:
    assert is_ours(document(api_version, kind)) is ours


def test_a_document_is_for_vaultgen_by_what_kustomize_runs() -> None:
    ours = ("vaultgen.dev/v1alpha1", "VaultSecretGenerator")
    annotated = {"config.kubernetes.io/function": "exec: {path: vaultgen}"}
    other = {"config.kubernetes.io/function": "exec: {path: ./other}"}
    assert is_for_vaultgen(document(*ours))
    assert is_for_vaultgen(document("v1", "ConfigMap", annotations=annotated))
    assert not is_for_vaultgen(document("v1", "ConfigMap"))
    assert not is_for_vaultgen(document(*ours, annotations=other))


def test_all_ways_to_name_a_function_are_seen() -> None:
    annotations = {
        "config.k8s.io/function": "exec: {path: b}",
        "config.kubernetes.io/function": "exec: {path: a}",
        "config.kubernetes.io/container": "image",
    }
    found = document("v1", "ConfigMap", annotations=annotations, configFn={"exec": {"path": "c"}})
    assert functions_of(found) == [
        {"exec": {"path": "a"}},
        {"exec": {"path": "b"}},
        {"exec": {"path": "c"}},
        {"container": {"image": "image"}},
    ]
    assert function_of(found) == {"exec": {"path": "a"}}


@pytest.mark.parametrize("broken", [{}, {"metadata": None}, {"metadata": []}, {"metadata": {"annotations": "x"}}])
def test_a_document_without_annotations_names_no_function(broken: dict[str, Any]) -> None:
    assert function_of(broken) is None
    assert functions_of(broken) == []
