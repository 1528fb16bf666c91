"""What a survey finds, rewrites and refuses; the reports are what a user reads."""

from collections.abc import Mapping

import pytest

from support.trees import chain
from vaultgen.document.model import Document
from vaultgen.document.read import read_document
from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.krm.tree import parse_one
from vaultgen.publish.survey import Survey, survey

RESOURCE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def document(*entries: str, name: str = "my-app") -> str:
    listed = "".join(f"- {entry}\n" for entry in entries or ("{name: app, literals: [A=1]}",))
    return (
        f"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {{name: {name}}}\n"
        f"secretGenerator:\n{listed}"
    )


def surveyed(files: Mapping[str, str], path: str = "app", added: Document | None = None) -> Survey:
    return survey({name: text.encode() for name, text in files.items()}, path, added)


def refusal(files: Mapping[str, str], path: str = "app", added: Document | None = None) -> str:
    with pytest.raises(Refused) as caught:
        surveyed(files, path, added)
    return report(caught.value.faults)


def listing(kustomization: str, text: str = "", **more: str) -> dict[str, str]:
    """Return a tree of one directory; ``__`` in a name stands for the slash."""
    files = {"app/kustomization.yaml": kustomization, "app/v.yaml": text or document()}
    return files | {f"{name.replace('__', '/')}.yaml": content for name, content in more.items()}


def names(found: Survey) -> list[tuple[str, str]]:
    """Return directory and first Secret of each generator."""
    return [(one.directory, one.document.entries[0].name) for one in found.generators]


def added(entry: str = "{name: added, literals: [A=1]}") -> Document:
    return read_document(parse_one(document(entry).encode()))


# --- what is found ---


def test_every_kustomization_that_a_build_reaches_is_rewritten_and_no_other() -> None:
    files = {
        "app/kustomization.yaml": "resources: [../base, a.yaml]\ncomponents: [../part]\ngenerators: [v.yaml]\n",
        "app/v.yaml": document("{name: top}"),
        "app/a.yaml": RESOURCE,
        "base/kustomization.yml": "generators: [v.yaml]\n",
        "base/v.yaml": document("{name: base}"),
        "part/Kustomization": "kind: Component\ngenerators: [v.yaml]\n",
        "part/v.yaml": document("{name: part}"),
        "elsewhere/kustomization.yaml": "generators: [v.yaml]\n",
        "elsewhere/v.yaml": document("{name: elsewhere}"),
    }
    found = surveyed(files)
    assert names(found) == [("base", "base"), ("part", "part"), ("app", "top")]
    changed = {path: content.decode() for path, content in found.files.items() if content.decode() != files[path]}
    assert changed == {
        "app/kustomization.yaml": "resources: [../base, a.yaml]\ncomponents: [.vaultgen, ../part]\n",
        "base/kustomization.yml": "components:\n- .vaultgen\n",
        "part/Kustomization": "kind: Component\ncomponents:\n- .vaultgen\n",
    }


def test_more_than_a_hundred_levels_are_refused() -> None:
    assert refusal(chain(2000), "0") == (
        "error[too-many-levels]: more than 100 kustomizations lead here, each listed by the one before it\n"
        "  where: 101\n"
        "  hint: let one nearer to the top list it\n"
    )
    surveyed(chain(101), "0")


def test_directories_of_configs_may_lead_to_each_other_without_an_end() -> None:
    found = surveyed({"app/kustomization.yaml": "generators: [../0]\n", **chain(2000)})
    assert found.generators == ()


def test_a_base_that_two_overlays_share_is_resolved_once() -> None:
    files = {
        "app/kustomization.yaml": "resources: [a, b]\n",
        "app/a/kustomization.yaml": "resources: [../../base]\nnamePrefix: a-\n",
        "app/b/kustomization.yaml": "resources: [../../base]\nnamePrefix: b-\n",
        "base/kustomization.yaml": "generators: [v.yaml]\n",
        "base/v.yaml": document(),
    }
    assert names(surveyed(files)) == [("base", "app")]


def test_a_file_that_two_kustomizations_list_is_resolved_for_each() -> None:
    """Its plain files are found below each root."""
    files = {
        "app/kustomization.yaml": "resources: [x]\ngenerators: [x/v.yaml]\n",
        "app/x/kustomization.yaml": "generators: [v.yaml]\n",
        "app/x/v.yaml": document("{name: app, files: [f.txt]}"),
        "app/x/f.txt": "x",
        "app/f.txt": "app",
    }
    found = surveyed(files)
    assert [(one.directory, one.files.read("f.txt")) for one in found.generators] == [("app/x", b"x"), ("app", b"app")]


