"""Where in its file a fault is told to be, and when nothing is told rather than something wrong."""

from pathlib import Path

import pytest

from support.trees import write_tree
from vaultgen.errors import Fault, Place, Refused
from vaultgen.kustomize.location import faults_with_lines, steps_of, with_lines
from vaultgen.kustomize.walk import Tree, shown_path, walk
from vaultgen.survey import survey

HEAD = "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: a}\n"
BAD = "secretGenerator:\n- name: a\n  files:\n    b: vault:secret/data/app\n"


def refused(directory: Path) -> list[str]:
    """Return where each fault of the documents of a tree is: file, line and column."""
    with pytest.raises(Refused) as caught:
        survey(walk(str(directory)))
    places = [fault.place for fault in caught.value.faults]
    return [f"{Path(place.file).name}:{place.line}:{place.column}" for place in places]


def test_a_fault_of_a_document_has_the_line_of_its_key(tmp_path: Path) -> None:
    files = {"kustomization.yaml": "generators: [a.yaml]\n", "a.yaml": f"# one\n---\n{HEAD}{BAD}"}
    assert refused(write_tree(tmp_path, files)) == ["a.yaml:9:5"]


def test_the_second_document_of_a_file_has_lines_of_its_own(tmp_path: Path) -> None:
    sound = HEAD.replace("name: a", "name: b") + "secretGenerator:\n- {name: b, literals: [a=b]}\n"
    files = {"kustomization.yaml": "generators: [a.yaml]\n", "a.yaml": f"{sound}---\n{HEAD}{BAD}"}
    assert refused(write_tree(tmp_path, files)) == ["a.yaml:13:5"]


def test_an_inline_document_has_the_lines_of_the_kustomization(tmp_path: Path) -> None:
    text = "".join(f"  {line}\n" for line in (HEAD + BAD).splitlines())
    assert refused(write_tree(tmp_path, {"kustomization.yaml": f"generators:\n- |\n{text}"})) == [
        "kustomization.yaml:9:7"
    ]


def test_what_is_named_and_not_there_has_the_line_that_names_it(tmp_path: Path) -> None:
    files = {"kustomization.yaml": "resources:\n- base\n- gone.yaml\n", "base/kustomization.yaml": "Generators: [no]\n"}
    assert refused(write_tree(tmp_path, files)) == ["kustomization.yaml:1:14", "kustomization.yaml:3:3"]


def test_of_two_documents_of_one_name_no_line_is_told(tmp_path: Path) -> None:
    """It would be that of the wrong one as likely as not."""
    files = {"kustomization.yaml": "generators: [a.yaml]\n", "a.yaml": f"{HEAD}{BAD}---\n{HEAD}{BAD}"}
    assert refused(write_tree(tmp_path, files)) == ["a.yaml:0:0"] * 2


def test_a_line_that_is_known_stays(tmp_path: Path) -> None:
    tree = walk(str(write_tree(tmp_path, {"kustomization.yaml": "resources: []\n"})))
    known = Fault("invalid-yaml", Place(tree.kustomizations[0].file, line=7, column=3))
    assert with_lines([known], tree) == [known]


@pytest.mark.parametrize("content", [None, b"", b"a: [\n", b"a: &x 1\nb: &x 2\nc: *x\n", "a: b".encode("utf-16")])
def test_a_file_that_does_not_tell_leaves_a_fault_as_it_is(content: bytes | None, tmp_path: Path) -> None:
    """It may have changed since it was read; and what sets an anchor twice is YAML, but not for what finds lines."""
    tree = walk(str(write_tree(tmp_path, {"kustomization.yaml": "resources: []\n"})))
    file = tmp_path / "kustomization.yaml"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    fault = Fault("file-not-found", Place(shown_path(str(file)), field="resources"))
    assert with_lines([fault], tree) == [fault]


@pytest.mark.parametrize("place", [Place(), Place("other.yaml"), Place("other.yaml", "Kind name", "field")])
def test_what_is_not_of_the_tree_is_left_as_it_is(place: Place) -> None:
    assert with_lines([Fault("no-lock", place)], Tree()) == [Fault("no-lock", place)]


def test_no_file_is_read_again_unless_something_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = walk(str(write_tree(tmp_path, {"kustomization.yaml": "resources: []\n"})))
    monkeypatch.delattr("builtins.open")
    with faults_with_lines(tree):
        pass


def test_a_field_is_read_as_a_path() -> None:
    assert steps_of('spec.secretGenerator[0].options["a.b"]') == ("spec", "secretGenerator", 0, "options", "a.b")
    assert steps_of("") == ()
