"""docs/argocd.md: the plugin's command run in a tree, its files put together by the real kustomize, its commands typed.

What Argo CD does with them is its own. With which one it was run stands on the page.
"""

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.kubernetes_objects import unknown_in
from support.kustomize import CHECKOUT, kustomize, kustomize_build
from support.newcomer import Newcomer
from support.trees import write_program, write_tree
from support.vault_file import write_vault_file
from support.vault_namespace import VaultNamespace
from support.yaml_blocks import yaml_blocks
from vaultgen.vault.environment import duration

PAGE = CHECKOUT / "docs/argocd.md"
ARTICLE = CHECKOUT / "examples/article"
FILES = (
    "plugin.yaml",
    "kustomization.yaml",
    "repo-server.yaml",
    "application.yaml",
    "argocd-cm.yaml",
    "refresh.yaml",
)
KUSTOMIZE_IN_SIDECAR = "/tools/kustomize"

ARGO_CD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-repo-server}}
    spec:
      automountServiceAccountToken: false
      serviceAccountName: argocd-repo-server
      containers:
      - {name: argocd-repo-server, image: quay.io/argoproj/argocd}
      volumes:
      - {name: var-files, emptyDir: {}}
      - {name: plugins, emptyDir: {}}
"""
"""What of Argo CD's own manifests the page's patch meets."""
_STAND_IN = """\
#!/bin/sh
echo "${0##*/}" "$@"
"""


@pytest.fixture
def newcomer(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    """Somebody with the article's application and its values; the cluster only repeats what it is told."""
    write_vault_file(ARTICLE / "vault.yaml", vault_namespace.root)
    newcomer = Newcomer(tmp_path, vault_namespace)
    shutil.copytree(ARTICLE, newcomer.directory, dirs_exist_ok=True)
    for name in ("argocd", "kubectl"):
        (tmp_path / "bin" / name).unlink(missing_ok=True)
        write_program(tmp_path / "bin" / name, _STAND_IN)
    return newcomer


def text_of(name: str) -> str:
    (text,) = [found.text for found in yaml_blocks(PAGE) if found.file == name]
    return text


def file_of(name: str) -> Any:
    """Return the YAML of a file that the page shows."""
    return yaml.safe_load(text_of(name))


def test_the_files_of_the_page_are_known_here() -> None:
    assert sorted(filter(None, (found.file for found in yaml_blocks(PAGE)))) == sorted(FILES)


# --- a plugin ---


def test_the_plugin_prints_what_the_application_builds_to(newcomer: Newcomer) -> None:
    command = file_of("plugin.yaml")["spec"]["generate"]["command"]
    printed = newcomer.types(shlex.join(command), {KUSTOMIZE_IN_SIDECAR: kustomize()})
    assert printed == (ARTICLE / "expected.yaml").read_text()


@pytest.fixture
def repo_server(tmp_path: Path) -> Any:
    """The Deployment that the page's overlay makes, and the plugin's ConfigMap."""
    files = {name: text_of(name) for name in ("plugin.yaml", "kustomization.yaml", "repo-server.yaml")}
    built = kustomize_build(write_tree(tmp_path, {**files, "argocd.yaml": ARGO_CD}), flags=())
    assert (built.status, built.stderr) == (0, b"")
    return {one["kind"]: one for one in built.resources()}


def test_the_overlay_adds_the_sidecar_and_leaves_the_rest(repo_server: Any) -> None:
    deployment, config = repo_server["Deployment"], repo_server["ConfigMap"]
    assert unknown_in(deployment) == []
    pod = deployment["spec"]["template"]["spec"]
    assert {one["name"] for one in pod["containers"]} == {"argocd-repo-server", "vaultgen"}
    assert yaml.safe_load(config["data"]["plugin.yaml"]) == file_of("plugin.yaml")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["vaultgen-plugin"]["configMap"]["name"] == config["metadata"]["name"]
    mounted = {one["name"] for container in (*pod["containers"], *pod["initContainers"]) for one in mounts(container)}
    assert mounted == volumes.keys()


