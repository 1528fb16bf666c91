"""What a build would load; that nothing is missed is held by the tricks of ``support.hostile`` in ``test_trust``."""

from pathlib import Path

import pytest

from support.in_memory import codes
from support.trees import chain, config, indented, write_tree
from vaultgen.errors import Refused
from vaultgen.kustomize.walk import FILE_LIMIT, LEVEL_LIMIT, Tree, walk

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"


def names(tree: Tree) -> list[str]:
    """Return the names of the plugins."""
    return [plugin.document["metadata"]["name"] for plugin in tree.plugins]


def refused_by(directory: Path) -> list[str]:
    with pytest.raises(Refused) as raised:
        walk(str(directory))
    return codes(raised.value)


def test_a_directory_without_a_kustomization_is_refused(tmp_path: Path) -> None:
    assert refused_by(tmp_path) == ["no-kustomization"]


def test_two_kustomizations_in_one_directory_are_refused(tmp_path: Path) -> None:
    assert refused_by(write_tree(tmp_path, {"kustomization.yaml": "", "Kustomization": ""})) == [
        "several-kustomizations"
    ]


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    assert refused_by(write_tree(tmp_path, {"kustomization.yaml": "resources: ["})) == ["invalid-yaml"]


def test_an_absurdly_large_file_is_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"kustomization.yaml": "generators: [gen.yaml]"})
    (tmp_path / "gen.yaml").write_bytes(b"#" * (FILE_LIMIT + 1))
    assert refused_by(tmp_path) == ["file-unreadable"]


def test_a_hundred_levels_are_followed(tmp_path: Path) -> None:
    write_tree(tmp_path, chain(LEVEL_LIMIT + 1))
    assert len(walk(str(tmp_path / "0")).kustomizations) == LEVEL_LIMIT + 1


@pytest.mark.parametrize("field", ["resources", "components", "generators"])
@pytest.mark.parametrize("levels", [LEVEL_LIMIT + 2, 700])
def test_more_levels_are_refused(field: str, levels: int, tmp_path: Path) -> None:
    write_tree(tmp_path, chain(levels, field))
    assert refused_by(tmp_path / "0") == ["too-many-levels"]


def test_a_kustomization_far_away_that_is_listed_near_the_top_too_is_followed(tmp_path: Path) -> None:
    """Which is a chain only for who takes it from its other end."""
    nearer = ", ".join(f"./{level}" for level in range(499, -1, -1))
    write_tree(tmp_path, {**chain(500), "kustomization.yaml": f"resources: [{nearer}]\n"})
    assert len(walk(str(tmp_path)).kustomizations) == 501


def test_bases_components_and_files_are_followed(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "resources: [base, web.yaml]\ncomponents: [part]\n",
            "web.yaml": DEPLOYMENT,
            "base/kustomization.yml": "generators: [gen.yaml]\n",
            "base/gen.yaml": config(name="of-base"),
            "part/kustomization.yaml": "kind: Component\ntransformers: [tf.yaml]\n",
            "part/tf.yaml": config(name="of-part"),
        },
    )
    tree = walk(str(tmp_path))
    assert [Path(one.root).name for one in tree.kustomizations] == [tmp_path.name, "base", "part"]
    assert [(plugin.role, plugin.document["metadata"]["name"]) for plugin in tree.plugins] == [
        ("generators", "of-base"),
        ("transformers", "of-part"),
    ]
    assert [resource.document["kind"] for resource in tree.resources] == ["Deployment"]
    assert tree.kustomizations[2].is_component


def test_a_kustomization_that_is_listed_twice_is_loaded_once(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "resources: [a, b]\n",
            "a/kustomization.yaml": "resources: [../shared]\n",
            "b/kustomization.yaml": "resources: [../shared]\n",
            "shared/kustomization.yaml": "generators: [gen.yaml]\n",
            "shared/gen.yaml": config(),
        },
    )
    tree = walk(str(tmp_path))
    assert len(tree.kustomizations) == 4
    assert names(tree) == ["app"]


