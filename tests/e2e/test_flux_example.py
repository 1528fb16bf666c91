"""examples/flux, as far as no cluster is needed; tests/flux applies it to one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.custom_resources import faults_of
from support.deployed import DEPLOY
from support.kubernetes_objects import unknown_in
from support.kustomize import CHECKOUT
from support.vault_file import read_vault_file
from vaultgen.cli import app

EXAMPLE = CHECKOUT / "examples/flux"
ARTICLE = CHECKOUT / "examples/article"
OF_INIT = ("rbac.yaml", "vaultartifact.yaml", "flux-kustomization.yaml")
PLACEHOLDER = "age1-here-goes-the-public-half-of-your-key"
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def trees(*names: str) -> list[Any]:
    """Return the objects of files of the example."""
    return [tree for name in names for tree in yaml.safe_load_all((EXAMPLE / name).read_text())]


def one(name: str) -> Any:
    """Return the object of a file of the example."""
    (tree,) = trees(name)
    return tree


def application() -> Path:
    """Return the directory of the application, which both objects name."""
    return EXAMPLE / str(one("flux-kustomization.yaml")["spec"]["path"])


def test_the_artifact_is_one_that_the_api_server_takes() -> None:
    assert faults_of(one("vaultartifact.yaml"), yaml.safe_load((DEPLOY / "crd.yaml").read_text())) == []


def test_kubernetes_knows_its_own_kinds() -> None:
    deployment = (application() / "deployment.yaml").relative_to(EXAMPLE).as_posix()
    assert [fault for tree in trees("rbac.yaml", deployment) for fault in unknown_in(tree)] == []


def test_the_objects_are_those_that_init_makes(capsys: pytest.CaptureFixture[str]) -> None:
    """But for the references, which nobody but the reader knows."""
    artifact = one("vaultartifact.yaml")
    words = ["flux", "init", artifact["spec"]["path"], "--source", "GitRepository/my-app", "--target-namespace", "apps"]
    address = ["--vault-address", artifact["spec"]["vault"]["address"]]
    assert app.main([*words, *address, "--recipient", RECIPIENT, "--export"]) == 0
    made = list(yaml.safe_load_all(capsys.readouterr().out.replace(RECIPIENT, PLACEHOLDER)))
    written = trees(*OF_INIT)
    for tree in written:
        tree["spec"] = {key: value for key, value in tree.get("spec", {}).items() if key != "secretGenerator"}
    assert [json.dumps({"spec": {}, **tree}, sort_keys=True) for tree in made] == [
        json.dumps(tree, sort_keys=True) for tree in written
    ]


def test_the_references_are_those_of_the_article() -> None:
    article = yaml.safe_load((ARTICLE / "flux/my-app.yaml").read_text())["spec"]
    assert one("vaultartifact.yaml")["spec"]["secretGenerator"] == article["secretGenerator"]
    assert read_vault_file(EXAMPLE / "vault.yaml") == read_vault_file(ARTICLE / "vault.yaml")


def test_the_kustomization_is_that_of_the_article_with_another_source_and_a_key() -> None:
    article = yaml.safe_load((ARTICLE / "flux/my-app.yaml").read_text())
    kustomization = one("flux-kustomization.yaml")
    assert kustomization["spec"].pop("decryption")
    assert kustomization["spec"].pop("sourceRef")["kind"] == "ExternalArtifact"
    for field in ("sourceRef", "secretGenerator"):
        del article["spec"][field]
    assert kustomization == article


def test_the_table_has_each_line_of_the_article() -> None:
    """Those that only open a block are where what stands in it is."""
    readme = (EXAMPLE / "README.md").read_text()
    table = re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", readme, re.MULTILINE)
    lines = [line.strip().removeprefix("- ") for line in (ARTICLE / "flux/my-app.yaml").read_text().splitlines()]
    said = [line for line in lines if not line.endswith(":")]
    assert [line for line in table if line in said] == said


def test_nobody_encrypts_for_a_key_of_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever applies it as it is gets a refusal, and no values that somebody else could read."""
    (recipient,) = one("vaultartifact.yaml")["spec"]["encryption"]["age"]["recipients"]
    assert recipient == PLACEHOLDER
    address = ["--vault-address", "https://vault.example.com"]
    assert app.main(["flux", "init", "a", *address, "--export", "--recipient", recipient]) == 3
    assert capsys.readouterr().err.startswith("error[bad-recipient]")


def test_the_application_is_that_of_the_article() -> None:
    """So Flux applies what a build of the article prints; only the namespace is Flux's to set here."""
    written = yaml.safe_load((application() / "kustomization.yaml").read_text())
    article = yaml.safe_load((ARTICLE / "app/kustomization.yaml").read_text())
    assert article.pop("namespace") == one("flux-kustomization.yaml")["spec"]["targetNamespace"]
    assert written == article
    assert (application() / "deployment.yaml").read_bytes() == (ARTICLE / "app/deployment.yaml").read_bytes()
