"""Whatever surrounds the secretGenerator of a kustomization, only its own lines and the new list change."""

from hypothesis import given
from hypothesis import strategies as st

from vaultgen.krm.tree import parse_one
from vaultgen.kustomize.conversion import convert

ENTRIES = [
    "secretGenerator:\n- name: a\n  literals: [A=1]\n",
    "secretGenerator: # why\n  # first\n  - name: a\n    files:\n    - x=y.txt # it\n    # - z\n\n  # last\n",
    "secretGenerator: [{name: a}, {name: b}]\n",
    "secretGenerator:\n- literals:\n  - |\n    A=\n      # no comment\n    b\n  name: a\n",
    'secretGenerator:\n- name: a\n  literals:\n  - "A=x\n    y: z\n\n    # no comment"\n',
    "secretGenerator:\n- &e\n  name: a\n  options: {}\n- <<: *e\n  name: b\n  envs:\n",
]
OTHERS = [
    "resources:\n- a.yaml\n- b.yaml\n",
    "namespace: apps # here\n",
    "commonAnnotations:\n  secretGenerator: |\n    - not: this\n\n    one\n",
    "patches:\n- patch: >-\n    # text\n    more\n  # no target\n",
    "configMapGenerator:\n  - name: c\n    literals:\n      - a=b\n",
    "images: []\n",
]
GENERATORS = [
    "",
    "generators: [g.yaml]\n",
    "generators:\n- g.yaml # one\n- h.yaml\n",
    "generators:\n    # ours\n    - g.yaml\n",
]
BETWEEN = ["", "\n", "# at the left\n", "\n# one\n\n# two\n", "   \n"]


@given(
    entries=st.sampled_from(ENTRIES),
    others=st.lists(st.sampled_from(OTHERS), unique=True),
    generators=st.sampled_from(GENERATORS),
    between=st.lists(st.sampled_from(BETWEEN), min_size=10, max_size=10),
    windows=st.booleans(),
    ended=st.booleans(),
    data=st.data(),
)
def test_only_the_moved_and_the_added_lines_change(
    entries: str,
    others: list[str],
    generators: str,
    between: list[str],
    windows: bool,
    ended: bool,
    data: st.DataObject,
) -> None:
    fields = data.draw(st.permutations([entries, *others, *([generators] if generators else [])]))
    text = "".join(space + field for space, field in zip(between, fields, strict=False))
    if not ended:
        text = text.rstrip("\n")
    text = text.replace("\n", "\r\n") if windows else text

    result = convert(text, "kustomization.yaml", "NEW")

    newline = "\r\n" if windows else "\n"
    kept = [line for line in result.kustomization.splitlines(keepends=True) if line.strip() != "- NEW"]
    if not generators:
        kept = [line for line in kept if line.strip() != "generators:"]
    moved = entries.replace("\n", newline)
    block = moved if moved in text else moved.rstrip()
    assert text.replace(block, "", 1) == "".join(kept).replace("NEW, ", "")
    assert result.generator.endswith(moved.rstrip() + newline) or result.generator.endswith(moved)
    assert parse_one(result.kustomization.encode())["generators"][0] == "NEW"
