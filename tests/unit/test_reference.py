"""The grammar of references."""

import pytest

from support.in_memory import codes
from vaultgen.errors import Place, Refused
from vaultgen.errors.report import report
from vaultgen.ports import Read
from vaultgen.reference import Reference, is_reference, parse_reference, split_text


def _parsed(text: str, *, whole: bool = False) -> tuple[object, ...]:
    """All parts but the shown text."""
    return tuple(parse_reference(text, whole=whole)[:-1])


def test_a_field_of_a_path() -> None:
    assert parse_reference("vault:secret/data/my-app/database?key=password") == Reference(
        Read("secret/data/my-app/database"),
        "password",
        shown="vault:secret/data/my-app/database?key=password",
    )


def test_every_parameter_of_a_field() -> None:
    text = (
        "vault:secret/data/x?key=a&version=3&namespace=team-a/app&decode=base64&encode=url&jsonPointer=/b/0"
        "&default=d&allowDynamic=true"
    )
    assert _parsed(text) == (Read("secret/data/x", 3, "team-a/app", True), "a", True, True, "/b/0", "d", False)


def test_the_whole_secret() -> None:
    assert _parsed("vault:secret/data/x?format=json&version=2&optional=true") == (
        Read("secret/data/x", 2),
        "",
        False,
        False,
        None,
        None,
        True,
    )


def test_all_fields_in_envs() -> None:
    assert _parsed("vault:secret/data/x", whole=True) == (Read("secret/data/x"), "", False, False, None, None, False)
    assert _parsed("vault:secret/x?version=1&namespace=n&optional=true&allowDynamic=true", whole=True) == (
        Read("secret/x", 1, "n", True),
        "",
        False,
        False,
        None,
        None,
        True,
    )


@pytest.mark.parametrize(
    "parameter", ["key=a", "format=json", "decode=base64", "encode=url", "jsonPointer=/a", "default=x"]
)
def test_nothing_is_picked_in_envs(parameter: str) -> None:
    with pytest.raises(Refused):
        parse_reference(f"vault:secret/data/x?{parameter}", whole=True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a%20b", "a b"),
        ("a+b", "a+b"),
        ("a b", "a b"),
        ("%25", "%"),
        ("%2541", "%41"),
        ("a%26b", "a&b"),
        ("a%3Db", "a=b"),
        ("a=b", "a=b"),
        ("a?b", "a?b"),
        ("%C3%A9", "é"),
        ("é", "é"),
        ("%c3%a9", "é"),
        ("%7D", "}"),
        ("#", "#"),
    ],
)
def test_percent_decoding_happens_once_and_plus_is_itself(written: str, meant: str) -> None:
    assert parse_reference(f"vault:a/b?key={written}").field == meant


def test_a_path_is_decoded_too() -> None:
    assert parse_reference("vault:secret/data/a%20b%2Fc%23?key=x").read.path == "secret/data/a b/c#"


def test_slashes_around_a_namespace_go() -> None:
    assert parse_reference("vault:a?key=b&namespace=/team-a/app/").read.vault_namespace == "team-a/app"