def test_generators_come_in_the_order_in_which_kustomize_runs_them() -> None:
    """Those written inside the kustomization first."""
    inline = "".join(f"  {line}\n" for line in document("{name: inline}").splitlines())
    files = listing(f"generators:\n- v.yaml\n- |\n{inline}- w.yaml\n", app__w=document("{name: last}"))
    assert [name for _, name in names(surveyed(files))] == ["inline", "app", "last"]


def test_other_builtin_generators_and_transformers_stay() -> None:
    text = "generators: [map.yaml, v.yaml]\ntransformers: [label.yaml]\n"
    files = listing(
        text,
        app__map="{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: m}}",
        app__label="{apiVersion: builtin, kind: LabelTransformer, metadata: {name: l}}",
    )
    rewritten = surveyed(files).files["app/kustomization.yaml"].decode()
    assert rewritten == "generators: [map.yaml]\ntransformers: [label.yaml]\ncomponents:\n- .vaultgen\n"


@pytest.mark.parametrize(
    "text",
    [
        document(),
        "{apiVersion: v1, kind: List, items: [{apiVersion: vaultgen.dev/v1alpha1, kind: VaultSecretGenerator,"
        " metadata: {name: a}, secretGenerator: [{name: app}]}]}",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
        "spec:\n  secretGenerator:\n  - {name: app, files: {a: 'vault:secret/a?key=b'}}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n"
        "    config.kubernetes.io/function: 'exec: {path: /usr/bin/vaultgen}'\n"
        "data:\n  secretGenerator: |\n    - {name: app}\n",
    ],
    ids=["own", "list", "article", "function"],
)
def test_any_document_of_vaultgen_is_one(text: str) -> None:
    assert names(surveyed(listing("generators: [v.yaml]\n", text))) == [("app", "app")]


def test_bases_become_resources_where_that_is_needed_and_nowhere_else() -> None:
    """kustomize-controller decrypts along resources and components only."""
    files = {
        "app/kustomization.yaml": "bases: [../with, ../without]\n",
        "with/kustomization.yaml": "bases: [../base]\n",
        "without/kustomization.yaml": "bases: [../plain]\n",
        "plain/kustomization.yaml": "namePrefix: a-\n",
        "base/kustomization.yaml": "generators: [v.yaml]\n",
        "base/v.yaml": document(),
    }
    found = {path: text.decode() for path, text in surveyed(files).files.items()}
    assert found["app/kustomization.yaml"] == "resources:\n- ../with\n- ../without\n"
    assert found["with/kustomization.yaml"] == "resources:\n- ../base\n"
    assert found["without/kustomization.yaml"] == files["without/kustomization.yaml"]


@pytest.mark.parametrize("path", ["app", "./app/", "/app", "app/../app"])
def test_a_path_is_taken_as_flux_writes_it(path: str) -> None:
    assert names(surveyed(listing("generators: [v.yaml]\n"), path)) == [("app", "app")]


@pytest.mark.parametrize("path", ["", ".", "./", "/"])
def test_the_root_of_a_tree_is_a_path(path: str) -> None:
    files = {"kustomization.yaml": "generators: [v.yaml]\n", "v.yaml": document()}
    assert names(surveyed(files, path)) == [("", "app")]


def test_a_tree_without_generators_stays_as_it_is() -> None:
    files = {"app/kustomization.yaml": "bases: [../b]\n", "b/kustomization.yaml": "namePrefix: a-\n"}
    found = surveyed(files)
    assert {path: text.decode() for path, text in found.files.items()} == files
    assert found.generators == ()


# --- entries from elsewhere, and directories without a kustomization ---


def test_an_added_document_counts_as_listed_last() -> None:
    found = surveyed(listing("generators: [v.yaml]\n"), added=added())
    assert names(found) == [("app", "app"), ("app", "added")]


def test_a_directory_without_kustomization_gets_the_one_of_flux() -> None:
    """Otherwise the scan would stop, and prune would delete the application."""
    files = {
        "app/deployment.yaml": RESOURCE,
        "app/sub/kustomization.yaml": "generators: [v.yaml]\n",
        "app/sub/v.yaml": document(),
    }
    found = surveyed(files, added=added())
    assert names(found) == [("app/sub", "app"), ("app", "added")]
    assert found.files["app/kustomization.yaml"].decode() == (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        'resources:\n- "./deployment.yaml"\n- "./sub"\ncomponents:\n- .vaultgen\n'
    )


