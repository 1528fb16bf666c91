"""Faults as text."""

from itertools import permutations

import pytest

from vaultgen.errors import Fault, Place
from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS
from vaultgen.errors.report import clean, exit_status, hint, message, report, where


def test_a_fault_is_a_block() -> None:
    place = Place(
        "gen.yaml", "VaultSecretGenerator my-app", "secretGenerator[0].files", "db", "password", "vault:a?key=b"
    )
    fault = Fault("path-missing", place, {"path": "a", "suggestion": "check the path"})
    assert report([fault, Fault("sealed", facts={"address": "http://a"})]) == (
        "error[path-missing]: Vault has nothing at a\n"
        '  where: gen.yaml, VaultSecretGenerator my-app, secretGenerator[0].files, Secret "db", key "password"\n'
        "  reference: vault:a?key=b\n"
        "  hint: check the path\n"
        "\n"
        "error[sealed]: Vault at http://a is sealed\n"
        f"  hint: {CATALOGUE['sealed'].hint}\n"
    )


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(), ""),
        (Place("a.yaml"), "a.yaml"),
        (Place("a.yaml", line=3, column=7), "a.yaml:3:7"),
        (Place(line=3, column=7), "document:3:7"),
        (Place(entry="db", key="k"), 'Secret "db", key "k"'),
        (Place(file="a\x1b[31m\n\u202e"), "a\\x1b[31m\\n\\u202e"),
    ],
)
def test_a_place_says_what_is_known(place: Place, text: str) -> None:
    assert where(place) == text


@pytest.mark.parametrize("code", CATALOGUE)
def test_facts_are_put_in_as_they_are(code: str) -> None:
    """Braces and percent signs in a fact are text, not a template."""

    class Everything(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return "{0} %s {x.__class__}"

    fault = Fault(code, facts=Everything())
    assert message(fault).count("{0} %s {x.__class__}") == CATALOGUE[code].what.count("{") - (
        2 * CATALOGUE[code].what.count("{{")
    )


@pytest.mark.parametrize(
    ("path", "better"),
    [
        ("v1/secret/data/x", "did you mean secret/data/x, since v1/ is put in front by itself?"),
        ("secret/data/data/x", "did you mean secret/data/x, with data/ once?"),
        ("team/kv/data/data/x/y", "did you mean team/kv/data/x/y, with data/ once?"),
        ("secret/metadata/x", "did you mean secret/data/x, since values are not under metadata/?"),
        ("secret/data/x", ""),
        ("v1/x", ""),
        ("secret/data/metadata/x", ""),
        ("secret/data/app/metadata/x", ""),
        ("secret/metadata", ""),
        ("data/data/x", ""),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_the_one_that_was_likely_meant(path: str, better: str) -> None:
    fault = Fault("path-missing", facts={"path": path, "suggestion": "check the path"})
    assert hint(fault) == (f"{better} If not: check the path" if better else "check the path")
    assert hint(Fault("path-missing", facts={"path": path})) == better
    for code in ("permission-denied", "mount-hidden"):
        assert hint(Fault(code, facts={"path": path})).startswith(better)
    assert "did you mean" not in hint(Fault("unexpected-answer", facts={"path": path}))


def test_a_remark_on_this_case_stands_in_front_of_the_hint() -> None:
    fault = Fault("login-denied", facts={"remark": "its token\n expired 3 h ago; also"})
    assert hint(fault) == f"its token\\n expired 3 h ago; also {CATALOGUE['login-denied'].hint}"


def test_a_hint_may_name_a_fact_that_is_not_known() -> None:
    assert hint(Fault("path-missing", facts={"path": "a"})) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b é 😀", "a b é 😀"),
        ("\x00\x1b\x7f\x9b", "\\x00\\x1b\\x7f\\x9b"),
        ("\n\r\t", "\\n\\r\\t"),
        ("\u2028\u200b\u202e\ufeff", "\\u2028\\u200b\\u202e\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_nothing_writes_to_the_terminal_but_text(text: str, shown: str) -> None:
    assert clean(text) == shown


def _fault(family: str) -> Fault:
    return Fault(next(code for code, row in CATALOGUE.items() if row.family == family))


@pytest.mark.parametrize("family", EXIT_STATUS)
def test_a_family_has_its_status(family: str) -> None:
    assert (
        exit_status([_fault(family)])
        == {
            "document": 3,
            "access": 4,
            "data": 5,
            "unavailable": 6,
            "internal": 70,
        }[family]
    )


@pytest.mark.parametrize("pair", list(permutations(("document", "access", "data", "unavailable", "internal"), 2)))
def test_of_several_families_the_first_counts_and_internal_before_all(pair: tuple[str, str]) -> None:
    order = ["internal", "document", "access", "data", "unavailable"]
    expected = min(pair, key=order.index)
    assert exit_status([_fault(family) for family in pair]) == exit_status([_fault(expected)])
