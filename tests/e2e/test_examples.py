"""Every example, built with the real kustomize against a real OpenBao: its golden file, and the point it makes."""

import base64
import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.golden import Golden
from support.kustomize import CHECKOUT, OLDEST, PLUGIN_FLAGS, Built, kustomize, kustomize_build
from support.openbao import OpenBao
from support.vault_client import VaultClient
from support.vault_file import read_vault_file, write_vault_file
from support.vault_namespace import VaultNamespace

EXAMPLES = CHECKOUT / "examples"

BUILDS = (
    "article",
    "merge",
    "dotenv",
    "dockerconfigjson",
    "tls",
    "reload/rollout",
    "reload/reloader",
    "reload/volume",
    "name-references",
)
OVERLAYS = ("two-overlays/staging", "two-overlays/production")

BASES = ("article/app", "merge/base", "two-overlays/base")
FOR_FLUX = ("flux/clusters/my-cluster/apps/my-app",)  # test_flux_example.py
THROUGH_THE_LEGACY_PLUGIN = ("article/flux",)


def vault_file(build: str) -> Path:
    """Return the vault.yaml of an example: its own, or the one that it shares with its siblings."""
    own = EXAMPLES / build / "vault.yaml"
    return own if own.exists() else EXAMPLES / Path(build).parent / "vault.yaml"


def build(directory: Path, environment: Mapping[str, str], binary: str | None = None) -> Built:
    """Build and fail with what kustomize said, unless it succeeds without a word."""
    built = kustomize_build(directory, environment, binary=binary)
    assert (built.status, built.stderr.decode()) == (0, "")
    return built


def resource(built: Built, kind: str, name: str | None = None) -> Any:
    """Return the one resource of a kind (and name, without suffix)."""
    named = (item for item in built.resources() if item["kind"] == kind)
    (found,) = [item for item in named if name is None or without_suffix(item["metadata"]["name"]) == name]
    return found


def data(secret: Mapping[str, Any]) -> dict[str, bytes]:
    """Return a Secret's decoded data."""
    return {key: base64.b64decode(value) for key, value in secret["data"].items()}


def without_suffix(name: str) -> str:
    """Return a name without kustomize's content suffix."""
    return re.sub("-[2456789bcdfghkmt]{10}$", "", name)


def container(built: Built) -> Any:
    """Return the one container of the one Deployment."""
    (found,) = resource(built, "Deployment")["spec"]["template"]["spec"]["containers"]
    return found


@pytest.fixture(params=[None, OLDEST], ids=["newest", "oldest"])
def binary(request: pytest.FixtureRequest) -> str:
    """Both ends of the range of kustomize versions."""
    return kustomize(request.param)


@pytest.fixture(scope="module")
def two_overlays(openbao: OpenBao, has_namespaces: None) -> Iterator[VaultClient]:
    """The Vault of the overlays, in the root namespace since a reference names a Vault namespace in full."""
    root = openbao.client()
    root.new_namespace("production").mount("secret", "kv", {"version": "2"})
    write_vault_file(EXAMPLES / "two-overlays/vault.yaml", root)
    root.policy("staging", 'path "secret/data/staging/*" { capabilities = ["read"] }')
    root.policy("production", 'path "production/secret/data/*" { capabilities = ["read"] }')
    yield root
    root.request("DELETE", "sys/namespaces/production")


# --- all of them ---


@pytest.mark.parametrize("example", BUILDS)
def test_an_example_builds_what_its_golden_says(
    example: str, binary: str, vault_namespace: VaultNamespace, golden: Golden
) -> None:
    write_vault_file(vault_file(example), vault_namespace.root)
    built = build(EXAMPLES / example, vault_namespace.environment(), binary)
    golden.check(EXAMPLES / example / "expected.yaml", built.stdout)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_builds_what_its_golden_says(
    overlay: str, binary: str, two_overlays: VaultClient, golden: Golden
) -> None:
    token = two_overlays.new_token([Path(overlay).name])
    built = build(EXAMPLES / overlay, {"VAULT_ADDR": two_overlays.address, "VAULT_TOKEN": token}, binary)
    golden.check(EXAMPLES / overlay / "expected.yaml", built.stdout)


