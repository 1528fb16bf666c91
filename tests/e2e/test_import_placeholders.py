"""``vaultgen import``: what argocd-vault-plugin would have made, vaultgen makes."""

import base64
from pathlib import Path

import yaml

from support.imports import run_import as run
from support.kustomize import kustomize_build
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace

MANIFEST = """\
apiVersion: v1
kind: Secret
metadata:
  name: db
  labels: {app: shop}
  annotations:
    avp.kubernetes.io/path: secret/data/shop/db
    note: kept
type: Opaque
stringData:
  password: <password>
  dsn: postgres://shop:<password>@db/<path:secret/data/shop/names#database#1>
  quoted: '"<password>"'
  escaped: vault:<password> ${vault:x}
  host: <settings | jsonPath {.db.host}>
data:
  ca.crt: <ca | base64encode>
  stored: <encoded>
  inside: cHJlZml4LTxwYXNzd29yZD4=
  plain: aGVsbG8=
"""
PASSWORD = 'pa$$ \'"word"'


def test_the_imported_document_makes_the_same_secret(
    tmp_path: Path, vault: VaultClient, vault_namespace: VaultNamespace
) -> None:
    encoded = base64.b64encode(b"\x00\xff").decode()
    settings = '{"db": {"host": "db.example.com"}}'
    vault.write("shop/db", {"password": PASSWORD, "ca": "PEM\n", "encoded": encoded, "settings": settings})
    vault.write("shop/names", {"database": "shop"})
    (tmp_path / "secret.yaml").write_text(MANIFEST)
    done = run(tmp_path, "secret.yaml", "-o", "vaultgen.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("wrote vaultgen.yaml\n\nCarried over;")
    assert "secret.yaml: Secret db" in done.stderr
    (tmp_path / "kustomization.yaml").write_text("generators: [vaultgen.yaml]\n")
    built = kustomize_build(tmp_path, vault_namespace.environment())
    assert built.status == 0, built.stderr
    assert built.secrets() == {
        "db": {
            "password": PASSWORD.encode(),
            "dsn": f"postgres://shop:{PASSWORD}@db/shop".encode(),
            "quoted": f'"{PASSWORD}"'.encode(),
            "escaped": f"vault:{PASSWORD} ${{vault:x}}".encode(),
            "host": b"db.example.com",
            "ca.crt": b"PEM\n",
            "stored": b"\x00\xff",
            "inside": f"prefix-{PASSWORD}".encode(),
            "plain": b"hello",
        }
    }
    (secret,) = built.resources()
    assert secret["metadata"]["labels"] == {"app": "shop"}
    assert secret["metadata"]["annotations"] == {"note": "kept"}


def test_a_dash_is_standard_output_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(MANIFEST)
    done = run(tmp_path, "secret.yaml", "-o", "-")
    assert (done.returncode, done.stdout) == (0, run(tmp_path, "secret.yaml").stdout)
    assert done.stderr.startswith("\nCarried over;")
    assert not (tmp_path / "-").exists()


def test_what_cannot_be_carried_over_is_listed_and_the_status_tells(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        MANIFEST.replace("<settings | jsonPath {.db.host}>", "<settings | sha256sum>")
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {url: '<path:secret/data/x#url>'}\n"
    )
    done = run(tmp_path, ".")
    assert done.returncode == 1
    left = done.stderr.partition("Not carried over:\n")[2].splitlines()
    assert [line.rpartition(":")[0].strip() for line in left] == [
        "all.yaml:15: Secret db, stringData.host",
        "all.yaml:25: ConfigMap web, data.url",
    ]
    keys = yaml.safe_load(done.stdout)["secretGenerator"][0]["files"]
    assert "host" not in keys


def test_a_placeholder_beside_the_data_is_listed_and_stands_in_no_document(tmp_path: Path) -> None:
    """The API server takes any type and any annotation: the Secret would be another one, and nothing would say so."""
    manifest = MANIFEST.replace("type: Opaque", "type: <type>\nimmutable: <immutable>")
    manifest = manifest.replace("{app: shop}", "{app: shop, tier: <tier>}").replace("note: kept", "note: a<note>")
    (tmp_path / "secret.yaml").write_text(manifest.replace("  name: db", "  name: db\n  finalizers: [example.com/a]"))
    done = run(tmp_path, "secret.yaml")
    assert done.returncode == 1
    left = done.stderr.partition("Not carried over:\n")[2].splitlines()
    assert [line.split(", ")[1].partition(":")[0] for line in left] == [
        "metadata.finalizers",
        "metadata.labels.tier",
        "metadata.annotations.note",
        "type",
        "immutable",
    ]
    (entry,) = yaml.safe_load(done.stdout)["secretGenerator"]
    assert "type" not in entry
    assert entry["options"] == {"disableNameSuffixHash": True, "labels": {"app": "shop"}}


def test_a_field_that_may_be_missing_is_optional(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("    note: kept\n", '    avp.kubernetes.io/remove-missing: "true"\n')
    (tmp_path / "secret.yaml").write_text(manifest)
    entry = yaml.safe_load(run(tmp_path, "secret.yaml").stdout)["secretGenerator"][0]
    assert entry["files"]["password"] == "vault:secret/data/shop/db?key=password&optional=true"
    assert "?key=password&default=}" in next(literal for literal in entry["literals"] if literal.startswith("dsn="))


def test_a_manifest_that_the_plugin_ignored_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(
        MANIFEST.replace("    note: kept\n", '    avp.kubernetes.io/ignore: "true"\n')
    )
    done = run(tmp_path, "secret.yaml")
    assert (done.returncode, done.stdout) == (3, "")
    assert "error[nothing-to-import]" in done.stderr


def test_an_existing_file_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(MANIFEST)
    (tmp_path / "vaultgen.yaml").write_text("mine\n")
    assert run(tmp_path, "secret.yaml", "-o", "vaultgen.yaml").returncode == 3
    assert (tmp_path / "vaultgen.yaml").read_text() == "mine\n"
