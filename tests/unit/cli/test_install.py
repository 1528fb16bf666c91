import os
import sys
from pathlib import Path

import pytest

from vaultgen.cli import app, install
from vaultgen.errors import Refused
from vaultgen.kustomize.plugin_home import DOCUMENTS, plugin_homes

PLUGIN, ARTICLE = DOCUMENTS


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A HOME without anything in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def tree(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_the_default_is_below_the_home_directory(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["install"]) == 0
    out = capsys.readouterr().out
    for document in DOCUMENTS:
        path = home / ".config/kustomize/plugin" / document
        assert os.access(path, os.X_OK)
        assert f"wrote     {path}\n" in out
    assert "  kustomize build --enable-alpha-plugins DIR\n" in out
    assert "only while" not in out


def test_the_plugin_runs_this_very_installation(home: Path) -> None:
    app.main(["install"])
    text = (home / ".config/kustomize/plugin" / PLUGIN).read_text()
    assert f"\npython={sys.executable}\n" in text


def test_a_second_run_changes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["install"])
    before = tree(home), (home / ".config/kustomize/plugin" / PLUGIN).read_text()
    capsys.readouterr()
    assert app.main(["install"]) == 0
    assert (tree(home), (home / ".config/kustomize/plugin" / PLUGIN).read_text()) == before
    assert capsys.readouterr().out.count("unchanged ") == 2


@pytest.mark.parametrize("damage", ["text", "mode"])
def test_an_older_plugin_of_ours_is_renewed(home: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["install"])
    path = home / ".config/kustomize/plugin" / PLUGIN
    wanted = path.read_text()
    if damage == "text":
        path.write_text(wanted.replace("python=", "python=/gone"))
    else:
        path.chmod(0o644)
    capsys.readouterr()
    assert app.main(["install"]) == 0
    assert path.read_text() == wanted
    assert os.access(path, os.X_OK)
    assert f"wrote     {path}\nunchanged " in capsys.readouterr().out


@pytest.mark.parametrize("text", ["#!/bin/sh\n", ""])
def test_a_foreign_file_is_left_alone_and_nothing_is_written(
    home: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / ".config/kustomize/plugin" / ARTICLE
    path.parent.mkdir(parents=True)
    path.write_text(text)
    before = tree(home)
    assert app.main(["install"]) == 3
    assert f"error[plugin-exists]: {path} was not written by vaultgen" in capsys.readouterr().err
    assert path.read_text() == text
    assert tree(home) == before


@pytest.mark.parametrize("what", ["directory", "dangling link"])
def test_something_else_in_its_place_is_foreign_too(home: Path, what: str) -> None:
    path = home / ".config/kustomize/plugin" / PLUGIN
    path.parent.mkdir(parents=True)
    path.mkdir() if what == "directory" else path.symlink_to(home / "nowhere")
    assert app.main(["install"]) == 3
    assert path.is_dir() or path.is_symlink()


def test_a_copy_from_the_repository_is_ours(home: Path) -> None:
    source = Path(__file__).parents[3] / "plugin" / PLUGIN
    path = home / ".config/kustomize/plugin" / PLUGIN
    path.parent.mkdir(parents=True)
    path.write_bytes(source.read_bytes())
    assert app.main(["install"]) == 0
    assert "written by `vaultgen install`" in path.read_text()


def test_a_file_where_a_directory_should_be_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / ".config").write_text("")
    assert app.main(["install"]) == 3
    assert "error[file-not-written]" in capsys.readouterr().err
    assert tree(home) == [".config"]


