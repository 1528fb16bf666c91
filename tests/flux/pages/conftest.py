"""A cluster for pages and examples alone: their names are fixed, and used by nobody else there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster_login import ClusterVault
from support.flux_cluster import Cluster, Flux, running_cluster, running_flux
from support.flux_parts import Parts
from support.running_controller import RunningController, running_controller


@pytest.fixture(scope="module")
def cluster(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for each page."""
    with running_cluster(parts, tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture(scope="module")
def flux(cluster: Cluster) -> Iterator[Flux]:
    """Flux at that cluster."""
    with running_flux(cluster) as running:
        yield running


@pytest.fixture
def controller(
    cluster: Cluster, flux: Flux, bao_for_cluster: ClusterVault, tmp_path: Path
) -> Iterator[RunningController]:
    """The controller, with the rights that deploy/ gives it and no others."""
    with running_controller(cluster, tmp_path / "controller", [bao_for_cluster.address]) as running:
        yield running
