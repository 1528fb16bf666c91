"""One look after the other at a VaultArtifact: a real OpenBao, real archives, an API server that is a dictionary."""

import base64
import copy
import gzip
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyrage
import pytest

from support.artifact_server import ArtifactServer, running_artifact_server
from support.canaries import new_canary
from support.memory_api import MemoryApi
from support.vault_artifact import body
from support.vault_namespace import VaultNamespace
from vaultgen.controller.events import Events
from vaultgen.controller.fetch import fetch
from vaultgen.controller.identity import Operator
from vaultgen.controller.metrics import Metrics
from vaultgen.controller.reconcile import Reconciler, Rules, path_of
from vaultgen.controller.resource import FINALIZER, Name, VaultArtifact
from vaultgen.controller.sources import Sources
from vaultgen.controller.store import Store
from vaultgen.controller.trees import Trees
from vaultgen.errors import Refused
from vaultgen.lock import Pin, lock_text
from vaultgen.ports import Read
from vaultgen.publish.archive import pack, unpack

CANARY = new_canary("controller")
KEY = pyrage.x25519.Identity.generate()
NAME = Name("team-a", "my-app")
OWN = path_of(NAME)
SOURCE = "/apis/source.toolkit.fluxcd.io/v1/namespaces/team-a/gitrepositories/app"
EXTERNAL = "/apis/source.toolkit.fluxcd.io/v1/namespaces/team-a/externalartifacts/my-app"
GENERATOR = b"""apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: my-app
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
secretGenerator:
- name: my-app-secrets
  files:
    password: vault:secret/data/my-app/database?key=password
"""
TREE = {
    "apps/kustomization.yaml": b"generators: [secrets.yaml]\nresources: [note.yaml]\n",
    "apps/secrets.yaml": GENERATOR,
    "apps/note.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n",
}


class Setup:
    """A VaultArtifact, its source, its Vault, and what looks at it."""

    def __init__(self, directory: Path, vault: VaultNamespace, server: ArtifactServer) -> None:
        self.vault = vault
        self.api = MemoryApi()
        self.server = server
        self.directory = directory
        self.allowed: tuple[str, ...] = (vault.address,)
        self.allow_other_namespaces = False
        self.next: float | None = None
        self.write("one")
        self.source(TREE)
        data = {"token": base64.b64encode(vault.token.encode()).decode()}
        self.api.put("/api/v1/namespaces/team-a/secrets/vault-auth", {"metadata": {}, "data": data})
        self.own()
        self.restart()

    def own(self, **spec: Any) -> None:
        """Write the object anew, with fields of its specification replaced."""
        auth = {"token": {"secretRef": {"name": "vault-auth"}}}
        recipients = {"encryption": {"age": {"recipients": [str(KEY.to_public())]}}}
        vault = {"address": self.vault.address, "namespace": self.vault.name, "auth": auth}
        before = self.api.objects.get(OWN, {})
        generation = before.get("metadata", {}).get("generation", 0) + 1
        metadata = {**before.get("metadata", {}), "generation": generation}
        one = body(metadata=metadata, **{**recipients, "vault": vault, **spec})
        self.api.put(OWN, {**one, "status": before.get("status", {})})

    def restart(self) -> None:
        """Lose everything but the volume and the API server's objects."""
        self.sources = Sources(self.api)
        self.store = Store(self.directory)
        self.store.verify()
        self.reconciler = Reconciler(
            Rules(Operator(self.allowed), "artifacts.example.com", self.allow_other_namespaces),
            self.api,
            self.sources,
            Trees(fetch),
            self.store,
            Events(self.api),
            Metrics(),
            lambda body: None,
        )

    def source(self, files: Mapping[str, bytes], **artifact: str) -> None:
        """Have the source offer a tree."""
        archive = pack(files)
        checksum = hashlib.sha256(archive).hexdigest()
        self.server.files[f"/{checksum}"] = archive
        offered = {
            "url": f"{self.server.address}/{checksum}",
            "digest": f"sha256:{checksum}",
            "revision": f"main@sha1:{checksum[:40]}",
            **artifact,
        }
        metadata = {"name": "app", "namespace": "team-a"}
        self.api.put(SOURCE, {"metadata": metadata, "status": {"artifact": offered}})
        if hasattr(self, "sources"):
            self.restart_watch()

    def restart_watch(self) -> None:
        """Let the reconciler see objects as they are."""
        self.sources._seen.clear()

    def write(self, password: str) -> None:
        """Write the value to Vault."""
        self.vault.root.write("my-app/database", {"password": password})

    def look(self) -> Mapping[str, Any]:
        """Look at the object once and return its status."""
        self.restart_watch()
        self.next = self.reconciler.reconcile(VaultArtifact(self.api.objects[OWN]))
        return self.status

    @property
    def status(self) -> Mapping[str, Any]:
        status: Mapping[str, Any] = self.api.objects[OWN].get("status", {})
        return status

    @property
    def announced(self) -> Mapping[str, Any]:
        """What the ExternalArtifact offers."""
        artifact: Mapping[str, Any] = self.api.objects[EXTERNAL]["status"]["artifact"]
        return copy.deepcopy(artifact)

    def published(self) -> dict[str, bytes]:
        """Return the tree that is served."""
        file = self.store.open(self.announced["path"])
        assert file is not None
        with file:
            packed = file.read()
        assert f"sha256:{hashlib.sha256(packed).hexdigest()}" == self.announced["digest"]
        return unpack(packed)

    def condition(self, kind: str = "Ready") -> Mapping[str, Any]:
        return VaultArtifact(self.api.objects[OWN]).condition(kind)

    def events(self, kind: str = "VaultArtifact") -> list[str]:
        return [one["reason"] for one in self.api.created if one.get("involvedObject", {}).get("kind") == kind]

    def failure(self) -> str:
        """Look, expect a failure, and return its reason and message."""
        self.look()
        ready = self.condition()
        assert ready["status"] == "False"
        return f"{ready['reason']}: {ready['message']}"