@pytest.mark.parametrize(
    "text",
    [
        "vault:",
        "vault:?key=a",
        "vault:a",
        "vault:a?",
        "vault:a?key",
        "vault:a?key=",
        "vault:a?=b",
        "vault:a?key=b&",
        "vault:a?&key=b",
        "vault:a?key=b&key=c",
        "vault:a?key=b&key=b",
        "vault:a?key=b&field=c",
        "vault:a?Key=b",
        "vault:a?k%65y=b",
        "vault:a?key=b&format=json",
        "vault:a?format=yaml",
        "vault:a?format=",
        "vault:a?format=JSON",
        "vault:a?format=json&decode=base64",
        "vault:a?format=json&jsonPointer=/a",
        "vault:a?format=json&encode=url",
        "vault:a?key=b&encode=base64",
        "vault:a?key=b&encode=",
        "vault:a?key=b&decode=hex",
        "vault:a?key=b&decode=",
        "vault:a?key=b&default=c&optional=true",
        "vault:a?key=b&default=c&optional=false",
        "vault:a?key=b&optional=yes",
        "vault:a?key=b&optional=",
        "vault:a?key=b&allowDynamic=1",
        "vault:/a?key=b",
        "vault:a/?key=b",
        "vault:a//b?key=b",
        "vault:a/../b?key=b",
        "vault:a/./b?key=b",
        "vault:..?key=b",
        "vault:a/%2e%2e/b?key=b",
        "vault:a/%2E/b?key=b",
        "vault:a%2F%2Fb?key=b",
        "vault:a%2F?key=b",
        "vault:%2Fa?key=b",
        "vault: a?key=b",
        "vault:a ?key=b",
        "vault:%20a?key=b",
        "vault:a#b",
        "vault:a#b?key=c",
        "vault:a&key=b",
        "vault:a%zz?key=b",
        "vault:a%?key=b",
        "vault:a%4?key=b",
        "vault:a?key=%",
        "vault:a?key=%4g",
        "vault:a?key=%-1",
        "vault:a?key=%ff",
        "vault:a?key=%c3",
        "vault:a%ed%a0%80?key=b",
        "vault:a\n?key=b",
        "vault:a%00?key=b",
        "vault:a?key=b%0a",
        "vault:a?key=b\x7f",
        "vault:a?key=\u2028",
        "vault:a?key=b&namespace=",
        "vault:a?key=b&namespace=/",
        "vault:a?key=b&namespace=a//b",
        "vault:a?key=b&namespace=../b",
        "vault:a?key=b&namespace=a%0d%0ax",
    ],
)
def test_a_wrong_reference_is_refused(text: str) -> None:
    place = Place(file="gen.yaml", field="secretGenerator[0].files", key="x")
    with pytest.raises(Refused) as raised:
        parse_reference(text, place)
    assert codes(raised.value) == ["bad-reference"]
    fault = raised.value.faults[0]
    assert fault.place._replace(reference="") == place
    assert fault.place.reference.startswith("vault:")
    assert fault.facts["why"]
    assert fault.facts["suggestion"]


@pytest.mark.parametrize(
    "version",
    ["0", "-1", "01", "+1", "1.0", "1e1", "", " 1", "1 ", "abc", "latest", "²", "\u0661", "99999999999", "1\n"],
)
def test_a_version_is_a_number_from_1(version: str) -> None:
    """Vault answers 200 with the latest version for 0 and -1."""
    with pytest.raises(Refused):
        parse_reference(f"vault:a?key=b&version={version}")


@pytest.mark.parametrize("version", [1, 10, 9999999999])
def test_a_version_is_taken(version: int) -> None:
    assert parse_reference(f"vault:a?key=b&version={version}").read.version == version


@pytest.mark.parametrize("pointer", ["/", "/a", "/a/b", "/a~1b", "/a~0b", "/~01", "/~00", "/0", "//", "/ ", "/é"])
def test_a_json_pointer_is_taken(pointer: str) -> None:
    assert parse_reference(f"vault:a?key=b&jsonPointer={pointer}").pointer == pointer


@pytest.mark.parametrize("pointer", ["", "a", "a/b", "/~", "/a~", "/~2", "/~~01", "/~~0", "~0", "/a/~b", "#/a"])
def test_what_is_no_json_pointer_is_refused(pointer: str) -> None:
    """RFC 6901: each ~ is followed by 0 or 1."""
    with pytest.raises(Refused):
        parse_reference(f"vault:a?key=b&jsonPointer={pointer}")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("vault:secret/data/x#password", "vault:secret/data/x?key=password"),
        ("vault:a?field=b", "did you mean key?"),
        ("vault:a?kye=b", "did you mean key?"),
        ("vault:a?key=b&jsonpointer=/a", "did you mean jsonPointer?"),
        ("vault:a?key=b&Version=1", "did you mean version?"),
        ("vault:a", "?format=json"),
        ("vault:a&key=b", "write ? in front"),
        ("vault:a?key=x&y=z", "%26"),
    ],
)
def test_a_suggestion_helps(text: str, suggestion: str) -> None:
    with pytest.raises(Refused) as raised:
        parse_reference(text)
    assert suggestion in raised.value.faults[0].facts["suggestion"]


def test_a_default_may_be_any_text() -> None:
    assert parse_reference("vault:a?key=b&default=").default == ""
    assert parse_reference("vault:a?key=b&default=a%0Ab%00%26é=?#").default == "a\nb\x00&é=?#"


