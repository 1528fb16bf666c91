"""A published tree, applied by the stock kustomize-controller, is what a build of its source comes to, or nothing."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyrage
import pytest

from support.application_files import HEAD, config_map, deployment, generator, text
from support.artifact_server import ArtifactServer
from support.canaries import found_in, found_in_files, new_canary
from support.cluster_client import ClusterClient, Object
from support.flux_cluster import Flux
from support.generated_trees import make_tree, vault_fields
from support.publication import KINDS, Publication, built, essences
from support.vault_namespace import VaultNamespace
from vaultgen.document.read import read_document

TREES = 50
BINARY = bytes(range(256))

Files = dict[str, bytes]


@pytest.fixture
def publication(flux: Flux, artifacts: ArtifactServer, client: ClusterClient, namespace: str) -> Publication:
    """An application that stock Flux applies."""
    return Publication(client, artifacts, namespace)


def tree(**kustomization: Any) -> Files:
    """A base with a Deployment and all that a Secret can hold, and an overlay."""
    keys = ("x.json", "x.yaml", "x.yml", "x.env", "x.ini", ".dockerconfigjson", "a", "b.txt")
    entry = {"name": "app", "files": [f"{key}=bytes" for key in keys], "literals": ["dollar=$(A) ${A} $A $$"]}
    return {
        "top/kustomization.yaml": text({"resources": ["../base"], **kustomization}),
        "base/kustomization.yaml": text({"resources": ["app.yaml"], "generators": ["vaultgen.yaml"]}),
        "base/app.yaml": deployment("app"),
        "base/vaultgen.yaml": generator(entry),
        "base/bytes": BINARY,
    }


def with_bases() -> Files:
    files = tree()
    files["top/kustomization.yaml"] = b"bases: [../base]\n"
    return files


def with_a_merge() -> Files:
    """Onto a builtin Secret and one of vaultgen, from the overlay."""
    files = tree(secretGenerator=[{"name": "own", "literals": ["a=old", "b=old"]}])
    base = {"resources": ["app.yaml"], "generators": ["vaultgen.yaml"]}
    files["base/kustomization.yaml"] = text({**base, "secretGenerator": [{"name": "plain", "literals": ["a=old"]}]})
    files["base/app.yaml"] = deployment("app", "plain")
    files["top/kustomization.yaml"] = text({"resources": ["../base"], "generators": ["merge.yaml"], "namePrefix": "x-"})
    files["top/bytes"] = BINARY[::-1]
    merges = [
        {"name": name, "behavior": "merge", "files": ["x.json=bytes"], "literals": ["new=${A}"]}
        for name in ("app", "plain")
    ]
    files["top/merge.yaml"] = generator(*merges, name="merge")
    return files


def patch_of_every_secret(**metadata: Any) -> dict[str, Any]:
    patch = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "any", **metadata}}
    return {"patch": json.dumps(patch), "target": {"kind": "Secret"}}


def with_replacements() -> Files:
    """Out of a Secret, and into every Secret."""
    files = tree(
        configMapGenerator=[{"name": "map", "literals": ["a=from a map"]}],
        replacements=[
            {
                "source": {"kind": "Secret", "name": "app", "fieldPath": "type"},
                "targets": [
                    {
                        "select": {"kind": "ConfigMap", "name": "map"},
                        "fieldPaths": ["data.type"],
                        "options": {"create": True},
                    }
                ],
            },
            {
                "source": {"kind": "ConfigMap", "name": "map", "fieldPath": "data.a"},
                "targets": [
                    {
                        "select": {"kind": "Secret"},
                        "fieldPaths": ["metadata.annotations.copied"],
                        "options": {"create": True},
                    }
                ],
            },
        ],
    )
    return files


CASES = {
    "a base and an overlay": tree(),
    "bases": with_bases(),
    "a merge onto a base": with_a_merge(),
    "a patch of every Secret": tree(patches=[patch_of_every_secret(annotations={"a": "b"}, labels={"c": "d"})]),
    "a patch that makes every Secret local": tree(
        patches=[patch_of_every_secret(annotations={"config.kubernetes.io/local-config": "false"})]
    ),
    "replacements": with_replacements(),
    "options for builtin generators": tree(generatorOptions={"disableNameSuffixHash": True, "labels": {"a": "b"}}),
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_flux_applies_what_the_source_builds_to(files: Files, publication: Publication, tmp_path: Path) -> None:
    publication.kustomize(postBuild={"substitute": {"A": "substituted"}})
    publication.wait_until_applied(publication.publish(files))
    assert publication.applied() == essences(built(tmp_path, files, "top", {}))


def test_a_value_of_vault_arrives_byte_for_byte(publication: Publication, vault_namespace: VaultNamespace) -> None:
    vault_namespace.root.write("app", {"password": "pa$$word ${A} $(A)\n"})
    publication.environment = vault_namespace.environment()
    files = tree()
    entry = {"name": "app", "files": ["config.json=vault:secret/data/app?key=password"]}
    files["base/vaultgen.yaml"] = generator(entry)
    publication.kustomize(postBuild={"substitute": {"A": "substituted"}})
    publication.wait_until_applied(publication.publish(files))
    assert list(publication.secrets().values()) == [{"config.json": b"pa$$word ${A} $(A)\n"}]


def test_a_value_stands_in_nothing_but_its_secret(publication: Publication, flux: Flux) -> None:
    """Neither in logs and Events of Flux nor in what it leaves on its disk; nor does a build that fails show it."""
    canary = new_canary("applied")
    files = tree(patches=[{"target": {"kind": "Secret"}, "patch": '[{"op": "remove", "path": "/metadata/nothing"}]'}])
    files["base/bytes"] = canary.encode()
    publication.kustomize()
    publication.publish(files)
    publication.failure()
    files["top/kustomization.yaml"] = tree()["top/kustomization.yaml"]
    publication.wait_until_applied(publication.publish(files))

    ((_, data),) = publication.secrets().items()
    assert data["x.json"] == canary.encode()
    client, namespace = publication.client, publication.namespace
    kinds = ("Event", "ConfigMap", "Deployment", "Kustomization", "ExternalArtifact")
    objects = [client.all_of(kind, namespace) for kind in kinds]
    assert len(objects[0]) > 1
    assert found_in({"value": canary}, json.dumps(objects)) == []
    assert found_in_files({"value": canary}, [flux.log("kustomize-controller"), flux.directory]) == []


def test_generated_trees_come_to_what_their_sources_build_to(
    publication: Publication, vault_namespace: VaultNamespace, tmp_path: Path
) -> None:
    """The trees of the test without a cluster, but for those that no API server takes."""
    vault_namespace.root.write("values", vault_fields())
    publication.environment = vault_namespace.environment()
    everything = built(tmp_path / "all", trees(range(TREES)), ".", publication.environment)
    refused = {number_of(one) for one in everything if not publication.takes(one)}
    files = trees(sorted(set(range(TREES)) - refused))

    publication.kustomize(path="")
    publication.wait_until_applied(publication.publish(files, "."))
    assert publication.applied() == essences(built(tmp_path / "some", files, ".", publication.environment))
    assert len(publication.secrets()) > TREES


def trees(numbers: Iterable[int]) -> Files:
    """Return generated trees in one."""
    top = "resources:\n" + "".join(f"- {number}/top\n" for number in numbers)
    return {"kustomization.yaml": top.encode()} | {
        f"{number}/{path}": content
        for number in numbers
        for path, content in make_tree(number, "values", annotated=False).items()
    }


def number_of(one: Object) -> int:
    """Return of which generated tree an object is; each name holds the number."""
    found = re.search(r"-(\d+)(?![a-z0-9])", one["metadata"]["name"])
    assert found
    return int(found[1])


# --- nothing, rather than something wrong ---


@pytest.mark.parametrize("name", ["a base and an overlay", "a patch of every Secret", "a merge onto a base"])
def test_without_decryption_nothing_is_applied(name: str, publication: Publication) -> None:
    """Not even what needs no decryption; else a ciphertext would be the password."""
    publication.publish(CASES[name])
    publication.kustomize(decryption=False)
    assert "unable to parse SM or JSON patch" in publication.failure()
    assert publication.applied() == []


def test_a_path_whose_generators_were_not_resolved_is_not_built_without_them(publication: Publication) -> None:
    files = tree() | {"other/kustomization.yaml": text({"generators": ["../base/vaultgen.yaml", "s.yaml"]})}
    files["other/s.yaml"] = generator({"name": "other", "literals": ["a=b"]})
    publication.publish(files)
    publication.kustomize("other")
    assert "NotResolved" in publication.failure()
    assert publication.applied() == []


def test_with_another_key_nothing_is_applied(publication: Publication) -> None:
    publication.put_key(str(pyrage.x25519.Identity.generate()))
    publication.publish(tree())
    publication.kustomize()
    assert "decrypt" in publication.failure()
    assert publication.applied() == []


def test_after_a_failure_what_was_applied_stays(publication: Publication) -> None:
    """Nothing is pruned while a new revision cannot be decrypted."""
    publication.kustomize()
    publication.wait_until_applied(publication.publish(tree()))
    before = publication.applied()
    publication.put_key(str(pyrage.x25519.Identity.generate()))
    files = tree()
    files["base/bytes"] = b"changed"
    publication.publish(files)
    publication.failure()
    assert publication.applied() == before


# --- change ---


def test_a_new_value_gives_a_new_name_and_the_old_secret_goes(publication: Publication) -> None:
    files = tree()
    publication.kustomize()
    publication.wait_until_applied(publication.publish(files))
    (old,) = publication.secrets()
    files["base/bytes"] = b"changed"
    publication.wait_until_applied(publication.publish(files))
    (new,) = publication.secrets()
    assert new != old
    assert [one["uses"] for one in publication.applied() if one["kind"] == "Deployment"] == [[new]]


def test_a_kustomization_that_is_deleted_takes_all_with_it(publication: Publication, client: ClusterClient) -> None:
    publication.kustomize()
    publication.wait_until_applied(publication.publish(tree()))
    client.delete("Kustomization", publication.namespace, "app")
    client.wait_until_gone("Kustomization", publication.namespace, "app")
    assert publication.applied() == []


# --- the article's directory ---


def test_a_directory_without_a_kustomization_is_applied_as_before(
    publication: Publication, client: ClusterClient, artifacts: ArtifactServer
) -> None:
    """Flux has applied it from the plain source, with prune on; the same objects stay when vaultgen adds a Secret."""
    files = {
        "apps/app/app.yaml": deployment("app"),
        "apps/app/below/map.yml": config_map("below"),
        "apps/app/below/deep/a b: [c].yaml": config_map("odd"),
        "apps/app/.hidden.yaml": config_map("hidden"),
        "apps/app/.hidden/map.yaml": config_map("in-hidden"),
        "apps/app/empty.yaml": b"# nothing\n",
        "apps/app/several.yaml": config_map("one") + b"\n---\n" + config_map("two"),
        "apps/app/other/Kustomization": text({"configMapGenerator": [{"name": "other", "literals": ["a=b"]}]}),
        "apps/app/other/left-out.yaml": config_map("left-out"),
        "apps/app/text": b"s3cret",
        "apps/another/map.yaml": config_map("another"),
    }
    publication.kustomize("apps/app")
    publication.wait_until_applied(publication.publish(files, "apps/app"))
    before = uids(client, publication.namespace)
    assert len(before) == 8

    entry = {"name": "app", "files": {"a.json": "text"}}
    added = read_document({**HEAD, "metadata": {"name": "app"}, "secretGenerator": [entry]})
    publication.wait_until_applied(publication.publish(files, "apps/app", added))
    ((name, data),) = publication.secrets().items()
    assert data == {"a.json": b"s3cret"}
    assert [one["uses"] for one in publication.applied() if one["kind"] == "Deployment"] == [[name]]
    assert before.items() <= uids(client, publication.namespace).items()


def uids(client: ClusterClient, namespace: str) -> dict[str, str]:
    """Return which objects there are, but for the key."""
    found = [one for kind in KINDS for one in client.all_of(kind, namespace)]
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in found if "labels" in one["metadata"]}
