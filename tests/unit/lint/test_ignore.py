import pytest

from vaultgen.lint.ignore import comments


def targets(text: str, *, is_yaml: bool = True) -> list[tuple[int, tuple[str, ...], str]]:
    return [(one.target, one.rules, one.reason) for one in comments(text, is_yaml=is_yaml)]


@pytest.mark.parametrize(
    ("comment", "rules", "reason"),
    [
        ("# vaultgen-ignore: no-restart", ("no-restart",), ""),
        ("# vaultgen-ignore: no-restart it reloads itself", ("no-restart",), "it reloads itself"),
        ("#vaultgen-ignore: a, b-c  why", ("a", "b-c"), "why"),
        ("# vaultgen-ignore: a (why)", ("a",), "(why)"),
        ("# vaultgen-ignore:", (), ""),
        ("# vaultgen-ignore", (), ""),
    ],
)
def test_rules_and_reason_are_read(comment: str, rules: tuple[str, ...], reason: str) -> None:
    assert targets(f"a: b  {comment}\n") == [(1, rules, reason)]


def test_a_comment_of_its_own_speaks_of_the_next_line_that_is_none() -> None:
    assert targets("# vaultgen-ignore: a\n# more\n\nb: c\n") == [(4, ("a",), "")]
    assert targets("# vaultgen-ignore: a\n") == [(1, ("a",), "")]


def test_where_a_hash_is_part_of_a_value_only_whole_lines_are_comments() -> None:
    text = "A=b # vaultgen-ignore: a\n# vaultgen-ignore: b\nC=d\n"
    assert targets(text, is_yaml=False) == [(3, ("b",), "")]


@pytest.mark.parametrize("text", ["a: b#vaultgen-ignore: a\n", "a: vaultgen-ignore\n", "# vaultgen-ignored: a\n"])
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert targets(text) == []
