"""`vaultgen install` against the real kustomize and kubectl: what it writes is what they find and run."""

import itertools
import shutil
from pathlib import Path

import pytest

from support.kustomize import NEWEST, OLDEST, PLUGIN_FLAGS, Built, kubectl, kustomize, kustomize_build
from vaultgen.cli import app, install
from vaultgen.kustomize.plugin_home import DOCUMENTS

PLACES = {
    "KUSTOMIZE_PLUGIN_HOME": "own",
    "XDG_CONFIG_HOME": "xdg/kustomize/plugin",
    "HOME": ".config/kustomize/plugin",
    "": "kustomize/plugin",
}
"""The variable that leads to a place, and the place below a test's home."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HOME, with everything that kustomize looks at set to places in it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The sample that `vaultgen install --kubectl` builds."""
    directory = tmp_path / "sample"
    directory.mkdir()
    for name, text in install.SAMPLE.items():
        (directory / name).write_text(text)
    return directory


def built_sample(built: Built) -> bool:
    return built.status == 0 and list(built.secrets().values()) == [{"works": b"yes"}]


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
@pytest.mark.parametrize(
    "variables", [(), ("KUSTOMIZE_PLUGIN_HOME",), ("XDG_CONFIG_HOME",), ("KUSTOMIZE_PLUGIN_HOME", "XDG_CONFIG_HOME")]
)
def test_kustomize_finds_what_was_installed_where_nothing_was_before(
    variables: tuple[str, ...], version: str, home: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables:
        monkeypatch.setenv(name, str(home / PLACES[name].partition("/")[0]))
    assert not built_sample(kustomize_build(sample, binary=kustomize(version), flags=PLUGIN_FLAGS))
    assert app.main(["install"]) == 0
    assert built_sample(kustomize_build(sample, binary=kustomize(version), flags=PLUGIN_FLAGS))
    assert app.main(["install", "--uninstall"]) == 0
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("existing", list(itertools.combinations(PLACES.values(), 2)))
def test_kustomize_takes_the_same_of_two_places_that_exist(
    existing: tuple[str, str], home: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", str(home / "own"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
    for place in existing:
        (home / place).mkdir(parents=True)
    assert app.main(["install"]) == 0
    assert (home / existing[0] / DOCUMENTS[0]).exists()
    assert built_sample(kustomize_build(sample, flags=PLUGIN_FLAGS))


def test_a_plugin_home_that_is_not_absolute_does_not_work(
    home: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why install refuses it: kustomize finds the directory, and then not the plugin in it."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", str(home / "own"))
    assert app.main(["install"]) == 0
    monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", "own")
    assert not built_sample(kustomize_build(sample, flags=PLUGIN_FLAGS))
    assert app.main(["install"]) == 3


def test_the_plugin_needs_no_path(home: Path, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert app.main(["install"]) == 0
    binary = kustomize()
    monkeypatch.setattr("support.kustomize.vaultgen_directory", lambda: home / "nowhere")
    assert built_sample(kustomize_build(sample, {"PATH": ""}, binary=binary, flags=PLUGIN_FLAGS))


def test_a_tree_cannot_put_its_own_code_in_the_plugins_way(home: Path, sample: Path) -> None:
    """The plugin starts in the root of the kustomization: nothing there may be imported."""
    for name in ("vaultgen", "yaml", "json", "sitecustomize"):
        (sample / f"{name}.py").write_text("raise SystemExit(9)\n")
    assert app.main(["install"]) == 0
    assert built_sample(kustomize_build(sample, flags=PLUGIN_FLAGS))


def test_a_python_that_has_gone_is_said(home: Path, sample: Path) -> None:
    assert app.main(["install"]) == 0
    path = home / ".config/kustomize/plugin" / DOCUMENTS[0]
    lines = [f"python={home}/gone" if line.startswith("python=") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    built = kustomize_build(sample, flags=PLUGIN_FLAGS)
    assert built.status != 0
    assert b"hint: run `vaultgen install` again" in built.stderr


def test_kubectl_builds_the_sample(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    binary = kubectl()
    if binary is None:
        pytest.skip("no kubectl")
    monkeypatch.setenv("PATH", f"{Path(binary).parent}:/usr/bin:/bin")
    assert app.main(["install", "--kubectl"]) == 0
    assert "  kubectl kustomize --enable-alpha-plugins DIR | kubectl apply -f -\n" in capsys.readouterr().out


def test_kubectl_fails_while_a_place_before_the_plugins_one_exists(
    home: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kustomize looks at one place only, so that is where install has to put the plugin."""
    assert app.main(["install"]) == 0
    monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", str(home / "own"))
    (home / "own").mkdir()
    assert not built_sample(kustomize_build(sample, flags=PLUGIN_FLAGS))
    shutil.rmtree(home / "own")
    assert built_sample(kustomize_build(sample, flags=PLUGIN_FLAGS))