def test_the_flux_kustomization_of_the_article_builds_the_same(
    binary: str, vault_namespace: VaultNamespace, golden: Golden
) -> None:
    """Through the legacy plugin, since it has no function annotation; the golden is the recommended document's."""
    write_vault_file(EXAMPLES / "article/vault.yaml", vault_namespace.root)
    environment = {**vault_namespace.environment(), "KUSTOMIZE_PLUGIN_HOME": str(CHECKOUT / "plugin")}
    built = kustomize_build(EXAMPLES / "article/flux", environment, binary=binary, flags=PLUGIN_FLAGS)
    assert built.status == 0, built.stderr.decode()
    golden.check(EXAMPLES / "article/expected.yaml", built.stdout)


def test_no_example_is_left_out() -> None:
    found = {path.parent.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("kustomization.yaml")}
    assert found == {*BUILDS, *OVERLAYS, *BASES, *FOR_FLUX, *THROUGH_THE_LEGACY_PLUGIN}


@pytest.mark.parametrize(
    "example", ["merge", "two-overlays", "dotenv", "dockerconfigjson", "tls", "reload", "name-references"]
)
def test_the_commands_of_the_readme_write_what_vault_yaml_says(example: str) -> None:
    readme = (EXAMPLES / "README.md").read_text()
    (section,) = re.findall(rf"^## {example}\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    written = dict(kv_put(line) for line in section.splitlines() if line.startswith("bao kv put"))
    held = read_vault_file(EXAMPLES / example / "vault.yaml")
    assert written.keys() == held.keys()
    for secret, fields in written.items():
        assert fields.keys() == held[secret].keys()
        # What comes from a file of the reader's own cannot be compared.
        typed = {name: value for name, value in fields.items() if not value.startswith(("@", "$("))}
        assert typed == {name: held[secret][name] for name in typed}


def test_all_examples_can_share_one_vault() -> None:
    """Whoever runs every command of the README overwrites nothing."""
    fields: dict[tuple[str, str], dict[str, str]] = {}
    for file in sorted(EXAMPLES.glob("*/vault.yaml")):
        for secret, held in read_vault_file(file).items():
            assert fields.setdefault(secret, held) == held, secret


def kv_put(command: str) -> tuple[tuple[str, str], dict[str, str]]:
    """Return Vault namespace and path, and the fields, of a ``bao kv put`` command."""
    words = shlex.split(command)[3:]
    namespace = words.pop(0).removeprefix("-namespace=") if words[0].startswith("-") else ""
    path, *fields = words
    return (namespace, path.removeprefix("secret/")), dict(field.split("=", 1) for field in fields)


# --- the point of each ---


def test_merge_lays_values_over_those_of_the_base(vault_namespace: VaultNamespace) -> None:
    write_vault_file(EXAMPLES / "merge/vault.yaml", vault_namespace.root)
    secret = resource(build(EXAMPLES / "merge", vault_namespace.environment()), "Secret")
    assert data(secret) == {
        "LOG_LEVEL": b"info",
        "DB_USER": b"shop",
        "DB_PASSWORD": b"example-password",
        "PARTNER_TOKEN": b"example-token",
    }


def test_the_base_of_merge_builds_without_vault_and_without_flags() -> None:
    built = kustomize_build(EXAMPLES / "merge/base", flags=())
    assert data(resource(built, "Secret"))["DB_PASSWORD"] == b"only-for-a-laptop"


def test_a_merged_secret_has_one_name_in_both_places(vault_namespace: VaultNamespace) -> None:
    """The suffix is that of the merged content, and the Deployment of the base follows it."""
    write_vault_file(EXAMPLES / "merge/vault.yaml", vault_namespace.root)
    built = build(EXAMPLES / "merge", vault_namespace.environment())
    name = resource(built, "Secret")["metadata"]["name"]
    assert container(built)["envFrom"] == [{"secretRef": {"name": name}}]
    base = resource(kustomize_build(EXAMPLES / "merge/base", flags=()), "Secret")["metadata"]["name"]
    assert without_suffix(name) == without_suffix(base) == "shop-settings"
    assert name != base


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_reads_its_own_vault_and_prefixes_both_names(overlay: str, two_overlays: VaultClient) -> None:
    environment = Path(overlay).name
    variables = {"VAULT_ADDR": two_overlays.address, "VAULT_TOKEN": two_overlays.new_token([environment])}
    built = build(EXAMPLES / overlay, variables)
    secret = resource(built, "Secret")
    assert data(secret) == {"password": f"example-of-{environment}".encode()}
    assert without_suffix(secret["metadata"]["name"]) == f"{environment}-shop-database"
    (variable,) = container(built)["env"]
    assert variable["valueFrom"]["secretKeyRef"]["name"] == secret["metadata"]["name"]


def test_a_token_for_staging_builds_no_production(two_overlays: VaultClient) -> None:
    variables = {"VAULT_ADDR": two_overlays.address, "VAULT_TOKEN": two_overlays.new_token(["staging"])}
    built = kustomize_build(EXAMPLES / "two-overlays/production", variables)
    assert built.status != 0
    assert built.stdout == b""
    assert b"error[mount-hidden]" in built.stderr


def test_dotenv_fills_text_in_every_form(vault_namespace: VaultNamespace) -> None:
    write_vault_file(EXAMPLES / "dotenv/vault.yaml", vault_namespace.root)
    built = build(EXAMPLES / "dotenv", vault_namespace.environment())
    assert data(resource(built, "Secret")) == {
        "LOG_LEVEL": b"info",
        "MAIL_USER": b"shop@example.com",
        "MAIL_PASSWORD": b"example-mail-password",
        "PAYMENT_KEY_ID": b"example-id",
        "PAYMENT_SECRET": b"example-secret",
        "DATABASE_URL": b"postgres://shop:example-password@db.example.com:5432/shop",
        "DATABASE_POOL": b"10",
        "GREETING": b"Welcome to ${vault:home}",
        "LINK": b"vault:home",
    }


def test_pull_secrets_log_in_and_are_found_by_pods_and_service_accounts(vault_namespace: VaultNamespace) -> None:
    write_vault_file(EXAMPLES / "dockerconfigjson/vault.yaml", vault_namespace.root)
    built = build(EXAMPLES / "dockerconfigjson", vault_namespace.environment())
    main, mirror = (resource(built, "Secret", name) for name in ("main-registry", "mirror-registry"))
    assert main["type"] == mirror["type"] == "kubernetes.io/dockerconfigjson"
    logins = {**auths(main), **auths(mirror)}
    assert logins == {"registry.example.com": b"ci:example-password", "mirror.example.com": b"robot:example-password"}
    assert resource(built, "ServiceAccount")["imagePullSecrets"] == [{"name": main["metadata"]["name"]}]
    search = resource(built, "Deployment", "search")
    assert search["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": mirror["metadata"]["name"]}]


