"""`vaultgen policy` against a real OpenBao: what it prints is enough, and nothing of it is too much."""

import json
import shutil
import subprocess

import pytest

from support.desk import Desk
from support.kustomize import CHECKOUT
from support.request_log import RequestLog
from support.vault_client import VaultClient
from support.vault_file import write_vault_file

ARTICLE = CHECKOUT / "examples/article"


@pytest.fixture
def app(desk: Desk) -> Desk:
    """A tree that reads by API paths, logical paths, of KV v1 and v2, and with odd names."""
    desk.vault.mount_v1()
    root = desk.vault.root
    root.write_v1("old", {"k": "v"})
    for name in ("db", "api/key", 'a"b\\c', "x${y}", "a*b/c", "plus+", "é"):
        root.write(name, {"k": "v"})
    desk.write("one", "A=vault:secret/data/db?key=k", "B=vault:secret/api/key?key=k", "C=vault:kv1/old?key=k")
    desk.write("two", 'D=vault:secret/a"b\\c?key=k', "E=vault:secret/data/x${y}?key=k", "F=vault:secret/a*b/c?key=k")
    desk.write(
        "three", "G=vault:secret/data/plus+?key=k", "H=vault:secret/é?key=k&version=1", "I=vault:secret/data/db?key=k"
    )
    return desk


def token_of(root: VaultClient, policy: str) -> str:
    root.policy("printed", policy)
    return root.new_token(["printed"], no_default_policy=True)


def printed(desk: Desk, **environment: str) -> str:
    ran = desk.vaultgen("policy", ".", **environment)
    assert (ran.status, ran.stderr) == (0, "")
    return ran.stdout


def blocks_of(policy: str) -> list[str]:
    return [part for part in policy.split("\n\n") if "\npath " in part]


def test_a_token_with_the_policy_alone_builds_and_without_any_line_of_it_does_not(app: Desk) -> None:
    """Not even the policy ``default``."""
    policy = printed(app)
    blocks = blocks_of(policy)
    assert len(blocks) == 8
    assert app.vaultgen("build", ".", VAULT_TOKEN=token_of(app.vault.root, policy)).status == 0
    for left_out in blocks:
        less = "\n\n".join(block for block in blocks if block != left_out)
        built = app.vaultgen("build", ".", VAULT_TOKEN=token_of(app.vault.root, less))
        assert built.status != 0, left_out
        assert set(built.codes) <= {"permission-denied", "mount-hidden"}


