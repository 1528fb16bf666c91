"""Policies as text, without a server."""

from pathlib import Path

import pytest

from support.in_memory import codes
from vaultgen.errors import Refused, refuse
from vaultgen.kustomize.walk import walk
from vaultgen.policy import HEAD, Rule, Section, api_path, policy_text, sections, spelled
from vaultgen.ports import Read
from vaultgen.survey import Asked, survey
from vaultgen.vault.mounts import Mount

MOUNTS = (
    Mount("team/kv/", "kv", True),
    Mount("secret/", "kv", True),
    Mount("old/", "kv", False),
    Mount("db/", "database", False),
)


# --- where a read goes ---


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("secret/app", "secret/data/app"),
        ("secret/data/app", "secret/data/app"),
        ("team/kv/app/data/x", "team/kv/data/app/data/x"),
        ("old/app", "old/app"),
        ("old/data/app", "old/data/app"),
        ("db/static-creds/app", "db/static-creds/app"),
    ],
)
def test_with_the_mounts_a_path_is_certain(path: str, goes_to: str) -> None:
    assert api_path(Read(path), MOUNTS) == (goes_to, "")


@pytest.mark.parametrize(
    ("path", "goes_to", "certain"),
    [
        ("secret/data/app", "secret/data/app", True),
        ("secret/app", "secret/data/app", False),
        ("secret/app/x", "secret/data/app/x", False),
        ("team/kv/data/app", "team/kv/data/app", False),
        ("secret/app/data", "secret/data/app/data", False),
    ],
)
def test_without_them_it_is_taken_for_one_of_kv2(path: str, goes_to: str, certain: bool) -> None:
    found, note = api_path(Read(path), None)
    assert (found, not note) == (goes_to, certain)
    found, note = api_path(Read(path), ())
    assert (found, bool(note)) == (goes_to, True)


def test_what_a_build_refuses_has_no_policy() -> None:
    for read, code in (
        (Read("db/creds/app"), "dynamic-engine"),
        (Read("old/app", 2), "bad-reference"),
        (Read("secret"), "bad-reference"),
    ):
        with pytest.raises(Refused) as raised:
            api_path(read, MOUNTS)
        assert codes(raised.value) == [code]
    path, note = api_path(Read("db/creds/app", None, "", True), MOUNTS)
    assert (path, note) == ("db/creds/app", "the engine database makes a credential there")


# --- text ---


@pytest.mark.parametrize(
    ("path", "policy", "is_wider"),
    [
        ("secret/data/app", "secret/data/app", False),
        ("secret/data/a*b/c", "secret/data/a*b/c", False),
        ("secret/data/*/c", "secret/data/*/c", False),
        ("secret/data/a+", "secret/data/a+", False),
        ("secret/data/{a}", "secret/data/{a}", False),
        ("secret/data/a*", "secret/data/a*", True),
        ("secret/data/*", "secret/data/+", True),
        ("secret/data/+/c", "secret/data/+/c", True),
        ("secret/data/a+*b", "secret/data/+", True),
        ("secret/data/{{a}}/c", "secret/data/+/c", True),
        ("secret/data/a}}", "secret/data/+", True),
    ],
)
def test_wildcards_are_spelled_as_narrow_as_vault_lets_them(path: str, policy: str, is_wider: bool) -> None:
    assert spelled(path) == (policy, is_wider)


def test_a_path_stands_in_quotes_as_hcl_has_them() -> None:
    text = policy_text([("", Section("", (Rule('a/"\\${x}', ()),)))])
    assert 'path "a/\\"\\\\\\u0024{x}" {\n' in text


def test_nothing_in_a_comment_can_end_it() -> None:
    rule = Rule("secret/data/a", ("a\nb.yaml, Secret x: k\x1b[2J", "long " * 60), ("*/ note",))
    lines = policy_text([("", Section("", (rule,)))]).removeprefix(HEAD).splitlines()
    assert lines.pop(0) == ""
    assert [line for line in lines if not line.startswith("# ")] == [
        'path "secret/data/a" {',
        '  capabilities = ["read"]',
        "}",
    ]
    assert all(line.isprintable() and len(line) <= 120 for line in lines)