def test_what_the_plugin_runs_and_reads_is_in_the_sidecar(repo_server: Any) -> None:
    pod = repo_server["Deployment"]["spec"]["template"]["spec"]
    sidecar = next(one for one in pod["containers"] if one["name"] == "vaultgen")
    (copy,) = pod["initContainers"]
    (tools,) = mounts(copy)
    assert f"{copy['command'][-1]}{Path(copy['command'][1]).name}" == KUSTOMIZE_IN_SIDECAR
    at = {one["name"]: one["mountPath"] for one in mounts(sidecar)}
    assert at[tools["name"]] == str(Path(KUSTOMIZE_IN_SIDECAR).parent)
    # Where the document of the page says that the token is.
    (fragment,) = [found for found in yaml_blocks(PAGE) if found.definition == "auth"]
    (method,) = fragment.trees()[0]["vault"]["auth"]
    (volume,) = [one for one in pod["volumes"] if one["name"] == "vault-token"]
    (source,) = volume["projected"]["sources"]
    assert method["kubernetes"]["tokenFile"] == f"{at['vault-token']}/{source['serviceAccountToken']['path']}"
    variables = {one["name"]: one["value"] for one in sidecar["env"]}
    assert source["serviceAccountToken"]["audience"] == variables["VAULT_ADDR"]
    # After 60 seconds the plugin is killed, and has no time to say why.
    assert 0 < duration(variables["VAULT_CLIENT_TIMEOUT"]) < 60


def mounts(container: Any) -> Any:
    return container.get("volumeMounts", [])


def test_the_role_is_for_the_sidecar_and_the_document(newcomer: Newcomer) -> None:
    root = newcomer.vault.root
    root.enable_auth("kubernetes")
    newcomer.follows("docs/argocd.md#a-plugin")
    (fragment,) = [found for found in yaml_blocks(PAGE) if found.definition == "auth"]
    (method,) = fragment.trees()[0]["vault"]["auth"]
    role = root.request("GET", f"auth/kubernetes/role/{method['kubernetes']['role']}")["data"]
    deployment = yaml.safe_load(ARGO_CD)
    assert role["bound_service_account_names"] == [deployment["spec"]["template"]["spec"]["serviceAccountName"]]
    assert role["bound_service_account_namespaces"] == [file_of("kustomization.yaml")["namespace"]]
    assert f"audience: '{role['audience']}'" in text_of("repo-server.yaml")


def test_the_application_asks_for_the_plugin_by_its_name() -> None:
    application = file_of("application.yaml")
    assert application["spec"]["source"]["plugin"] == {"name": file_of("plugin.yaml")["metadata"]["name"]}


# --- build options ---


def test_with_the_build_options_kustomize_builds_the_same(newcomer: Newcomer) -> None:
    options = file_of("argocd-cm.yaml")["data"]["kustomize.buildOptions"]
    assert newcomer.types(f"kustomize build . {options}") == (ARTICLE / "expected.yaml").read_text()


# --- after a rotation ---


def test_what_a_refresh_finds_is_applied() -> None:
    """Though there is no new commit: Argo CD syncs one a second time where it is to heal itself, and only there."""
    assert file_of("application.yaml")["spec"]["syncPolicy"]["automated"]["selfHeal"] is True


def test_a_hard_refresh_is_asked_for_the_application_of_the_page(newcomer: Newcomer) -> None:
    """In both ways; that of all Applications is a setting of the same ConfigMap as the build options."""
    application = file_of("application.yaml")["metadata"]
    by_argocd, by_kubectl = newcomer.follows("docs/argocd.md#after-a-rotation").splitlines()
    assert application["name"] in by_argocd
    assert f"application/{application['name']} --namespace={application['namespace']} " in by_kubectl
    assert file_of("refresh.yaml")["metadata"] == file_of("argocd-cm.yaml")["metadata"]
    assert file_of("refresh.yaml")["data"].keys() == {"timeout.hard.reconciliation"}
