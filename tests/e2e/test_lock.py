"""`vaultgen lock`, and every kind of build that obeys it, with the real kustomize and a real OpenBao."""

import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.canaries import assert_no_canary, new_canary
from support.desk import Desk
from support.kustomize import PLUGIN_FLAGS, kustomize_build
from support.request_log import RequestLog
from support.vault_namespace import VaultNamespace


class Tree(Desk):
    """A desk at which locks are made."""

    def locks(self, *words: str) -> str:
        """Run `vaultgen lock`, which must succeed, and return what it prints."""
        ran = self.vaultgen("lock", *words)
        assert (ran.status, ran.stderr) == (0, ""), ran.stderr
        return ran.stdout

    def lock(self, root: str = ".") -> Any:
        """Return the entries of a lock file."""
        return yaml.safe_load((self.directory / root / "vaultgen.lock").read_text())["paths"]

    def builds(self, root: str = ".") -> dict[str, dict[str, str]]:
        """Build with `vaultgen build --reveal` and return the data of the Secrets, by name without its suffix."""
        ran = self.vaultgen("build", "--reveal", root)
        assert ran.status == 0, ran.stderr
        return {name.rpartition("-")[0]: data for name, data in secrets(ran.stdout).items()}


def secrets(output: str | bytes) -> dict[str, dict[str, str]]:
    """Return the data of the Secrets of a build, by name."""
    return {
        item["metadata"]["name"]: {key: base64.b64decode(value).decode() for key, value in item["data"].items()}
        for item in yaml.safe_load_all(output)
    }


@pytest.fixture
def tree(tmp_path: Path, vault_namespace: VaultNamespace) -> Tree:
    """An empty directory, and a Vault of its own."""
    (tmp_path / "tree").mkdir()
    return Tree(tmp_path / "tree", vault_namespace)


@pytest.fixture
def app(tree: Tree) -> Tree:
    """One document that reads one path, in its first version, locked."""
    tree.vault.root.write("db", {"password": "first"})
    tree.write("app", "PASSWORD=vault:secret/data/db?key=password")
    tree.locks()
    return tree


# --- the round trip ---


def test_a_rotation_takes_effect_when_the_lock_is_updated(app: Tree) -> None:
    """And not before: the old value, under the old suffix."""
    before = app.vaultgen("build", "--reveal", ".").stdout
    assert list(secrets(before).values()) == [{"PASSWORD": "first"}]
    app.vault.root.write("db", {"password": "second"})
    app.vault.root.write("db", {"password": "third"})
    assert app.vaultgen("build", "--reveal", ".").stdout == before

    checked = app.vaultgen("lock", "--check")
    assert (checked.status, checked.stdout, checked.codes) == (5, "", ["lock-outdated"])
    assert app.locks() == "unchanged vaultgen.lock\n"
    assert app.vaultgen("build", "--reveal", ".").stdout == before

    assert "secret/data/db: version 1 of" in app.locks("--update")
    assert app.vaultgen("lock", "--check").status == 0
    after = secrets(app.vaultgen("build", "--reveal", ".").stdout)
    assert list(after.values()) == [{"PASSWORD": "third"}]
    assert not after.keys() & secrets(before).keys()


BOTH = ("A=vault:secret/data/db?key=password", "B=vault:secret/db?key=password")


@pytest.mark.parametrize("path", ["secret/db", "secret/data/db"])
def test_two_ways_to_write_a_path_have_one_pin_that_either_updates(path: str, app: Tree) -> None:
    """A build would else take one key of it from the old version, and one from the new."""
    app.write("app", *BOTH)
    assert app.locks() == "unchanged vaultgen.lock\n"
    app.vault.root.write("db", {"password": "second"})
    assert app.builds() == {"app": {"A": "first", "B": "first"}}
    assert app.locks("--update", ".", path).count("->") == 1
    assert {entry["path"]: entry["version"] for entry in app.lock()} == {"secret/data/db": 2}
    assert app.builds() == {"app": {"A": "second", "B": "second"}}
    assert app.vaultgen("lock", "--check").status == 0


