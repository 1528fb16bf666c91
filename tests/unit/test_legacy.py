import json
import os
from pathlib import Path
from typing import NoReturn

import pytest

from vaultgen import legacy
from vaultgen.function import Outcome, Surroundings

DOCUMENT = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: my-app}
secretGenerator:
- {name: my-app, literals: [A=1], files: [note.txt]}
"""


class Ended(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config file as kustomize leaves it in a temporary directory, beside a root with a plain file."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/note.txt").write_text("plain")
    path = tmp_path / "kust-plugin-config-1"
    path.write_text(DOCUMENT)
    return path


def test_a_config_file_is_answered_with_its_secrets(config: Path) -> None:
    outcome = legacy.run(str(config), Surroundings({}, str(config.parent / "root")))
    assert (outcome.stderr, outcome.status) == ("", 0)
    answer = json.loads(outcome.stdout)
    assert answer["kind"] == "ResourceList"
    (secret,) = answer["items"]
    assert secret["metadata"]["name"] == "my-app"
    assert secret["data"] == {"A": "MQ==", "note.txt": "cGxhaW4="}


@pytest.mark.parametrize("path", ["", "/nowhere/config", "/"])
def test_a_config_file_that_cannot_be_read_is_said(path: str) -> None:
    outcome = legacy.run(path, Surroundings({}, "/"))
    assert (outcome.stdout, outcome.status) == (b"", 3)
    assert outcome.stderr.startswith("error[file-unreadable]: ")


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "---\na: 1\n---\nb: 1\n"])
def test_a_config_file_that_holds_no_document_is_refused(config: Path, text: str) -> None:
    config.write_text(text)
    outcome = legacy.run(str(config), Surroundings({}, "/"))
    assert (outcome.stdout, outcome.status) == (b"", 3)


class TestMain:
    @pytest.fixture
    def outcomes(self, monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
        """What the process would have ended with."""
        outcomes: list[Outcome] = []

        def finish(outcome: Outcome) -> NoReturn:
            outcomes.append(outcome)
            raise Ended

        monkeypatch.setattr(legacy, "finish", finish)
        monkeypatch.setattr("gc.disable", lambda: None)
        return outcomes

    def test_plain_files_are_below_the_root_that_kustomize_names(
        self, config: Path, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KUSTOMIZE_PLUGIN_CONFIG_ROOT", str(config.parent / "root"))
        with pytest.raises(Ended):
            legacy.main([str(config), "word"])
        assert outcomes[0].status == 0

    def test_else_below_the_working_directory(
        self, config: Path, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(config.parent / "root")
        monkeypatch.setattr("sys.argv", ["-c", os.path.relpath(config)])
        with pytest.raises(Ended):
            legacy.main()
        assert outcomes[0].status == 0

    def test_without_an_argument_it_fails(self, outcomes: list[Outcome]) -> None:
        with pytest.raises(Ended):
            legacy.main([])
        assert outcomes[0].status == 3