@pytest.mark.parametrize(
    "text",
    [
        "vault:a?key=b&default=hunter2",
        "vault:a?default=hunter2&key=b",
        "vault:a?key=b&default=hunter2&optional=true",
        "vault:a?key=b&default=hunter2&default=hunter2",
        "vault:a?key=b&default=hunter2&nonsense=1",
        "vault:a&default=hunter2",
        "vault:a&default=hunter2?key=b&key=c",
        "vault:a#b&default=hunter2",
        "vault:/a&default=hunter2",
        "vault:a/../b&default=hunter2",
        "vault:a?key=b&default=hunter2%zz",
        "vault:a?key=b&defualt=hunter2",
        "vault:a?key=b&password=hunter2",
        "vault:a?default=hunter2",
        "vault:a\n?key=b password=hunter2",
        "vault:a\npassword: hunter2\n?key=b",
    ],
)
def test_a_default_is_never_shown(text: str) -> None:
    try:
        shown = parse_reference(text).shown
    except Refused as refused:
        shown = report(refused.faults)
    assert "vault:" in shown
    assert "hunter2" not in shown


def test_only_a_text_that_starts_so_is_a_reference() -> None:
    assert is_reference("vault:a")
    assert not any(map(is_reference, ("", "vault", "Vault:a", " vault:a", "\\vault:a", "${vault:a}")))


A = Reference(Read("a"), "b", shown="vault:a?key=b")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("",)),
        ("plain", ("plain",)),
        ("vault:a?key=b", (A,)),
        ("${vault:a?key=b}", (A,)),
        ("x${vault:a?key=b}y", ("x", A, "y")),
        ("${vault:a?key=b}${vault:a?key=b}", (A, A)),
        ("$${vault:a?key=b}", ("${vault:a?key=b}",)),
        ("$$${vault:a?key=b}", ("$", A)),
        ("$$$${vault:a?key=b}", ("$${vault:a?key=b}",)),
        ("pa$$$$${vault:a?key=b}", ("pa$$", A)),
        ("${vault:a?key=b}$$${vault:a?key=b}", (A, "$", A)),
        ("$$ ${vault:a?key=b}$$", ("$$ ", A, "$$")),
        ("x$${vault:y${vault:a?key=b}", ("x${vault:y", A)),
        ("$${vault:${vault:a?key=b}", ("${vault:", A)),
        ("${vault:a?key=b}$${vault:", (A, "${vault:")),
        ("${vault:a?key=b}$", (A, "$")),
        ("$ ${vault:a?key=b}", ("$ ", A)),
        ("\\vault:a?key=b", ("vault:a?key=b",)),
        ("\\vault:${vault:a?key=b}", ("vault:", A)),
        ("\\\\vault:a", ("\\vault:a",)),
        ("\\\\\\vault:a", ("\\\\vault:a",)),
        ("\\x", ("\\x",)),
        ("\\\\", ("\\\\",)),
        ("\\ vault:a", ("\\ vault:a",)),
        ("x\\vault:a", ("x\\vault:a",)),
        ("xvault:a", ("xvault:a",)),
        ("$vault:a ${vault} ${other:a} {vault:a}", ("$vault:a ${vault} ${other:a} {vault:a}",)),
        ("{${vault:a?key=b}}", ("{", A, "}")),
    ],
)
def test_text_is_split(text: str, parts: tuple[str | Reference, ...]) -> None:
    assert split_text(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "${vault:",
        "${vault:a?key=b",
        "${vault:}",
        "${vault:a}",
        "x ${vault:a?key=b} ${vault:a?key=",
        "${vault:a?key=b&optional=true}",
        "${vault:a?key=${vault:a?key=b}}",
    ],
)
def test_a_wrong_reference_in_text_is_refused(text: str) -> None:
    with pytest.raises(Refused) as raised:
        split_text(text, Place(key="x"))
    assert codes(raised.value) == ["bad-reference"]
    assert raised.value.faults[0].place.key == "x"


@pytest.mark.parametrize(
    "text",
    [
        "hunter2 ${vault:a?key=b",
        "${vault:a?key=b:hunter2@${vault:a?key=b}",
        "${vault:a?key=b&version=x} hunter2",
        "hunter2${vault:a?key=b&optional=true}hunter2",
        "$${vault:hunter2 ${vault:",
        "${vault:a?key=b\n password: hunter2}",
        "${vault:a\n password: hunter2}",
    ],
)
def test_the_text_around_a_reference_is_never_shown(text: str) -> None:
    with pytest.raises(Refused) as raised:
        split_text(text)
    assert "hunter2" not in report(raised.value.faults)