def test_a_path_keeps_its_pin_when_it_is_written_in_the_other_way(app: Tree, request_log: RequestLog) -> None:
    app.vault.root.write("db", {"password": "second"})
    app.write("app", "PASSWORD=vault:secret/db?key=password")
    request_log.mark()
    assert app.locks() == "unchanged vaultgen.lock\n"
    assert request_log.paths(token=app.vault.token) == []
    assert app.builds() == {"app": {"PASSWORD": "first"}}
    printed = app.locks("--update")
    assert "  secret/data/db: the same secret as secret/db\n  secret/db: version 1 of" in printed
    assert [entry["path"] for entry in app.lock()] == ["secret/db"]
    assert app.builds() == {"app": {"PASSWORD": "second"}}


def test_a_lock_with_a_pin_for_each_way_is_read_and_made_shorter(app: Tree) -> None:
    """Such as earlier versions wrote it."""
    lock = app.directory / "vaultgen.lock"
    (entry,) = app.lock()
    twice = lock.read_text() + f'- path: "secret/db"\n  version: 1\n  createdTime: "{entry["createdTime"]}"\n'
    lock.write_text(twice)
    app.write("app", *BOTH)
    assert app.builds() == {"app": {"A": "first", "B": "first"}}
    assert app.vaultgen("lock", "--check").status == 0
    assert app.locks() == "wrote     vaultgen.lock\n  secret/db: the same secret as secret/data/db\n"
    assert app.lock() == [entry]


def test_a_pin_for_both_ways_costs_no_request(app: Tree, request_log: RequestLog) -> None:
    app.write("app", *BOTH)
    request_log.mark()
    app.builds()
    with_lock = request_log.paths(token=app.vault.token)
    (app.directory / "vaultgen.lock").unlink()
    request_log.mark()
    app.builds()
    assert sorted(with_lock) == sorted(request_log.paths(token=app.vault.token))


def test_where_nothing_is_each_way_has_a_pin(app: Tree) -> None:
    """In an engine without versions the two are different paths, and one of them may come to be."""
    app.write("app", "A=vault:secret/data/later?key=k&default=", "B=vault:secret/later?key=k&default=")
    app.locks()
    assert [(entry["path"], entry["absent"]) for entry in app.lock()] == [
        ("secret/data/later", True),
        ("secret/later", True),
    ]
    app.vault.root.write("later", {"k": "v"})
    app.locks("--update")
    assert [entry["path"] for entry in app.lock()] == ["secret/data/later"]


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_a_secret_that_was_deleted_and_written_anew_is_no_other_version_but_a_mismatch(app: Tree, writes: int) -> None:
    """With fewer versions than before, as many, or more."""
    app.vault.root.write("db", {"password": "second"})
    app.locks("--update")
    app.vault.root.request("DELETE", "secret/metadata/db")
    for number in range(writes):
        app.vault.root.write("db", {"password": f"another {number}"})
    code = "lock-gone" if writes < 2 else "lock-mismatch"
    for built in (app.vaultgen("build", "--reveal", "."), app.vaultgen("build", ".")):
        assert (built.status, built.stdout, built.codes) == (5, "", [code])
    checked = app.vaultgen("lock", "--check")
    assert checked.codes == [code if writes < 3 else "lock-outdated"]
    app.locks("--update")
    assert app.builds() == {"app": {"PASSWORD": f"another {writes - 1}"}}


def test_a_pinned_version_that_is_deleted_or_destroyed_or_pruned_fails_the_build(app: Tree) -> None:
    """Never the next best version; undeleting brings it back."""
    root = app.vault.root
    root.write("db", {"password": "second"})
    root.delete_versions("db", [1])
    built = app.vaultgen("build", ".")
    assert (built.status, built.codes) == (5, ["lock-gone"])
    assert (
        "version 1 of secret/data/db, which vaultgen.lock names, is not there any more: it is deleted" in built.stderr
    )
    root.request("POST", "secret/undelete/db", {"versions": [1]})
    assert app.builds() == {"app": {"PASSWORD": "first"}}
    root.destroy_versions("db", [1])
    assert "it is destroyed" in app.vaultgen("build", ".").stderr
    for _ in range(10):
        root.write("db", {"password": "more"})
    built = app.vaultgen("build", ".")
    assert built.codes == ["lock-gone"]
    assert "older than the mount keeps" in built.stderr


