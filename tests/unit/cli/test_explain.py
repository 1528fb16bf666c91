import pytest

from vaultgen.cli import app
from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS
from vaultgen.lint.finding import Rule
from vaultgen.lint.rules import RULES


def explained(what: str, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """Return what is said, by word."""
    assert app.main(["explain", what]) == 0
    said: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines()[2:]:
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest.strip())
    return said


def test_an_api_path_is_read_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    said = explained("vault:secret/data/app?key=password&version=3", capsys)
    assert said["reads"] == ["GET /v1/secret/data/app?version=3"]
    assert said["policy"] == ['path "secret/data/app" { capabilities = ["read"] }']
    assert said["version"] == ["3, and no other"]
    assert said["takes"] == ["the field password"]
    assert "before" not in said


def test_a_logical_path_depends_on_its_mount(capsys: pytest.CaptureFixture[str]) -> None:
    said = explained("vault:secret/app?key=password", capsys)
    assert said["reads"] == [
        "GET /v1/secret/data/app  (if secret/ is KV v2)",
        "GET /v1/secret/app  (if secret/ is KV v1, or another engine)",
    ]
    assert len(said["policy"]) == 2
    assert said["before"][0].startswith("GET /v1/sys/internal/ui/mounts")
    assert said["version"] == ["the latest, or the one that vaultgen.lock names"]


@pytest.mark.parametrize(
    ("reference", "word", "text"),
    [
        ("vault:secret/data/app?format=json", "takes", "the whole secret, as JSON"),
        ("vault:secret/data/app?key=a&decode=base64", "takes", "the field a, decoded from base64"),
        ("vault:secret/data/app?key=a&encode=url", "takes", "the field a, percent-encoded for a URL"),
        ("vault:secret/data/app?key=a&jsonPointer=/b/0", "takes", "the field a, in the JSON there what stands at /b/0"),
        ("vault:secret/data/app", "takes", "in envs, every field as a data key; elsewhere add ?key=FIELD"),
        ("vault:secret/data/app?version=2", "takes", "in envs, every field as a data key"),
        ("vault:secret/data/app?key=a", "missing", "if there is no such path or field a: that is an error"),
        (
            "vault:secret/data/app?key=a&optional=true",
            "missing",
            "if there is no such path or field a: the data key is",
        ),
        ("vault:secret/data/app?format=json", "missing", "if there is no such path: that is an error"),
        ("vault:secret/data/app?key=a&namespace=team-a", "in", "the Vault namespace team-a"),
        ("vault:pki/issue/web?key=a&allowDynamic=true", "dynamic", "each read may make a new credential"),
        ("${vault:secret/data/app?key=a}", "reads", "GET /v1/secret/data/app"),
    ],
)
def test_each_part_of_a_reference_is_explained(
    reference: str, word: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explained(reference, capsys)[word][0].startswith(text)


@pytest.mark.parametrize("path", ["secret/metadata/app", "v1/secret/data/app", "secret/data/data/app"])
def test_a_path_that_is_likely_wrong_is_doubted_first(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = explained(f"vault:{path}?key=a", capsys)
    assert next(iter(said)) == "hint"
    assert said["hint"][0].startswith("did you mean secret/data/app, ")
    assert "hint" not in explained("vault:secret/data/app?key=a", capsys)


def test_a_default_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """It may be a password."""
    assert app.main(["explain", "vault:secret/data/app?key=a&default=hunter2"]) == 0
    out = capsys.readouterr().out
    assert "hunter2" not in out
    assert "if there is no such path or field a: the text of default=" in out


def test_a_wrong_reference_is_reported_as_a_build_would(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["explain", "vault:secret/data/app?kye=a"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error[bad-reference]: not a valid reference: it has an unknown parameter\n")
    assert "hint: did you mean key?" in captured.err


@pytest.mark.parametrize("code", CATALOGUE)
def test_each_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = explained(f"error[{code}]", capsys)
    assert said["hint"] != [""]
    assert said["family"][0].startswith(CATALOGUE[code].family)
    assert said["status"] == [str(EXIT_STATUS[CATALOGUE[code].family])]


def test_facts_have_the_names_that_they_have_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["explain", "permission-denied"]) == 0
    assert capsys.readouterr().out.startswith(
        "error[permission-denied]: Vault refused to read PATH\n\n"
        "hint      Vault says the same of a path that does not exist: check it, then give the token's policy: "
        'path "API_PATH" { capabilities = ["read"] }\n'
    )


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("seald", "there is no code seald; did you mean sealed?"),
        ("xyzzy", "xyzzy is no code, and no reference: that would begin with vault:"),
        ("secret/data/app?kye=a", "secret/data/app?kye=a is no code, and no reference: that would begin with vault:"),
    ],
)
def test_anything_else_is_a_wrong_command_line(what: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["explain", what]) == 2
    assert f"error: {says}\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "meant"),
    [
        ("secret/data/app?key=a", "'vault:secret/data/app?key=a'"),
        ("secret/data/app", "vault:secret/data/app"),
        ("secret/data/app?key=a&default=hunter2", "'vault:secret/data/app?key=a&default=…'"),
    ],
)
def test_a_reference_without_its_beginning_is_proposed(
    what: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["explain", what]) == 2
    assert capsys.readouterr().err == (
        f"error: a reference begins with vault:\n  hint: did you mean `vaultgen explain {meant}`?\n"
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_of_lint_is_explained(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["explain", rule.id]) == 0
    said = capsys.readouterr().out
    assert f"{rule.severity}[{rule.id}]: {rule.description}\n" in said
    assert ("--fix mends" in said) is rule.is_fixable
    assert f"# vaultgen-ignore: {rule.id} REASON" in said


def test_a_name_that_is_both_code_and_rule_is_explained_as_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["explain", "remote-base"]) == 0
    heads = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines() if "[remote-base]" in line]
    assert heads == ["error[remote-base]", "info[remote-base]"]


def test_what_lint_prints_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["explain", "warning[no-restart]"]) == 0
    assert capsys.readouterr().out.startswith("warning[no-restart]: ")


def test_a_rule_that_is_nearly_right_is_proposed(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["explain", "no-restrat"]) == 2
    assert "did you mean no-restart?" in capsys.readouterr().err
