import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.krm.tree import parse_one
from vaultgen.publish.kustomization_text import Edit, edited, expected


def edit(text: str, *dropped: int, component: str = ".vaultgen", bases: bool = False) -> str:
    return edited(text, "kustomization.yaml", Edit(dropped, component, bases))


def refusal(text: str, *dropped: int, bases: bool = False) -> str:
    with pytest.raises(Refused) as caught:
        edit(text, *dropped, bases=bases)
    return report(caught.value.faults)


def test_every_other_byte_stays() -> None:
    text = "# ours\nresources:\n- a.yaml # one\n\n# secrets\ngenerators:\n- v.yaml\n\nimages: []  # none\n# end\n"
    assert edit(text, 0) == (
        "# ours\nresources:\n- a.yaml # one\n\n# secrets\n\nimages: []  # none\ncomponents:\n- .vaultgen\n# end\n"
    )


def test_a_component_comes_before_those_that_are_there() -> None:
    """kustomize runs generators before components, which may change what they made."""
    block = "components: # mine\n  # the first\n  - a\n  - b\n"
    assert edit(block) == "components: # mine\n  - .vaultgen\n  # the first\n  - a\n  - b\n"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("components: [a, b] # mine\n", "components: [.vaultgen, a, b] # mine\n"),
        ("components: [\n  a,\n]\n", "components: [.vaultgen, a]\n"),
        ("components: []\n", "components:\n- .vaultgen\n"),
        ("components:\nimages: []\n", "components:\n- .vaultgen\nimages: []\n"),
        ("components: ~\n", "components:\n- .vaultgen\n"),
        ("images: []", "images: []\ncomponents:\n- .vaultgen"),
        ("---\nimages: []\n...\n", "---\nimages: []\ncomponents:\n- .vaultgen\n...\n"),
        ("\ufeffimages: []\n", "\ufeffimages: []\ncomponents:\n- .vaultgen\n"),
        ("images: []\r\n", "images: []\r\ncomponents:\r\n- .vaultgen\r\n"),
        ("resources:\n  - a\n", "resources:\n  - a\ncomponents:\n  - .vaultgen\n"),
    ],
)
def test_a_component_is_added_to_any_layout(text: str, result: str) -> None:
    assert edit(text) == result


@pytest.mark.parametrize(
    ("text", "dropped", "result"),
    [
        ("generators:\n# a\n- a\n# b\n- b\n# c\n- c\n", (1,), "generators:\n# a\n- a\n# b\n# c\n- c\n"),
        ("generators:\n- a\n- b\n- c\n", (0, 2), "generators:\n- b\n"),
        ("generators: [a, b,\n  c] # x\n", (0, 1), "generators: [c] # x\n"),
        ("generators:\n- |\n  kind: A\n\n- b\n", (0,), "generators:\n\n- b\n"),
        ("generators:\n- a\n- |+\n  kind: A\n\nimages: []\n", (1,), "generators:\n- a\nimages: []\n"),
        ("generators: # x\n- a\n  # y\nimages: []\n", (0,), "images: []\n"),
        ("images: []\ngenerators: [a]", (0,), "images: []\n"),
    ],
)
def test_what_is_not_dropped_stays(text: str, dropped: tuple[int, ...], result: str) -> None:
    assert edited(text, "k", Edit(dropped)) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("bases: # ours\n- ../a\n", "resources:\n- ../a\n"),
        ("bases: [../a, ../b]\nimages: []\n", "resources:\n- ../a\n- ../b\nimages: []\n"),
        ("bases:\n- ../a\nresources:\n- b\nimages: []\n", "resources:\n- b\n- ../a\nimages: []\n"),
        ("resources:\n  - b # x\nbases:\n- ../a\n", "resources:\n  - b # x\n  - ../a\n"),
        ("resources: [b]\nbases:\n- '../a'\n", "resources: [b, '../a']\n"),
        ("resources:\nbases:\n- ../a\n", "resources:\n- ../a\n"),
        ("bases:\n- ../a\nresources:\n- b", "resources:\n- b\n- ../a\n"),
    ],
)
def test_bases_become_resources_behind_those_that_are_there(text: str, result: str) -> None:
    """So does kustomize take them."""
    assert edit(text, component="", bases=True) == result