def test_what_became_of_the_newest_version_is_no_concern_of_a_build_with_an_older_one(app: Tree) -> None:
    app.vault.root.write("db", {"password": "second"})
    app.vault.root.delete_versions("db", [2])
    assert app.builds() == {"app": {"PASSWORD": "first"}}
    assert app.locks() == "unchanged vaultgen.lock\n"
    checked = app.vaultgen("lock", "--check")
    assert checked.codes == ["lock-outdated"]
    assert "Vault has version 2, which is deleted" in checked.stderr
    assert app.vaultgen("lock", "--update").codes == ["version-deleted"]


# --- every way to build obeys it ---


def plain(tree: Tree) -> dict[str, dict[str, str]]:
    built = kustomize_build(tree.directory, tree.environment)
    assert built.status == 0, built.stderr
    return secrets(built.stdout)


def legacy(tree: Tree) -> dict[str, dict[str, str]]:
    document = tree.directory / "app.yaml"
    tree_of = yaml.safe_load(document.read_text())
    del tree_of["metadata"]["annotations"]
    document.write_text(yaml.safe_dump(tree_of))
    home = tree.directory.parent / "plugins"
    home.mkdir()
    assert tree.vaultgen("install", KUSTOMIZE_PLUGIN_HOME=str(home)).status == 0
    built = kustomize_build(
        tree.directory, {**tree.environment, "KUSTOMIZE_PLUGIN_HOME": str(home)}, flags=PLUGIN_FLAGS
    )
    assert built.status == 0, built.stderr
    return secrets(built.stdout)


def revealed(tree: Tree) -> dict[str, dict[str, str]]:
    return secrets(tree.vaultgen("build", "--reveal", ".").stdout)


@pytest.mark.parametrize("way", [plain, legacy, revealed])
def test_whatever_builds_gives_the_pinned_value(app: Tree, way: Callable[[Tree], dict[str, dict[str, str]]]) -> None:
    app.vault.root.write("db", {"password": "second"})
    assert list(way(app).values()) == [{"PASSWORD": "first"}]


def test_a_build_with_real_names_has_the_suffix_of_the_pinned_value(app: Tree) -> None:
    (name,) = revealed(app)
    app.vault.root.write("db", {"password": "second"})
    assert list(secrets(app.vaultgen("build", "--real-names", ".").stdout)) == [name]


def test_a_placeholder_build_needs_no_lock(app: Tree) -> None:
    (app.directory / "vaultgen.lock").write_text("nonsense")
    assert app.vaultgen("build", "--placeholder", ".", VAULT_ADDR="").status == 0


def test_a_build_reads_the_pinned_version_and_nothing_else(app: Tree, request_log: RequestLog) -> None:
    """Also ahead of time, for all documents of the tree at once."""
    app.write("other", "A=vault:secret/data/db?key=password", "B=vault:secret/data/db?key=password&version=1")
    app.locks()
    request_log.mark()
    app.builds()
    assert request_log.paths(token=app.vault.token) == ["secret/data/db"]


# --- what can be pinned ---


def test_an_engine_without_versions_is_named_and_read_as_it_is(app: Tree) -> None:
    app.vault.mount_v1()
    app.vault.root.write_v1("old", {"k": "v"})
    app.write("app", "A=vault:kv1/old?key=k")
    assert "  kv1/old: cannot be pinned, its engine keeps no versions\n" in app.locks()
    assert app.lock() == [{"path": "kv1/old", "unpinned": True}]
    app.vault.root.write_v1("old", {"k": "w"})
    assert app.builds() == {"app": {"A": "w"}}
    assert "kv1/old: cannot be pinned" in app.vaultgen("lock", "--check").stdout