@pytest.fixture
def server() -> Iterator[ArtifactServer]:
    with running_artifact_server() as running:
        yield running


@pytest.fixture
def setup(tmp_path: Path, vault_namespace: VaultNamespace, server: ArtifactServer) -> Setup:
    return Setup(tmp_path / "data", vault_namespace, server)


def test_a_tree_is_published_with_its_values_encrypted(setup: Setup) -> None:
    setup.write(CANARY)
    status = setup.look()
    assert setup.condition()["status"] == "True"
    tree = setup.published()
    assert set(TREE) < set(tree)
    assert not any(CANARY.encode() in content for content in tree.values())
    assert any(name.startswith("apps/.vaultgen/") for name in tree)
    assert status["artifact"]["revision"] == setup.announced["revision"] == f"latest@{setup.announced['digest']}"
    assert setup.announced["url"] == f"http://artifacts.example.com/{setup.announced['path']}"
    assert "size" not in setup.announced
    (version,) = status["versions"]
    assert (version["path"], version["version"]) == ("secret/data/my-app/database", 2)


def test_the_external_artifact_belongs_to_the_object_and_names_the_source_revision(setup: Setup) -> None:
    setup.look()
    external = setup.api.objects[EXTERNAL]
    assert external["spec"]["sourceRef"]["kind"] == "VaultArtifact"
    (owner,) = external["metadata"]["ownerReferences"]
    assert owner["uid"] == setup.api.objects[OWN]["metadata"]["uid"]
    origin = setup.announced["metadata"]["org.opencontainers.image.revision"]
    assert origin == setup.status["sourceRevision"]


def test_where_nothing_changed_nothing_is_written(setup: Setup) -> None:
    setup.look()
    first = setup.announced
    setup.api.requests.clear()
    setup.look()
    assert setup.api.writes() == []
    assert setup.announced == first


def test_a_value_that_changed_in_vault_gives_a_new_artifact_and_the_others_keep_their_ciphertext(setup: Setup) -> None:
    entries = b"    other: vault:secret/data/other?key=x\n"
    setup.vault.root.write("other", {"x": "unchanged"})
    setup.source({**TREE, "apps/secrets.yaml": GENERATOR + entries})
    setup.look()
    before, first = setup.published(), setup.announced["revision"]
    setup.write("two")
    setup.look()
    after = setup.published()
    assert setup.announced["revision"] != first
    assert set(before) == set(after)
    changed = [name for name in after if after[name] != before[name]]
    assert len(changed) == 1
    assert setup.events() == ["NewArtifact", "NewArtifact"]


