"""Placeholders of argocd-vault-plugin, understood and said again as references."""

import pytest

from vaultgen.avp.placeholder import Origin, Placeholder, source, split
from vaultgen.importing.source import NotCarried

ORIGIN = Origin("secret/data/app")


def only(text: str, origin: Origin = ORIGIN) -> Placeholder:
    (part,) = split(text, origin)
    assert isinstance(part, Placeholder)
    return part


def reference(placeholder: Placeholder, *, encoded: bool = False) -> str:
    return source(placeholder, encoded=encoded, missing="").reference()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<password>", "vault:secret/data/app?key=password"),
        ("<path:kv/data/x#user>", "vault:kv/data/x?key=user"),
        ("<path:kv/data/x#user#4>", "vault:kv/data/x?key=user&version=4"),
        ("<blob | jsonPath {.a.b}>", "vault:secret/data/app?key=blob&jsonPointer=/a/b"),
        ("<blob | jsonParse>", "vault:secret/data/app?key=blob"),
        ("<cert | base64decode>", "vault:secret/data/app?key=cert&decode=base64"),
        ("<path:kv/data/a b#x&y>", "vault:kv/data/a b?key=x%26y"),
    ],
)
def test_a_placeholder_has_a_reference_that_means_the_same(text: str, expected: str) -> None:
    assert reference(only(text)) == expected


def test_the_version_of_the_annotation_counts_for_the_path_of_the_annotation() -> None:
    placeholder = only("<password>", Origin("secret/data/app", "7"))
    assert reference(placeholder) == "vault:secret/data/app?key=password&version=7"


def test_data_that_the_placeholder_encodes_is_not_encoded_in_vault() -> None:
    assert reference(only("<tls | base64encode>"), encoded=True) == "vault:secret/data/app?key=tls"


def test_data_that_the_placeholder_does_not_encode_is_encoded_in_vault() -> None:
    assert reference(only("<tls>"), encoded=True) == "vault:secret/data/app?key=tls&decode=base64"


@pytest.mark.parametrize("text", ["<x | sha256sum>", "<x | indent 4>", "<x | yamlParse>", "<x | base64encode>"])
def test_a_modifier_without_a_counterpart_is_refused_by_name(text: str) -> None:
    with pytest.raises(NotCarried, match=text.split("|")[1].split()[0].rstrip(">")):
        reference(only(text))


@pytest.mark.parametrize("path", ["{.a[0]}", "{range .items[*]}{.b}{end}", "{..a}"])
def test_a_json_path_that_is_no_pointer_is_refused(path: str) -> None:
    with pytest.raises(NotCarried, match="jsonPath"):
        reference(only(f"<x | jsonPath {path}>"))


def test_a_version_that_is_no_number_is_refused() -> None:
    with pytest.raises(NotCarried, match="version"):
        reference(only("<path:kv/data/x#user#latest>"))


def test_without_the_annotation_angle_brackets_are_text() -> None:
    assert split("<b>bold</b> <me@example.com>", Origin()) == ["<b>bold</b> <me@example.com>"]


def test_text_around_placeholders_is_kept() -> None:
    parts = split("a<x>b<path:p#y>", ORIGIN)
    assert [part if isinstance(part, str) else part.key for part in parts] == ["a", "x", "b", "y"]


def test_a_path_without_a_key_is_refused() -> None:
    with pytest.raises(NotCarried):
        split("<path:kv/data/x>", ORIGIN)