def test_directories_that_name_each_other_end(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "resources: [a]\ngenerators: [a]\n",
            "a/kustomization.yaml": "resources: [../b]\ngenerators: [../b]\n",
            "b/kustomization.yaml": "resources: [../a, gen.yaml]\ntransformers: [../a]\n",
            "b/gen.yaml": config(),
        },
    )
    assert "app" in names(walk(str(tmp_path)))


def test_directories_of_configs_that_multiply_end_soon(tmp_path: Path) -> None:
    """Each lists the next one thirty times: read out in full, that would be 30 to the power of 20."""
    files = {f"d{n}/kustomization.yaml": f"generators: [{', '.join(['../d' + str(n + 1)] * 30)}]\n" for n in range(20)}
    write_tree(tmp_path, {**files, "d20/kustomization.yaml": "resources: [gen.yaml]\n", "d20/gen.yaml": config()})
    assert len(walk(str(tmp_path / "d0")).plugins) <= 30


def test_a_directory_of_configs_is_looked_into(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "generators: [configs]\n",
            "configs/kustomization.yaml": "resources: [gen.yaml, deep]\n",
            "configs/gen.yaml": config(name="one"),
            "configs/deep/kustomization.yaml": "resources: [gen.yaml]\n",
            "configs/deep/gen.yaml": config(name="two"),
        },
    )
    tree = walk(str(tmp_path))
    assert names(tree) == ["one", "two"]
    assert {Path(root).name for root in tree.plugin_roots} == {"configs", "deep"}
    assert {plugin.kustomization.root for plugin in tree.plugins} == {str(tmp_path)}
    assert tree.resources == []


def test_a_directory_may_be_configs_and_resources(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "resources: [configs]\ngenerators: [configs]\n",
            "configs/kustomization.yaml": "resources: [gen.yaml]\n",
            "configs/gen.yaml": config(),
        },
    )
    tree = walk(str(tmp_path))
    assert len(tree.kustomizations) == 2
    assert names(tree) == ["app"]
    assert len(tree.resources) == 1


def test_an_inline_config_says_where_it_stands(tmp_path: Path) -> None:
    text = indented(f"{config(name='one')}---\n{config(name='two')}")
    write_tree(
        tmp_path, {"kustomization.yaml": f"generators:\n- gen.yaml\n- |\n{text}", "gen.yaml": config(name="file")}
    )
    tree = walk(str(tmp_path))
    assert [(name, plugin.path) for name, plugin in zip(names(tree), tree.plugins, strict=True)] == [
        ("file", (0,)),
        ("one", (0, "generators", 1, 0)),
        ("two", (0, "generators", 1, 1)),
    ]


def test_an_inline_text_that_is_no_yaml_is_named_by_its_place(tmp_path: Path) -> None:
    write_tree(tmp_path, {"kustomization.yaml": "generators:\n- |\n  a: [\n  b\n"})
    with pytest.raises(Refused) as raised:
        walk(str(tmp_path))
    (fault,) = raised.value.faults
    assert (fault.code, fault.place.field, fault.place.line) == ("invalid-yaml", "generators[0]", 0)


def test_lists_are_opened_whatever_is_in_them(tmp_path: Path) -> None:
    text = (
        "kind: List\nitems:\n- {kind: InnerList, items: [{kind: A}]}\n- {kind: B}\n- 7\n---\nkind: EmptyList\nitems:\n"
    )
    write_tree(tmp_path, {"kustomization.yaml": "resources: [list.yaml]\n", "list.yaml": text})
    assert [(one.document["kind"], one.path) for one in walk(str(tmp_path)).resources] == [
        ("A", (0, "items", 0, "items", 0)),
        ("B", (0, "items", 1)),
    ]