def test_the_policy_can_be_written_by_the_command_of_its_example(app: Desk) -> None:
    bao = [app.vault.server.binary, "policy", "write", "my-app", "-"]
    environment = {**app.environment, "VAULT_TOKEN": app.vault.root.token}
    done = subprocess.run(bao, input=printed(app), env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    token = app.vault.root.new_token(["my-app"])
    assert app.vaultgen("policy", "--check", ".", VAULT_TOKEN=token).status == 0


def test_a_build_needs_no_more_for_a_token_of_a_login(app: Desk, request_log: RequestLog) -> None:
    """The policy ``default`` is what revokes it at the end."""
    root = app.vault.root
    root.policy("printed", printed(app))
    root.enable_auth("userpass")
    root.request("POST", "auth/userpass/users/ci", {"password": "of ci", "token_policies": ["printed"]})
    block = "{auth: [{userpass: {username: ci, password: {env: VAULT_PASSWORD}}}]}"
    app.write("one", "A=vault:secret/data/db?key=k", vault=block)
    request_log.mark()
    assert app.vaultgen("build", ".", VAULT_TOKEN="", VAULT_PASSWORD="of ci").status == 4, (
        "the others need a login, too"
    )
    for name in ("two", "three"):
        (app.directory / f"{name}.yaml").unlink()
    app.write("one", "A=vault:secret/data/db?key=k", vault=block)
    assert app.vaultgen("build", ".", VAULT_TOKEN="", VAULT_PASSWORD="of ci").status == 0
    assert not [seen for seen in request_log.requests(path="auth/token/revoke-self") if seen.refused]


def test_what_no_policy_can_spell_is_allowed_all_the_same_and_said(desk: Desk) -> None:
    for name in ("+/c", "a+*b", "x*", "*", "{{y}}/c"):
        desk.vault.root.write(name, {"k": "v"})
    desk.write("one", *(f"K{at}=vault:secret/data/{name}?key=k" for at, name in enumerate(("+/c", "a+*b", "x*"))))
    desk.write("two", "A=vault:secret/data/*?key=k", "B=vault:secret/data/{{y}}/c?key=k")
    policy = printed(desk)
    assert policy.count("which no policy can spell)") == 5
    assert desk.vaultgen("build", ".", VAULT_TOKEN=token_of(desk.vault.root, policy)).status == 0


@pytest.mark.usefixtures("has_namespaces")
def test_one_policy_is_enough_for_the_namespaces_below(app: Desk) -> None:
    child = app.vault.root.new_namespace("team")
    child.mount("secret", "kv", {"version": "2"})
    child.write("db", {"k": "v"})
    app.write("one", f"A=vault:secret/db?key=k&namespace={child.namespace}", "B=vault:secret/data/db?key=k")
    policy = printed(app, VAULT_TOKEN=app.vault.root.token)
    assert f"# --- Vault namespace {app.vault.name}\n" in policy
    assert 'path "team/secret/data/db"' in policy
    token = token_of(app.vault.root, policy)
    assert app.vaultgen("build", ".", VAULT_TOKEN=token).status == 0
    without = "\n\n".join(block for block in blocks_of(policy) if "team/" not in block)
    assert app.vaultgen("build", ".", VAULT_TOKEN=token_of(app.vault.root, without)).status == 4


def test_the_article_gets_the_rights_of_the_article_and_no_more(desk: Desk) -> None:
    """Its own policy names a directory, which may hold more."""
    root = desk.vault.root
    write_vault_file(ARTICLE / "vault.yaml", root)
    shutil.copytree(ARTICLE, desk.directory, dirs_exist_ok=True)
    policy = printed(desk)
    for own in (policy, (ARTICLE / "policy.hcl").read_text()):
        token = token_of(root, own)
        paths = ["secret/data/my-app/database", "secret/data/my-app/api", "secret/data/other", "secret/data/my-app"]
        granted = root.request("POST", "sys/capabilities", {"token": token, "paths": paths})["data"]
        assert [granted[path] for path in paths] == [["read"], ["read"], ["deny"], ["deny"]]


# --- without Vault ---


def test_without_vault_the_policy_says_what_it_takes_for_granted(app: Desk) -> None:
    ran = app.vaultgen("policy", ".", VAULT_ADDR="")
    assert ran.status == 0
    assert ran.stderr == "note: some paths are taken for KV v2: no Vault address is set\n"
    assert '# (taken for KV v2 at kv1/, as Vault did not say)\npath "kv1/data/old"' in ran.stdout
    known = printed(app)
    assert set(blocks_of(known)) - set(blocks_of(ran.stdout))


def test_vault_is_not_asked_where_paths_say_enough(app: Desk, request_log: RequestLog) -> None:
    for name in ("two", "three"):
        (app.directory / f"{name}.yaml").unlink()
    app.write("one", "A=vault:secret/data/db?key=k")
    request_log.mark()
    assert printed(app) == printed(app, VAULT_ADDR="")
    assert request_log.paths(token=app.vault.token) == []


@pytest.mark.parametrize("token", ["of-nobody", ""])
def test_without_a_credential_the_policy_is_printed_all_the_same(app: Desk, token: str) -> None:
    ran = app.vaultgen("policy", ".", VAULT_TOKEN=token)
    assert ran.status == 0
    assert ran.stderr.startswith("note: some paths are taken for KV v2: ")
    assert len(blocks_of(ran.stdout)) == 8


@pytest.mark.usefixtures("has_namespaces")
def test_a_namespace_that_is_not_there_leaves_the_others_certain(app: Desk) -> None:
    app.write("one", "A=vault:kv1/old?key=k&namespace=nowhere", "B=vault:kv1/old?key=k")
    ran = app.vaultgen("policy", ".")
    assert "note: some paths are taken for KV v2: there is no Vault namespace nowhere" in ran.stderr
    assert "--- Vault namespace nowhere\n# The session is of another namespace" in ran.stdout
    assert 'Secret one: B\npath "kv1/old"' in ran.stdout


def test_a_document_that_cannot_be_built_has_no_policy(app: Desk) -> None:
    app.write("one", "A=vault:secret/data/db")
    ran = app.vaultgen("policy", ".")
    assert (ran.status, ran.stdout, ran.codes) == (3, "", ["bad-reference"])


def test_a_tree_that_reads_nothing_needs_nothing(desk: Desk) -> None:
    desk.write("one", "A=a")
    assert blocks_of(printed(desk, VAULT_ADDR="")) == []
    ran = desk.vaultgen("policy", "--check", ".", VAULT_ADDR="")
    assert (ran.status, ran.stdout, ran.stderr) == (0, "", "no document here reads from Vault\n")


# --- --check ---


def test_the_check_says_of_each_path_what_the_token_may(app: Desk, request_log: RequestLog) -> None:
    """By one question, besides that for the mounts."""
    (app.directory / "two.yaml").unlink()
    (app.directory / "three.yaml").unlink()
    app.write("one", "A=vault:secret/data/db?key=k", "B=vault:secret/api/key?key=k", "C=vault:kv1/old?key=k")
    rules = (
        'path "secret/data/db" { capabilities = ["read"] }\n'
        'path "secret/data/api/+" { capabilities = ["update", "read", "sudo"] }\n'
        'path "kv1/+" { capabilities = ["list"] }'
    )
    app.vault.root.policy("some", rules)
    token = app.vault.root.new_token(["some"])
    request_log.mark()
    ran = app.vaultgen("policy", "--check", ".", VAULT_TOKEN=token)
    assert request_log.paths(token=token) == ["sys/internal/ui/mounts", "sys/capabilities-self"]
    assert (ran.status, ran.stderr) == (1, "1 of 3 paths may not be read\n")
    assert ran.stdout.replace(f" in {app.vault.name}", "").splitlines() == [
        "missing  kv1/old",
        "broader  secret/data/api/key: also sudo, update",
        "ok       secret/data/db",
    ]
    found = json.loads(app.vaultgen("policy", "--check", "--output", "json", ".", VAULT_TOKEN=token).stdout)
    assert (found["version"], found["mayReadAll"]) == (1, False)
    assert found["paths"][1] == {
        "path": "secret/data/api/key",
        "vaultNamespace": app.vault.name,
        "documents": ["one.yaml"],
        "mayRead": True,
        "capabilities": ["read", "sudo", "update"],
        "beyondReading": ["sudo", "update"],
    }
    assert (found["paths"][0]["mayRead"], found["paths"][0]["capabilities"]) == (False, ["list"])


def test_a_root_token_may_more_than_anything_needs(app: Desk) -> None:
    ran = app.vaultgen("policy", "--check", ".", VAULT_TOKEN=app.vault.server.root_token, VAULT_NAMESPACE="")
    assert ran.status == 0
    ran = app.vaultgen("policy", "--check", ".", VAULT_TOKEN=app.vault.root.token)
    assert all(line.startswith("broader ") and line.endswith(": also root") for line in ran.stdout.splitlines())


def test_each_credential_is_asked_about_its_own_documents(app: Desk) -> None:
    root = app.vault.root
    root.policy("db", 'path "secret/data/db" { capabilities = ["read"] }')
    root.enable_auth("userpass")
    root.request("POST", "auth/userpass/users/ci", {"password": "of ci", "token_policies": ["db"]})
    for name in ("two", "three"):
        (app.directory / f"{name}.yaml").unlink()
    app.write(
        "one",
        "A=vault:secret/data/db?key=k",
        vault="{auth: [{userpass: {username: ci, password: {env: VAULT_PASSWORD}}}]}",
    )
    app.write(
        "two", "A=vault:secret/data/db?key=k", "B=vault:kv1/old?key=k", vault="{auth: [{token: {env: VAULT_OTHER}}]}"
    )
    ran = app.vaultgen("policy", "--check", ".", VAULT_TOKEN="", VAULT_PASSWORD="of ci", VAULT_OTHER=app.vault.token)
    assert ran.status == 0
    assert ran.stdout.replace(f" in {app.vault.name}", "").splitlines() == [
        "ok       secret/data/db (one.yaml)",
        "broader  kv1/old: also list (two.yaml)",
        "broader  secret/data/db: also list (two.yaml)",
    ]
    assert app.vaultgen("policy", ".").stdout.count("secret/data/db") == 1


@pytest.mark.usefixtures("has_namespaces")
def test_the_check_fails_where_it_cannot_ask(app: Desk) -> None:
    none = token_of(
        app.vault.root, 'path "secret/data/db" { capabilities = ["read"] }\npath "kv1/*" { capabilities = ["read"] }'
    )
    for environment, codes, status in (
        ({"VAULT_ADDR": ""}, ["no-address"], 3),
        ({"VAULT_TOKEN": "of-nobody"}, ["token-invalid"], 4),
        ({"VAULT_NAMESPACE": "nowhere"}, ["namespace-unknown"], 4),
        ({"VAULT_TOKEN": none}, ["capabilities-hidden"], 4),
    ):
        ran = app.vaultgen("policy", "--check", ".", **environment)
        assert (ran.status, ran.stdout, ran.codes) == (status, "", codes)


def test_json_is_for_the_check(app: Desk) -> None:
    assert app.vaultgen("policy", "--output", "json", ".").status == 2


def test_no_value_is_read(app: Desk, request_log: RequestLog) -> None:
    request_log.mark()
    for words in ((".",), ("--check", "."), ("--check", "--output", "json", ".")):
        assert app.vaultgen("policy", *words).status == 0
    assert not [path for path in request_log.paths(token=app.vault.token) if not path.startswith("sys/")]
