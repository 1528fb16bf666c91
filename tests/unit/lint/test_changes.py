import pytest

from vaultgen.lint.changes import Target


@pytest.mark.parametrize(
    ("pattern", "may_be"),
    [
        ("", True),
        ("web", True),
        ("app", False),
        ("^web$", True),
        ("app|web", True),
        ("app|api", False),
        (".*", True),
        ("we.+", True),
        # Not run, so that no tree can keep a search busy: it could match.
        ("(a+)+$", True),
        ("[[", True),
    ],
)
def test_a_pattern_is_given_the_benefit_of_the_doubt(pattern: str, may_be: bool) -> None:
    assert Target("Deployment", pattern).may_be("Deployment", {"web"}) == may_be
    assert not Target("Secret", pattern).may_be("Deployment", {"web"})


def test_any_name_on_the_way_counts() -> None:
    assert Target("", "my-web").may_be("Deployment", {"web", "my-web"})