def test_an_engine_that_changes_its_mind_about_versions_is_a_mismatch(app: Tree) -> None:
    """A mount of KV v1 in the place of one of KV v2, and back."""
    root = app.vault.root
    app.write("app", "PASSWORD=vault:secret/db?key=password")
    app.locks()
    pinned = (app.directory / "vaultgen.lock").read_text()
    root.request("DELETE", "sys/mounts/secret")
    root.mount("secret", "kv", {"version": "1"})
    root.write_v1("db", {"password": "flat"}, "secret")
    assert app.vaultgen("build", ".").codes == ["lock-mismatch"]
    assert app.vaultgen("lock", "--check").codes == ["lock-mismatch"]
    app.locks("--update")
    assert app.builds() == {"app": {"PASSWORD": "flat"}}
    root.request("DELETE", "sys/mounts/secret")
    root.mount("secret", "kv", {"version": "2"})
    root.write("db", {"password": "first"})
    assert app.vaultgen("build", ".").codes == ["lock-mismatch"]
    assert app.vaultgen("lock", "--check").codes == ["lock-mismatch"]
    (app.directory / "vaultgen.lock").write_text(pinned)
    assert app.vaultgen("build", ".").codes == ["lock-mismatch"]


def test_a_dynamic_engine_is_not_read_to_be_locked(app: Tree, request_log: RequestLog) -> None:
    """A read would make a credential for nothing."""
    root = app.vault.root
    root.mount("totp", "totp")
    root.request("POST", "totp/keys/app", {"generate": True, "issuer": "test", "account_name": "a@b"})
    app.write("app", "CODE=vault:totp/code/app?key=code&allowDynamic=true")
    app.environment["VAULT_TOKEN"] = root.token
    request_log.mark()
    assert "totp/code/app: cannot be pinned" in app.locks()
    assert app.vaultgen("lock", "--check").status == 0
    assert "totp/code/app" not in request_log.paths()
    assert app.vaultgen("build", ".").status == 0
    app.write("app", "CODE=vault:totp/code/app?key=code")
    (app.directory / "vaultgen.lock").unlink()
    assert app.vaultgen("lock").codes == ["dynamic-engine"]


def test_what_is_absent_stays_so_until_the_lock_is_updated(app: Tree) -> None:
    app.write("app", "A=vault:secret/data/later?key=k&default=none")
    app.write("other", "B=vault:secret/data/later?key=k&optional=true", "C=c")
    assert "secret/data/later: nothing\n" in app.locks()
    app.vault.root.write("later", {"k": "v"})
    assert app.builds() == {"app": {"A": "none"}, "other": {"C": "c"}}
    checked = app.vaultgen("lock", "--check")
    assert checked.codes == ["lock-outdated"]
    assert "vaultgen.lock names nothing of secret/data/later, and Vault has version 1 of" in checked.stderr
    app.write("other", "B=vault:secret/data/later?key=k")
    assert app.vaultgen("build", ".").codes == ["lock-absent"]
    app.locks("--update")
    assert app.builds() == {"app": {"A": "v"}, "other": {"B": "v"}}
    app.vault.root.request("DELETE", "secret/metadata/later")
    assert set(app.vaultgen("build", ".").codes) == {"lock-gone"}


def test_a_path_that_must_be_there_is_not_pinned_as_absent(app: Tree) -> None:
    """Nor is anything pinned that no build could go on with."""
    app.write("app", "A=vault:secret/data/gone?key=k", "B=vault:secret/data/db?key=nothing")
    before = (app.directory / "vaultgen.lock").read_bytes()
    ran = app.vaultgen("lock", "--update")
    assert (ran.status, ran.codes) == (5, ["path-missing", "field-missing"])
    assert (
        'where: app.yaml, VaultSecretGenerator app, secretGenerator[0].literals[0], Secret "app", key "A"' in ran.stderr
    )
    assert (app.directory / "vaultgen.lock").read_bytes() == before


def test_a_version_that_a_reference_names_is_held_to_its_time(app: Tree) -> None:
    root = app.vault.root
    app.write("app", "OLD=vault:secret/data/db?key=password&version=1", "NEW=vault:secret/data/db?key=password")
    root.write("db", {"password": "second"})
    app.locks("--update")
    assert [(item["version"], "explicit" in item) for item in app.lock()] == [(2, False), (1, True)]
    root.write("db", {"password": "third"})
    assert app.builds() == {"app": {"OLD": "first", "NEW": "second"}}
    assert app.vaultgen("lock", "--check").codes == ["lock-outdated"]
    app.locks("--update")
    root.delete_versions("db", [1])
    assert app.vaultgen("build", ".").codes == ["version-deleted"]
    assert app.vaultgen("lock", "--check").codes == ["lock-gone"]
    root.request("DELETE", "secret/metadata/db")
    for text in ("another", "second", "third"):
        root.write("db", {"password": text})
    assert app.vaultgen("build", ".").codes == ["lock-mismatch", "lock-mismatch"]
    assert app.vaultgen("lock", "--check").codes == ["lock-mismatch", "lock-mismatch"]