def test_a_directory_without_kustomization_stays_without_if_nothing_is_added() -> None:
    files = {"app/sub/kustomization.yaml": "generators: [v.yaml]\n", "app/sub/v.yaml": document()}
    found = surveyed(files)
    assert names(found) == [("app/sub", "app")]
    assert "app/kustomization.yaml" not in found.files


# --- what is refused ---


def test_a_generator_from_a_directory_is_refused() -> None:
    files = listing("generators: [gen]\n", app__gen__kustomization="resources: [v.yaml]\n", app__gen__v=document())
    assert refusal(files) == (
        "error[unpublishable-generator]: this generator cannot be carried over into a published tree: it comes from a"
        " directory of configs, which could change it\n"
        "  where: app/kustomization.yaml, generators[0]\n"
        "  hint: list a file that holds nothing else under generators of the kustomization that needs it\n"
    )


def test_a_generator_beside_another_in_its_file_is_refused() -> None:
    """The file is dropped from the list as a whole."""
    other = "{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: m}}\n"
    files = listing("generators: [v.yaml]\n", f"{document()}---\n{other}")
    assert "another generator stands in the same file" in refusal(files)


def test_a_builtin_generator_of_the_same_secret_beside_it_is_refused() -> None:
    """It runs after ours in the source, and before it in a published tree."""
    other = "{apiVersion: builtin, kind: SecretGenerator, metadata: {name: app}, behavior: merge}\n"
    assert "a builtin SecretGenerator" in refusal(listing("generators: [v.yaml, w.yaml]\n", app__w=other))


def test_a_generator_that_no_kustomization_lists_is_refused() -> None:
    assert "no kustomization lists it; app has none" in refusal({"app/v.yaml": document()})


def test_what_stock_flux_does_not_run_is_refused() -> None:
    text = "generators:\n- v.yaml\n- f.yaml\ntransformers: [g.yaml, t]\nhelmCharts: [{name: x}]\n"
    function = (
        "apiVersion: a/v1\nkind: F\nmetadata: {annotations: {config.kubernetes.io/function: 'exec: {path: f}'}}\n"
    )
    inner = "resources: [p.yaml]\n"
    files = listing(text, app__f=function, app__g="{apiVersion: b/v1, kind: G}", app__t__kustomization=inner)
    files["app/t/p.yaml"] = "{apiVersion: c/v1, kind: H}"
    found = refusal(files)
    assert found.startswith(
        "error[unpublishable-plugin]: stock Flux does not build F of a/v1: it runs no function or plugin and inflates"
        " no chart\n"
        "  where: app/kustomization.yaml, generators[1]\n"
        "  hint: build this tree with kustomize and `vaultgen build`, or leave it out\n"
    )
    assert [line.split(":")[1] for line in found.splitlines() if line.startswith("error")] == [
        f" stock Flux does not build {what}" for what in ("F of a/v1", "G of b/v1", "H of c/v1", "a chart")
    ]


def test_a_remote_base_is_refused() -> None:
    assert refusal(listing("resources: ['https://example.com/base?ref=v1']\ngenerators: [v.yaml]\n")) == (
        "error[unpublishable-remote]: https://example.com/base?ref=v1 would be fetched from elsewhere, and what it"
        " holds is not known here\n"
        "  where: app/kustomization.yaml, resources\n"
        "  hint: copy it into the tree; let Flux fetch it as a source of its own\n"
    )


def test_a_file_whose_name_looks_like_an_address_is_none() -> None:
    files = listing("resources: ['a:b.yaml']\ngenerators: [v.yaml]\n")
    assert surveyed({**files, "app/a:b.yaml": RESOURCE}).generators


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("{name: app, literals: [9=x]}", 'the data key "9": YAML takes it for a number'),
        ("{name: app, files: {'true': v.yaml}}", 'the data key "true": YAML takes it for a boolean'),
        ("{name: '2001-01-01'}", 'the name "2001-01-01": YAML takes it for a date'),
        ("{name: app, options: {labels: {'1': a}}}", 'the label "1": YAML takes it for a number'),
        (
            '{name: app, options: {annotations: {a: "\\ta\\nb"}}}',
            'the annotation "a": its text begins with a tab and has several lines',
        ),
    ],
)
def test_what_kustomizes_own_generator_cannot_make_is_refused(entry: str, what: str) -> None:
    """It would fail in the cluster and show the values there."""
    found = refusal(listing("generators: [v.yaml]\n", document(entry)))
    what, _, why = what.rpartition(": ")
    assert found.startswith(
        "error[unpublishable-text]: kustomize's own secretGenerator, which builds a published tree, cannot make"
        f" {what}: {why}\n"
    )
    assert found.endswith("  hint: write it in another way, for example with a letter in front\n")


