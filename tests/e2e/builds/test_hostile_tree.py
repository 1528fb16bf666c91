"""What a hostile pull request does to a plain build, and not to ``vaultgen build``.

Each trick is first shown to work, so that its refusal means something.
"""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.build import generator, vaultgen_build, write_documents
from support.errands import DOWNLOADS, ERRANDS
from support.hostile import PROGRAM, TRICKS, Trick, ran
from support.kustomize import NEWEST, OLDEST, kustomize, kustomize_build
from support.request_log import RequestLog
from support.trees import config, write_tree

ALL: dict[str, Trick] = {**TRICKS, **ERRANDS}
CODES = {
    b"error[foreign-function]",
    b"error[foreign-plugin]",
    b"error[transformed-plugin]",
    b"error[remote-base]",
    b"error[invalid-yaml]",
    b"error[duplicate-field]",
    b"error[several-kustomizations]",
}


class Web:
    """A server that remembers who came."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/file.yaml"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


@pytest.fixture
def bystanders(bare_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment whose git, helm and docker only leave a mark that they ran."""
    write_tree(tmp_path / "bin", dict.fromkeys(("git", "helm", "docker"), PROGRAM), mode=0o755)
    plugins = {"kustomize.toolkit.fluxcd.io/v1/kustomization/Kustomization": PROGRAM}
    write_tree(tmp_path / "plugins", plugins, mode=0o755)
    path = f"{tmp_path}/bin:{bare_environment['PATH']}"
    return {**bare_environment, "PATH": path, "KUSTOMIZE_PLUGIN_HOME": str(tmp_path / "plugins")}


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
@pytest.mark.parametrize("name", ALL)
def test_a_trick_works_on_kustomize_alone(name: str, version: str, bystanders: dict[str, str], tmp_path: Path) -> None:
    tree = ALL[name].write(tmp_path / "tree")
    kustomize_build(tree, bystanders, binary=kustomize(version))
    assert ran(tmp_path)


@pytest.mark.parametrize("name", ALL)
def test_a_build_refuses_the_trick_before_anything_runs(name: str, bystanders: dict[str, str], tmp_path: Path) -> None:
    built = vaultgen_build(ALL[name].write(tmp_path / "tree"), bystanders)
    assert not ran(tmp_path)
    assert (built.status, built.stdout) == (3, b"")
    assert any(f"error[{code}]".encode() in built.stderr for code in ALL[name].codes), built.stderr


@pytest.mark.parametrize("way", ["--placeholder", "--reveal", "--real-names"])
def test_every_build_does(way: str, bystanders: dict[str, str], tmp_path: Path) -> None:
    built = vaultgen_build(ALL["another program"].write(tmp_path / "tree"), bystanders, way)
    assert not ran(tmp_path)
    assert (built.status, built.stdout) == (3, b"")


def test_the_tricks_are_refused_for_each_reason() -> None:
    assert {f"error[{code}]".encode() for trick in ALL.values() for code in trick.codes} == CODES


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
@pytest.mark.parametrize("name", DOWNLOADS)
def test_nothing_is_downloaded(name: str, version: str, bystanders: dict[str, str], tmp_path: Path, web: Web) -> None:
    files = {path: text.replace("<<address>>", web.address) for path, text in DOWNLOADS[name].items()}
    tree = write_tree(tmp_path / "tree", files)
    built = vaultgen_build(tree, bystanders, binary=kustomize(version))
    assert (built.status, built.stdout, web.asked) == (3, b"", [])
    assert f"error[remote-base]: the tree would fetch {web.address}".encode() in built.stderr
    kustomize_build(tree, bystanders, binary=kustomize(version))
    assert web.asked != []


def test_what_is_allowed_runs(bystanders: dict[str, str], tmp_path: Path) -> None:
    """The program, the repository, the chart and the image, each by its name."""
    allowed = {
        "another program": "--allow-function=./evil",
        "a container": "--allow-function=registry.example.com/evil",
        "a base at github.com/org/repo": "--allow-remote=github.com/org/repo",
        "a chart": "--allow-remote=chart",
    }
    for number, (name, option) in enumerate(allowed.items()):
        work = tmp_path / f"work-{number}"
        tree = ALL[name].write(work / "tree")
        path = write_tree(work / "bin", dict.fromkeys(("git", "helm", "docker"), PROGRAM), mode=0o755)
        vaultgen_build(tree, {**bystanders, "PATH": f"{path}:{bystanders['PATH']}"}, option)
        assert ran(work), name