# --- Vault namespaces ---


@pytest.mark.usefixtures("has_namespaces")
def test_a_path_of_each_namespace_has_a_pin_of_its_own(app: Tree) -> None:
    """Whether the reference or the document's ``vault:`` block names it."""
    child = app.vault.root.new_namespace("team-a")
    child.mount("secret", "kv", {"version": "2"})
    child.write("db", {"password": "of the team"})
    name = child.namespace
    app.environment["VAULT_TOKEN"] = app.vault.root.token
    app.write("team", f"A=vault:secret/data/db?key=password&namespace={name}")
    app.environment["VAULT_NAMESPACE"] = ""
    app.write("app", "PASSWORD=vault:secret/data/db?key=password", vault=f"{{namespace: {app.vault.name}}}")
    app.write("whole", "B=vault:secret/data/db?key=password", vault=f"{{namespace: /{name}/}}")
    app.locks("--update")
    assert [item["vaultNamespace"] for item in app.lock()] == [app.vault.name, name]
    child.write("db", {"password": "new"})
    app.vault.root.write("db", {"password": "new"})
    assert app.builds() == {"app": {"PASSWORD": "first"}, "team": {"A": "of the team"}, "whole": {"B": "of the team"}}
    checked = app.vaultgen("lock", "--check")
    assert checked.codes == ["lock-outdated", "lock-outdated"]


@pytest.mark.usefixtures("has_namespaces")
def test_documents_that_mean_different_secrets_by_one_path_cannot_share_a_lock(app: Tree) -> None:
    """Two servers, or one namespace that the environment gives in place of two."""
    other = app.vault.root.new_namespace("other")
    other.mount("secret", "kv", {"version": "2"})
    other.write("db", {"password": "of another"})
    app.environment["VAULT_TOKEN"] = app.vault.root.token
    # Only here does a reference mean what the document does not.
    app.write("app", "PASSWORD=vault:secret/data/db?key=password", vault=f"{{namespace: {other.namespace}}}")
    app.write("two", f"A=vault:secret/data/db?key=password&namespace={other.namespace}")
    ran = app.vaultgen("lock")
    assert (ran.status, ran.codes) == (3, ["lock-ambiguous"])


# --- several kustomizations ---


def test_each_kustomization_with_documents_has_a_lock_of_its_own(tree: Tree, request_log: RequestLog) -> None:
    """A base that two overlays use has one, and it is read once."""
    tree.vault.root.write("db", {"password": "first"})
    tree.write("base", "A=vault:secret/data/db?key=password", root="base")
    for name in ("one", "two"):
        tree.write(name, f"B={name}", f"C=vault:secret/data/{name}?key=k", root=f"overlays/{name}")
        tree.vault.root.write(name, {"k": name})
        path = tree.directory / "overlays" / name / "kustomization.yaml"
        path.write_text(path.read_text() + "resources: [../../base]\n")
    (tree.directory / "kustomization.yaml").write_text("resources: [overlays/one]\n")
    assert tree.vaultgen("lock", "--check").codes == ["no-lock", "no-lock"]
    request_log.mark()
    printed = tree.locks()
    assert sorted(request_log.paths(token=tree.vault.token)) == ["secret/data/db", "secret/data/one"]
    assert [line for line in printed.splitlines() if line.startswith("wrote")] == [
        "wrote     overlays/one/vaultgen.lock",
        "wrote     base/vaultgen.lock",
    ]
    assert not (tree.directory / "vaultgen.lock").exists()
    tree.vault.root.write("db", {"password": "second"})
    assert tree.builds("overlays/one") == {"base": {"A": "first"}, "one": {"B": "one", "C": "one"}}
    assert tree.vaultgen("lock", "--check", "overlays/two").codes == ["no-lock", "lock-outdated"]
    tree.locks("overlays/two")
    assert tree.builds("overlays/two") == {"base": {"A": "first"}, "two": {"B": "two", "C": "two"}}
    tree.locks("--update", "base")
    assert tree.builds("overlays/two")["base"] == {"A": "second"}


