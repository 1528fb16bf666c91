"""An entry that changes a Secret which no build has is refused before it is published; one that kustomize takes never.

Real kustomize says which are which: each case is built by it as well.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.kustomize import kustomize_build
from support.trees import write_tree
from vaultgen.document.model import Document
from vaultgen.document.read import read_document
from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.krm.tree import parse_one
from vaultgen.publish.survey import survey

Files = Mapping[str, str]

HEAD = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: %s, annotations: {config.kubernetes.io/function: 'exec: {path: vaultgen}'}}
secretGenerator:
- {name: app, literals: [B=b]%s}
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\n"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
NOTE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n"
RENAMES = """\
patches:
- target: {kind: Secret}
  options: {allowNameChange: true}
  patch: '[{"op": "replace", "path": "/metadata/name", "value": "app"}]'
"""


def document(more: str = ", behavior: merge", name: str = "top") -> str:
    return HEAD % (name, more)


def tree(top: str = "", **files: str) -> Files:
    """Return a tree whose kustomization ``app`` merges into ``app``; ``__`` in a name stands for the slash."""
    named = {f"{name.replace('__', '/')}.yaml": text for name, text in files.items()}
    kustomization = {"app/kustomization.yaml": f"generators: [v.yaml]\n{top}", "app/v.yaml": document()}
    return kustomization | named


def below(kustomization: str, text: str = SECRET % "app", **files: str) -> Files:
    """Return a tree with a base that has a resource."""
    return tree(
        "resources: [../base]\n", base__kustomization=f"resources: [a.yaml]\n{kustomization}", base__a=text, **files
    )


NOTHING: dict[str, Files] = {
    "nothing at all": tree(),
    "another kind": tree("resources: [a.yaml]\n", app__a=NOTE),
    "another name": tree("resources: [a.yaml]\n", app__a=SECRET % "app-2"),
    "another namespace in a manifest": tree("resources: [a.yaml]\n", app__a=SECRET % "app, namespace: team"),
    "another namespace in an entry": tree("secretGenerator: [{name: app, namespace: team, literals: [A=a]}]\n"),
    "a name in a text": tree("resources: [a.yaml]\n", app__a=NOTE + "data: {a: 'kind: Secret, name: app'}\n"),
    "a base that has none": below("", SECRET % "other"),
    "a base that only merges, too": below("generators: [v.yaml]\n", SECRET % "b", base__v=document(name="base")),
    "replace": tree(app__v=document(", behavior: replace")),
    # Its own prefix, patches and components come after its generators.
    "a prefix of its own": tree("resources: [a.yaml]\nnamePrefix: my-\n", app__a=SECRET % "my-app"),
    "a patch of its own": tree("resources: [a.yaml]\n" + RENAMES, app__a=SECRET % "b"),
    "a component": tree(
        "components: [../part]\n",
        part__kustomization=COMPONENT + "resources: [a.yaml]\n",
        part__a=SECRET % "app",
    ),
    "a namespace of its own": tree(
        "resources: [a.yaml]\nnamespace: team\n",
        app__a=SECRET % "app",
        app__v=document(", behavior: merge, namespace: team"),
    ),
}
SOMETHING: dict[str, Files] = {
    "a manifest": tree("resources: [a.yaml]\n", app__a=SECRET % "app"),
    "the namespace that is meant by none": tree("resources: [a.yaml]\n", app__a=SECRET % "app, namespace: default"),
    "a manifest in a list": tree(
        "resources: [a.yaml]\n",
        app__a="apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: app}}\n",
    ),
    "a word in escapes": tree("resources: [a.yaml]\n", app__a=SECRET.replace("Secret", '"\\u0053ecret"') % "app"),
    "a merge key": tree(
        "resources: [a.yaml]\n",
        app__a="x: &x {kind: Secret}\napiVersion: v1\nmetadata: {name: app}\n<<: *x\n",
    ),
    "a builtin entry": tree("secretGenerator: [{name: app, literals: [A=a]}]\n"),
    "a document before it": tree("", app__kustomization="generators: [w.yaml, v.yaml]\n", app__w=document("", "first")),
    "a base": below(""),
    "a base with a generator": below("generators: [v.yaml]\n", SECRET % "b", base__v=document("", "base")),
    "a prefix of a base": below("namePrefix: a\n", SECRET % "pp"),
    "a suffix of a base": below("nameSuffix: p\n", SECRET % "ap"),
    "a patch of a base": below(RENAMES, SECRET % "b"),
    "a base in another namespace": below("namespace: team\n", app__v=document(", behavior: merge, namespace: team")),
    "a base of a base": tree(
        "resources: [../middle]\n",
        middle__kustomization="resources: [../base]\n",
        base__kustomization="resources: [a.yaml]\n",
        base__a=SECRET % "app",
    ),
    "a component of a base": below(
        "components: [../part]\n",
        NOTE,
        part__kustomization=COMPONENT + "resources: [a.yaml]\n",
        part__a=SECRET % "app",
    ),
    "what a component is added to": {
        "app/kustomization.yaml": "resources: [../base]\ncomponents: [../part]\n",
        "base/kustomization.yaml": "resources: [a.yaml]\n",
        "base/a.yaml": SECRET % "app",
        "part/kustomization.yaml": COMPONENT + "generators: [v.yaml]\n",
        "part/v.yaml": document(),
    },
    "fields in another letter case": tree("Resources: [a.yaml]\n", app__a=SECRET % "app"),
    "earlier names": tree(
        "resources: [a.yaml]\n",
        app__a=SECRET
        % (
            "b, annotations: {internal.config.kubernetes.io/previousNames: app, "
            "internal.config.kubernetes.io/previousKinds: Secret, "
            "internal.config.kubernetes.io/previousNamespaces: default}"
        ),
    ),
}


def codes(files: Files, added: Document | None = None) -> set[str]:
    try:
        survey({path: text.encode() for path, text in files.items()}, "app", added)
    except Refused as refused:
        return {fault.code for fault in refused.faults}
    return set()


@pytest.mark.parametrize("case", NOTHING)
def test_where_there_is_nothing_to_merge_with_it_is_refused(case: str, tmp_path: Path) -> None:
    assert codes(NOTHING[case]) == {"nothing-to-merge"}
    built = kustomize_build(write_tree(tmp_path, NOTHING[case]) / "app")
    assert b"does not exist; cannot merge or replace" in built.stderr
    assert built.status


@pytest.mark.parametrize("case", SOMETHING)
def test_what_kustomize_merges_is_not_refused(case: str, tmp_path: Path) -> None:
    assert codes(SOMETHING[case]) == set()
    built = kustomize_build(write_tree(tmp_path, SOMETHING[case]) / "app")
    assert not built.status, built.stderr.decode()


def added(more: str) -> Document:
    return read_document(parse_one(document(more).encode()))


def test_a_directory_without_a_kustomization_has_what_flux_finds_in_it() -> None:
    """There vaultgen writes the kustomization that Flux would have."""
    assert codes({"app/below/a.yaml": SECRET % "app"}, added(", behavior: merge")) == set()
    assert codes({"app/below/a.yaml": SECRET % "b"}, added(", behavior: merge")) == {"nothing-to-merge"}
    assert codes({"app/below/a.yaml": SECRET % "b"}, added("")) == set()


def test_entries_are_looked_up_among_secrets_rather_than_compared_with_each() -> None:
    """A file of half a megabyte can hold ten thousand of them, and another one as many entries."""
    many = "---\n".join(SECRET % f"s{number}" for number in range(5000))
    entries = "".join(f"- {{name: x{number}, literals: [B=b], behavior: merge}}\n" for number in range(5000))
    files = {**tree("resources: [a.yaml]\n", app__a=many), "app/v.yaml": document() + entries}
    assert codes(files) == {"nothing-to-merge"}


def test_what_is_too_much_to_go_through_counts_as_found() -> None:
    """Few bytes can be many directories, each with all that a shared base has."""
    files = {"base/kustomization.yaml": "resources: [a.yaml]\n"}
    files["base/a.yaml"] = "---\n".join(SECRET % f"s{number}" for number in range(6000))
    for number in range(20):
        files[f"{number}/kustomization.yaml"] = "resources: [../base]\ngenerators: [v.yaml]\n"
        files[f"{number}/v.yaml"] = document()
    files["app/kustomization.yaml"] = "resources:\n" + "".join(f"- ../{number}\n" for number in range(20))
    with pytest.raises(Refused) as refused:
        survey({path: text.encode() for path, text in files.items()}, "app")
    assert {fault.code for fault in refused.value.faults} == {"nothing-to-merge"}
    assert len(refused.value.faults) < 20


def test_a_large_file_is_searched_once_however_many_directories_name_it() -> None:
    searched: list[object] = []

    class Large(bytes):
        def __contains__(self, part: object) -> bool:
            searched.append(part)
            return super().__contains__(part)  # type: ignore[operator]

    files: dict[str, bytes] = {"a.yaml": Large(b"<<: Secret\n")}
    for number in range(20):
        files[f"{number}/kustomization.yaml"] = b"resources: [../a.yaml]\ngenerators: [v.yaml]\n"
        files[f"{number}/v.yaml"] = document().encode()
    files["app/kustomization.yaml"] = b"resources:\n" + b"".join(b"- ../%d\n" % number for number in range(20))
    survey(files, "app")
    assert searched.count(b"<<") == 1


def test_the_report_names_the_entry_and_where_it_was_looked() -> None:
    with pytest.raises(Refused) as refused:
        survey({path: text.encode() for path, text in tree().items()}, "app")
    assert report(refused.value.faults) == (
        "error[nothing-to-merge]: behavior: merge finds no Secret app, in resources, bases or secretGenerator of its "
        "kustomization\n"
        '  where: app/v.yaml, VaultSecretGenerator top, secretGenerator[0], Secret "app"\n'
        "  hint: leave behavior out to make the Secret; a Secret with a namespace is found by an entry with "
        "the same one\n"
    )
