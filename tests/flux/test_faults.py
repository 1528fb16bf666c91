"""What goes wrong around a running controller: what it published stays served, whole, and it recovers by itself."""

import contextlib
import hashlib
import itertools
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support import interrupted_publish
from support.artifact_server import ArtifactServer
from support.canaries import assert_no_canary, found_in_files
from support.cluster_client import ClusterClient
from support.cluster_login import ClusterVault, trust_cluster
from support.eventually import eventually
from support.faulty_proxy import FAULTS, Fault, FaultyProxy, running_faulty_proxy
from support.flux_cluster import Cluster, running_cluster
from support.flux_parts import Parts
from support.openbao import OpenBao, running_openbao
from support.running_controller import RunningController, running_controller
from support.tenant_application import NAME, TenantApplication, get
from support.vault_client import VaultClient
from support.vault_namespace import new_vault_namespace
from vaultgen.controller.store import Store

KILLS = 100
MANY_STEPS = 1_000_000
MEMORY_LIMIT = 200 << 20


class Vault(NamedTuple):
    """A server that can be sealed, and the way to it."""

    server: OpenBao
    key: str
    proxy: FaultyProxy
    access: ClusterVault

    @contextlib.contextmanager
    def sealed(self) -> Iterator[None]:
        root = self.server.client()
        root.request("PUT", "sys/seal")
        try:
            yield
        finally:
            root.request("PUT", "sys/unseal", {"key": self.key})