def auths(secret: Mapping[str, Any]) -> dict[str, bytes]:
    """Return ``user:password`` of each registry of a pull secret."""
    logins = json.loads(data(secret)[".dockerconfigjson"])["auths"]
    return {server: base64.b64decode(login["auth"]) for server, login in logins.items()}


def test_tls_gives_the_ingress_a_pair_and_the_pod_a_key_store_that_opens(vault_namespace: VaultNamespace) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

    write_vault_file(EXAMPLES / "tls/vault.yaml", vault_namespace.root)
    built = build(EXAMPLES / "tls", vault_namespace.environment())
    secret, store = (resource(built, "Secret", name) for name in ("shop-tls", "shop-keystore"))
    certificate = x509.load_pem_x509_certificate(data(secret)["tls.crt"])
    key = load_pem_private_key(data(secret)["tls.key"], None)
    assert key.public_key() == certificate.public_key()
    opened = pkcs12.load_key_and_certificates(data(store)["keystore.p12"], data(store)["password"])
    assert opened[1] == certificate
    assert secret["type"] == "kubernetes.io/tls"
    assert resource(built, "Ingress")["spec"]["tls"][0]["secretName"] == secret["metadata"]["name"]
    (volume,) = resource(built, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert volume["secret"]["secretName"] == store["metadata"]["name"]


def test_rollout_changes_the_name_and_so_the_pod_template(vault_namespace: VaultNamespace) -> None:
    before, after = build_rotated("rollout", vault_namespace)
    names = [resource(built, "Secret")["metadata"]["name"] for built in (before, after)]
    assert names[0] != names[1]
    assert [container(built)["envFrom"] for built in (before, after)] == [[{"secretRef": {"name": n}}] for n in names]
    assert data(resource(after, "Secret")) == {"DB_PASSWORD": b"rotated"}


@pytest.mark.parametrize(("variant", "key"), [("reloader", "DB_PASSWORD"), ("volume", "password")])
def test_a_stable_name_changes_the_data_of_the_secret_and_nothing_else(
    variant: str, key: str, vault_namespace: VaultNamespace
) -> None:
    before, after = build_rotated(variant, vault_namespace)
    old, new = (built.resources() for built in (before, after))
    assert [data(resource(built, "Secret")) for built in (before, after)] == [
        {key: b"example-password"},
        {key: b"rotated"},
    ]
    assert resource(after, "Secret")["metadata"]["name"] == "shop-database"
    for item in (*old, *new):
        item.pop("data", None)
    assert old == new


def build_rotated(variant: str, vault_namespace: VaultNamespace) -> tuple[Built, Built]:
    """Build a variant of reload before and after its value changes in Vault."""
    write_vault_file(EXAMPLES / "reload/vault.yaml", vault_namespace.root)
    before = build(EXAMPLES / "reload" / variant, vault_namespace.environment())
    vault_namespace.root.write("shop/database", {"password": "rotated"})
    return before, build(EXAMPLES / "reload" / variant, vault_namespace.environment())


def test_the_flux_annotation_in_the_comment_of_rollout_keeps_the_old_secret(
    tmp_path: Path, vault_namespace: VaultNamespace
) -> None:
    """The lines can be taken out of their comment as they are."""
    write_vault_file(EXAMPLES / "reload/vault.yaml", vault_namespace.root)
    copy = shutil.copytree(EXAMPLES / "reload/rollout", tmp_path / "rollout")
    text = (copy / "secrets.yaml").read_text()
    (copy / "secrets.yaml").write_text(re.sub("# (options:|  annotations:)", r"\1", text))
    secret = resource(build(copy, vault_namespace.environment()), "Secret")
    assert secret["metadata"]["annotations"] == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


NAMED = ("shop-values", "shop-tls", "git-login")


def test_configurations_rewrite_names_where_kustomize_does_not(
    tmp_path: Path, binary: str, vault_namespace: VaultNamespace
) -> None:
    """Both halves: with the example's file each place has the suffix, without it none has."""
    write_vault_file(EXAMPLES / "name-references/vault.yaml", vault_namespace.root)
    bare = shutil.copytree(EXAMPLES / "name-references", tmp_path / "bare")
    kustomization = yaml.safe_load((bare / "kustomization.yaml").read_text())
    del kustomization["configurations"]
    (bare / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    built = build(EXAMPLES / "name-references", vault_namespace.environment(), binary)
    names = tuple(resource(built, "Secret", name)["metadata"]["name"] for name in NAMED)
    assert names_in_use(built) == names
    assert not set(names) & set(NAMED)
    assert names_in_use(build(bare, vault_namespace.environment(), binary)) == NAMED


def test_configurations_do_not_look_at_the_kind_beside_the_name(
    tmp_path: Path, vault_namespace: VaultNamespace
) -> None:
    """What the README warns of; should kustomize learn to look, the warning can go."""
    write_vault_file(EXAMPLES / "name-references/vault.yaml", vault_namespace.root)
    copy = shutil.copytree(EXAMPLES / "name-references", tmp_path / "copy")
    with (copy / "helm-release.yaml").open("a") as file:
        file.write("  - {kind: ConfigMap, name: shop-values}\n")
    built = build(copy, vault_namespace.environment())
    secret, config_map = resource(built, "HelmRelease")["spec"]["valuesFrom"]
    assert config_map == {"kind": "ConfigMap", "name": secret["name"]}


def names_in_use(built: Built) -> tuple[str, str, str]:
    """Return the Secret's name in the HelmRelease, the Gateway and the ServiceAccount."""
    return (
        resource(built, "HelmRelease")["spec"]["valuesFrom"][0]["name"],
        resource(built, "Gateway")["spec"]["listeners"][0]["tls"]["certificateRefs"][0]["name"],
        resource(built, "ServiceAccount")["secrets"][0]["name"],
    )