def test_one_section_of_the_root_namespace_has_no_heading() -> None:
    assert "---" not in policy_text([("http://a", Section("", (Rule("a/data/b", ()),)))])
    assert policy_text([]) == HEAD
    other = policy_text([("http://a", Section("team", ())), ("http://b", Section("", ()))])
    assert "# --- Vault namespace team of http://a\n" in other
    assert "# --- root namespace of http://b\n" in other


# --- from documents ---


def asked_of(directory: Path, *sources: str) -> list[Asked]:
    (directory / "kustomization.yaml").write_text("generators: [app.yaml]\n")
    literals = "".join(f"  - {source}\n" for source in sources)
    (directory / "app.yaml").write_text(
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: app}\nsecretGenerator:\n"
        f"- name: one\n  envs: ['vault:secret/data/all']\n  literals:\n{literals}"
        "- name: two\n  dockerConfig:\n  - {server: a, username: b, password: 'vault:secret/data/b?key=k'}\n"
    )
    return survey(walk(str(directory)))


def without_vault(read: Read) -> tuple[str, str]:
    return api_path(read, None)


def test_each_path_is_named_once_with_all_that_it_is_for(tmp_path: Path) -> None:
    asked = asked_of(
        tmp_path, "Z=vault:secret/data/b?key=k", "A=vault:secret/b?key=l", "V=vault:secret/b?key=k&version=2"
    )
    (section,) = sections([(one, without_vault) for one in asked], "")
    file = asked[0].plugin.file
    note = "taken for KV v2 at secret/, as Vault did not say"
    assert section.rules == (
        Rule("secret/data/all", (f"{file}, Secret one: all fields",)),
        Rule(
            "secret/data/b",
            (
                f"{file}, Secret one: Z",
                f"{file}, Secret two: .dockerconfigjson",
                f"{file}, Secret one: A",
                f"{file}, Secret one: V",
            ),
            (note,),
        ),
    )


def test_a_file_without_a_key_of_its_own_is_named_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("generators: [app.yaml]\n")
    (tmp_path / "app.yaml").write_text(
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: app}\nsecretGenerator:\n"
        "- name: one\n  files: ['vault:secret/data/a?key=password']\n"
    )
    asked = survey(walk(str(tmp_path)))
    (section,) = sections([(one, without_vault) for one in asked], "")
    assert section.rules == (Rule("secret/data/a", (f"{asked[0].plugin.file}, Secret one: password",)),)


@pytest.mark.parametrize(
    ("own", "namespace", "found"),
    [
        ("", "team", [("", "team/secret/data/a", False)]),
        ("team", "team", [("team", "secret/data/a", False)]),
        ("team", "team/a/b", [("team", "a/b/secret/data/a", False)]),
        ("team", "teams", [("team", "", False), ("teams", "secret/data/a", True)]),
        ("team/a", "team", [("team/a", "", False), ("team", "secret/data/a", True)]),
    ],
)
def test_a_policy_reaches_into_the_namespaces_below_its_own(
    own: str, namespace: str, found: list[tuple[str, str, bool]], tmp_path: Path
) -> None:
    asked = asked_of(tmp_path, f"A=vault:secret/data/a?key=k&namespace={namespace}")
    told = sections([(one, without_vault) for one in asked], own)
    assert [(one.vault_namespace, one.is_foreign) for one in told] == [(one[0], one[2]) for one in found]
    for section, (_, path, _) in zip(told, found, strict=True):
        assert not path or path in [rule.path for rule in section.rules]


def test_a_fault_of_a_read_is_told_at_each_of_its_references(tmp_path: Path) -> None:
    asked = asked_of(tmp_path, "A=vault:db/creds/x?key=k", "B=vault:db/creds/x?key=l", "C=vault:db/creds/y?key=l")
    with pytest.raises(Refused) as raised:
        sections([(one, lambda read: api_path(read, MOUNTS)) for one in asked], "")
    assert [fault.place.key for fault in raised.value.faults] == ["A", "B", "C"]


def test_a_fault_of_the_server_is_told_once(tmp_path: Path) -> None:
    def fails(read: Read) -> tuple[str, str]:
        raise refuse("sealed", address="http://a")

    asked = asked_of(tmp_path, "A=vault:secret/data/a?key=k")
    with pytest.raises(Refused) as raised:
        sections([(one, fails) for one in asked], "")
    assert codes(raised.value) == ["sealed"]
