"""docs/flux.md, done as it says as far as no cluster is needed; tests/flux/pages/test_flux_page.py has one."""

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.deployed import DEPLOY, built, container_of, one_of
from support.jwt_issuer import JwtIssuer
from support.kustomize import CHECKOUT
from support.newcomer import Newcomer
from support.token_reviewer import running_token_reviewer
from support.trees import write_program, write_tree
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace
from support.yaml_blocks import yaml_blocks
from vaultgen.controller.resource import REQUESTED_AT, VaultArtifact
from vaultgen.document.model import KubernetesAuth

PAGE = CHECKOUT / "docs/flux.md"
FILES = (
    "clusters/my-cluster/vaultgen.yaml",
    "clusters/my-cluster/flux-system/kustomization.yaml",
    "vault-ca.yaml",
    "my-app.yaml",
    "alert.yaml",
)

COMPONENTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: kustomize-controller, namespace: flux-system}
spec:
  selector: {matchLabels: {app: kustomize-controller}}
  template:
    metadata: {labels: {app: kustomize-controller}}
    spec: {containers: [{name: manager, image: kustomize-controller, args: [--log-level=info]}]}
"""
"""What of Flux's own manifests the page's patch meets."""
GENERATOR = """
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: my-app
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
secretGenerator:
- name: my-app-secrets
  files:
    db_password.txt: vault:secret/data/my-app/database?key=password
"""
_STAND_IN = """\
#!/bin/sh
echo "${0##*/}" "$@"
"""
_KEYGEN = """\
#!/bin/sh
echo AGE-SECRET-KEY-1 >"$2"
"""


@pytest.fixture
def newcomer(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    """Somebody with an application; what is not here only repeats what it is told."""
    newcomer = Newcomer(tmp_path, vault_namespace)
    write_tree(newcomer.directory / "apps/my-app", {"secrets.yaml": GENERATOR})
    write_tree(newcomer.directory / "apps/my-app", {"kustomization.yaml": "generators: [secrets.yaml]\n"})
    (tmp_path / "bin/kubectl").unlink()
    for name in ("docker", "kubectl"):
        write_program(tmp_path / "bin" / name, _STAND_IN)
    write_program(tmp_path / "bin/age-keygen", _KEYGEN)
    return newcomer


def text_of(name: str) -> str:
    (text,) = [found.text for found in yaml_blocks(PAGE) if found.file == name]
    return text


def objects_of(name: str) -> dict[str, Any]:
    """Return the objects of a file that the page shows, by kind."""
    return {tree["kind"]: tree for tree in yaml.safe_load_all(text_of(name))}


def test_the_files_of_the_page_are_known_here() -> None:
    assert sorted(filter(None, (found.file for found in yaml_blocks(PAGE)))) == sorted(FILES)


# --- install ---


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A kustomization of deploy/ with what the page's Flux Kustomization changes."""
    spec = objects_of("clusters/my-cluster/vaultgen.yaml")["Kustomization"]["spec"]
    assert spec["path"] == "./deploy"
    own = {"resources": ["deploy"], "images": spec["images"], "patches": spec["patches"]}
    files = {f"deploy/{path.name}": path.read_text() for path in DEPLOY.iterdir()}
    return write_tree(tmp_path / "overlay", {**files, "kustomization.yaml": yaml.safe_dump(own)})


def test_the_controller_is_that_image_and_allows_that_vault(newcomer: Newcomer, overlay: Path) -> None:
    before, after = container_of(built()), container_of(built(overlay))
    assert after["args"][1:] == before["args"][1:]
    address = objects_of("my-app.yaml")["VaultArtifact"]["spec"]["vault"]["address"]
    assert after["args"][0] == f"--vault-address={address}"
    build, push = newcomer.follows("docs/flux.md#install").splitlines()
    assert f" -t {after['image']} " in build
    assert push == f"docker push {after['image']}"


def test_the_ca_of_vault_is_mounted_where_its_option_says(overlay: Path) -> None:
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    kustomization["patches"] += [
        {"target": {"kind": "Deployment", "name": "vaultgen"}, "patch": text_of("vault-ca.yaml")}
    ]
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    objects = built(overlay)
    container = container_of(objects)
    (option,) = [word for word in container["args"] if word.startswith("--vault-ca-file=")]
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == "vault-ca"]
    assert Path(option.partition("=")[2]).parent == Path(mount["mountPath"])
    volumes = one_of(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "vault-ca", "configMap": {"name": "vault-ca"}} in volumes
    assert "ConfigMap `vault-ca`" in PAGE.read_text()


