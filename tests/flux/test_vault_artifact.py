"""From Git and Vault to the cluster: the controller and the stock Flux, each a real process."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from support.application import Application, Files
from support.application_files import config_map, deployment, generator, text
from support.artifact_server import ArtifactServer
from support.canaries import assert_no_canary, found_in_files, new_canary
from support.cluster_client import Object
from support.eventually import eventually
from support.flux_cluster import Cluster, Flux
from support.kustomize import vaultgen_directory
from support.publication import KINDS
from support.request_log import RequestLog
from support.running_controller import RunningController, running_controller
from support.trees import write_tree
from vaultgen.publish.archive import pack, unpack

FINALIZER = "finalizers.vaultgen.dev"
PASSWORD = "vault:secret/data/app?key=password"
SHARD = "sharding.fluxcd.io/key"


def tree(key: str = "password") -> Files:
    """Return an application with one Secret."""
    return {
        "top/kustomization.yaml": text({"resources": ["app.yaml"], "generators": ["vaultgen.yaml"]}),
        "top/app.yaml": deployment("app"),
        "top/vaultgen.yaml": generator({"name": "app", "files": [f"{key}={PASSWORD}"]}),
    }


def passwords(application: Application) -> list[bytes]:
    """Return what stands in the Secrets that are applied."""
    return [value for data in application.secrets().values() for value in data.values()]


# --- the way, and what moves along it ---


def test_a_push_becomes_a_secret_and_a_deployment_that_uses_it(application: Application) -> None:
    application.write(password="one")
    revision = application.deploy(tree())
    ((name, data),) = application.secrets().items()
    assert name.startswith("app-")
    assert data == {"password": b"one"}
    assert application.used() == [name]
    kustomization = application.client.get("Kustomization", application.namespace, "app")
    assert kustomization
    assert kustomization["status"]["lastAppliedOriginRevision"] == revision


def test_a_rotation_gives_a_new_secret_without_a_commit(application: Application) -> None:
    application.write(password="one")
    application.deploy(tree(), interval="10s")
    (old,) = application.secrets()
    application.write(password="two")
    assert eventually(lambda: passwords(application) == [b"two"])
    (new,) = application.secrets()
    assert new != old
    assert application.used() == [new]


def test_a_new_commit_is_taken_at_once(application: Application) -> None:
    """Not after ``interval``, which is an hour."""
    application.write(password="one")
    application.deploy(tree())
    application.wait_until_published(application.push(tree("renamed")))
    assert list(application.secrets().values()) == [{"renamed": b"one"}]


def test_a_look_at_vault_can_be_asked_for(application: Application) -> None:
    application.write(password="one")
    application.deploy(tree())
    application.write(password="two")
    application.look()
    assert eventually(lambda: passwords(application) == [b"two"])


def test_a_suspended_object_is_left_as_it_is_until_it_is_resumed(application: Application) -> None:
    application.write(password="one")
    application.deploy(tree())
    before = application.artifact(suspend=True)
    application.write(password="two")
    request = {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}}
    application.client.merge("VaultArtifact", application.namespace, "app", request)
    application.artifact("beside")
    application.published("beside")
    found = application.client.get("VaultArtifact", application.namespace, "app")
    assert found
    assert found["status"] == before["status"]
    application.artifact()
    assert eventually(lambda: passwords(application) == [b"two"])


# --- the article ---


def test_the_articles_directory_loses_nothing_when_vaultgen_is_added(application: Application) -> None:
    """It has no kustomization.yaml, and Flux has applied it with prune on; two lines of the Kustomization change."""
    application.write(password="one")
    files = {
        "top/app.yaml": deployment("app"),
        "top/below/map.yaml": config_map("below"),
        "top/other/kustomization.yaml": text({"resources": ["map.yaml"]}),
        "top/other/map.yaml": config_map("other"),
    }
    revision = application.push(files)
    application.kustomize(decryption=False, sourceRef={"kind": "GitRepository", "name": "app"})
    application.wait_until_applied(revision)
    before = uids(application)
    assert set(before) == {"app", "below", "other"}

    application.artifact(secretGenerator=[{"name": "app", "files": {"password": PASSWORD}}])
    application.kustomize()
    application.wait_until_published(revision)
    ((name, data),) = application.secrets().items()
    assert data == {"password": b"one"}
    assert application.used() == [name]
    assert before.items() <= uids(application).items()


def uids(application: Application) -> dict[str, str]:
    """Return which objects the Kustomization has applied."""
    objects = [one for kind in KINDS for one in application.client.all_of(kind, application.namespace)]
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in objects if "labels" in one["metadata"]}


# --- values ---


def test_a_value_arrives_byte_for_byte(application: Application) -> None:
    """Under a key that makes Flux take a document for JSON, and with what Flux would substitute."""
    value = 'pa$$word ${A} $(A) {"a": "b"}\n'
    application.write(password=value)
    revision = application.push(tree("x.json"))
    application.artifact()
    application.kustomize(postBuild={"substitute": {"A": "substituted"}})
    application.wait_until_published(revision)
    assert list(application.secrets().values()) == [{"x.json": value.encode()}]


def test_a_value_is_merged_onto_the_secret_of_a_base(application: Application) -> None:
    application.write(password="from Vault")
    base = {"resources": ["app.yaml"], "secretGenerator": [{"name": "app", "literals": ["password=", "other=kept"]}]}
    application.deploy(
        {
            "base/kustomization.yaml": text(base),
            "base/app.yaml": deployment("app"),
            "top/kustomization.yaml": text({"resources": ["../base"], "generators": ["vaultgen.yaml"]}),
            "top/vaultgen.yaml": generator({"name": "app", "behavior": "merge", "files": [f"password={PASSWORD}"]}),
        }
    )
    ((name, data),) = application.secrets().items()
    assert data == {"password": b"from Vault", "other": b"kept"}
    assert application.used() == [name]


def test_a_lock_in_the_tree_decides_which_version_is_applied(application: Application, tmp_path: Path) -> None:
    application.write(password="one")
    locked = locked_tree(application, tmp_path)
    application.write(password="two")
    application.deploy(locked)
    assert passwords(application) == [b"one"]
    (version,) = application.published()["status"]["versions"]
    assert version["version"] == 1

    application.wait_until_published(application.push(locked_tree(application, tmp_path)))
    assert passwords(application) == [b"two"]


def locked_tree(application: Application, directory: Path) -> Files:
    """Return the tree with a vaultgen.lock of what Vault holds now, as a person makes it."""
    write_tree(directory, tree())
    environment = application.vault.vault.environment()
    command = [str(vaultgen_directory() / "vaultgen"), "lock", "--update", str(directory / "top")]
    python = {"HOME": str(directory), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    subprocess.run(command, env={**environment, **python}, check=True, capture_output=True)
    return {**tree(), "top/vaultgen.lock": (directory / "top/vaultgen.lock").read_bytes()}


def test_the_articles_token_is_taken_from_its_secret(application: Application) -> None:
    application.write(password="one")
    application.use_token(application.vault.vault.token)
    application.deploy(tree())
    assert passwords(application) == [b"one"]


# --- sources ---

SOURCES: dict[str, Object] = {
    "ExternalArtifact": {},
    "OCIRepository": {"interval": "1h", "suspend": True, "url": "oci://registry.example.com/app"},
    "Bucket": {"interval": "1h", "suspend": True, "bucketName": "app", "endpoint": "example.com"},
}


@pytest.mark.parametrize("kind", SOURCES)
def test_other_sources_are_taken_as_git_is(kind: str, application: Application, artifacts: ArtifactServer) -> None:
    """Their own controllers are played, or told to leave them alone."""
    application.write(password="one")

    def publish(files: Files) -> str:
        archive = pack(files)
        return artifacts.publish(application.client, application.namespace, "source", archive, kind, SOURCES[kind])

    first = publish(tree())
    application.artifact(sourceRef={"kind": kind, "name": "source"})
    application.kustomize()
    application.wait_until_published(first)
    assert list(application.secrets().values()) == [{"password": b"one"}]
    application.wait_until_published(publish(tree("renamed")))
    assert list(application.secrets().values()) == [{"renamed": b"one"}]


# --- failures: the last good artifact stays ---


def wrong_role(application: Application) -> None:
    application.login = {"kubernetes": {"serviceAccountName": "app", "role": "nobody"}}
    application.artifact()


def path_gone(application: Application) -> None:
    application.push({"elsewhere/map.yaml": config_map("map")})


def source_gone(application: Application) -> None:
    application.client.delete("GitRepository", application.namespace, "app")


def version_gone(application: Application) -> None:
    application.vault.vault.root.delete_versions("app", [1])
    application.look()


BROKEN = {
    "wrong role": (wrong_role, "AccessDenied: error[login-role]: ", "VaultArtifact {}/app, spec.vault.auth"),
    "path gone": (path_gone, "Refused: error[", "top"),
    "source gone": (source_gone, "SourceMissing: error[source-missing]: ", "GitRepository"),
    "version gone": (version_gone, "ValueMissing: error[", PASSWORD),
}


@pytest.mark.parametrize("cause", BROKEN)
def test_while_something_is_wrong_the_last_good_artifact_stays(cause: str, application: Application) -> None:
    breaks, reason, names = BROKEN[cause]
    application.write(password="one")
    application.deploy(tree())
    external, applied, login = application.external(), application.applied(), application.login
    breaks(application)
    assert names.format(application.namespace) in application.refusal(reason)
    assert application.external() == external
    assert application.applied() == applied

    application.login = login
    application.write(password="two")
    application.deploy(tree("renamed"))
    assert list(application.secrets().values()) == [{"renamed": b"two"}]


def test_it_recovers_by_itself_once_vault_has_the_value_again(application: Application) -> None:
    application.write(password="one")
    application.deploy(tree())
    version_gone(application)
    application.write(password="two")
    assert eventually(lambda: passwords(application) == [b"two"])
    application.published()


# --- what is written, and what is not ---


def test_the_status_tells_what_was_published_and_of_what(
    application: Application, controller: RunningController
) -> None:
    application.write(password="one")
    revision = application.deploy(tree())
    found = application.look()
    status, external = found["status"], application.external()
    assert external
    assert status.keys() == {
        "artifact",
        "conditions",
        "lastHandledReconcileAt",
        "observedGeneration",
        "sourceRevision",
        "versions",
    }
    artifact = external["status"]["artifact"]
    assert artifact.pop("metadata") == {"org.opencontainers.image.revision": revision}
    assert status["artifact"] == artifact
    assert artifact.keys() == {"digest", "lastUpdateTime", "path", "revision", "url"}
    assert artifact["url"] == f"http://{controller.artifacts}/{artifact['path']}"
    assert status["sourceRevision"] == revision
    assert status["observedGeneration"] == found["metadata"]["generation"]
    (version,) = status["versions"]
    assert version.pop("createdTime")
    namespace = version.pop("namespace", "")  # left out where it is the root one
    assert (version, namespace) == ({"path": "secret/data/app", "version": 1}, application.vault.vault.name)
    assert [one["type"] for one in status["conditions"]] == ["Ready"]


def test_where_nothing_changed_nothing_is_written(application: Application, request_log: RequestLog) -> None:
    """Over several looks at Vault; a status that the API server did not keep whole would be written each time."""
    application.write(password="one")
    application.deploy(tree(), interval="10s")
    kinds = ("VaultArtifact", "ExternalArtifact", "GitRepository", "Event")

    def written() -> dict[str, list[Object]]:
        return {kind: application.client.all_of(kind, application.namespace) for kind in kinds}

    def is_left_alone() -> bool:
        """What others write of the deployment may still come while the first looks are made."""
        before = written()
        request_log.mark()
        name = application.vault.vault.name
        assert eventually(lambda: len(request_log.requests(path="secret/data/app", namespace=name)) >= 2)
        return written() == before

    assert eventually(is_left_alone)
    before = written()
    owner, external, source = (before[kind][0]["metadata"] for kind in kinds[:3])
    assert owner["finalizers"] == [FINALIZER]
    for metadata in (owner, external):
        assert "annotations" not in metadata
    assert "finalizers" not in external
    assert "kopf" not in json.dumps(before)
    assert "vaultgen" not in {entry["manager"] for entry in source["managedFields"]}


def test_a_change_and_a_failure_are_told_once_on_both_objects(application: Application) -> None:
    application.write(password="one")
    application.deploy(tree())
    version_gone(application)
    application.look()
    application.write(password="one")
    application.look()
    application.write(password="two")
    application.look()
    for kind in ("VaultArtifact", "ExternalArtifact"):
        events = application.client.events(application.namespace, kind, "app")
        # At first the watch of sources may be behind that of our own objects.
        told = [(one["type"], one["reason"]) for one in events if one["reason"] != "SourceNotReady"]
        assert told == [
            ("Normal", "NewArtifact"),
            ("Warning", "ValueMissing"),
            ("Normal", "Succeeded"),
            ("Normal", "NewArtifact"),
        ]


def test_a_value_stands_in_nothing_but_its_secret(
    application: Application, controller: RunningController, cluster: Cluster, flux: Flux
) -> None:
    """Nor does the token that it was read with; through a change, a failure of ours and one of Flux."""
    values = {"first": new_canary("first"), "second": new_canary("second"), "token": application.vault.vault.token}
    application.use_token(values["token"])
    application.write(password=values["first"])
    application.deploy(tree())
    application.write(password=values["second"])
    application.write("broken", password=values["second"])
    broken = {"name": "app", "files": [f"{values['second'][:9]}=vault:secret/data/broken?key=passwort"]}
    application.push({**tree(), "top/vaultgen.yaml": generator(broken)})
    application.refusal("ValueMissing: ")
    patch = {"target": {"kind": "Secret"}, "patch": '[{"op": "remove", "path": "/metadata/nothing"}]'}
    unpatched = {"resources": ["app.yaml"], "generators": ["vaultgen.yaml"], "patches": [patch]}
    application.push({**tree(), "top/kustomization.yaml": text(unpatched)})
    application.failure()
    application.wait_until_published(application.push(tree()))
    assert passwords(application) == [values["second"].encode()]

    final = {*application.secrets(), "vault-auth"}
    objects = [
        one for one in cluster.client.everything() if one["kind"] != "Secret" or one["metadata"]["name"] not in final
    ]
    assert {"Event", "VaultArtifact", "ExternalArtifact", "Deployment", "Kustomization"} <= {
        one["kind"] for one in objects
    }
    path = application.published()["status"]["artifact"]["path"]
    status, packed = controller.get(controller.artifacts, f"/{path}")
    assert status == 200
    answers = {
        "metrics": controller.get(controller.metrics, "/metrics")[1],
        "health": controller.get(controller.health, "/readyz")[1],
        "not found": controller.get(controller.artifacts, "/externalartifact")[1],
        "artifact": packed,
        **unpack(packed),
    }
    assert_no_canary(values, {"objects": json.dumps(objects), **answers})
    assert found_in_files(values, [cluster.logs, controller.storage.parent, flux.directory]) == []
    assert b"eyJhbGciOi" not in controller.log.read_bytes() + b"".join(answers.values()), "a JWT"


# --- deletion ---


def test_deletion_takes_back_what_is_served_and_not_what_is_applied(
    application: Application, controller: RunningController
) -> None:
    application.write(password="one")
    application.deploy(tree())
    applied, found = application.applied(), application.published()
    assert found["metadata"]["finalizers"] == [FINALIZER]
    path = f"/{found['status']['artifact']['path']}"
    assert controller.get(controller.artifacts, path)[0] == 200

    application.client.delete("VaultArtifact", application.namespace, "app")
    application.client.wait_until_gone("VaultArtifact", application.namespace, "app")
    assert application.external() is None
    assert controller.get(controller.artifacts, path)[0] == 404
    assert application.applied() == applied

    application.client.delete("Kustomization", application.namespace, "app")
    application.client.wait_until_gone("Kustomization", application.namespace, "app")
    assert application.applied() == []


# --- several controllers, and one with a part of a cluster ---


def test_each_controller_takes_the_objects_of_its_shard(
    application: Application, controller: RunningController, cluster: Cluster, tmp_path: Path
) -> None:
    application.write(password="one")
    application.push(tree())
    application.artifact("other", {SHARD: "other"})
    application.artifact()
    application.published()
    waiting = application.client.get("VaultArtifact", application.namespace, "other")
    assert waiting
    assert "finalizers" not in waiting["metadata"]
    with running_controller(cluster, tmp_path, [application.vault.address], "--shard=other") as other:
        url = application.published("other")["status"]["artifact"]["url"]
        assert url.startswith(f"http://{other.artifacts}/")
        assert watched(other) == [f"{application.namespace}/other"]
        assert f"{application.namespace}/other" not in watched(controller)
        application.client.delete("VaultArtifact", application.namespace, "other")
        application.client.wait_until_gone("VaultArtifact", application.namespace, "other")


def test_a_controller_of_one_namespace_leaves_others_alone(
    application: Application, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    application.write(password="one")
    application.push(tree())
    elsewhere = application.client.create_namespace(f"{namespace}-elsewhere")
    body = application.artifact("other", {SHARD: "narrow"})
    metadata = {"namespace": elsewhere, "name": "other", "labels": {SHARD: "narrow"}}
    application.client.apply({**body, "metadata": metadata})
    options = ("--shard=narrow", "--no-watch-all-namespaces")
    environment = {"RUNTIME_NAMESPACE": namespace}
    with running_controller(
        cluster, tmp_path, [application.vault.address], *options, environment=environment
    ) as narrow:
        application.published("other")
        assert watched(narrow) == [f"{namespace}/other"]
        application.client.delete("VaultArtifact", namespace, "other")
        application.client.wait_until_gone("VaultArtifact", namespace, "other")
    untouched = application.client.get("VaultArtifact", elsewhere, "other")
    assert untouched
    assert "finalizers" not in untouched["metadata"]
    application.client.delete("VaultArtifact", elsewhere, "other")


def watched(controller: RunningController) -> list[str]:
    """Return which objects a controller has looked at."""
    found = re.findall(r'^vaultgen_resource_info\{name="(.*?)",namespace="(.*?)"', controller.scrape(), re.MULTILINE)
    return [f"{namespace}/{name}" for name, namespace in found]
