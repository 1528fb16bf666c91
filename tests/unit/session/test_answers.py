"""How the processes of a build are answered."""

import json
import os
from pathlib import Path

import pytest

from support.build import generator
from support.resource_list import as_kustomize_writes
from vaultgen.document.model import Document
from vaultgen.errors import refuse
from vaultgen.placeholder import appliable_placeholders
from vaultgen.render import GeneratedSecret
from vaultgen.session.answers import Answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Files

DOCUMENT = generator("literals: [A=b]")


def make(document: Document, files: "Files", root: str) -> tuple[GeneratedSecret, ...]:
    return appliable_placeholders(document, files)


def test_a_function_and_a_plugin_get_the_same_secrets() -> None:
    answers = Answers(make, {})
    function = answers("function", "/", as_kustomize_writes(DOCUMENT.encode()))
    plugin = answers("plugin", "/", generator("literals: [A=b]", annotation="").encode())
    assert function[:2] == plugin[:2] == (0, "")
    assert json.loads(function[2])["items"] == json.loads(plugin[2])["items"]
    assert answers.status == 0


def test_files_are_those_of_the_root_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "logo").write_text("x")
    answers = Answers(make, {})
    request = as_kustomize_writes(generator("files: [logo]").encode())
    assert answers("function", str(tmp_path), request)[0] == 0
    assert answers("function", str(tmp_path / "nowhere"), request)[0] == 3


def test_a_root_is_known_by_its_true_path(tmp_path: Path) -> None:
    roots = []

    def note(document: Document, files: "Files", root: str) -> tuple[GeneratedSecret, ...]:
        roots.append(root)
        return ()

    (tmp_path / "link").symlink_to(tmp_path)
    Answers(note, {})("plugin", str(tmp_path / "link"), DOCUMENT.encode())
    assert roots == [os.path.realpath(tmp_path)]


def test_the_status_is_that_of_the_last_refusal() -> None:
    def refused(document: Document, files: "Files", root: str) -> tuple[GeneratedSecret, ...]:
        raise refuse("path-missing", path="x", suggestion="")

    answers = Answers(refused, {})
    status, text, output = answers("plugin", "/", DOCUMENT.encode())
    assert (status, output) == (5, b"")
    assert text.startswith("error[path-missing]")
    assert answers("plugin", "/", b"[")[0] == 3
    assert answers.status == 3


@pytest.mark.parametrize("message", [b"", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("face", ["function", "plugin"])
def test_no_messagemakes_it_raise(face: str, message: bytes) -> None:
    status, text, output = Answers(make, {})(face, "/", message)
    assert status != 0
    assert text.startswith("error[")
    assert output == b""
