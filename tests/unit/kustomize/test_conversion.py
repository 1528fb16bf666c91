import pytest

from vaultgen.errors import Refused
from vaultgen.kustomize.conversion import convert

HEADER = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: my-app
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
"""

ENTRY = """\
secretGenerator:
- name: my-app
  literals:
  - A=1
"""


def converted(text: str) -> tuple[str, str]:
    result = convert(text, "kustomization.yaml", "vaultgen.yaml")
    return result.kustomization, result.generator


def refused(text: str) -> tuple[str, str]:
    """Return code and reason of the only fault."""
    with pytest.raises(Refused) as caught:
        converted(text)
    (fault,) = caught.value.faults
    return fault.code, fault.facts.get("why", "")


def test_the_list_of_generators_takes_the_place_of_the_secret_generator() -> None:
    kustomization, generator = converted(f"# ours\nresources: [a.yaml]\n\n# passwords\n{ENTRY}\nimages: []  # none\n")
    assert kustomization == (
        "# ours\nresources: [a.yaml]\n\n# passwords\ngenerators:\n- vaultgen.yaml\n\nimages: []  # none\n"
    )
    assert generator == HEADER + ENTRY


def test_comments_inside_move_along_and_those_of_the_next_field_stay() -> None:
    """A comment that is deeper than the fields belongs to what is above it."""
    block = "secretGenerator: # ours\n- name: my-app # it\n  literals: # two\n  - 'A=1'   # one\n\n  # - B=2\n"
    kustomization, generator = converted(f"{block}# pictures\nimages: []\n")
    assert generator == HEADER + block
    assert kustomization == "generators:\n- vaultgen.yaml\n# pictures\nimages: []\n"


def test_an_existing_list_is_extended_at_its_front() -> None:
    """kustomize runs the builtin generators first, and the order can show in a build."""
    listed = "generators: # mine\n  # the first\n  - a.yaml\n  - b.yaml\n"
    extended = "generators: # mine\n  - vaultgen.yaml\n  # the first\n  - a.yaml\n  - b.yaml\n"
    assert converted(listed + ENTRY)[0] == extended
    assert converted(ENTRY + listed)[0] == extended


@pytest.mark.parametrize(
    ("listed", "extended"),
    [
        ("generators: [a.yaml] # mine\n", "generators: [vaultgen.yaml, a.yaml] # mine\n"),
        ("generators: [\n  a.yaml\n]\n", "generators: [vaultgen.yaml, \n  a.yaml\n]\n"),
        ("generators: []\n", "generators: [vaultgen.yaml]\n"),
        ("generators:\n", "generators:\n- vaultgen.yaml\n"),
        ("generators:", "generators:\n- vaultgen.yaml"),
    ],
)
def test_a_list_of_any_form_is_extended(listed: str, extended: str) -> None:
    assert converted(ENTRY + listed)[0] == extended


def test_the_new_list_is_indented_as_the_old_one_was() -> None:
    block = "secretGenerator:\n  - name: my-app\n    literals: [A=1]\n"
    assert converted(block) == ("generators:\n  - vaultgen.yaml\n", HEADER + block)


def test_flow_style_inside_the_field_moves_as_it_is() -> None:
    block = "secretGenerator: [{name: my-app,\n  literals: [A=1]}] # one\n"
    assert converted(f"{block}images: []\n") == ("generators:\n- vaultgen.yaml\nimages: []\n", HEADER + block)


def test_generator_options_are_copied_since_they_do_not_reach_plugins() -> None:
    """They stay in the kustomization too, for its ConfigMaps."""
    options = "generatorOptions: # all\n  labels: {team: a}\n  # immutable: true\n"
    kustomization, generator = converted(f"{ENTRY}{options}configMapGenerator: []\n")
    assert generator == HEADER + options + ENTRY
    assert kustomization == f"generators:\n- vaultgen.yaml\n{options}configMapGenerator: []\n"


def test_empty_generator_options_are_not_copied() -> None:
    assert converted(f"{ENTRY}generatorOptions: {{}}\n")[1] == HEADER + ENTRY


def test_windows_line_ends_survive_in_both_files() -> None:
    kustomization, generator = converted(f"{ENTRY}images: []\n".replace("\n", "\r\n"))
    assert kustomization == "generators:\r\n- vaultgen.yaml\r\nimages: []\r\n"
    assert generator == (HEADER + ENTRY).replace("\n", "\r\n")


def test_a_missing_last_line_end_stays_missing() -> None:
    assert converted(ENTRY.rstrip()) == ("generators:\n- vaultgen.yaml", HEADER + ENTRY)
    assert converted(f"{ENTRY}images: []")[0] == "generators:\n- vaultgen.yaml\nimages: []"


def test_a_byte_order_mark_stays_where_it_was() -> None:
    assert converted(f"\ufeff{ENTRY}") == ("\ufeffgenerators:\n- vaultgen.yaml\n", HEADER + ENTRY)


def test_document_marks_stay() -> None:
    assert converted(f"---\n{ENTRY}...\n") == ("---\ngenerators:\n- vaultgen.yaml\n...\n", HEADER + ENTRY)


def test_a_block_scalar_leaves_the_empty_line_below_it() -> None:
    block = "secretGenerator:\n- name: my-app\n  literals:\n  - |\n    A=1\n    2\n"
    kustomization, generator = converted(f"{block}\n\nimages: []\n")
    assert (kustomization, generator) == ("generators:\n- vaultgen.yaml\n\n\nimages: []\n", HEADER + block)


def test_a_block_scalar_that_keeps_its_empty_lines_takes_them_along() -> None:
    block = "secretGenerator:\n- name: my-app\n  literals:\n  - |+\n    A=1\n\n\n"
    assert converted(f"{block}images: []\n") == ("generators:\n- vaultgen.yaml\nimages: []\n", HEADER + block)


def test_anchors_inside_the_field_move_along() -> None:
    block = "secretGenerator:\n- name: my-app\n  options: &o {immutable: true}\n- name: b\n  options: *o\n"
    assert converted(block)[1].endswith(block)


@pytest.mark.parametrize(
    ("name", "document"),
    [("my-app", "my-app"), ("a", "a"), ("1e5", "secrets"), ("true", "secrets"), ("a: b", "secrets"), ("A", "secrets")],
)
def test_the_document_is_named_after_its_only_secret_if_that_needs_no_quotes(name: str, document: str) -> None:
    assert f"\n  name: {document}\n" in converted(f'secretGenerator:\n- name: "{name}"\n')[1]


def test_a_document_of_several_secrets_has_a_common_name() -> None:
    assert "\n  name: secrets\n" in converted("secretGenerator:\n- name: a\n- name: b\n")[1]


@pytest.mark.parametrize(
    "text", ["resources: []\n", "secretGenerator: []\n", "secretGenerator:\n", "- a\n", "a\n", "~\n"]
)
def test_a_kustomization_without_entries_is_refused(text: str) -> None:
    assert refused(text)[0] == "no-secret-generator"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{secretGenerator: [{name: a}]}\n", "written in braces"),
        ("  secretGenerator:\n  - name: a\n", "do not begin their lines"),
        ("? secretGenerator\n: - name: a\n", "do not begin their lines"),
        ("a: 1\rsecretGenerator: [{name: a}]\rb: 1\n", "do not begin their lines"),
        ("secretGenerator: {name: a}\n", "not a list of mappings"),
        ("secretGenerator: [a]\n", "not a list of mappings"),
        ("secretGenerator: [{name: a}]\ngenerators: a.yaml\n", "not a list"),
        ("secretGenerator: [{name: a}]\ngenerators: ''\n", "unusual"),
        ("x: &o [A=1]\nsecretGenerator:\n- name: a\n  literals: *o\n", "an anchor"),
        ("secretGenerator:\n- name: a\n  literals: &o [A=1]\nx: *o\n", "an anchor"),
        ("x: &o 1\nsecretGenerator:\n- name: &o a\ny: *o\n", "an anchor"),
        ("x: &l [a.yaml]\ngenerators: *l\nsecretGenerator:\n- name: a\n", "not a list"),
    ],
)
def test_a_text_that_cannot_be_cut_safely_is_refused(text: str, why: str) -> None:
    code, reason = refused(text)
    assert code == "cannot-convert"
    assert why in reason


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("secretGenerator: [\n", "invalid-yaml"),
        ("secretGenerator:\n- name: a\nsecretGenerator:\n- name: b\n", "duplicate-field"),
        ("secretGenerator:\n- name: a\n---\nb: 1\n", "invalid-yaml"),
        ("a: " + "[" * 2000 + "]" * 2000 + "\n", "yaml-too-deep"),
    ],
)
def test_a_text_that_kustomize_would_not_take_is_refused(text: str, code: str) -> None:
    assert refused(text)[0] == code
