import os
import stat
from pathlib import Path

import pytest

from vaultgen.cli import app
from vaultgen.cli.files import NewFile, write_all
from vaultgen.errors import Refused
from vaultgen.kustomize.generators import KUSTOMIZATION_NAMES

KUSTOMIZATION = """\
# ours
resources: []
secretGenerator:
- name: my-app
  literals:
  - PASSWORD=hunter2  # rotate me
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with a kustomization that can be converted."""
    (tmp_path / "kustomization.yaml").write_text(KUSTOMIZATION)
    return tmp_path


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir() if path.is_file()}


def test_both_files_are_written(directory: Path) -> None:
    assert app.main(["init", str(directory)]) == 0
    after = contents(directory)
    assert sorted(after) == ["kustomization.yaml", "vaultgen.yaml"]
    assert after["kustomization.yaml"] == "# ours\nresources: []\ngenerators:\n- vaultgen.yaml\n"
    assert after["vaultgen.yaml"].endswith(KUSTOMIZATION.partition("[]\n")[2])


def test_the_default_is_the_working_directory(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory)
    assert app.main(["init"]) == 0
    assert (directory / "vaultgen.yaml").exists()


def test_the_next_step_is_shown_without_a_value(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["init", str(directory)])
    out = capsys.readouterr().out
    assert out.startswith(
        f"moved secretGenerator (1 Secret) from {directory}/kustomization.yaml to {directory}/vaultgen.yaml"
    )
    assert f" in {directory}/vaultgen.yaml:11 instead of\n  PASSWORD=…\nwrite\n" in out
    assert "\n  PASSWORD=vault:secret/data/my-app?key=PASSWORD\n" in out
    assert f"  kustomize build --enable-alpha-plugins --enable-exec {directory}\n" in out
    assert "hunter2" not in out


@pytest.mark.parametrize(
    ("sources", "example"),
    [
        ("files: [a.txt]", ":10 instead of\n  a.txt\nwrite\n  a.txt=vault:secret/data/my-app?key=a.txt\n"),
        ("files:\n  - k=a.txt", ":11 instead of\n  k=a.txt\nwrite\n  k=vault:secret/data/my-app?key=k\n"),
        ("envs:\n  # ours\n  - a.txt", ":12 instead of\n  a.txt\nwrite\n  vault:secret/data/my-app\n"),
        ("env: a.txt", ":9 instead of\n  a.txt\nwrite\n  vault:secret/data/my-app\n"),
    ],
)
def test_each_kind_of_source_has_its_next_step(
    directory: Path, sources: str, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "a.txt").write_text("A=1\n")
    (directory / "kustomization.yaml").write_text(f"secretGenerator:\n- name: my-app\n  {sources}\n")
    assert app.main(["init", str(directory)]) == 0
    assert example in capsys.readouterr().out


def test_an_entry_without_sources_needs_no_next_step(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "kustomization.yaml").write_text("secretGenerator:\n- name: my-app\n")
    assert app.main(["init", str(directory)]) == 0
    assert "vault:" not in capsys.readouterr().out


def test_text_that_is_a_reference_from_now_on_is_said(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "kustomization.yaml").write_text(
        "secretGenerator:\n- name: my-app\n  literals: ['A=vault:secret/data/x?key=a']\n"
    )
    assert app.main(["init", str(directory)]) == 0
    assert "are references now" in capsys.readouterr().out


@pytest.mark.parametrize("name", KUSTOMIZATION_NAMES)
def test_each_name_of_a_kustomization_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(KUSTOMIZATION)
    assert app.main(["init", str(tmp_path)]) == 0
    assert "- vaultgen.yaml" in (tmp_path / name).read_text()


def test_permissions_survive_and_hold_for_the_new_file(directory: Path) -> None:
    """The new file has the values that the old one had."""
    (directory / "kustomization.yaml").chmod(0o640)
    app.main(["init", str(directory)])
    assert [stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()] == [0o640, 0o640]


def test_a_linked_kustomization_stays_a_link(directory: Path) -> None:
    (directory / "kustomization.yaml").rename(directory / "real.yaml")
    (directory / "kustomization.yaml").symlink_to("real.yaml")
    assert app.main(["init", str(directory)]) == 0
    assert (directory / "kustomization.yaml").is_symlink()
    assert "- vaultgen.yaml" in (directory / "real.yaml").read_text()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "no-kustomization"),
        ({"kustomization.yaml": KUSTOMIZATION, "Kustomization": KUSTOMIZATION}, "several-kustomizations"),
        ({"kustomization.yaml": KUSTOMIZATION, "vaultgen.yaml": ""}, "file-exists"),
        ({"kustomization.yaml": "resources: []\n"}, "no-secret-generator"),
        ({"kustomization.yaml": "secretGenerator: [{name: a}, {name: a}]\n"}, "same-secret-twice"),
        ({"kustomization.yaml": "{secretGenerator: [{name: a}]}\n"}, "cannot-convert"),
        ({"kustomization.yaml": "secretGenerator: [{name: a, files: [../a]}]\n"}, "file-outside-root"),
        ({"kustomization.yaml": "secretGenerator: [{name: a, files: ['https://h/a']}]\n"}, "remote-file"),
        ({"kustomization.yaml": "secretGenerator: [{name: a, literals: [hunter2]}]\n"}, "bad-literal"),
        ({"kustomization.yaml": "secretGenerator: [{name: a, kvSources: []}]\n"}, "unknown-field"),
    ],
)
def test_what_cannot_be_converted_is_refused_and_nothing_is_written(
    tmp_path: Path, files: dict[str, str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert app.main(["init", str(tmp_path)]) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error[{code}]: ")
    assert "hunter2" not in captured.err
    assert captured.out == ""
    assert contents(tmp_path) == files


def test_a_second_run_is_refused(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["init", str(directory)])
    before = contents(directory)
    assert app.main(["init", str(directory)]) == 3
    assert contents(directory) == before
    assert "error[no-secret-generator]" in capsys.readouterr().err


def test_a_generator_file_that_is_there_is_left_as_it_is(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "vaultgen.yaml").write_text("mine\n")
    before = contents(directory)
    assert app.main(["init", str(directory)]) == 3
    assert contents(directory) == before
    assert "error[file-exists]" in capsys.readouterr().err


def test_text_in_another_encoding_is_refused(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "kustomization.yaml").write_bytes(KUSTOMIZATION.encode("utf-16"))
    assert app.main(["init", str(directory)]) == 3
    assert "it is not UTF-8" in capsys.readouterr().err


class TestWriteAll:
    def test_a_failure_leaves_nothing_new_and_the_old_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "old").write_text("old")
        (tmp_path / "in-the-way").mkdir()
        files = [NewFile(tmp_path / name, b"new", 0o644) for name in ("new", "in-the-way", "old")]
        with pytest.raises(Refused) as caught:
            write_all(files)
        (fault,) = caught.value.faults
        assert fault.facts == {"path": str(tmp_path / "in-the-way"), "why": "something else stands in its way"}
        assert sorted(os.listdir(tmp_path)) == ["in-the-way", "old"]
        assert (tmp_path / "old").read_text() == "old"

    def test_an_interrupt_leaves_nothing_new_either(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_all([NewFile(tmp_path / "new", b"", 0o644)])
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize(
        ("error", "why"),
        [(PermissionError(), "permission denied"), (OSError(), "the file system does not take it")],
    )
    def test_what_the_system_says_is_put_in_our_words(
        self, tmp_path: Path, error: OSError, why: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(Refused) as caught:
            write_all([NewFile(tmp_path / "new", b"", 0o644)])
        assert caught.value.faults[0].facts["why"] == why