def test_earlier_artifacts_go_after_a_while_but_for_the_last_one(setup: Setup) -> None:
    for number in range(4):
        setup.write(str(number))
        setup.look()
    directory = setup.directory / "externalartifact" / "team-a" / "my-app"
    files = sorted(directory.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert len(files) == 4
    for age, path in enumerate(reversed(files)):
        os.utime(path, (0, time.time() - 3600 - age))
    setup.look()
    assert set(directory.iterdir()) == set(files[2:])
    assert setup.published()


def test_a_version_with_the_same_value_changes_the_status_alone(setup: Setup) -> None:
    setup.look()
    first = setup.announced
    setup.write("one")
    assert setup.look()["versions"][0]["version"] == 2
    assert setup.announced == first


def test_metadata_deleted_and_written_again_as_version_1_is_seen(setup: Setup) -> None:
    setup.look()
    first = setup.announced["revision"]
    setup.vault.root.request("DELETE", "secret/metadata/my-app/database")
    setup.write("another")
    assert setup.look()["versions"][0]["version"] == 1
    assert setup.announced["revision"] != first


def test_a_new_source_revision_gives_a_new_artifact(setup: Setup) -> None:
    setup.look()
    first = setup.announced["revision"]
    setup.source({**TREE, "apps/note.yaml": TREE["apps/note.yaml"] + b"data: {a: b}\n"})
    setup.look()
    assert setup.announced["revision"] != first
    assert b"data: {a: b}" in setup.published()["apps/note.yaml"]


def test_what_ignore_names_is_not_published(setup: Setup) -> None:
    setup.source({**TREE, "docs/secret-plans.md": b"x", "apps/README.md": b"y"})
    setup.own(ignore="/docs\n*.md\n!apps/README.md\n")
    setup.look()
    assert "docs/secret-plans.md" not in setup.published()
    assert "apps/README.md" in setup.published()


def test_entries_of_the_object_itself_are_added_to_its_path(setup: Setup) -> None:
    files = {"password.txt": "vault:secret/data/my-app/database?key=password"}
    setup.own(path="./plain", secretGenerator=[{"name": "my-app-secrets", "files": files}])
    setup.source({"plain/note.yaml": TREE["apps/note.yaml"]})
    setup.look()
    tree = setup.published()
    assert b"note.yaml" in tree["plain/kustomization.yaml"]
    assert b"password.txt" in tree["plain/.vaultgen/kustomization.yaml"]


def lock_of(setup: Setup, version: int) -> bytes:
    """Return a lock as `vaultgen lock` writes it with VAULT_NAMESPACE in the environment."""
    answer = setup.vault.root.request("GET", f"secret/data/my-app/database?version={version}")
    pin = Pin(version, answer["data"]["metadata"]["created_time"])
    return lock_text({Read("secret/data/my-app/database"): pin}).encode()


def test_a_lock_in_the_tree_pins_what_is_published(setup: Setup) -> None:
    setup.source({**TREE, "apps/vaultgen.lock": lock_of(setup, 1)})
    setup.write("two")
    assert setup.look()["versions"][0]["version"] == 1


def test_entries_of_the_object_itself_are_not_pinned(setup: Setup) -> None:
    files = {"more": "vault:secret/data/other?key=x"}
    setup.vault.root.write("other", {"x": "y"})
    setup.own(secretGenerator=[{"name": "more", "files": files}])
    setup.source({**TREE, "apps/vaultgen.lock": lock_of(setup, 1)})
    setup.look()
    assert setup.condition()["status"] == "True"


def test_generators_beside_the_path_are_replaced_by_what_fails_in_flux(setup: Setup) -> None:
    other = {"other/kustomization.yaml": b"generators: [s.yaml]\n", "other/s.yaml": GENERATOR, "a.md": GENERATOR}
    setup.source({**TREE, **other})
    setup.look()
    tree = setup.published()
    assert b"NotResolved" in tree["other/s.yaml"]
    assert tree["a.md"] == GENERATOR


# --- failures: what was published stays ---


def test_a_failure_names_the_reference_and_leaves_everything_published(setup: Setup) -> None:
    setup.look()
    first = setup.announced
    setup.vault.root.request("DELETE", "secret/metadata/my-app/database")
    text = setup.failure()
    assert text.startswith("ValueMissing: error[path-missing]: ")
    assert "vault:secret/data/my-app/database?key=password" in text
    assert setup.announced == first
    assert setup.status["artifact"]["revision"] == first["revision"]
    assert setup.condition("Reconciling")["reason"] == "ProgressingWithRetry"
    assert setup.next == 2


def test_a_failure_is_told_once_and_its_end_is_told(setup: Setup) -> None:
    setup.look()
    setup.vault.root.delete_versions("my-app/database", [1])
    setup.look()
    setup.look()
    assert setup.events() == setup.events("ExternalArtifact") == ["NewArtifact", "ValueMissing"]
    setup.write("one")
    setup.look()
    assert setup.events()[2:] == ["Succeeded"]
    assert not setup.condition("Reconciling")


def test_retries_slow_down_to_the_retry_interval(setup: Setup) -> None:
    setup.vault.root.delete_versions("my-app/database", [1])
    waits = []
    for _ in range(7):
        setup.look()
        waits.append(setup.next)
    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_a_failing_look_writes_nothing_the_second_time(setup: Setup) -> None:
    setup.vault.root.delete_versions("my-app/database", [1])
    setup.look()
    setup.api.requests.clear()
    setup.look()
    assert setup.api.writes() == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            {"path": "./gone"},
            "Refused: error[no-such-directory]: there is no directory ./gone in the tree; "
            "VaultArtifact team-a/my-app, spec.path; hint: ",
        ),
        ({"sourceRef": {"kind": "GitRepository", "name": "gone"}}, "SourceMissing: error[source-missing]: "),
        (
            {"sourceRef": {"kind": "GitRepository", "name": "app", "namespace": "team-b"}},
            "AccessDenied: error[source-elsewhere]: ",
        ),
        ({"sourceRef": {"kind": "ExternalArtifact", "name": "my-app"}}, "Refused: error[own-source]: "),
        (
            {"interval": "5m", "encryption": {"age": {"recipients": ["age1nope"]}}},
            "Refused: error[bad-recipient]: the recipient cannot be encrypted for: it is not the public half of an age "
            "key (X25519); VaultArtifact team-a/my-app, spec.encryption.age.recipients; hint: ",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_the_last_artifact_stays(
    setup: Setup, spec: Mapping[str, Any], said: str
) -> None:
    setup.look()
    first = setup.announced
    setup.own(**spec)
    assert setup.failure().startswith(said)
    assert setup.announced == first
    assert setup.published()


def test_a_mistake_that_only_a_change_can_mend_is_stalled(setup: Setup) -> None:
    setup.own(path="./gone")
    setup.look()
    assert setup.condition("Stalled")["status"] == "True"
    assert setup.next is not None
    assert setup.next > 60


def test_a_source_without_an_artifact_is_waited_for(setup: Setup) -> None:
    setup.api.put(SOURCE, {"metadata": {"name": "app", "namespace": "team-a"}})
    assert setup.failure().startswith("SourceNotReady: error[source-not-ready]: ")


def test_a_source_of_another_namespace_is_taken_where_that_is_allowed(setup: Setup) -> None:
    elsewhere = SOURCE.replace("team-a", "team-b")
    setup.api.objects[elsewhere] = setup.api.objects.pop(SOURCE)
    setup.allow_other_namespaces = True
    setup.own(sourceRef={"kind": "GitRepository", "name": "app", "namespace": "team-b"})
    setup.restart()
    setup.look()
    assert setup.condition()["status"] == "True"


@pytest.mark.parametrize(
    ("artifact", "why"),
    [
        ({"digest": f"sha256:{'0' * 64}"}, "another digest"),
        ({"digest": "md5:0"}, "algorithm"),
        ({"url": "file:///etc/passwd"}, "neither http nor https"),
        ({"url": "http://127.0.0.1:1/x"}, "no answer"),
        ({"revision": "x" * 100_000}, "longer than 1000 characters"),
    ],
)
def test_an_artifact_that_is_not_what_it_says_is_not_used(setup: Setup, artifact: dict[str, str], why: str) -> None:
    setup.source(TREE, **artifact)
    text = setup.failure()
    assert text.startswith("FetchFailed: error[source-not-fetched]: ")
    assert why in text
    assert EXTERNAL not in setup.api.objects


def test_an_artifact_that_is_no_longer_served_is_waited_for(setup: Setup) -> None:
    setup.server.files.clear()
    assert "404" in setup.failure()


def test_an_archive_that_is_none_is_refused(setup: Setup) -> None:
    content = gzip.compress(b"no tar at all")
    setup.server.files["/x"] = content
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    setup.source(TREE, url=f"{setup.server.address}/x", digest=digest)
    assert setup.failure().startswith("FetchFailed: error[bad-archive]: ")


# --- whose rights, and where to ---


def test_an_address_that_the_operator_does_not_allow_is_not_asked(setup: Setup) -> None:
    setup.allowed = ("https://vault.example.com",)
    setup.restart()
    asked = len(setup.api.requests)
    assert setup.failure().startswith("AccessDenied: error[address-not-allowed]: ")
    assert not any("/secrets/" in path for _, path in setup.api.requests[asked:])


def test_a_hint_about_the_environment_says_what_stands_for_it_here(setup: Setup) -> None:
    setup.allowed = (setup.vault.server.https_address,)
    setup.restart()
    login = {"auth": {"token": {"secretRef": {"name": "vault-auth"}}}}
    setup.own(vault={"address": setup.vault.server.https_address, **login})
    text = setup.failure()
    assert text.startswith("Unavailable: error[tls-untrusted]: ")
    assert "hint: here the operator gives the CA, by --vault-ca-file of `vaultgen controller`; elsewhere: give" in text


@pytest.mark.usefixtures("has_namespaces")
def test_an_unknown_namespace_leads_to_the_field(setup: Setup) -> None:
    login = {"auth": {"token": {"secretRef": {"name": "vault-auth"}}}}
    setup.own(vault={"address": setup.vault.address, "namespace": "gone", **login})
    text = setup.failure()
    assert text.startswith("AccessDenied: error[namespace-unknown]: ")
    assert "hint: here spec.vault.namespace stands for VAULT_NAMESPACE: check" in text


def test_a_vault_block_in_git_is_ignored_and_said_so(setup: Setup) -> None:
    hostile = b"vault:\n  address: https://evil.example.com\n  auth:\n  - token: {env: VAULT_TOKEN}\n"
    setup.source({**TREE, "apps/secrets.yaml": GENERATOR + hostile})
    setup.look()
    assert setup.condition()["status"] == "True"
    assert "vault in apps/secrets.yaml" in setup.condition()["message"]


def test_a_secret_that_was_not_granted_is_said(setup: Setup) -> None:
    setup.api.refuses = lambda method, path: 403 if "/secrets/" in path else 0
    text = setup.failure()
    assert text.startswith("AccessDenied: error[cluster-denied]: the Kubernetes API refused to get Secret team-a/")
    assert "hint: check the name; the controller needs get for secrets: grant it with a Role" in text
    assert "resourceNames" in text


def test_a_tree_without_references_is_published_and_said_so(setup: Setup) -> None:
    setup.source({"apps/kustomization.yaml": b"namePrefix: a-\n"})
    setup.look()
    assert setup.condition()["status"] == "True"
    assert "; nothing in it is from Vault" in setup.condition()["message"]


# --- the ExternalArtifact ---


def test_one_that_belongs_to_something_else_is_not_taken_over(setup: Setup) -> None:
    foreign = {
        "metadata": {"name": "my-app", "namespace": "team-a"},
        "spec": {"sourceRef": {"apiVersion": "other.example.com/v1", "kind": "Other", "name": "my-app"}},
    }
    setup.api.put(EXTERNAL, foreign)
    before = copy.deepcopy(setup.api.objects[EXTERNAL])
    assert setup.failure().startswith("ArtifactTaken: error[artifact-taken]: ")
    assert setup.api.objects[EXTERNAL] == before


def test_one_that_was_deleted_is_made_again(setup: Setup) -> None:
    setup.look()
    first = setup.announced
    del setup.api.objects[EXTERNAL]
    setup.look()
    assert setup.announced == first


def test_one_whose_status_was_changed_is_mended(setup: Setup) -> None:
    setup.look()
    first = dict(setup.announced)
    setup.api.objects[EXTERNAL]["status"]["artifact"]["url"] = "http://evil.example.com/x"
    setup.look()
    assert setup.announced == first


def test_a_publication_that_could_not_be_announced_is_announced_later_without_encrypting_anew(setup: Setup) -> None:
    setup.api.refuses = lambda method, path: 503 if path == f"{EXTERNAL}/status" else 0
    assert "cluster-unavailable" in setup.failure()
    setup.look()
    setup.api.refuses = lambda method, path: 0
    setup.look()
    assert setup.condition()["status"] == "True"
    assert len(list((setup.directory / "externalartifact" / "team-a" / "my-app").iterdir())) == 1
    assert setup.events().count("NewArtifact") == 1


# --- life and death ---


def test_deletion_takes_back_what_was_published_and_lets_the_object_go(setup: Setup) -> None:
    setup.look()
    path = setup.announced["path"]
    assert setup.api.objects[OWN]["metadata"]["finalizers"] == [FINALIZER]
    setup.api.objects[OWN]["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    assert setup.reconciler.reconcile(VaultArtifact(setup.api.objects[OWN])) is None
    assert EXTERNAL not in setup.api.objects
    assert setup.store.open(path) is None
    assert setup.api.objects[OWN]["metadata"]["finalizers"] == []


def test_deletion_leaves_an_external_artifact_of_somebody_else(setup: Setup) -> None:
    setup.look()
    setup.api.objects[EXTERNAL]["spec"]["sourceRef"]["kind"] = "Other"
    setup.api.objects[OWN]["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    setup.reconciler.reconcile(VaultArtifact(setup.api.objects[OWN]))
    assert EXTERNAL in setup.api.objects


def test_a_suspended_object_is_left_as_it_is(setup: Setup) -> None:
    setup.look()
    setup.write("two")
    setup.own(suspend=True)
    setup.api.requests.clear()
    setup.look()
    assert setup.api.requests == []
    assert setup.next is None


def test_a_request_to_look_now_is_noted_as_handled(setup: Setup) -> None:
    setup.api.objects[OWN]["metadata"]["annotations"] = {"reconcile.fluxcd.io/requestedAt": "now"}
    assert setup.look()["lastHandledReconcileAt"] == "now"


def test_after_a_restart_everything_is_published_once_and_then_left_alone(setup: Setup) -> None:
    setup.look()
    first = setup.announced
    setup.restart()
    assert setup.published()
    setup.look()
    second = setup.announced
    assert second["revision"] != first["revision"]
    setup.look()
    assert setup.announced == second


def test_a_restart_while_vault_is_away_keeps_what_is_served(setup: Setup) -> None:
    setup.look()
    first = setup.announced
    setup.restart()
    setup.vault.root.request("DELETE", "secret/metadata/my-app/database")
    setup.failure()
    assert setup.announced == first
    assert setup.published()


def test_a_damaged_file_is_published_anew(setup: Setup) -> None:
    setup.look()
    (setup.directory / setup.announced["path"]).write_bytes(b"rot")
    setup.look()
    assert setup.published()


def test_a_volume_that_takes_nothing_is_said_and_recovered_from(setup: Setup) -> None:
    setup.look()
    first = setup.announced
    directory = setup.directory / "externalartifact" / "team-a" / "my-app"
    moved = directory.rename(directory.with_name("elsewhere"))
    directory.write_bytes(b"in the way")
    setup.write("two")
    assert setup.failure().startswith("StorageFailed: error[artifact-not-stored]: ")
    assert setup.announced == first
    directory.unlink()
    moved.rename(directory)
    setup.look()
    assert setup.published()
    assert setup.announced != first


def test_an_api_server_that_is_away_is_told_to_the_caller_who_tries_again(setup: Setup) -> None:
    setup.api.refuses = lambda method, path: 503
    with pytest.raises(Refused) as refused:
        setup.look()
    assert refused.value.faults[0].code == "cluster-unavailable"


def test_an_object_that_was_changed_meanwhile_is_looked_at_again_soon_and_nothing_is_said(setup: Setup) -> None:
    setup.api.refuses = lambda method, path: 409 if method == "PATCH" and path == OWN else 0
    setup.look()
    assert setup.next == 0.5
    assert setup.status == {}


def test_an_error_of_ours_is_reported_without_its_text(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("vaultgen.controller.reconcile.published", fail)
    text = setup.failure()
    assert text.startswith("InternalError: error[internal]: vaultgen failed: ValueError at ")
    assert CANARY not in repr(setup.api.objects)