def test_what_a_resource_names_is_not_run_and_not_refused(bystanders: dict[str, str], tmp_path: Path) -> None:
    """kustomize runs functions of configs alone; a package of functions can be deployed like anything else."""
    function = config("./evil").replace("VaultSecretGenerator", "Other")
    files = {"kustomization.yaml": "resources: [fn.yaml]\n", "fn.yaml": function}
    tree = write_tree(tmp_path / "tree", files)
    write_tree(tree, {"evil": PROGRAM}, mode=0o755)
    built = vaultgen_build(tree, bystanders)
    assert built.status == 0, built.stderr
    assert kustomize_build(tree, bystanders).status == 0
    assert not ran(tmp_path)


@pytest.mark.parametrize("option", ["args: [plugin, /etc/passwd]", "envs: [VAULT_ADDR=http://evil.example.com]"])
def test_our_own_function_takes_no_options(option: str, bystanders: dict[str, str], tmp_path: Path) -> None:
    document = generator("literals: [A=b]").replace("{path: vaultgen}", f"{{path: vaultgen, {option}}}")
    built = vaultgen_build(write_documents(tmp_path / "tree", [document]), bystanders)
    assert (built.status, built.stdout) == (3, b"")
    assert b"error[function-options]" in built.stderr


ELSEWHERE = """\
vault:
  address: <<address>>
  auth:
  - {method}
"""


@pytest.mark.parametrize(
    "method",
    [
        "token: {env: GITHUB_TOKEN}",
        "token: {env: VAULT_DEPLOY_TOKEN}",
        "jwt: {role: ci, token: {env: ACTIONS_ID_TOKEN}}",
        "jwt: {role: ci, token: {file: /proc/self/environ}}",
        "appRole: {roleId: a, secretId: {env: VAULT_SECRET_ID}}",
        "kubernetes: {role: ci, tokenFile: /etc/hostname}",
    ],
)
def test_no_credential_is_sent_where_only_the_document_says(
    method: str,
    environment: dict[str, str],
    tmp_path: Path,
    web: Web,
    request_log: RequestLog,
) -> None:
    """Nor is anything else, to anybody: a sound document beside it is not read either."""
    address = web.address.removesuffix("/file.yaml")
    del environment["VAULT_TOKEN"], environment["VAULT_ADDR"]
    secrets = dict.fromkeys(("GITHUB_TOKEN", "ACTIONS_ID_TOKEN", "VAULT_DEPLOY_TOKEN", "VAULT_SECRET_ID"), "hunter2-x")
    (tmp_path / "home" / ".vault-token").write_text("hunter2-y")
    block = ELSEWHERE.replace("<<address>>", address).replace("{method}", method)
    sources = "files: {a: 'vault:secret/data/app?key=a'}"
    documents = [generator(sources, name="sound"), generator(sources, name="bad", vault=block)]
    request_log.mark()
    built = vaultgen_build(write_documents(tmp_path / "tree", documents), {**environment, **secrets}, "--reveal")
    assert (built.status, built.stdout) == (3, b"")
    assert b"hunter2" not in built.stderr
    assert (web.asked, request_log.paths()) == ([], [])


def test_a_document_that_leads_elsewhere_is_refused_before_sound_ones_are_read(
    environment: dict[str, str], tmp_path: Path, request_log: RequestLog
) -> None:
    sources = "files: {a: 'vault:secret/data/app?key=a'}"
    address = environment.pop("VAULT_ADDR")
    environment["VAULTGEN_ALLOWED_ADDRESSES"] = address
    sound = f"vault: {{address: '{address}'}}\n"
    elsewhere = "vault: {address: 'http://127.0.0.1:9'}\n"
    documents = [generator(sources, name="sound", vault=sound), generator(sources, name="bad", vault=elsewhere)]
    request_log.mark()
    built = vaultgen_build(write_documents(tmp_path / "tree", documents), environment)
    assert (built.status, built.stdout) == (3, b"")
    assert b"error[credential-leaves-home]" in built.stderr
    assert request_log.paths() == []