def test_a_path_that_two_locks_name_is_told_for_each(app: Tree) -> None:
    """And once for each, however many documents read it."""
    app.write("again", "A=vault:secret/data/db?key=password")
    app.write("base", "A=vault:secret/data/db?key=password", root="base")
    path = app.directory / "kustomization.yaml"
    path.write_text(path.read_text() + "resources: [base]\n")
    app.locks()
    app.vault.root.write("db", {"password": "second"})
    checked = app.vaultgen("lock", "--check")
    assert checked.codes == ["lock-outdated", "lock-outdated"]
    assert [line for line in checked.stderr.splitlines() if "where:" in line] == [
        "  where: vaultgen.lock",
        "  where: base/vaultgen.lock",
    ]


@pytest.mark.parametrize("layout", ["inline", "list", "directory", "component", "article"])
def test_the_lock_lies_where_the_build_of_a_document_looks_for_it(app: Tree, layout: str) -> None:
    """Which is the root of the kustomization that lists it, and not the directory that it stands in."""
    (app.directory / "vaultgen.lock").unlink()
    document = (app.directory / "app.yaml").read_text()
    (app.directory / "app.yaml").unlink()
    file, root = app.directory / "kustomization.yaml", "."
    (app.directory / "part").mkdir()
    part = app.directory / "part" / "kustomization.yaml"
    if layout == "inline":
        file.write_text(yaml.safe_dump({"generators": [document]}))
    elif layout == "list":
        listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(document)]}
        (app.directory / "part" / "list.yaml").write_text(yaml.safe_dump(listed))
        file.write_text("generators: [part/list.yaml]\n")
    elif layout == "directory":
        (app.directory / "part" / "app.yaml").write_text(document)
        part.write_text("resources: [app.yaml]\n")
        file.write_text("generators: [part]\n")
    elif layout == "component":
        root = "part"
        (app.directory / "part" / "app.yaml").write_text(document)
        part.write_text("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ngenerators: [app.yaml]\n")
        file.write_text("components: [part]\n")
    else:
        found = yaml.safe_load(document)
        flux = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": found["metadata"]}
        spec = {"interval": "5m", "path": ".", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "a"}}
        flux["spec"] = {**spec, "secretGenerator": found["secretGenerator"]}
        (app.directory / "app.yaml").write_text(yaml.safe_dump(flux))
        file.write_text("generators: [app.yaml]\n")
    app.locks()
    assert [path.parent for path in app.directory.rglob("vaultgen.lock")] == [app.directory / root]
    app.vault.root.write("db", {"password": "second"})
    assert app.builds() == {"app": {"PASSWORD": "first"}}
    built = kustomize_build(app.directory, app.environment)
    assert list(built.secrets().values()) == [{"PASSWORD": b"first"}]


def test_many_documents_share_one_login_and_read_each_path_once(tree: Tree, request_log: RequestLog) -> None:
    root = tree.vault.root
    root.enable_auth("userpass")
    root.request("POST", "auth/userpass/users/ci", {"password": "of ci", "token_policies": ["read-all"]})
    block = "{auth: [{userpass: {username: ci, password: {env: VAULT_PASSWORD}}}]}"
    for number in range(5):
        root.write(f"p{number}", {"k": "v"})
        tree.write(f"d{number}", *(f"K{other}=vault:secret/data/p{other}?key=k" for other in range(5)), vault=block)
    tree.environment |= {"VAULT_TOKEN": "", "VAULT_PASSWORD": "of ci"}
    request_log.mark()
    tree.locks()
    assert sorted(request_log.paths(namespace=tree.vault.name)) == [
        "auth/token/revoke-self",
        "auth/userpass/login/ci",
        *(f"secret/data/p{number}" for number in range(5)),
    ]


# --- updates ---


def test_an_update_can_be_of_some_paths(app: Tree) -> None:
    app.write("other", "A=vault:secret/data/api?key=k")
    app.vault.root.write("api", {"k": "first"})
    app.locks()
    app.vault.root.write("api", {"k": "second"})
    app.vault.root.write("db", {"password": "second"})
    printed = app.locks("--update", ".", "secret/data/api")
    assert "secret/data/api: version 1" in printed
    assert "secret/data/db" not in printed
    assert app.builds() == {"app": {"PASSWORD": "first"}, "other": {"A": "second"}}


