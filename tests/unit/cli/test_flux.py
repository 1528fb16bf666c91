"""``vaultgen flux`` with a cluster in memory; tests/flux has a real one."""

import json
import tomllib
from typing import Any

import pyrage
import pytest
import yaml

from support.arrived import arrived
from support.custom_resources import faults_of
from support.deployed import DEPLOY
from support.in_memory_cluster import InMemoryCluster
from support.kustomize import CHECKOUT
from vaultgen.cli import app, flux
from vaultgen.flux.manifests import CONTROLLER, CONTROLLER_NAMESPACE

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
INIT = ("flux", "init", "./apps/my-app", "--vault-address", "https://vault.example.com:8200")
KEY = "/api/v1/namespaces/flux-system/secrets/my-app-age"
ARTIFACT = "/apis/vaultgen.dev/v1alpha1/namespaces/flux-system/vaultartifacts/my-app"
KUSTOMIZATION = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/my-app"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> InMemoryCluster:
    """The cluster that commands are led to."""
    made = InMemoryCluster()
    monkeypatch.setattr(flux, "KubernetesCluster", lambda environ: made)
    return made


def exported(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Return what ``init`` prints, by kind."""
    assert app.main([*INIT, "--recipient", RECIPIENT, "--export", *words]) == 0
    return {tree["kind"]: tree for tree in yaml.safe_load_all(capsys.readouterr().out)}


# --- init ---


def test_the_manifests_belong_together(capsys: pytest.CaptureFixture[str]) -> None:
    trees = exported(capsys, "--target-namespace", "apps", "--service-account", "reader")
    artifact, kustomization = trees["VaultArtifact"]["spec"], trees["Kustomization"]["spec"]
    assert artifact["path"] == kustomization["path"] == "./apps/my-app"
    assert kustomization["sourceRef"] == {
        "kind": "ExternalArtifact",
        "name": trees["VaultArtifact"]["metadata"]["name"],
    }
    assert kustomization["targetNamespace"] == "apps"
    assert kustomization["decryption"] == {"provider": "sops", "secretRef": {"name": "my-app-age"}}
    assert artifact["vault"]["auth"]["kubernetes"]["serviceAccountName"] == "reader"
    assert trees["ServiceAccount"]["metadata"]["name"] == "reader"
    (rule,) = trees["Role"]["rules"]
    assert (rule["resources"], rule["resourceNames"], rule["verbs"]) == (
        ["serviceaccounts/token"],
        ["reader"],
        ["create"],
    )
    assert trees["RoleBinding"]["roleRef"]["name"] == trees["Role"]["metadata"]["name"]
    assert {tree["metadata"]["namespace"] for tree in trees.values()} == {"flux-system"}


def test_the_right_is_given_to_whom_deploy_runs(capsys: pytest.CaptureFixture[str]) -> None:
    subject = {"kind": "ServiceAccount", "name": CONTROLLER, "namespace": CONTROLLER_NAMESPACE}
    assert exported(capsys)["RoleBinding"]["subjects"] == [subject]
    assert f"\nkind: ServiceAccount\nmetadata:\n  name: {CONTROLLER}\n" in (DEPLOY / "rbac.yaml").read_text()
    assert f"\nnamespace: {CONTROLLER_NAMESPACE}\n" in (DEPLOY / "kustomization.yaml").read_text()


@pytest.mark.parametrize(
    "words", [(), ("--vault-namespace", "team-a", "--interval", "1h30m", "--source", "Bucket/a.b")]
)
def test_the_artifact_is_one_that_the_api_server_takes(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    crd = yaml.safe_load((DEPLOY / "crd.yaml").read_text())
    assert faults_of(exported(capsys, *words)["VaultArtifact"], crd) == []


def test_the_private_half_goes_into_the_cluster_and_nowhere_else(
    cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(INIT) == 0
    private = cluster.objects[KEY]["stringData"]["identity.agekey"].strip()
    public = str(pyrage.x25519.Identity.from_str(private).to_public())
    assert cluster.objects[ARTIFACT]["spec"]["encryption"]["age"]["recipients"] == [public]
    captured = capsys.readouterr()
    assert "AGE-SECRET-KEY" not in captured.out + captured.err
    assert private not in json.dumps({path: one for path, one in cluster.objects.items() if path != KEY})
    assert f"created Secret flux-system/my-app-age, the private half of {public}\n" in captured.out
    assert "bound_service_account_names=my-app" in captured.out
    assert "write auth/kubernetes/role/flux-system_my-app" in captured.out


def test_a_second_run_takes_the_key_that_is_there(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(INIT) == 0
    before = json.dumps(cluster.objects)
    capsys.readouterr()
    assert app.main(INIT) == 0
    assert json.dumps(cluster.objects) == before
    assert "created" not in capsys.readouterr().out


def test_a_secret_with_something_else_is_left_alone(
    cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {
        "identity.agekey": "canary",
        "age.txt": "AGE-SECRET-KEY-1CANARY",
        "b.agekey": "# AGE-SECRET-KEY-1\nAGE-SECRET-KEY-1X",
    }
    metadata = {"name": "my-app-age", "namespace": "flux-system"}
    cluster.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
    assert app.main(INIT) == 4
    captured = capsys.readouterr()
    assert captured.err.startswith(
        "error[no-age-key]: the Secret flux-system/my-app-age is there, and holds no age key"
    )
    assert "canary" not in captured.err.lower()
    assert list(cluster.objects) == [KEY]


def test_a_key_of_ones_own_is_not_asked_for(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([*INIT, "--recipient", RECIPIENT]) == 0
    assert KEY not in cluster.objects
    assert not any("/secrets" in path for _, path in cluster.asked)
    assert f"The private half of {RECIPIENT} has to be in Secret flux-system/my-app-age" in capsys.readouterr().out


def test_nothing_is_made_where_something_is_not_ours(
    cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even the key: what would be refused is asked for first."""
    cluster.taken = {ARTIFACT}
    assert app.main(INIT) == 4
    assert capsys.readouterr().err.startswith(
        "error[cluster-conflict]: VaultArtifact flux-system/my-app is there already, and it is not left to this command"
    )
    assert cluster.objects == {}


def test_nothing_is_made_where_a_kustomization_may_not_be(
    cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.denied = {KUSTOMIZATION}
    assert app.main(INIT) == 4
    assert capsys.readouterr().err.startswith("error[cluster-denied]: ")
    assert cluster.objects == {}


def test_somebodys_kustomization_is_left_and_what_to_set_in_it_is_told(
    cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.taken = {KUSTOMIZATION}
    assert app.main(INIT) == 0
    assert {KEY, ARTIFACT} <= set(cluster.objects)
    assert KUSTOMIZATION not in cluster.objects
    said = capsys.readouterr().out
    assert "applied Kustomization" not in said
    assert "\nKustomization flux-system/my-app is left as it is: somebody else keeps it." in said
    indented = said.partition("set in it:\n")[2].partition("\n\n")[0]
    assert yaml.safe_load(indented) == {
        "spec": {
            "path": "./apps/my-app",
            "sourceRef": {"kind": "ExternalArtifact", "name": "my-app"},
            "decryption": {"provider": "sops", "secretRef": {"name": "my-app-age"}},
        }
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/apps/my-app"], "give the directory as it is in the repository"),
        (["../my-app"], "give the directory as it is in the repository"),
        (["."], "give a --name"),
        (["apps/My_App"], "give a --name"),
        (["a", "--name", "My_App"], "that is no name in Kubernetes"),
        (["a", "-n", "a.b"], "that is no name in Kubernetes"),
        (["a", "--source", "HelmRepository/a"], "write KIND/NAME"),
        (["a", "--source", "flux-system"], "write KIND/NAME"),
        (["a", "--vault-address", "unix:///a"], "a Pod in the cluster cannot reach a socket"),
        (["a", "--vault-address", "https://ci:canary@a"], "it holds a user name or password"),
        (["a", "--interval", "5"], "write a duration"),
        (["a", "--interval", "5d"], "write a duration"),
        (["a", "--interval", "9999ms"], "it must be 10s or more"),
        (["a", "--export"], "--export makes no key"),
    ],
)
def test_a_wrong_command_line_asks_nobody(
    words: list[str], said: str, cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    address = [] if "--vault-address" in words else ["--vault-address", "https://vault.example.com"]
    assert app.main(["flux", "init", *words, *address]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "canary" not in captured.err
    assert cluster.asked == []


def test_a_private_key_as_recipient_is_not_shown(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([*INIT, "--recipient", "AGE-SECRET-KEY-1CANARY"]) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("error[bad-recipient]: ")
    assert "CANARY" not in captured.err
    assert cluster.asked == []


def test_a_path_is_written_as_flux_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    for given, written in (("apps/my-app/", "./apps/my-app"), ("./", "./"), (".//apps/./a", "./apps/a")):
        words = ["flux", "init", given, "--name", "a", *INIT[3:], "--recipient", RECIPIENT, "--export"]
        assert app.main(words) == 0
        trees = {tree["kind"]: tree for tree in yaml.safe_load_all(capsys.readouterr().out)}
        assert trees["VaultArtifact"]["spec"]["path"] == trees["Kustomization"]["spec"]["path"] == written


# --- status ---


def test_the_way_of_a_value_is_one_line_an_object(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    for one in arrived().values():
        cluster.put(one)
    assert app.main(["flux", "status", "my-app"]) == 0
    assert capsys.readouterr().out == (
        "✓ GitRepository flux-system/flux-system: main@sha1:aaa\n"
        "✓ VaultArtifact flux-system/my-app: the values are up to date\n"
        "    secret/data/my-app/database version 3\n"
        "    secret/data/my-app/api version 1 in namespace team-a\n"
        "✓ ExternalArtifact flux-system/my-app: latest@sha256:bb\n"
        "✓ Kustomization flux-system/my-app: it has applied latest@sha256:bb\n"
        "✓ Secret apps/my-app-secrets-2ckfmhc8fd: it is there\n"
        "✓ Deployment apps/my-app: it is rolled out\n"
        "\nall of it has arrived\n"
    )


def test_where_it_is_stuck_stands_at_the_end(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    objects = arrived()
    objects.pop("GitRepository")
    objects["Deployment"]["status"]["updatedReplicas"] = 0
    for one in objects.values():
        cluster.put(one)
    assert app.main(["flux", "status", "my-app"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("✗ GitRepository flux-system/flux-system: it is not there\n    -> make it, or change")
    assert "\n… Deployment apps/my-app: 0 of 2 Pods have the new template\n" in out
    assert out.endswith("\n\nstuck at GitRepository flux-system/flux-system\n")


def test_what_is_under_way_has_not_arrived(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    objects = arrived()
    objects["Deployment"]["status"]["updatedReplicas"] = 0
    for one in objects.values():
        cluster.put(one)
    assert app.main(["flux", "status", "my-app"]) == 1
    assert capsys.readouterr().out.endswith("\n\nunder way at Deployment apps/my-app\n")


def test_programs_get_the_same(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    for one in arrived().values():
        cluster.put(one)
    assert app.main(["flux", "status", "my-app", "--output", "json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert steps[0] == {
        "kind": "GitRepository",
        "namespace": "flux-system",
        "name": "flux-system",
        "outcome": "ok",
        "seen": "main@sha1:aaa",
        "advice": "",
    }
    assert len(steps) == 6


def test_a_cluster_cannot_write_to_the_terminal(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    objects = arrived()
    objects["GitRepository"]["status"]["artifact"]["revision"] = "\x1b[31mred"
    for one in objects.values():
        cluster.put(one)
    app.main(["flux", "status", "my-app"])
    assert "\x1b" not in capsys.readouterr().out


def test_what_is_not_there_is_refused(cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["flux", "status", "other", "-n", "apps"]) == 4
    assert capsys.readouterr().err.startswith(
        "error[cluster-not-found]: there is no VaultArtifact apps/other in the cluster"
    )


def test_fluxs_own_command_line_runs_it_as_a_plugin(
    monkeypatch: pytest.MonkeyPatch, cluster: InMemoryCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in arrived().values():
        cluster.put(one)
    monkeypatch.setattr("sys.argv", ["flux-vaultgen", "status", "my-app"])
    assert flux.plugin() == 0
    assert capsys.readouterr().out.endswith("all of it has arrived\n")


def test_the_plugin_has_the_name_that_flux_looks_for() -> None:
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["flux-vaultgen"] == f"{flux.plugin.__module__}:{flux.plugin.__name__}"
