"""The session of a build: gone afterwards, however that comes about, and nobody else's business."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.build import (
    PASSWORD,
    build_command,
    generator,
    run,
    vaultgen_build,
    without_suffixes,
    write_documents,
)
from support.eventually import eventually
from support.kustomize import NEWEST, OLDEST, kustomize
from support.openbao import OpenBao
from support.process import is_running
from support.trees import config, write_program, write_tree
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace, new_vault_namespace

# Says where it runs, and waits for a line in a pipe.
WAITS = """\
#!/bin/sh
echo "$$ $PPID $(dirname "$(dirname "$(command -v vaultgen)")")" >"{pipes}/said"
mv "{pipes}/said" "{pipes}/here"
read -r line <"{pipes}/go"
echo '{{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}}'
"""


class Waiting:
    """A build that stands still in one of its functions."""

    def __init__(self, process: "subprocess.Popen[bytes]", pipes: Path) -> None:
        """Return once it does."""
        self.process = process
        assert eventually(lambda: (pipes / "here").exists() or process.poll() is not None)
        function, kustomize_, self.directory = (pipes / "here").read_text().split(maxsplit=2)
        self.directory = self.directory.strip()
        self.children = (int(function), int(kustomize_))
        self._pipes = pipes

    def go_on(self) -> None:
        """Let the function answer."""
        (self._pipes / "go").write_text("go\n")

    @property
    def is_over(self) -> bool:
        """Whether neither a process nor the directory of the session is left."""
        return not os.path.exists(self.directory) and not any(map(is_running, self.children))


@pytest.fixture
def waiting(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> Iterator[Waiting]:
    vault.write("app", {"password": "x-ray"})
    pipes = tmp_path / "pipes"
    pipes.mkdir()
    os.mkfifo(pipes / "go")
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)], "- waits.yaml\n")
    write_tree(tree, {"waits.yaml": config("./waits", "waits")})
    write_program(tree / "waits", WAITS.format(pipes=pipes))
    with subprocess.Popen(
        build_command(tree, "--reveal", "--allow-function=./waits"),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield Waiting(process, pipes)
        finally:
            process.kill()


def test_a_build_that_goes_well_leaves_nothing(waiting: Waiting) -> None:
    assert os.path.isdir(waiting.directory)
    assert os.stat(waiting.directory).st_mode & 0o777 == 0o700
    waiting.go_on()
    stdout, stderr = waiting.process.communicate(timeout=60)
    assert (waiting.process.returncode, stderr) == (0, b"")
    assert b"eC1yYXk=" in stdout
    assert waiting.is_over


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_parent_that_is_killed_takes_all_with_it(number: signal.Signals, waiting: Waiting) -> None:
    """kustomize, what that has started, and the directory."""
    waiting.process.send_signal(number)
    assert waiting.process.wait(60) == -number
    assert eventually(lambda: waiting.is_over)


def test_an_interrupt_ends_all_without_a_traceback(waiting: Waiting) -> None:
    waiting.process.send_signal(signal.SIGINT)
    stdout, stderr = waiting.process.communicate(timeout=60)
    # click ends the line that ^C stands in.
    assert (waiting.process.returncode, stdout, stderr) == (130, b"", b"\n")
    assert eventually(lambda: waiting.is_over)


def test_a_kustomize_that_is_killed_is_a_failure(waiting: Waiting) -> None:
    os.kill(waiting.children[1], signal.SIGKILL)
    stdout, stderr = waiting.process.communicate(timeout=60)
    assert (waiting.process.returncode, stdout) == (1, b"")
    assert b"Traceback" not in stderr
    assert eventually(lambda: waiting.is_over)


def test_a_function_that_leaves_something_running_does_not_hold_up_the_build(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """It has our standard error open."""
    tree = write_documents(tmp_path / "tree", [generator("literals: [A=b]")], "- daemon.yaml\n")
    write_tree(tree, {"daemon.yaml": config("./daemon", "daemon")})
    text = f"""\
#!/bin/sh
sleep 600 >/dev/null </dev/null &
echo $! >{tmp_path}/pid
echo '{{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}}'
"""
    write_program(tree / "daemon", text)
    built = vaultgen_build(tree, environment, "--allow-function=./daemon")
    assert built.status == 0, built.stderr
    assert eventually(lambda: not is_running(int((tmp_path / "pid").read_text())))


def test_a_child_that_is_killed_is_a_failure(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> None:
    """The program that asks this session, half way."""
    vault.write("app", {"password": "x-ray"})
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD), generator(PASSWORD, name="other")])
    # kustomize starts our program by its name: this one is in front of it, and kills what it has started.
    killer = f"""\