def test_a_path_that_nothing_reads_cannot_be_updated(app: Tree) -> None:
    ran = app.vaultgen("lock", "--update", ".", "secret/data/other", "secret/data/db", "secret/other")
    assert (ran.status, ran.codes) == (3, ["path-not-asked", "path-not-asked"])


@pytest.mark.parametrize(
    "words", [("--check", "--update"), (".", "secret/data/db"), ("--check", ".", "secret/data/db")]
)
def test_options_that_make_no_sense_together_are_refused(app: Tree, words: tuple[str, ...]) -> None:
    assert app.vaultgen("lock", *words).status == 2


def test_what_is_not_read_any_more_goes_and_what_is_new_comes(app: Tree, request_log: RequestLog) -> None:
    """What is pinned already is not even read."""
    app.vault.root.write("db", {"password": "second"})
    app.vault.root.write("api", {"k": "v"})
    app.write("app", "A=vault:secret/data/api?key=k", "PASSWORD=vault:secret/data/db?key=password")
    assert app.vaultgen("build", ".").codes == ["lock-incomplete"]
    assert app.vaultgen("lock", "--check").codes == ["lock-incomplete", "lock-outdated"]
    request_log.mark()
    app.locks()
    assert request_log.paths(token=app.vault.token) == ["secret/data/api"]
    assert [item["version"] for item in app.lock()] == [1, 1]
    app.write("app", "A=vault:secret/data/api?key=k")
    assert "  secret/data/db: nothing reads it any more\n" in app.vaultgen("lock", "--check").stdout
    assert "  secret/data/db: nothing reads it any more\n" in app.locks()
    app.write("app", "A=a")
    app.locks()
    assert app.lock() == []
    assert app.locks() == "unchanged vaultgen.lock\n"


def test_where_nothing_reads_from_vault_there_is_nothing_to_lock(tree: Tree) -> None:
    tree.write("app", "A=a")
    for words in ((), ("--check",), ("--update",)):
        ran = tree.vaultgen("lock", *words, VAULT_ADDR="")
        assert (ran.status, ran.stdout) == (0, "")
        assert ran.stderr == "nothing to lock: no document here reads from Vault\n"
    assert not (tree.directory / "vaultgen.lock").exists()


def test_the_same_pins_are_the_same_text(app: Tree) -> None:
    """In whatever order documents and references stand; and a file that would not change is not written."""
    for name in ("a", "b", "é"):
        app.vault.root.write(name, {"k": "v"})
    paths = [f"vault:secret/data/{name}?key=k" for name in ("b", "é", "a")]
    app.write("app", *(f"K{index}={path}" for index, path in enumerate(paths)))
    app.locks()
    file = app.directory / "vaultgen.lock"
    before, inode = file.read_bytes(), file.stat().st_ino
    app.write("app", *(f"K{index}={path}" for index, path in enumerate(reversed(paths))))
    for words in ((), ("--update",)):
        assert app.locks(*words) == "unchanged vaultgen.lock\n"
    assert (file.read_bytes(), file.stat().st_ino) == (before, inode)
    file.unlink()
    app.locks()
    assert file.read_bytes() == before


# --- refusals ---


@pytest.mark.parametrize("words", [("lock",), ("lock", "--check"), ("lock", "--update"), ("build", ".")])
def test_a_lock_that_leads_outside_of_the_root_or_nowhere_is_refused(app: Tree, words: tuple[str, ...]) -> None:
    """It must not count as none: a build would go on with the newest versions."""
    file = app.directory / "vaultgen.lock"
    shutil.move(file, app.directory.parent / "elsewhere")
    file.symlink_to("../elsewhere")
    ran = app.vaultgen(*words)
    assert (ran.status, ran.codes) == (3, ["file-outside-root"])
    file.unlink()
    file.symlink_to("gone")
    ran = app.vaultgen(*words)
    assert (ran.status, ran.codes) == (3, ["file-unreadable"])
    file.unlink()
    file.mkdir()
    assert app.vaultgen(*words).codes == ["file-unreadable"]


