"""Tenants of one cluster and one controller: none gets at what is another's, or the controller's own."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.application import Application, Files, grant
from support.application_files import deployment, generator, text
from support.artifact_server import ArtifactServer
from support.cluster_client import ApiRefused, ClusterClient, Object, condition
from support.cluster_login import ClusterVault
from support.flux_cluster import Cluster, Flux
from support.git_server import GitServer
from support.openbao import OpenBao
from support.request_log import RequestLog
from support.running_controller import RunningController, running_controller

OWN = "vault:secret/data/app?key=password"
FOREIGN = "vault:secret/data/foreign?key=password"
RBAC = "rbac.authorization.k8s.io"


class Listener:
    """A server that nobody should speak to."""

    def __init__(self, listening: socket.socket) -> None:
        self.port = int(listening.getsockname()[1])
        self._listening = listening

    @property
    def was_asked(self) -> bool:
        """Whether anybody has connected since it was last looked at."""
        try:
            self._listening.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield Listener(listening)


@pytest.fixture(scope="module")
def controller(
    cluster: Cluster, flux: Flux, openbao: OpenBao, listener: Listener, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningController]:
    """One whose own environment and files hold a token that may read everything."""
    home = tmp_path_factory.mktemp("controller")
    (home / ".vault-token").write_text(openbao.root_token)
    environment = {
        "VAULT_TOKEN": openbao.root_token,
        "VAULT_ADDR": f"http://127.0.0.1:{listener.port}",
        "HTTP_PROXY": f"http://127.0.0.1:{listener.port}",
    }
    with running_controller(cluster, home, [openbao.address], environment=environment) as running:
        yield running


@pytest.fixture
def victim(
    application: Application, client: ClusterClient, git: GitServer, bao_for_cluster: ClusterVault, namespace: str
) -> Iterator[Application]:
    """Another tenant, whose ServiceAccount alone may read ``foreign``."""
    one = Application(client, git, bao_for_cluster, client.create_namespace(f"{namespace}-victim"))
    bao_for_cluster.allow(one.namespace, "app", ["foreign"])
    one.write("foreign", password="of the victim")
    yield one
    one.abandon()


def tree(reference: str = OWN, **fields: Any) -> Files:
    """Return an application with a Secret of one reference; ``fields`` are the document's own."""
    return {
        "top/kustomization.yaml": text({"resources": ["app.yaml"], "generators": ["vaultgen.yaml"]}),
        "top/app.yaml": deployment("app"),
        "top/vaultgen.yaml": generator({"name": "app", "files": [f"password={reference}"]}, **fields),
    }


# --- whose rights ---


def test_a_service_account_is_not_used_without_a_grant(application: Application, request_log: RequestLog) -> None:
    application.client.create_service_account(application.namespace, "other")
    application.vault.allow(application.namespace, "other", ["app"])
    application.push(tree())
    request_log.mark()
    application.login = {"kubernetes": {"serviceAccountName": "other"}}
    application.artifact()
    assert_denied(application, request_log)


def test_a_grant_for_a_service_account_is_none_for_its_namesake(
    application: Application, victim: Application, request_log: RequestLog
) -> None:
    for one in (application, victim):
        one.client.create_service_account(one.namespace, "reader")
    grant(victim.client, victim.namespace, "serviceaccounts/token", "create", "reader")
    role = victim.vault.allow(victim.namespace, "reader", ["foreign"])
    application.push(tree(FOREIGN))
    request_log.mark()
    application.login = {"kubernetes": {"serviceAccountName": "reader", "role": role}}
    application.artifact()
    assert_denied(application, request_log)


def test_the_role_of_another_namespace_is_not_open_to_a_namesake(
    application: Application, victim: Application, request_log: RequestLog
) -> None:
    """Granted by its own namespace: it is Vault that tells them apart."""
    application.push(tree(FOREIGN))
    request_log.mark()
    application.login = {"kubernetes": {"serviceAccountName": "app", "role": f"{victim.namespace}_app"}}
    application.artifact()
    application.refusal("AccessDenied: error[login-")
    assert {*request_log.paths(namespace=application.vault.vault.name)} == {"auth/kubernetes/login"}
    assert application.external() is None


@pytest.mark.parametrize("whose", ["its own", "another's"])
def test_a_secret_is_not_read_without_a_grant(
    whose: str, application: Application, victim: Application, request_log: RequestLog
) -> None:
    owner = application if whose == "its own" else victim
    owner.use_token(application.vault.vault.token)
    application.client.delete("Role", application.namespace, "vaultgen-get-vault-auth")
    application.push(tree())
    request_log.mark()
    application.login = {"token": {"secretRef": {"name": "vault-auth"}}}
    application.artifact()
    assert_denied(application, request_log)