def test_all_edits_go_together() -> None:
    text = "bases: [../a]\ngenerators:\n- v\n- w\nresources: [b]\ncomponents: [c]\n"
    assert edit(text, 0, bases=True) == "generators:\n- w\nresources: [b, ../a]\ncomponents: [.vaultgen, c]\n"


def test_what_a_program_wrote_in_braces_is_written_anew() -> None:
    text = '# x\n{"generators": ["v", "w"], "a": [1, 1.5, true, null, "\\u00e9\\n"], "resources": ["b"]}'
    assert edit(text, 0) == (
        '{"generators": ["w"], "a": [1, 1.5, true, null, "é\\U0000000a"], "resources": ["b"], "components":'
        ' [".vaultgen"]}\n'
    )


def test_a_layout_that_cannot_be_edited_safely_is_refused() -> None:
    assert refusal("images: []\r\rgenerators: [v.yaml]\n", 0) == (
        "error[cannot-rewrite]: this kustomization cannot be rewritten safely: its top-level fields do not begin their"
        " lines\n"
        "  where: kustomization.yaml:3:1\n"
        "  hint: write its fields as plain block YAML, one below the other\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "generators: &g [v.yaml]\nx: *g\n",
        "generators:\n- &a v.yaml\nx: *a\n",
        "generators: [v.yaml]\nx: &c [a]\ncomponents: *c\n",
        "generators:\n-\n  v.yaml\n- w.yaml\n",
        "? generators\n: - v.yaml\n",
        "  generators: [v.yaml]\n",
        "generators: [v.yaml]\ncomponents: {a: b}\n",
    ],
)
def test_what_an_edit_would_change_besides_is_refused(text: str) -> None:
    assert "error[cannot-rewrite]" in refusal(text, 0)


def test_a_text_that_takes_a_minute_to_parse_is_refused() -> None:
    assert "more than 1000000 characters" in refusal("# " + "x" * 1_000_000 + "\ngenerators: [v.yaml]\n", 0)


PATHS = st.from_regex(r"[a-z]{1,6}(\.yaml)?", fullmatch=True)
COMMENTS = st.sampled_from(["", " # x", "\n# x", "\n  # x", "\n\n"])


@st.composite
def lists(draw: st.DrawFn, name: str) -> str:
    items, comments = draw(st.lists(PATHS, min_size=1, max_size=4)), st.just("") | COMMENTS
    if draw(st.booleans()):
        return f"{name}: [{', '.join(items)}]{draw(st.sampled_from(['', ' # x']))}\n"
    indent = draw(st.sampled_from(["", "  "]))
    return f"{name}:{draw(comments)}\n" + "".join(f"{indent}- {item}{draw(comments)}\n" for item in items)


@st.composite
def kustomizations(draw: st.DrawFn) -> str:
    names = draw(st.permutations(["resources", "bases", "components", "generators", "images"]))
    fields = [draw(lists(name)) for name in names if name in ("generators", "bases") or draw(st.booleans())]
    text = draw(st.sampled_from(["", "# x\n", "---\n"])) + "".join(fields)
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return text.rstrip("\r\n") if draw(st.booleans()) else text


@given(kustomizations(), st.sets(st.integers(0, 3)), st.booleans(), st.booleans())
def test_any_layout_says_what_it_should_afterwards(text: str, dropped: set[int], component: bool, bases: bool) -> None:
    tree = parse_one(text.encode())
    change = Edit(sorted(dropped & set(range(len(tree["generators"])))), ".vaultgen" if component else "", bases)
    assert parse_one(edited(text, "k", change).encode()) == expected(tree, change) if any(change) else True
