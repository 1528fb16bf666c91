"""README.md and the pages beside it, done as they say: with the real kustomize and a real OpenBao."""

import base64
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.kustomize import CHECKOUT, PLUGIN_FLAGS, kustomize_build
from support.markdown import block, commands, section
from support.newcomer import CommandFailed, Newcomer
from support.openbao import OpenBao, running_openbao
from support.vault_file import read_vault_file, write_vault_file
from support.vault_namespace import VaultNamespace
from support.yaml_blocks import yaml_blocks

README = CHECKOUT / "README.md"
EXAMPLES = CHECKOUT / "examples"
ARTICLE = EXAMPLES / "article"
PROGRAMS = ("kpt", "kubectl", "kustomize", "vaultgen")


@pytest.fixture
def newcomer(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    """Somebody whose Vault holds what the article's application needs."""
    write_vault_file(ARTICLE / "vault.yaml", vault_namespace.root)
    return Newcomer(tmp_path, vault_namespace)


def write_opening(newcomer: Newcomer, *, annotated: bool = True) -> None:
    """Write the files that the README opens with, and the Deployment that they speak of."""
    for found in yaml_blocks(README):
        if found.file:
            (newcomer.directory / found.file).write_text(found.text)
    assert (newcomer.directory / "kustomization.yaml").exists()
    shutil.copy(ARTICLE / "app/deployment.yaml", newcomer.directory)
    if not annotated:
        path = newcomer.directory / "secrets.yaml"
        document = yaml.safe_load(path.read_text())
        del document["metadata"]["annotations"]
        path.write_text(yaml.safe_dump(document))


def resources(output: str) -> dict[str, Any]:
    """Return a build's resources by kind."""
    return {item["kind"]: item for item in yaml.safe_load_all(output)}


def names_in_use(deployment: Any) -> set[str]:
    """Return the Secrets that a Deployment's variables come from."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {variable["valueFrom"]["secretKeyRef"]["name"] for variable in container["env"]}


# --- README ---


def test_the_readme_opens_with_what_builds(newcomer: Newcomer) -> None:
    write_opening(newcomer)
    built = resources(newcomer.follows("README.md#vaultgen"))
    name = built["Secret"]["metadata"]["name"]
    assert f"Out comes `Secret/{name}`" in README.read_text(), name
    assert names_in_use(built["Deployment"]) == {name}
    data = {key: base64.b64decode(value).decode() for key, value in built["Secret"]["data"].items()}
    assert data == {
        "db_password.txt": "example-password",
        "api_key.txt": "example-key",
        "DSN": "postgres://app:example-password@db/app",
    }
    newcomer.vault.root.write("my-app/database", {"password": "rotated"})
    rotated = resources(newcomer.follows("README.md#vaultgen"))
    assert rotated["Secret"]["metadata"]["name"] != name
    assert names_in_use(rotated["Deployment"]) == {rotated["Secret"]["metadata"]["name"]}


def test_the_shortest_path(newcomer: Newcomer) -> None:
    """What its three steps have between backticks, one after the other."""
    steps = re.findall(r"^\d\. (.*?)$", section(README, "the-shortest-path"), re.MULTILINE)
    init, replace, build = (re.findall("`([^`]+)`", step) for step in steps)
    (newcomer.directory / "password.txt").write_text("example-password")
    (newcomer.directory / "kustomization.yaml").write_text(
        "# ours\nresources: [deployment.yaml]\nsecretGenerator:\n- name: my-app-secrets\n"
        "  files:\n  - db_password.txt=password.txt\n  literals: [LEVEL=info]\n"
    )
    shutil.copy(ARTICLE / "app/deployment.yaml", newcomer.directory)
    before = newcomer.types("kustomize build .")
    newcomer.types(init[0])
    assert "# ours" in (newcomer.directory / "kustomization.yaml").read_text()
    assert newcomer.types(build[0]) == before

    generator = newcomer.directory / init[-1]
    source = replace[0].replace("PATH", "secret/data/my-app/database").replace("FIELD", "password")
    generator.write_text(generator.read_text().replace("=password.txt", f"={source}"))
    (newcomer.directory / "password.txt").unlink()
    assert newcomer.types(build[0]) == before


def ways() -> list[list[str]]:
    """Return the commands of each row of the table of places where it runs."""
    rows = re.findall(r"^\| .* \| (.*`.*) \|$", section(README, "where-it-runs"), re.MULTILINE)
    said = [[code.replace("\\|", "|") for code in re.findall("`([^`]+)`", row)] for row in rows]
    return [[code for code in codes if code.split()[0] in PROGRAMS] for codes in said]


@pytest.mark.parametrize("way", ways(), ids=lambda way: way[-1].split()[0] if len(way) == 1 else way[0])
def test_it_runs_where_the_readme_says(newcomer: Newcomer, way: list[str]) -> None:
    if way[0].startswith("kpt") and not shutil.which("kpt"):
        pytest.skip("kpt is not here")
    write_opening(newcomer, annotated=len(way) == 1)
    if way[0].startswith("kpt"):
        (newcomer.directory / "kustomization.yaml").unlink()
    printed = "".join(newcomer.types(re.sub(r"\bDIR\b", ".", command)) for command in way)
    written = "".join(
        path.read_text() for path in (*newcomer.home.glob("*.yaml"), *newcomer.directory.glob("secret_*"))
    )
    assert base64.b64encode(b"example-key").decode() in printed + written


def test_without_the_flag_kustomize_leaves_the_secret_out_and_says_nothing(newcomer: Newcomer) -> None:
    """What the README warns of; should kustomize begin to say so, the warning can go."""
    write_opening(newcomer)
    built = kustomize_build(newcomer.directory, newcomer.outside, flags=PLUGIN_FLAGS)
    assert (built.status, built.stderr) == (0, b"")
    assert [item["kind"] for item in built.resources()] == ["Deployment"]


# --- docs ---


def test_the_message_on_the_page_of_errors_is_what_a_build_says(newcomer: Newcomer) -> None:
    shutil.copytree(ARTICLE, newcomer.directory, dirs_exist_ok=True)
    generator = newcomer.directory / "secrets.yaml"
    generator.write_text(generator.read_text().replace("key=password", "key=pasword"))
    built = newcomer.builds(VAULT_TOKEN=newcomer.vault.token)
    said, _, of_kustomize = built.stderr.decode().partition("Error: ")
    assert said == block("docs/errors.md#errors", "text").text
    assert "exit status 5" in of_kustomize


@pytest.mark.skipif(not shutil.which("kpt"), reason="kpt is not here")
def test_kpt_takes_the_document_on_its_command_line(newcomer: Newcomer) -> None:
    """As text in ``data``; the annotation that asks for a suffix is kustomize's, which kpt leaves where it is."""
    (newcomer.directory / "Kptfile").write_text("apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: a}\n")
    printed = newcomer.follows("docs/reference.md#a-configmap-for-kpt", {"DIR": "."})
    secret = resources(printed)["Secret"]
    assert base64.b64decode(secret["data"]["PASSWORD"]) == b"example-password"


def test_the_page_of_the_lock_shows_what_is_written_and_said(newcomer: Newcomer) -> None:
    """Times apart."""
    write_opening(newcomer)
    printed = newcomer.follows("docs/lock.md#pinned-versions")
    (shown,) = [found.text for found in yaml_blocks(CHECKOUT / "docs/lock.md") if found.file == "vaultgen.lock"]
    lock = (newcomer.directory / "vaultgen.lock").read_text()
    assert without_times(lock.partition("\n")[2]) == without_times(shown.partition("\n")[2])
    said = block("docs/lock.md#pinned-versions", "console").text
    assert without_times(printed.removesuffix(lock)) == without_times(said.partition("\n")[2].rpartition("$ ")[0])

    before = newcomer.types("vaultgen build --reveal .")
    newcomer.vault.root.write("my-app/database", {"password": "rotated"})
    newcomer.vault.root.write("my-app/api", {"key": "rotated"})
    assert newcomer.types("vaultgen build --reveal .") == before
    with pytest.raises(CommandFailed, match="exit status 5"):
        newcomer.follows("docs/lock.md#check")
    printed = newcomer.follows("docs/lock.md#rotate")
    assert printed.count(": version 1 of ") == printed.count(" -> version 2 of ") == 2
    newcomer.follows("docs/lock.md#check")
    assert newcomer.types("vaultgen build --reveal .") != before


def test_the_printed_policy_has_what_its_check_asks_for(newcomer: Newcomer) -> None:
    write_opening(newcomer)
    key = "docs/auth.md#what-it-should-be-allowed/2"
    printed = newcomer.follows(key).replace(f" in {newcomer.vault.name}", "")
    shown = "".join(line for line in block(key, "console").text.splitlines(keepends=True) if not line.startswith("$"))
    assert printed.endswith(shown)


def without_times(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z?", "TIME", text)


# --- examples ---


@pytest.fixture(scope="module")
def root_openbao() -> Iterator[OpenBao]:
    """A server that all examples share, in its root namespace, as a reader has it."""
    with running_openbao() as server:
        yield server


@pytest.fixture
def reader(tmp_path: Path, root_openbao: OpenBao) -> Newcomer:
    """Somebody in a checkout, with the files that some commands read."""
    vault = VaultNamespace(root_openbao, root_openbao.client(), "", root_openbao.root_token)
    reader = Newcomer(tmp_path, vault)
    (reader.directory / "examples").symlink_to(EXAMPLES)
    secrets = read_vault_file(EXAMPLES / "tls/vault.yaml")
    pair, store = secrets["", "shop/tls"], secrets["", "shop/keystore"]
    (reader.directory / "tls.crt").write_text(pair["certificate"])
    (reader.directory / "tls.key").write_text(pair["private_key"])
    (reader.directory / "keystore.p12").write_bytes(base64.b64decode(store["p12"]))
    return reader


def test_an_example_runs_as_its_page_begins(reader: Newcomer) -> None:
    instead = {"VAULT_ADDR=http://127.0.0.1:8200 VAULT_TOKEN=root": f"VAULT_ADDR={reader.vault.address}"}
    printed = reader.follows("examples/README.md#run-one/2", instead)
    _, _, build = printed.partition("apiVersion: ")
    assert f"apiVersion: {build}" == (EXAMPLES / "reload/rollout/expected.yaml").read_text()


def test_the_first_build_by_hand(reader: Newcomer) -> None:
    instead = {"VAULT_ADDR=http://127.0.0.1:8200 VAULT_TOKEN=root": f"VAULT_ADDR={reader.vault.address}"}
    _, _, build = reader.follows("README.md#see-it-work/2", instead).partition("# masked: ")
    built = resources(f"# {build}")
    assert set(built) == {"Secret", "Deployment"}
    assert names_in_use(built["Deployment"]) == {built["Secret"]["metadata"]["name"]}


@pytest.mark.parametrize(
    "key",
    [
        "examples/README.md#merge",
        "examples/README.md#two-overlays",
        "examples/README.md#dotenv",
        "examples/README.md#dockerconfigjson",
        "examples/README.md#tls",
        "examples/README.md#reload",
        "examples/README.md#name-references",
    ],
)
def test_the_commands_of_an_example_make_it_build_what_its_golden_says(
    reader: Newcomer, key: str, request: pytest.FixtureRequest
) -> None:
    if key.endswith("#two-overlays"):
        request.getfixturevalue("has_namespaces")
    reader.follows(key)
    goldens = list((EXAMPLES / key.partition("#")[2]).rglob("expected.yaml"))
    assert goldens
    for golden in goldens:
        directory = shlex.quote(str(golden.parent.relative_to(CHECKOUT)))
        built = reader.types(f"kustomize build --enable-alpha-plugins --enable-exec {directory}")
        assert built == golden.read_text()


def test_the_commands_of_the_article_build_it_both_ways(reader: Newcomer) -> None:
    """The Flux Kustomization with the token that the first block has exported."""
    shutil.copytree(ARTICLE, reader.directory, dirs_exist_ok=True)
    script = commands("examples/article/README.md#the-articles-application")
    script += commands("examples/article/README.md#the-articles-application/2")
    printed = reader.types(script, DB_PASSWORD="example-password", API_KEY="example-key")
    assert printed.count((ARTICLE / "expected.yaml").read_text()) == 2