#!/bin/sh
PATH="${{PATH#*:}}"
export PATH
mkdir -p "{tmp_path}/front"
cat >"{tmp_path}/front/vaultgen" <<'END'
#!/bin/sh
kill -s KILL $$
END
chmod +x "{tmp_path}/front/vaultgen"
PATH="{tmp_path}/front:$PATH" exec {kustomize()} "$@"
"""
    built = vaultgen_build(tree, environment, "--reveal", binary=str(write_program(tmp_path / "killer", killer)))
    assert (built.status, built.stdout) == (1, b"")
    assert b"Traceback" not in built.stderr
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.usefixtures("has_namespaces")
def test_builds_at_the_same_time_do_not_disturb_each_other(
    tmp_path: Path, environment: dict[str, str], openbao: OpenBao
) -> None:
    namespaces = [new_vault_namespace(openbao, f"{environment['VAULT_NAMESPACE']}-{number}") for number in range(4)]
    for number, namespace in enumerate(namespaces):
        namespace.root.write("app", {"password": f"value-{number}"})
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD), generator(PASSWORD, name="b", annotation="")])

    command = build_command(tree, "--reveal")

    def build(namespace: VaultNamespace) -> list[bytes]:
        built = run(command, {**environment, **namespace.environment()})
        return [data["password"] for data in built.secrets().values()]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(build, namespaces)) == [[b"value-%d" % number] * 2 for number in range(4)]
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
@pytest.mark.parametrize("name", ["ein Verzeichnis mit Leerzeichen", "Ümläut-日本", 'it\'s $(x) "q"', "-o"])
def test_any_path_will_do(
    name: str, version: str, tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    (tmp_path / name / "tmp").mkdir(parents=True)
    environment["TMPDIR"] = str(tmp_path / name / "tmp")
    documents = [generator(f"{PASSWORD}\n  envs: ['ö ü.env']"), generator(PASSWORD, name="plugin", annotation="")]
    tree = write_tree(write_documents(tmp_path / name / "tree", documents), {"ö ü.env": "A=b\n"})
    built = vaultgen_build(tree, environment, "--reveal", binary=kustomize(version))
    assert built.status == 0, built.stderr
    assert sorted(map(sorted, built.secrets().values())) == [["A", "password"], ["password"]]
    inside = vaultgen_build(".", environment, "--reveal", binary=kustomize(version), cwd=tree)
    assert inside == built


def test_a_directory_may_be_named_by_a_link(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> None:
    vault.write("app", {"password": "x-ray"})
    write_documents(tmp_path / "tree", [generator(PASSWORD)])
    (tmp_path / "link").symlink_to("tree")
    built = vaultgen_build(tmp_path / "link", environment)
    assert built.status == 0, built.stderr


def test_a_directory_named_like_an_address_is_a_directory(tmp_path: Path, environment: dict[str, str]) -> None:
    write_documents(tmp_path / "github.com" / "org" / "repo", [generator("literals: [A=b]")])
    built = vaultgen_build("github.com/org/repo", environment, "--reveal", cwd=tmp_path)
    assert built.status == 0, built.stderr


def test_large_outputs_pass_whole(tmp_path: Path, environment: dict[str, str], vault: VaultClient) -> None:
    vault.write("app", {"password": "x" * 700_000})
    block = "\n".join(f"  key-{number}: {'y' * 1000}" for number in range(5000))
    tree = write_documents(
        tmp_path / "tree",
        [generator(PASSWORD, name=f"app-{number}") for number in range(3)],
        "resources: [big.yaml]\n",
    )
    write_tree(tree, {"big.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big}}\ndata:\n{block}\n"})
    built = vaultgen_build(tree, environment, "--reveal")
    assert built.status == 0, built.stderr
    assert [len(data["password"]) for data in built.secrets().values()] == [700_000] * 3
    assert built.stdout.count(b"yyyyyyyyyy\n") == 5000


def test_a_build_that_is_asked_for_twice_differs_in_stand_ins_alone(
    tmp_path: Path, environment: dict[str, str], vault: VaultClient
) -> None:
    vault.write("app", {"password": "x-ray"})
    tree = write_documents(tmp_path / "tree", [generator(PASSWORD)])
    first, second = (without_suffixes(vaultgen_build(tree, environment).stdout) for _ in range(2))
    pattern = rb"password: \S+"
    assert re.sub(pattern, b"", first) == re.sub(pattern, b"", second)