@pytest.mark.parametrize("entry", ["gone.yaml", "gone", "../gone.yaml", "gen.yaml/deeper"])
@pytest.mark.parametrize("name", ["resources", "generators"])
def test_what_is_not_there_is_told(tmp_path: Path, name: str, entry: str) -> None:
    write_tree(tmp_path, {"kustomization.yaml": f"{name}: ['{entry}']\n", "gen.yaml": config()})
    tree = walk(str(tmp_path))
    assert [(fault.code, fault.facts["path"], fault.place.field) for fault in tree.missing] == [
        ("file-not-found", entry, name)
    ]


def test_an_address_is_not_missing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"kustomization.yaml": "resources: ['https://h/a']\ngenerators: ['git@h:o/r']\n"})
    tree = walk(str(tmp_path))
    assert tree.missing == []
    assert [(one.field, one.address) for one in tree.remotes] == [
        ("resources", "https://h/a"),
        ("generators", "git@h:o/r"),
    ]


def test_a_file_whose_name_could_be_an_address_counts_as_both(tmp_path: Path) -> None:
    """kustomize fetches an address that it is allowed to, and then runs what lies there."""
    write_tree(tmp_path, {"kustomization.yaml": "generators: ['git@h:o']\n", "git@h:o": config()})
    tree = walk(str(tmp_path))
    assert names(tree) == ["app"]
    assert len(tree.remotes) == 1


def test_links_are_followed_to_the_directory_itself(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "resources: [link]\n",
            "base/kustomization.yaml": "generators: [gen.yaml]\n",
            "base/gen.yaml": config(),
        },
        links={"link": "base"},
    )
    tree = walk(str(tmp_path))
    assert tree.plugins[0].kustomization.root == str(tmp_path / "base")


def test_a_walk_for_a_build_reads_no_plain_resources(tmp_path: Path) -> None:
    write_tree(tmp_path, {"kustomization.yaml": "resources: [odd.yaml]\n", "odd.yaml": "a: 1\na: 2\n"})
    assert walk(str(tmp_path), resources=False).resources == []


def test_a_walk_that_keeps_going_tells_what_it_could_not_read(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "kustomization.yaml": "resources: [odd.yaml, base, bare]\ngenerators: [gen.yaml]\n",
            "odd.yaml": "a: [",
            "base/kustomization.yaml": "x: [",
            "bare/keep": "",
            "gen.yaml": config(),
        },
    )
    tree = walk(str(tmp_path), keep_going=True)
    assert [fault.code for fault in tree.unreadable or ()] == ["invalid-yaml", "invalid-yaml", "no-kustomization"]
    assert names(tree) == ["app"]


@pytest.mark.parametrize("text", ["a: 1\n---#b: 2\n", "a: 1\n---\N{NO-BREAK SPACE}\n", "a: \ufeff1\n"])
def test_what_kustomize_reads_otherwise_is_refused(tmp_path: Path, text: str) -> None:
    assert refused_by(write_tree(tmp_path, {"kustomization.yaml": "generators: [g.yaml]\n", "g.yaml": text})) == [
        "invalid-yaml"
    ]


@pytest.mark.parametrize("text", ["\ufeffkind: A\n", "kind: A\n--- # more\nkind: B\n", "kind: A\n---\t\nkind: B\n---"])
def test_what_both_read_alike_is_not(tmp_path: Path, text: str) -> None:
    write_tree(tmp_path, {"kustomization.yaml": "generators: [g.yaml]\n", "g.yaml": text})
    assert walk(str(tmp_path)).plugins[0].document == {"kind": "A"}


def test_a_kustomization_is_its_files_first_document(tmp_path: Path) -> None:
    write_tree(tmp_path, {"kustomization.yaml": "namePrefix: a-\n---\nnamePrefix: b-\n"})
    assert walk(str(tmp_path)).kustomizations[0].tree == {"namePrefix": "a-"}
