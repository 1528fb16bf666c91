import pytest

from vaultgen.document.api_rules import SECRET_LIMIT
from vaultgen.errors import Refused
from vaultgen.publish.tree import Tree, TreeFiles, resolve

TREE = Tree({"a/b/c.txt": b"c", "a/d.txt": b"d", "e.txt": b"e", "a/b/large": bytes(SECRET_LIMIT + 1)})


def code(root: str, path: str) -> str:
    with pytest.raises(Refused) as caught:
        TreeFiles(TREE, root).read(path)
    return caught.value.faults[0].code


@pytest.mark.parametrize(
    ("directory", "entry", "path"),
    [
        ("", "a", "a"),
        ("a", "./b/", "a/b"),
        ("a/b", "../d.txt", "a/d.txt"),
        ("a", "..", ""),
        ("", ".", ""),
        ("a", "../..", None),
        ("", "../a", None),
        ("a", "/etc", None),
    ],
)
def test_an_entry_means_a_path_in_the_tree_or_none(directory: str, entry: str, path: str | None) -> None:
    assert resolve(directory, entry) == path


def test_directories_are_those_that_hold_something() -> None:
    assert TREE.names == {"": {"a", "e.txt"}, "a": {"b", "d.txt"}, "a/b": {"c.txt", "large"}}
    assert Tree({}).names == {"": set()}


@pytest.mark.parametrize(
    ("root", "path", "content"), [("", "e.txt", b"e"), ("a", "b/../d.txt", b"d"), ("a/b", "c.txt", b"c")]
)
def test_a_file_below_the_root_is_read(root: str, path: str, content: bytes) -> None:
    assert TreeFiles(TREE, root).read(path) == content


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("a", "gone", "file-not-found"),
        ("a", "", "file-not-found"),
        ("a", "../e.txt", "file-outside-root"),
        ("a/b", "../d.txt", "file-outside-root"),
        ("a", "../../x", "file-outside-root"),
        ("a", "/a/d.txt", "file-outside-root"),
        ("", "../a/d.txt", "file-outside-root"),
        ("a", "b", "file-unreadable"),
        ("a", ".", "file-unreadable"),
        ("a/b", "large", "file-unreadable"),
        ("a", "https://example.com/d.txt", "remote-file"),
    ],
)
def test_anything_else_is_refused_as_on_disk(root: str, path: str, expected: str) -> None:
    assert code(root, path) == expected


def test_a_directory_whose_name_begins_like_the_root_is_outside() -> None:
    with pytest.raises(Refused):
        TreeFiles(Tree({"ab/c": b"", "a/c": b""}), "a").read("../ab/c")
