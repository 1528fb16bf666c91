"""Where the controller's own key lies while it runs outside of a cluster, and afterwards."""

import base64
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.api_server import ApiServer, running_api_server
from support.certificates import Certificates, make_certificates
from support.eventually import eventually
from support.process import start_bound, stop
from vaultgen.controller.api import Api
from vaultgen.controller.login import Login
from vaultgen.errors import Refused

# As in the image, whose user has no name.
CONTROLLER = """
import getpass
def getuser():
    raise KeyError
getpass.getuser = getuser
from vaultgen.controller.command import command
command()
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(certificates: Certificates) -> Iterator[ApiServer]:
    with running_api_server(certificates) as server:
        yield server


@pytest.fixture
def environ(server: ApiServer, tmp_path: Path) -> dict[str, str]:
    """A kubeconfig that holds a client key."""
    files = {
        "client-certificate-data": server.certificates.client_cert,
        "client-key-data": server.certificates.client_key,
    }
    user = {field: base64.b64encode(path.read_bytes()).decode() for field, path in files.items()}
    return {"KUBECONFIG": str(server.kubeconfig(tmp_path, user))}


@pytest.fixture
def private() -> Iterator[Path]:
    """A directory for temporary files whose path is short enough to be taken."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        yield Path(directory)


def clients(server: ApiServer) -> dict[str, str]:
    """Return by path who asked for it."""
    return {asked.path: asked.client_name for asked in server.asked}


def test_requests_carry_the_client_certificate_of_the_kubeconfig(server: ApiServer, environ: dict[str, str]) -> None:
    server.answer("/one", {"kind": "One"})
    with Login(environ) as login:
        assert Api(login, 1).get("/one") == {"kind": "One"}
        watching = login.for_watching()
    assert clients(server) == {"/one": "web"}
    assert watching
    assert not os.path.exists(str(watching.private_key_path))


def test_a_second_login_with_the_same_kubeconfig_finds_its_key(server: ApiServer, environ: dict[str, str]) -> None:
    """The package remembers by content which files it wrote."""
    for path in ("/first", "/second"):
        with Login(environ) as login:
            Api(login, 1).get(path)
    assert clients(server) == {"/first": "web", "/second": "web"}


def test_a_token_in_the_kubeconfig_is_also_watched_with(server: ApiServer, tmp_path: Path) -> None:
    with Login({"KUBECONFIG": str(server.kubeconfig(tmp_path, {"token": "a-token"}))}) as login:
        watching = login.for_watching()
    assert watching
    assert watching.as_http_headers() == {"Authorization": "Bearer a-token"}


def test_a_kubeconfig_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("[]")
    with pytest.raises(Refused) as caught, Login({"KUBECONFIG": str(tmp_path / "kubeconfig")}) as login:
        login.configuration()
    assert caught.value.faults[0].code == "cluster-unavailable"


@pytest.mark.parametrize("killed", [False, True])
def test_no_key_is_left_when_a_controller_ends(
    killed: bool, server: ApiServer, environ: dict[str, str], tmp_path: Path, private: Path
) -> None:
    # An API server without any kind, beside which kopf waits: it ends where it is told that there is none.
    server.headers["Content-Type"] = "application/json"
    server.answer("/api", {"kind": "APIVersions", "versions": []})
    server.answer("/apis", {"kind": "APIGroupList", "groups": []})
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "TMPDIR": str(private),
        **environ,
    }
    options = ["--vault-address=https://vault.example.com", "--storage-adv-addr=localhost"]
    options += [f"--storage-path={tmp_path / 'storage'}"]
    options += [f"--{one}-addr=127.0.0.1:0" for one in ("storage", "metrics", "health")]
    process = start_bound([sys.executable, "-c", CONTROLLER, *options], environment, tmp_path / "log")
    try:
        # Asked by kopf, at first.
        assert eventually(lambda: "/apis" in clients(server)), (tmp_path / "log").read_text()
        (directory,) = private.iterdir()
        assert directory.stat().st_mode & 0o777 == 0o700
        os.killpg(process.pid, signal.SIGKILL if killed else signal.SIGTERM)
        process.wait()
    finally:
        stop(process)
    assert eventually(lambda: not list(private.iterdir()))
    assert set(clients(server).values()) == {"web"}