@pytest.fixture(scope="module")
def cluster(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One of its own, whose API server is stopped; with Flux's kinds, and nobody who looks after them."""
    with running_cluster(parts, tmp_path_factory.mktemp("logs")) as running:
        definitions = [path.read_text() for crds in parts.crds for path in sorted(crds.glob("*.yaml"))]
        running.client.install_crds(*definitions)
        yield running


@pytest.fixture(scope="module")
def vault(cluster: Cluster) -> Iterator[Vault]:
    with running_openbao(dev=False, audit=False) as server:
        keys = VaultClient(server.address, "").request("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        server.root_token = keys["root_token"]
        server.client().request("PUT", "sys/unseal", {"key": keys["keys"][0]})
        namespace = new_vault_namespace(server, "faults")
        trust_cluster(namespace.root, cluster)
        with running_faulty_proxy(int(server.address.rpartition(":")[2])) as proxy:
            yield Vault(server, keys["keys"][0], proxy, ClusterVault(namespace))


@pytest.fixture(scope="module")
def controller(cluster: Cluster, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningController]:
    with running_controller(cluster, tmp_path_factory.mktemp("controller"), [vault.proxy.address]) as running:
        yield running


@pytest.fixture
def another(
    client: ClusterClient, namespace: str, vault: Vault, artifacts: ArtifactServer, controller: RunningController
) -> Iterator[Callable[[], TenantApplication]]:
    """Makes applications whose source is there; in the end, none of their values stands anywhere."""
    made: list[TenantApplication] = []

    def make() -> TenantApplication:
        own = client.create_namespace(f"{namespace}-{len(made)}")
        made.append(TenantApplication(client, own, vault.access, artifacts, vault.proxy.address))
        made[-1].push()
        return made[-1]

    yield make
    for application in made:
        assert_nothing_leaked(application, controller)
        application.delete()
        assert files_of(controller, application) == []


@pytest.fixture
def app(another: Callable[[], TenantApplication]) -> TenantApplication:
    """An application that is published."""
    application = another()
    application.create()
    application.wait_until_current()
    return application


def assert_nothing_leaked(application: TenantApplication, controller: RunningController) -> None:
    canaries = {f"value {number}": value for number, value in enumerate([application.kept, *application.values])}
    logs = controller.log.parent
    assert found_in_files(canaries, [controller.storage, *logs.glob("*.log")]) == []
    kinds = ("VaultArtifact", "ExternalArtifact", "Event", "Secret", "ConfigMap")
    objects = {kind: json.dumps(application.client.all_of(kind, application.namespace)) for kind in kinds}
    assert_no_canary(canaries, {**objects, "artifact": application.served().archive, "metrics": controller.scrape()})


def files_of(controller: RunningController, application: TenantApplication) -> list[str]:
    """Return the names of the files that are kept of an application."""
    directory = controller.storage / "externalartifact" / application.namespace / NAME
    return [path.name for path in directory.iterdir()] if directory.exists() else []


# --- Vault ---


@pytest.mark.parametrize("fault", FAULTS)
def test_a_vault_that_does_not_answer_well_changes_nothing(fault: Fault, app: TenantApplication, vault: Vault) -> None:
    before = app.served()
    with vault.proxy.fault(fault):
        app.rotate()
        app.wait_until_failed("Unavailable")
        assert app.served() == before
    app.wait_until_current()


def test_a_sealed_vault_changes_nothing(app: TenantApplication, vault: Vault) -> None:
    before = app.served()
    with vault.sealed():
        app.wait_until_failed("Unavailable", "sealed")
        assert app.served() == before
    app.rotate()
    app.wait_until_current()


def delete_role(app: TenantApplication) -> None:
    app.vault.vault.root.request("DELETE", f"auth/kubernetes/role/{app.namespace}_default")


def empty_policy(app: TenantApplication) -> None:
    app.vault.vault.root.policy(f"{app.namespace}_default", 'path "secret/data/nothing" { capabilities = ["read"] }')


@pytest.mark.parametrize("revoke", [delete_role, empty_policy])
def test_rights_that_are_taken_away_change_nothing(
    revoke: Callable[[TenantApplication], None], app: TenantApplication
) -> None:
    revoke(app)
    # Until then a look may go on with what it was let in by before.
    app.wait_until_failed("AccessDenied")
    before = app.served()
    app.rotate()
    app.look()
    assert app.served() == before
    app.vault.allow(app.namespace, "default", [f"{app.namespace}/*"])
    app.wait_until_current()


def test_a_token_that_is_revoked_changes_nothing(app: TenantApplication) -> None:
    root = app.vault.vault.root
    token = root.new_token([f"{app.namespace}_default"])
    app.store_token(token)
    app.create({"token": {"secretRef": {"name": "vault-auth"}}})
    app.wait_until_current()
    root.revoke(token)
    message = app.wait_until_failed("AccessDenied")
    assert token not in message
    before = app.served()
    app.rotate()
    app.look()
    assert app.served() == before
    app.store_token(root.new_token([f"{app.namespace}_default"]))
    app.wait_until_current()


def test_a_path_deleted_and_written_again_as_version_1_is_seen(app: TenantApplication) -> None:
    """The number is the same; a fingerprint of versions would take the old value for the new one."""
    app.vault.vault.root.request("DELETE", f"secret/metadata/{app.namespace}/one")
    app.wait_until_failed("ValueMissing")
    app.rotate()
    app.wait_until_current()
    found = app.client.get("VaultArtifact", app.namespace, NAME)
    assert found
    assert {one["version"] for one in found["status"]["versions"]} == {1}


# --- the source ---


def test_a_source_that_is_replaced_while_it_is_fetched_is_fetched_again(
    app: TenantApplication, artifacts: ArtifactServer
) -> None:
    before = app.served()
    app.create(suspend=True)
    revision = app.push("new")
    path = f"/{app.namespace}/source/{revision.rpartition(':')[2]}.tar.gz"
    artifacts.files[path] = app.archive("newer")
    app.create()
    app.wait_until_failed("FetchFailed", "another digest")
    assert app.served() == before
    artifacts.files[path] = app.archive("new")
    app.wait_until_made_of(revision)


def test_a_source_that_is_deleted_leaves_what_was_made_of_it(app: TenantApplication) -> None:
    before = app.served()
    app.client.delete("ExternalArtifact", app.namespace, "source")
    app.wait_until_failed("SourceMissing")
    assert app.served() == before
    app.wait_until_made_of(app.push("new"))


# --- the API server ---


def test_while_the_api_server_is_away_artifacts_are_served_and_then_all_is_caught_up_with(
    app: TenantApplication, cluster: Cluster, controller: RunningController, another: Callable[[], TenantApplication]
) -> None:
    sourceless, new = another(), another()
    sourceless.create()
    kept = sourceless.wait_until_current()
    before, url = app.served(), app.announced["url"]
    log = controller.log.stat().st_size
    cluster.stop_api_server()
    app.rotate()
    assert eventually(lambda: controller.log.read_bytes()[log:].count(b"kopf._cogs.clients.watching") > 12)
    assert get(url) == (200, before.archive)
    cluster.start_api_server()
    sourceless.client.delete("ExternalArtifact", sourceless.namespace, "source")
    new.create()
    new.wait_until_current()
    app.wait_until_current()
    sourceless.wait_until_failed("SourceMissing")
    assert sourceless.served() == kept


# --- the process ---


def test_a_publish_that_is_killed_at_any_step_leaves_what_is_whole(
    app: TenantApplication, cluster: Cluster, controller: RunningController, vault: Vault
) -> None:
    """Each time another value is in Vault, and nothing is remembered of the time before."""
    killed = 0
    announced = [app.announced]
    advertised = announced[0]["url"].split("/")[2]
    with stopped(controller), interrupted_publishes(cluster, controller, advertised, vault, app) as publish_for:
        app.rotate()
        steps = MANY_STEPS - publish_for(MANY_STEPS)
        for number in range(KILLS):
            app.rotate()
            killed += publish_for(number * steps // KILLS) < 0
            store = Store(controller.storage)
            assert all(path.endswith(".new") for path in store.verify())
            announced.append(app.announced)
            file = store.open(announced[-1]["path"])
            assert file
            with file:
                archive = file.read()
            assert f"sha256:{hashlib.sha256(archive).hexdigest()}" == announced[-1]["digest"]
            assert app.is_whole(archive)
    # Some are through before it is their turn: not each publish has the same number of steps.
    assert killed > KILLS * 0.8
    assert {before == after for before, after in itertools.pairwise(announced)} == {False, True}
    app.wait_until_current()


@contextlib.contextmanager
def stopped(controller: RunningController) -> Iterator[None]:
    controller.stop()
    try:
        yield
    finally:
        controller.start()


@contextlib.contextmanager
def interrupted_publishes(
    cluster: Cluster, controller: RunningController, advertised: str, vault: Vault, app: TenantApplication
) -> Iterator[Callable[[int], int]]:
    """Yield what publishes for some steps, and returns how many were left."""
    token = cluster.client.new_token("flux-system", "vaultgen")
    command = [
        sys.executable,
        interrupted_publish.__file__,
        str(controller.storage),
        advertised,
        vault.proxy.address,
        app.namespace,
        NAME,
    ]
    environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig_with(token))}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as program:
        assert program.stdin
        assert program.stdout
        into, out = program.stdin, program.stdout

        def publish_for(steps: int) -> int:
            into.write(f"{steps}\n")
            return int(out.readline())

        yield publish_for
        into.close()


def test_a_controller_that_is_killed_while_values_rotate_catches_up(
    app: TenantApplication, controller: RunningController
) -> None:
    for _ in range(3):
        app.rotate()
        time.sleep(random.random() * 1.5)  # noqa: S311
        url, digest = app.announced["url"], app.announced["digest"]
        controller.kill()
        controller.start()
        status, archive = get(url)
        assert status == 200
        assert f"sha256:{hashlib.sha256(archive).hexdigest()}" == digest
        app.wait_until_current()
    assert not [name for name in files_of(controller, app) if not name.endswith(".tar.gz")]


def test_after_a_restart_while_vault_is_away_the_last_artifact_is_served(
    app: TenantApplication, controller: RunningController, vault: Vault
) -> None:
    before = app.served()
    with vault.proxy.fault("refuses connections"):
        with stopped(controller):
            app.rotate()
        assert app.served() == before
        app.wait_until_failed("Unavailable")
        assert app.served() == before
    app.wait_until_current()


def test_a_vault_that_does_not_answer_keeps_the_controller_from_ending_for_a_while_only(
    app: TenantApplication, controller: RunningController, vault: Vault
) -> None:
    with vault.proxy.fault("never answers"):
        app.create(timeout="10m")
        asked = vault.proxy.asked
        assert eventually(lambda: vault.proxy.asked > asked)
        assert controller.ends_in_time()
    controller.start()
    app.create()
    app.wait_until_current()


# --- the volume ---


def test_a_full_volume_leaves_what_is_there(app: TenantApplication, controller: RunningController) -> None:
    before = app.served()
    limits = resource.prlimit(controller.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(controller.pid, resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        app.rotate()
        app.wait_until_failed("StorageFailed")
        assert app.served() == before
        (kept,) = files_of(controller, app)
        assert kept.startswith(before.revision.rpartition(":")[2])
    finally:
        resource.prlimit(controller.pid, resource.RLIMIT_FSIZE, limits)
    app.wait_until_current()


def test_a_file_that_was_changed_is_never_served_and_is_published_again(
    app: TenantApplication, controller: RunningController
) -> None:
    """As soon as somebody asks for it, not after an interval."""
    app.create(interval="1h")
    app.wait_until_current()
    announced = app.announced
    file = controller.storage / announced["path"]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert get(announced["url"])[0] == 404
    assert eventually(lambda: get(app.announced["url"])[0] == 200)
    app.wait_until_current()


def test_a_volume_that_is_lost_is_filled_again(app: TenantApplication, controller: RunningController) -> None:
    lose_volume(controller)
    assert eventually(lambda: get(app.announced["url"])[0] == 200)
    app.wait_until_current()


def test_a_volume_that_is_lost_between_two_runs_is_filled_again(
    app: TenantApplication, controller: RunningController
) -> None:
    with stopped(controller):
        lose_volume(controller)
    assert eventually(lambda: get(app.announced["url"])[0] == 200)
    app.wait_until_current()


def lose_volume(controller: RunningController) -> None:
    # At once: nothing is written to it between two files.
    lost = controller.storage.with_name("lost")
    (controller.storage / "externalartifact").rename(lost)
    shutil.rmtree(lost)


def test_after_all_this_the_controller_takes_little_memory(controller: RunningController) -> None:
    (line,) = [one for one in Path(f"/proc/{controller.pid}/status").read_text().splitlines() if "VmRSS" in one]
    assert int(line.split()[1]) << 10 < MEMORY_LIMIT
