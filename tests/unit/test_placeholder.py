"""Secrets without Vault."""

import json

import pytest

from support.build import LABEL_VALUE, generator
from support.in_memory import MemoryFiles, codes
from vaultgen.document.model import Document
from vaultgen.document.read import read_document
from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_one
from vaultgen.placeholder import LABEL, PLAIN_FILE, PLAIN_TEXT, appliable_placeholders, notes_on, placeholders

FILES = MemoryFiles({"logo.txt": b"a logo", "local.env": b"USER=vault:secret/data/app?key=user\nPLAIN=x\n"})


def document(sources: str) -> Document:
    """Return a document with one entry."""
    return read_document(parse_one(generator(sources).encode()))


def data(sources: str) -> dict[str, str]:
    """Return the placeholders of a document's one Secret."""
    (secret,) = appliable_placeholders(document(sources), FILES)
    return {key: value.reveal().decode() for key, value in secret.data.items()}


def shown(sources: str) -> dict[str, str]:
    """Return the same, of Secrets that are for looking at alone."""
    (secret,) = placeholders(document(sources), FILES)
    return {key: value.reveal().decode() for key, value in secret.data.items()}


def test_a_reference_stands_for_itself_by_name() -> None:
    assert data("files: {p: 'vault:secret/data/app?key=password'}") == {
        "p": "placeholder for password of secret/data/app"
    }


def test_text_around_a_reference_stays() -> None:
    assert data("literals: ['DSN=pg://${vault:secret/data/app?key=p}@db']") == {
        "DSN": "pg://placeholder for p of secret/data/app@db"
    }


def test_what_needs_no_vault_is_what_it_is() -> None:
    assert data("files: [logo.txt]\n  literals: [A=b]") == {"A": "b", "logo.txt": "a logo"}


def test_nothing_plain_is_in_what_is_only_looked_at() -> None:
    """A file beside the document may be one that nobody has committed."""
    sources = (
        "files: [logo.txt, .dockercfg=logo.txt]\n  envs: [local.env]\n"
        "  literals: [A=canary, 'DSN=canary://${vault:secret/data/app?key=p}@canary', 'E=']\n"
        "  dockerConfig: [{server: r.example.com, username: canary, password: 'vault:secret/data/app?key=p'}]"
    )
    found = shown(sources)
    (login,) = json.loads(found.pop(".dockerconfigjson"))["auths"].values()
    assert found == {
        "logo.txt": PLAIN_FILE,
        ".dockercfg": "{}",
        "PLAIN": PLAIN_TEXT,
        "USER": "placeholder for user of secret/data/app",
        "A": PLAIN_TEXT,
        "DSN": f"{PLAIN_TEXT} and placeholder for p of secret/data/app",
        "E": "",
    }
    assert (login["username"], login["password"]) == (PLAIN_TEXT, "placeholder for p of secret/data/app")
    assert "email" not in login


def test_a_dotenv_file_has_its_keys() -> None:
    assert data("envs: [local.env]") == {"PLAIN": "x", "USER": "placeholder for user of secret/data/app"}


def test_a_whole_secret_in_one_key_says_so() -> None:
    assert data("files: {all: 'vault:secret/data/app?format=json'}") == {
        "all": "placeholder for all fields of secret/data/app"
    }


@pytest.mark.parametrize("key", [".dockerconfigjson", ".dockercfg"])
def test_where_the_api_server_wants_json_there_is_some(key: str) -> None:
    assert data(f"files: {{{key}: 'vault:secret/data/app?key=config'}}") == {key: "{}"}


def test_registries_are_composed_of_placeholders() -> None:
    sources = "dockerConfig: [{server: r.example.com, username: ci, password: 'vault:secret/data/app?key=p'}]"
    (login,) = json.loads(data(sources)[".dockerconfigjson"])["auths"].values()
    assert (login["username"], login["password"]) == ("ci", "placeholder for p of secret/data/app")


def test_neither_a_default_nor_optional_changes_that() -> None:
    """What Vault would answer is not known."""
    found = data("literals: ['A=vault:secret/data/app?key=a&default=x', 'B=vault:secret/data/app?key=b&optional=true']")
    assert found == {"A": "placeholder for a of secret/data/app", "B": "placeholder for b of secret/data/app"}


def test_the_same_document_gives_the_same_secrets() -> None:
    sources = "literals: ['A=vault:secret/data/app?key=a']"
    assert placeholders(document(sources), FILES) == placeholders(document(sources), FILES)


def test_the_mark_is_a_label_that_the_api_server_refuses() -> None:
    (marked,) = placeholders(
        document("literals: ['A=vault:secret/data/app?key=a']\n  options: {labels: {own: label}}"), FILES
    )
    (plain,) = appliable_placeholders(
        document("literals: ['A=vault:secret/data/app?key=a']\n  options: {labels: {own: label}}"), FILES
    )
    assert not LABEL_VALUE.fullmatch(marked.options.labels[LABEL])
    assert marked._replace(options=plain.options) == plain
    assert dict(plain.options.labels) == {"own": "label"}


def test_a_document_that_is_wrong_is_refused() -> None:
    with pytest.raises(Refused) as raised:
        placeholders(document("literals: ['A=vault:secret/data/app']"), FILES)
    assert codes(raised.value) == ["bad-reference"]


def test_a_note_is_made_for_each_secret_whose_keys_are_not_known() -> None:
    sources = "envs: ['vault:secret/data/a', local.env, 'vault:secret/data/b?version=2']"
    assert list(notes_on(document(sources), FILES)) == [
        f'note: the placeholder for Secret "app": its data keys from {shown} are known to Vault alone, and left out\n'
        for shown in ("vault:secret/data/a", "vault:secret/data/b?version=2")
    ]
    assert data(sources).keys() == {"PLAIN", "USER"}


def test_nothing_is_noted_where_all_keys_are_known() -> None:
    assert list(notes_on(document("envs: [local.env]"), FILES)) == []
