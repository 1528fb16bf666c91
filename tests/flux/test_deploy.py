"""deploy/ on the real API server: taken as it is, within the restricted standard, no right to Secrets or tokens."""

import copy

import pytest

from support.cluster_client import ApiRefused, ClusterClient
from support.deployed import Object, built, one_of

CONTROLLER = "system:serviceaccount:flux-system:vaultgen"


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return built()


@pytest.fixture
def deployed(objects: list[Object], client: ClusterClient) -> list[Object]:
    client.install_crds(*[one for one in objects if one["kind"] == "CustomResourceDefinition"])
    client.apply(*objects)
    return objects


def allowed(client: ClusterClient, user: str, verb: str, group: str, resource: str, subresource: str = "") -> bool:
    """Return whether a user may do something in every namespace, as ``kubectl auth can-i`` would."""
    wanted = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": wanted},
    }
    return bool(
        client.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]
    )


def test_every_object_is_taken(deployed: list[Object], client: ClusterClient) -> None:
    """A field that the API server does not know would be refused."""
    for one in deployed:
        metadata = one["metadata"]
        assert client.get(one["kind"], metadata.get("namespace", ""), metadata["name"])


def test_its_pod_may_run_where_the_restricted_standard_is_enforced(
    objects: list[Object], client: ClusterClient, namespace: str
) -> None:
    level = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"}
    client.merge("Namespace", "", namespace, {"metadata": {"labels": level}})
    template = copy.deepcopy(one_of(objects, "Deployment")["spec"]["template"])
    pod = {"apiVersion": "v1", "kind": "Pod", **template}
    pod["metadata"] |= {"name": "vaultgen", "namespace": namespace}
    client.apply(pod)
    pod["metadata"]["name"] = "privileged"
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    with pytest.raises(ApiRefused, match="violates PodSecurity"):
        client.apply(pod)


@pytest.mark.parametrize(
    ("verb", "group", "resource", "subresource"),
    [
        ("watch", "vaultgen.dev", "vaultartifacts", ""),
        ("patch", "vaultgen.dev", "vaultartifacts", ""),
        ("patch", "vaultgen.dev", "vaultartifacts", "status"),
        ("watch", "source.toolkit.fluxcd.io", "gitrepositories", ""),
        ("watch", "source.toolkit.fluxcd.io", "ocirepositories", ""),
        ("watch", "source.toolkit.fluxcd.io", "buckets", ""),
        ("create", "source.toolkit.fluxcd.io", "externalartifacts", ""),
        ("delete", "source.toolkit.fluxcd.io", "externalartifacts", ""),
        ("patch", "source.toolkit.fluxcd.io", "externalartifacts", "status"),
        ("create", "", "events", ""),
        ("watch", "", "namespaces", ""),
        ("watch", "apiextensions.k8s.io", "customresourcedefinitions", ""),
    ],
)
def test_the_controller_may_do_its_work(
    verb: str, group: str, resource: str, subresource: str, deployed: list[Object], client: ClusterClient
) -> None:
    assert allowed(client, CONTROLLER, verb, group, resource, subresource)


@pytest.mark.parametrize(
    ("verb", "group", "resource", "subresource"),
    [
        *((verb, "", "secrets", "") for verb in ("get", "list", "watch", "create", "patch", "update", "delete")),
        ("create", "", "serviceaccounts", "token"),
        ("impersonate", "", "serviceaccounts", ""),
        ("create", "", "pods", ""),
        ("get", "", "pods", "exec"),
        ("create", "vaultgen.dev", "vaultartifacts", ""),
        ("patch", "source.toolkit.fluxcd.io", "gitrepositories", ""),
        ("get", "kustomize.toolkit.fluxcd.io", "kustomizations", ""),
        ("bind", "rbac.authorization.k8s.io", "clusterroles", ""),
    ],
)
def test_the_controller_may_do_nothing_else(
    verb: str, group: str, resource: str, subresource: str, deployed: list[Object], client: ClusterClient
) -> None:
    assert not allowed(client, CONTROLLER, verb, group, resource, subresource)