def test_a_lock_may_be_a_link_below_the_root_and_stays_one(app: Tree) -> None:
    (app.directory / "pins").mkdir()
    file = app.directory / "vaultgen.lock"
    shutil.move(file, app.directory / "pins" / "app")
    file.symlink_to("pins/app")
    app.vault.root.write("db", {"password": "second"})
    assert app.builds() == {"app": {"PASSWORD": "first"}}
    app.locks("--update")
    assert file.is_symlink()
    assert app.builds() == {"app": {"PASSWORD": "second"}}


def test_an_edited_lock_reads_that_very_secret_or_none(app: Tree) -> None:
    app.vault.root.write("db", {"password": "second"})
    file = app.directory / "vaultgen.lock"
    pinned = file.read_text()
    for old, new in (
        ("version: 1", "version: 2"),
        ("version: 1", "version: 9"),
        ('createdTime: "20', 'createdTime: "19'),
    ):
        file.write_text(pinned.replace(old, new))
        built = app.vaultgen("build", "--reveal", ".")
        assert (built.status, built.stdout) == (5, "")
        assert built.codes in (["lock-mismatch"], ["lock-gone"])
    file.write_text(pinned.replace("version: 1", "unpinned: true").replace("  createdTime", "# createdTime"))
    assert app.vaultgen("build", "--reveal", ".").codes == ["lock-mismatch"]


def test_a_lock_with_marks_of_a_merge_is_refused_until_all_is_pinned_anew(app: Tree) -> None:
    file = app.directory / "vaultgen.lock"
    text = file.read_text()
    file.write_text(text.replace("  version: 1\n", "<<<<<<< HEAD\n  version: 1\n=======\n  version: 2\n>>>>>>> main\n"))
    for words in (("lock",), ("lock", "--check"), ("lock", "--update", ".", "secret/data/db"), ("build", ".")):
        ran = app.vaultgen(*words)
        assert (ran.status, ran.codes) == (3, ["bad-lock"])
        assert "where: vaultgen.lock:" in ran.stderr
    app.locks("--update")
    assert file.read_text() == text


def test_a_denied_path_is_told_with_its_references(app: Tree) -> None:
    app.vault.root.policy("one", 'path "secret/data/db" { capabilities = ["read"] }')
    app.write("other", "A=vault:secret/data/hidden?key=k&default=d")
    ran = app.vaultgen("lock", VAULT_TOKEN=app.vault.root.new_token(["one"]))
    assert (ran.status, ran.codes) == (4, ["permission-denied"])
    assert 'Secret "other", key "A"' in ran.stderr
    assert "vault:secret/data/hidden?key=k&default=…" in ran.stderr


def test_what_is_wrong_with_the_server_is_told_once(app: Tree) -> None:
    app.write("other", "A=vault:secret/data/hidden?key=k")
    for words in (("lock", "--update"), ("lock", "--check")):
        assert app.vaultgen(*words, VAULT_ADDR="").codes == ["no-address"]
        assert app.vaultgen(*words, VAULT_TOKEN="of-nobody").codes == ["token-invalid"]


def test_no_value_is_in_a_lock_or_in_what_is_said(app: Tree) -> None:
    canaries = {"value": new_canary("value"), "default": new_canary("default")}
    app.vault.root.write("db", {"password": canaries["value"], "other": "x"})
    app.write("app", "A=vault:secret/data/db?key=password", "B=vault:secret/data/no?key=k&default=plain-default-text")
    canaries["default"] = "plain-default-text"
    said = [app.vaultgen("lock", *words, VAULTGEN_LOG="debug") for words in ((), ("--update",), ("--check",))]
    app.vault.root.write("db", {"password": canaries["value"], "other": "y"})
    said.append(app.vaultgen("lock", "--check"))
    app.write("app", "A=vault:secret/data/db?key=pasword", "B=vault:secret/data/no?key=k&default=plain-default-text")
    said.append(app.vaultgen("lock", "--update"))
    assert [ran.status for ran in said] == [0, 0, 0, 5, 5]
    contents = {"lock": (app.directory / "vaultgen.lock").read_text()}
    assert_no_canary(canaries, contents | {str(index): str(ran) for index, ran in enumerate(said)})