def test_a_secret_of_another_namespace_cannot_be_named(application: Application, victim: Application) -> None:
    application.login = {"token": {"secretRef": {"name": "vault-auth", "namespace": victim.namespace}}}
    with pytest.raises(ApiRefused, match="namespace"):
        application.artifact()


def assert_denied(application: Application, request_log: RequestLog) -> None:
    assert "resourceNames" in application.refusal("AccessDenied: error[cluster-denied]: ")
    assert request_log.paths(namespace=application.vault.vault.name) == []
    assert application.external() is None


def test_the_controller_itself_can_do_what_was_granted_and_no_more(application: Application, cluster: Cluster) -> None:
    namespace = application.namespace
    mine = cluster.client_with(application.client.new_token("flux-system", "vaultgen"))
    assert mine.new_token(namespace, "app", "https://vault.example.com")
    for where, name in ((namespace, "default"), ("flux-system", "vaultgen"), ("flux-system", "default")):
        with pytest.raises(ApiRefused, match="403"):
            mine.new_token(where, name)
    for where in ("", namespace, "flux-system"):
        with pytest.raises(ApiRefused, match="403"):
            mine.secrets(where)
    with pytest.raises(ApiRefused, match="403"):
        mine.get("Secret", namespace, "sops-age")


# --- where to ---


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{other}",
        "http://localhost:{other}",
        "https://127.0.0.1:{allowed}",
        "http://127.0.0.1:{allowed}.example.com:{other}",
        "http://127.0.0.1:{allowed}\\@127.0.0.1:{other}",
    ],
)
def test_an_address_that_was_not_allowed_is_not_spoken_to(
    address: str, application: Application, listener: Listener, request_log: RequestLog
) -> None:
    """Whether it is refused by the API server or by the controller."""
    application.push(tree())
    allowed = application.vault.address.rpartition(":")[2]
    request_log.mark()
    try:
        text = address.format(other=listener.port, allowed=allowed)
        application.artifact(vault={"address": text, "auth": application.login})
    except ApiRefused as refused:
        assert "must be a URL" in refused.message  # noqa: PT017
    else:
        application.refusal("AccessDenied: error[address-not-allowed]: ")
    assert application.external() is None
    assert not listener.was_asked
    assert request_log.paths() == []


VAULT_BLOCKS: dict[str, Object] = {
    "another address": {"auth": [{"token": {"env": "VAULT_TOKEN"}}]},
    "a variable of the controller": {"auth": [{"token": {"env": "VAULT_TOKEN"}}]},
    "a file of the controller": {"auth": [{"kubernetes": {"role": "app", "tokenFile": "/proc/self/environ"}}]},
    "a Secret of another namespace": {"auth": [{"token": {"secretRef": {"name": "vault-auth"}}}]},
    "a ServiceAccount of another namespace": {
        "auth": [{"kubernetes": {"role": "app", "serviceAccountRef": {"name": "app"}}}]
    },
}


@pytest.mark.parametrize("name", VAULT_BLOCKS)
def test_a_vault_block_in_git_counts_for_nothing(
    name: str, application: Application, victim: Application, listener: Listener, request_log: RequestLog
) -> None:
    victim.use_token(victim.vault.vault.token)
    block = complete(VAULT_BLOCKS[name], victim, listener if name == "another address" else None)
    application.write(password="own")
    application.push(tree(FOREIGN, vault=block))
    request_log.mark()
    application.artifact()
    application.refusal("AccessDenied: error[")
    assert all(one.refused for one in request_log.requests(path="secret/data/foreign"))
    assert application.external() is None

    application.deploy(tree(vault=block))
    assert list(application.secrets().values()) == [{"password": b"own"}]
    assert "ignored" in condition(application.published())["message"]
    assert not listener.was_asked


def complete(block: Object, victim: Application, listener: Listener | None) -> Object:
    """Return a block with addresses and namespaces as they are in this run."""
    address = victim.vault.address if listener is None else f"http://127.0.0.1:{listener.port}"
    auth = []
    for method in block["auth"]:
        ((kind, fields),) = method.items()
        references = {
            key: {**value, "namespace": victim.namespace} if key.endswith("Ref") else value
            for key, value in fields.items()
        }
        if "role" in references:
            references["role"] = f"{victim.namespace}_app"
        auth.append({kind: references})
    return {"address": address, "namespace": victim.vault.vault.name, "auth": auth}


# --- sources and artifacts ---


