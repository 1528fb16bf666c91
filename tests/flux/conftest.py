"""The real Flux on a real API server, with a Git server and an OpenBao that asks that API server who somebody is.

All is started once a session, and only for the tests that ask for it. A test makes objects of its own in a
``namespace`` of its own.
"""

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from support.application import Application
from support.artifact_server import ArtifactServer, running_artifact_server
from support.cluster_client import ClusterClient
from support.cluster_login import ClusterVault, trust_cluster
from support.flux_cluster import Cluster, Flux, running_cluster, running_flux
from support.flux_parts import NoGo, Parts, flux_parts
from support.git_server import GitServer, running_git_server
from support.openbao import OpenBao
from support.running_controller import RunningController, running_controller
from support.vault_namespace import VaultNamespace

HERE = Path(__file__).parent

_numbers = itertools.count(1)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out unless they are named: they need Go, and minutes."""
    named = (Path(config.invocation_params.dir, argument.partition("::")[0]) for argument in config.args)
    return None if any(path.resolve().is_relative_to(HERE) for path in named) else True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the programs have logged last where a test fails; their files are kept as pytest keeps tmp_path."""
    report = yield
    if report.failed and (running := getattr(item, "funcargs", {}).get("cluster")):
        for log in sorted(running.logs.glob("*.log")):
            report.sections.append((str(log), log.read_text(errors="replace")[-2000:]))
    return report


@pytest.fixture(scope="session")
def parts() -> Parts:
    """The programs."""
    try:
        return flux_parts()
    except NoGo as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def cluster(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server. ``cluster.client`` may do everything, ``cluster.kubeconfig`` is for programs."""
    with running_cluster(parts, tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture(scope="session")
def flux(cluster: Cluster) -> Iterator[Flux]:
    """source-controller and kustomize-controller at that API server; their logs are in ``cluster.logs``."""
    with running_flux(cluster) as running:
        yield running


@pytest.fixture(scope="session")
def git() -> Iterator[GitServer]:
    """A Git server: ``git.repository(name).push({path: content})``."""
    with running_git_server() as running:
        yield running


@pytest.fixture(scope="session")
def artifacts() -> Iterator[ArtifactServer]:
    """A file server for hand-made ExternalArtifacts."""
    with running_artifact_server() as running:
        yield running


@pytest.fixture
def client(cluster: Cluster) -> ClusterClient:
    """A client of the API server that may do everything."""
    return cluster.client


@pytest.fixture
def namespace(client: ClusterClient) -> str:
    """A fresh namespace with a ServiceAccount ``default``."""
    return client.create_namespace(f"test-{next(_numbers)}")


@pytest.fixture
def bao_for_cluster(cluster: Cluster, vault_namespace: VaultNamespace) -> ClusterVault:
    """A fresh Vault namespace whose method ``kubernetes`` takes that API server's tokens; ``allow`` them something."""
    trust_cluster(vault_namespace.root, cluster)
    return ClusterVault(vault_namespace)


@pytest.fixture(scope="module")
def controller(
    cluster: Cluster, flux: Flux, openbao: OpenBao, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningController]:
    """The controller, for all of a module's tests."""
    with running_controller(cluster, tmp_path_factory.mktemp("controller"), [openbao.address]) as running:
        yield running


@pytest.fixture
def application(
    controller: RunningController, client: ClusterClient, git: GitServer, bao_for_cluster: ClusterVault, namespace: str
) -> Iterator[Application]:
    """An application to push, in a namespace of its own."""
    one = Application(client, git, bao_for_cluster, namespace)
    yield one
    one.abandon()