class TestWhereKustomizeLooks:
    """The order is checked against the real kustomize in tests/e2e/test_install.py."""

    def test_the_first_directory_that_exists_is_taken(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", str(home / "own"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
        candidates = ["own", "xdg/kustomize/plugin", ".config/kustomize/plugin", "kustomize/plugin"]
        for path in reversed(candidates):
            (home / path).mkdir(parents=True)
            assert install.chosen(plugin_homes(os.environ)).path == home / path

    @pytest.mark.parametrize(
        ("environ", "path"),
        [
            ({"KUSTOMIZE_PLUGIN_HOME": "own", "XDG_CONFIG_HOME": "xdg"}, "own"),
            ({"XDG_CONFIG_HOME": "xdg"}, "xdg/kustomize/plugin"),
            ({"KUSTOMIZE_PLUGIN_HOME": "", "XDG_CONFIG_HOME": ""}, ".config/kustomize/plugin"),
        ],
    )
    def test_without_any_the_first_that_is_set_will_be_made(
        self, home: Path, environ: dict[str, str], path: str
    ) -> None:
        absolute = {name: str(home / value) if value else "" for name, value in environ.items()}
        homes = plugin_homes({"HOME": str(home), **absolute})
        assert install.chosen(homes).path == home / path

    def test_the_variable_that_leads_there_is_named(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", str(home / "own"))
        app.main(["install"])
        assert "only while KUSTOMIZE_PLUGIN_HOME is set" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("environ", "name"), [({"KUSTOMIZE_PLUGIN_HOME": "own"}, "KUSTOMIZE_PLUGIN_HOME"), ({}, "HOME")]
    )
    def test_a_place_where_kustomize_would_not_find_it_is_refused(self, environ: dict[str, str], name: str) -> None:
        with pytest.raises(Refused) as caught:
            install.chosen(plugin_homes(environ))
        assert caught.value.faults[0].code == "bad-setting"
        assert caught.value.faults[0].facts["name"] == name


class TestUninstall:
    def test_it_leaves_what_was_there_before(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (home / ".config").mkdir()
        app.main(["install"])
        app.main(["install"])
        capsys.readouterr()
        assert app.main(["install", "--uninstall"]) == 0
        assert tree(home) == [".config"]
        assert capsys.readouterr().out.count("removed   ") == 2

    def test_an_empty_plugin_home_that_it_did_not_make_stays(self, home: Path) -> None:
        (home / "kustomize/plugin").mkdir(parents=True)
        app.main(["install"])
        app.main(["install", "--uninstall"])
        assert tree(home) == ["kustomize", "kustomize/plugin"]

    def test_directories_with_something_else_in_them_stay(self, home: Path) -> None:
        app.main(["install"])
        other = home / ".config/kustomize/plugin/vaultgen.dev/note"
        other.write_text("")
        app.main(["install", "--uninstall"])
        assert tree(home)[-1] == str(other.relative_to(home))
        assert not (home / ".config/kustomize/plugin/kustomize.toolkit.fluxcd.io").exists()

    def test_a_foreign_file_is_kept_and_said(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        app.main(["install"])
        path = home / ".config/kustomize/plugin" / PLUGIN
        path.write_text("#!/bin/sh\n")
        assert app.main(["install", "--uninstall"]) == 0
        assert path.exists()
        assert f"kept      {path}" in capsys.readouterr().out

    def test_plugins_are_found_in_each_place(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The variable of the time when it was installed may be unset, or another directory come first now."""
        app.main(["install"])
        monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", str(home))
        assert app.main(["install", "--uninstall"]) == 0
        assert tree(home) == []

    def test_nothing_to_remove_is_no_error(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert app.main(["install", "--uninstall"]) == 0
        assert capsys.readouterr().out == "nothing to remove\n"


class TestKubectl:
    def test_a_missing_kubectl_is_said_and_the_plugin_stays(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PATH", str(home))
        assert app.main(["install", "--kubectl"]) == 3
        assert (
            "error[kubectl-failed]: kubectl does not build with the plugin: it is not on PATH"
            in capsys.readouterr().err
        )
        assert (home / ".config/kustomize/plugin" / PLUGIN).exists()

    @pytest.mark.parametrize(
        ("script", "why"), [("echo secret >&2; exit 4", "exit status 4"), ("echo works: no", "exit status 0")]
    )
    def test_a_sample_that_does_not_build_is_said_without_kubectls_words(
        self, home: Path, script: str, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kubectl = home / "bin/kubectl"
        kubectl.parent.mkdir()
        kubectl.write_text(f"#!/bin/sh\n{script}\n")
        kubectl.chmod(0o755)
        monkeypatch.setenv("PATH", f"{kubectl.parent}:{os.environ['PATH']}")
        assert app.main(["install", "--kubectl"]) == 3
        captured = capsys.readouterr()
        assert why in captured.err
        assert "secret" not in captured.err