def test_the_feature_gate_is_added_to_what_flux_has(tmp_path: Path) -> None:
    files = {"kustomization.yaml": text_of("clusters/my-cluster/flux-system/kustomization.yaml")}
    write_tree(tmp_path, {**files, "gotk-components.yaml": COMPONENTS, "gotk-sync.yaml": ""})
    (container,) = built(tmp_path)[0]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["--log-level=info", "--feature-gates=ExternalArtifact=true"]


# --- vault ---


def test_the_token_that_the_controller_asks_for_reads_what_the_tree_refers_to(newcomer: Newcomer) -> None:
    """By the role and audience that it takes where the VaultArtifact names none."""
    root = newcomer.vault.root
    root.write("my-app/database", {"password": "of the page"})
    cluster = JwtIssuer()
    (newcomer.directory / "cluster.pem").write_text(cluster.public_key)
    (auth,) = VaultArtifact(objects_of("my-app.yaml")["VaultArtifact"]).vault.auth
    assert isinstance(auth, KubernetesAuth)
    assert auth.service_account_ref
    with running_token_reviewer(cluster) as reviewer:
        # What Vault itself finds in a Pod.
        config = f"{reviewer.address} disable_local_ca_jwt=true kubernetes_ca_cert=@cluster.pem"
        newcomer.follows("docs/flux.md#vault", {"https://kubernetes.default.svc": config})
        body = {"role": auth.role, "jwt": cluster.service_account(*auth.service_account_ref, auth.audience)}
        token = root.request("POST", f"auth/{auth.mount}/login", body)["auth"]["client_token"]
    tenant = VaultClient(root.address, token, root.namespace)
    assert tenant.request("GET", "secret/data/my-app/database")["data"]["data"] == {"password": "of the page"}


# --- an application ---


def test_what_init_prints_is_what_the_page_shows(newcomer: Newcomer) -> None:
    recipient = objects_of("my-app.yaml")["VaultArtifact"]["spec"]["encryption"]["age"]["recipients"][0]
    newcomer.follows("docs/flux.md#an-application/3", AGE_RECIPIENT=recipient, VAULT_NAMESPACE="")
    printed = list(yaml.safe_load_all((newcomer.directory / "my-app.yaml").read_text()))
    assert printed == list(yaml.safe_load_all(text_of("my-app.yaml")))


def test_the_key_is_put_where_the_kustomization_looks_for_it(newcomer: Newcomer) -> None:
    said = newcomer.follows("docs/flux.md#an-application/2")
    kustomization = objects_of("my-app.yaml")["Kustomization"]
    name, namespace = kustomization["spec"]["decryption"]["secretRef"]["name"], kustomization["metadata"]["namespace"]
    assert said == f"kubectl create secret generic {name} --namespace={namespace} --from-file=age.agekey\n"
    assert not (newcomer.directory / "age.agekey").exists()


def test_the_two_changes_of_a_kustomization_are_those_of_the_file() -> None:
    spec = objects_of("my-app.yaml")["Kustomization"]["spec"]
    page = PAGE.read_text()
    for name in ("sourceRef", "decryption"):
        (said,) = [line for line in page.split("`") if line.startswith(f"{name}: {{")]
        assert yaml.safe_load(said) == {name: spec[name]}


# --- when it looks ---


@pytest.mark.parametrize("key", ["docs/flux.md#when-it-looks", "docs/flux.md#when-it-looks/2"])
def test_what_is_asked_is_asked_of_the_object_of_the_page(newcomer: Newcomer, key: str) -> None:
    metadata = objects_of("my-app.yaml")["VaultArtifact"]["metadata"]
    words = shlex.split(newcomer.follows(key))
    assert words[2:4] == [f"vaultartifact/{metadata['name']}", f"--namespace={metadata['namespace']}"]
    assert words[1] != "annotate" or words[-1].startswith(f"{REQUESTED_AT}=")


def test_an_alert_is_about_what_flux_knows() -> None:
    """What becomes of it is in tests/flux/test_notifications.py."""
    (source,) = objects_of("alert.yaml")["Alert"]["spec"]["eventSources"]
    assert source == {"kind": "ExternalArtifact", "name": "*"}
