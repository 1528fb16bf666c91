"""Fixtures for every test. What they start ends with the session, also when that is killed."""

import importlib.util
import itertools
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from support.environment import is_foreign
from support.golden import Golden
from support.openbao import OpenBao, running_openbao, unseal_keys
from support.request_log import RequestLog
from support.short_paths import short_root
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace, new_vault_namespace

TESTS = Path(__file__).parent

# These drive small servers on loopback; all other unit and property tests may open no socket at all.
MAY_USE_LOOPBACK = ("unit/controller/", "unit/vault/", "unit/session/", "unit/test_cluster.py")

# No deadline, and no complaint about slow examples: no test is about time. In CI (.ci/run) the same examples each time,
# so that a change is what broke it.
hypothesis.settings.register_profile(
    "vaultgen",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("vaultgen")

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test` insist on the wheel, and golden files be written anew."""
    parser.addoption("--wheel", action="store_true", help="fail unless vaultgen is imported from where it is installed")
    parser.addoption("--renew-goldens", action="store_true", help="write expected files anew instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to test the checkout under the name of the wheel."""
    found = importlib.util.find_spec("vaultgen")
    if found is None or found.origin is None:
        raise pytest.UsageError("vaultgen is not installed: use `make test`")
    if config.getoption("--wheel") and Path(found.origin).is_relative_to(TESTS.parent / "vaultgen"):
        raise pytest.UsageError(f"vaultgen is imported from {found.origin}, which is no wheel")
    # A shell lets what it starts in the background ignore it, and all that is started from there.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Forbid sockets to the tests that need none."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        if path.startswith(("unit/", "property/")) and not path.startswith(MAY_USE_LOOPBACK):
            item.add_marker(pytest.mark.disable_socket)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in list(os.environ):
        if is_foreign(name):
            monkeypatch.delenv(name)
    # An empty HOME: no ~/.vault-token, no ~/.kube/config, no plugins.
    monkeypatch.setenv("HOME", str(_empty_home(tmp_path_factory)))


def _empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.getbasetemp() / "empty-home"
    home.mkdir(mode=0o500, exist_ok=True)
    return home


@pytest.fixture
def socket_directory() -> Iterator[Path]:
    """A directory that a unix socket can be made in, wherever temporary files are."""
    with tempfile.TemporaryDirectory(dir=short_root()) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def openbao() -> Iterator[OpenBao]:
    """The session's OpenBao (one a worker): HTTP, HTTPS, HTTPS with client certificates, unix socket."""
    with running_openbao(tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def uninitialised_openbao() -> Iterator[OpenBao]:
    """A server that nobody has initialised."""
    with running_openbao(dev=False) as server:
        yield server


@pytest.fixture(scope="session")
def sealed_openbao() -> Iterator[OpenBao]:
    """A server that is initialised and sealed."""
    with running_openbao(dev=False) as server:
        unseal_keys(server)
        yield server


@pytest.fixture
def vault_namespace(openbao: OpenBao) -> VaultNamespace:
    """A fresh Vault namespace with KV v2 at ``secret/`` and a token that reads it."""
    return new_vault_namespace(openbao, f"test-{next(_numbers)}")


@pytest.fixture(scope="session")
def has_namespaces(openbao: OpenBao) -> None:
    """Skips a test at a server without Vault namespaces."""
    if openbao.is_vault:
        pytest.skip("Vault's Community Edition has no namespaces")


@pytest.fixture
def vault(vault_namespace: VaultNamespace) -> VaultClient:
    """A client that may do everything in the test's Vault namespace."""
    return vault_namespace.root


@pytest.fixture
def request_log(openbao: OpenBao, vault_namespace: VaultNamespace) -> RequestLog:
    """What the server is asked from here on; ``mark()`` it again after setting up."""
    return openbao.request_log()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares with a golden file, or writes it if pytest was given --renew-goldens."""
    return Golden(renew=request.config.getoption("--renew-goldens"))