def test_a_value_that_is_new_at_each_read_is_refused_before_it_is_read() -> None:
    entry = "{name: app, files: ['a=vault:database/creds/app?key=password&allowDynamic=true']}"
    assert refusal(listing("generators: [v.yaml]\n", document(entry))) == (
        "error[unpublishable-dynamic]: a value that is new at each read cannot be published: nobody renews its lease in"
        " the cluster\n"
        '  where: app/v.yaml, VaultSecretGenerator my-app, secretGenerator[0].files[0], Secret "app", key "a"\n'
        "  reference: vault:database/creds/app?key=password&allowDynamic=true\n"
        "  hint: read a static secret, without allowDynamic; or let the workload fetch this one itself\n"
    )


def test_two_documents_may_not_make_the_same_secret_unless_the_later_merges() -> None:
    text = "generators: [v.yaml, w.yaml]\n"
    assert "error[same-secret-twice]" in refusal(listing(text, app__w=document()))
    merging = document("{name: app, namespace: default, behavior: merge}", name="other")
    assert len(surveyed(listing(text, app__w=merging)).generators) == 2


@pytest.mark.parametrize("path", ["app/.vaultgen/kustomization.yaml", "app/.vaultgen"])
def test_a_published_tree_is_not_published_again(path: str) -> None:
    """Nor one in which a file stands where the Component goes: no directory can be made beside it."""
    files = {**listing("generators: [v.yaml]\n"), path: ""}
    assert refusal(files) == (
        "error[already-published]: the tree holds app/.vaultgen: it is a published one\n"
        "  where: app/kustomization.yaml\n"
        "  hint: publish the tree that this one was made of\n"
    )


@pytest.mark.parametrize("path", ["gone", "../app", "app/v.yaml", "ap"])
def test_a_path_that_is_not_there_is_refused_and_no_empty_tree(path: str) -> None:
    assert refusal(listing("generators: [v.yaml]\n"), path) == (
        f"error[no-such-directory]: there is no directory {path} in the tree\n  hint: check the path\n"
    )


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"app/kustomization.yaml": "resources: [x]\n", "app/x/a.yaml": RESOURCE}, "no-kustomization"),
        ({"app/kustomization.yaml": "", "app/Kustomization": ""}, "several-kustomizations"),
        ({"app/kustomization.yaml": "resources: [gone]\n"}, "file-not-found"),
        ({"app/kustomization.yaml": "resources: [../../x]\n"}, "file-outside-root"),
        ({"app/kustomization.yaml": "generators: [gone.yaml]\n"}, "file-not-found"),
        ({"app/kustomization.yaml": "a: [\n"}, "invalid-yaml"),
        ({"app/kustomization.yaml": "generators: [v.yaml]\n", "app/v.yaml": "a: ["}, "invalid-yaml"),
        (listing("generators: [v.yaml]\n", document("{name: app, x: y}")), "unknown-field"),
        (listing("generators: [v.yaml]\n", document("{name: app, literals: ['A=vault:x']}")), "bad-reference"),
        (listing("generators: [v.yaml]\n", document("{name: app, files: [../x]}")), "file-outside-root"),
    ],
)
def test_what_no_build_would_take_is_refused(files: dict[str, str], code: str) -> None:
    assert f"error[{code}]" in refusal(files)


def test_a_kustomization_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(Refused):
        survey({"app/kustomization.yaml": b"a: \xff"}, "app")


def test_a_kustomization_that_leads_to_itself_ends() -> None:
    files = listing("resources: [../other]\ngenerators: [v.yaml]\n", other__kustomization="resources: [../app]\n")
    assert names(surveyed(files)) == [("app", "app")]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    files = listing(
        "resources: [gone, 'https://example.com/x']\ngenerators: [v.yaml]\n", document("{name: a, literals: [1=x]}")
    )
    assert refusal(files).count("error[") == 3