def test_a_source_of_another_namespace_is_not_taken_nor_told_of(application: Application, victim: Application) -> None:
    victim.push(tree())
    said = []
    for name in ("app", "not-there"):
        source = {"kind": "GitRepository", "name": name, "namespace": victim.namespace}
        application.artifact(sourceRef=source)
        refusal = application.refusal("AccessDenied: error[source-elsewhere]: ")
        said.append(refusal.replace(f"{victim.namespace}/{name}", "SOURCE"))
    assert said[0] == said[1]
    assert application.external() is None


def test_an_external_artifact_of_something_else_is_left_alone(
    application: Application, artifacts: ArtifactServer
) -> None:
    application.write(password="own")
    artifacts.publish(application.client, application.namespace, "app", b"foreign")
    before = application.external()
    application.push(tree())
    application.artifact()
    application.refusal("ArtifactTaken: error[artifact-taken]: ")
    assert application.external() == before
    application.client.delete("VaultArtifact", application.namespace, "app")
    application.client.wait_until_gone("VaultArtifact", application.namespace, "app")
    assert application.external() == before


def test_an_external_artifact_that_claims_an_owner_elsewhere_does_not_reach_it(
    application: Application, victim: Application, request_log: RequestLog
) -> None:
    """It is not even a reason to log in once more."""
    victim.deploy(tree(FOREIGN))
    before = victim.published()
    request_log.mark()
    owner = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultArtifact", "name": "app"}
    (claim,) = application.client.apply(
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "ExternalArtifact",
            "metadata": {"namespace": application.namespace, "name": "app"},
            "spec": {"sourceRef": {**owner, "namespace": victim.namespace}},
        }
    )
    application.write(password="own")
    application.push(tree())
    application.artifact()
    application.refusal("ArtifactTaken: error[artifact-taken]: ")
    assert application.external() == claim
    assert victim.published() == before
    assert request_log.requests(path="secret/data/foreign") == []


def test_what_it_publishes_is_no_source_for_it(application: Application) -> None:
    source = {"kind": "ExternalArtifact", "name": "app"}
    with pytest.raises(ApiRefused, match="this is the ExternalArtifact that the object publishes"):
        application.artifact(sourceRef=source)
    application.artifact(sourceRef={**source, "namespace": application.namespace})
    application.refusal("Refused: error[own-source]: ")
    assert application.external() is None


# --- who may write a VaultArtifact ---


def test_only_admins_of_a_namespace_write_vault_artifacts(application: Application, client: ClusterClient) -> None:
    """Who writes one reads what its ServiceAccount reads; that one may edit all else in a namespace is not enough."""
    aggregate(client)
    namespace = application.namespace
    made = application.artifact(suspend=True)
    for role in ("view", "edit"):
        person = client.as_user(bind(client, namespace, role))
        assert person.get("VaultArtifact", namespace, "app")
        for attempt in attempts(person, made):
            with pytest.raises(ApiRefused, match="403"):
                attempt()
    admin = client.as_user(bind(client, namespace, "admin"))
    *allowed, on_status = attempts(admin, made)
    for attempt in allowed:
        attempt()
    with pytest.raises(ApiRefused, match="403"):
        on_status()


def attempts(person: ClusterClient, made: Object) -> list[Callable[[], object]]:
    """Return ways to write a VaultArtifact; the last one writes what the controller says about it."""
    namespace = made["metadata"]["namespace"]
    head = {field: made[field] for field in ("apiVersion", "kind")}
    body = {**head, "metadata": {"namespace": namespace, "name": "new"}, "spec": made["spec"]}
    return [
        lambda: person.apply(body),
        lambda: person.merge("VaultArtifact", namespace, "app", {"spec": {"suspend": True}}),
        lambda: person.delete("VaultArtifact", namespace, "new"),
        lambda: person.apply({**body, "status": {"observedGeneration": 9}}, status=True),
    ]


def bind(client: ClusterClient, namespace: str, role: str) -> str:
    """Give a ClusterRole to a user in a namespace, and return the user."""
    user = f"{role}-of-{namespace}"
    client.apply(
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"namespace": namespace, "name": role},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "User", "name": user}],
        }
    )
    return user


def aggregate(client: ClusterClient) -> None:
    """Play the controller that adds up ClusterRoles: nobody does it here."""
    for name in ("view", "edit", "admin"):
        roles = client.all_of("ClusterRole")
        label = (f"{RBAC}/aggregate-to-{name}", "true")
        rules = [
            rule
            for role in roles
            if label in (role["metadata"].get("labels") or {}).items()
            for rule in role["rules"] or []
        ]
        client.merge("ClusterRole", "", name, {"rules": rules})
