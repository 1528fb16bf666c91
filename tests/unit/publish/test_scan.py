from vaultgen.publish.reader import Reader
from vaultgen.publish.scan import scanned_kustomization
from vaultgen.publish.tree import Tree

GENERATOR = b"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\n"
FILES = {
    "app/b.yaml": b"",
    "app/a.yml": b"",
    "app/B.yaml": b"",
    "app/readme.md": b"",
    "app/z/kustomization.yaml": b"",
    "app/z/not-listed.yaml": b"",
    "app/deep/er/c.yaml": b"",
    "app/deep/er/k/Kustomization": b"",
    "app/deep.yaml": b"",
    "elsewhere.yaml": b"",
}


def test_a_scan_lists_what_flux_would_in_its_order() -> None:
    """YAML files, and directories with a kustomization, into which it does not descend; by name in each directory."""
    scanned = scanned_kustomization(Tree(FILES), "app", Reader())
    assert scanned.text == (
        "apiVersion: kustomize.config.k8s.io/v1beta1\n"
        "kind: Kustomization\n"
        "resources:\n"
        '- "./B.yaml"\n'
        '- "./a.yml"\n'
        '- "./b.yaml"\n'
        '- "./deep/er/c.yaml"\n'
        '- "./deep/er/k"\n'
        '- "./deep.yaml"\n'
        '- "./z"\n'
    )
    assert scanned.directories == ("app/deep/er/k", "app/z")
    assert scanned.faults == ()


def test_the_root_of_the_tree_is_scanned_like_any_directory() -> None:
    assert '- "./elsewhere.yaml"\n' in scanned_kustomization(Tree(FILES), "", Reader()).text


def test_an_empty_directory_gives_no_namespace_of_its_own() -> None:
    """Flux writes a placeholder there, which would become the namespace of what a Component makes."""
    assert scanned_kustomization(Tree({"app/readme.md": b""}), "app", Reader()).text == (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    )


def test_a_generator_that_nothing_lists_is_a_fault() -> None:
    files = {
        "app/v.yaml": GENERATOR,
        "app/text.yaml": b"a: VaultSecretGenerator\n",
        "app/bad.yaml": b"[VaultSecretGenerator",
    }
    faults = scanned_kustomization(Tree(files), "app", Reader()).faults
    assert [(fault.code, fault.place.file) for fault in faults] == [("unpublishable-generator", "app/v.yaml")]


def test_a_deep_directory_is_no_recursion() -> None:
    path = "a/" * 5000 + "b.yaml"
    assert f'"./{path}"' in scanned_kustomization(Tree({path: b""}), "", Reader()).text
