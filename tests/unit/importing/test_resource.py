"""A resource counts what is read of it, and lists the rest."""

import pytest

from vaultgen.importing.resource import Listed, Resource, read_resources

TEXT = """\
# a comment
apiVersion: example.com/v1
kind: Thing
metadata: {name: a, namespace: b}
spec:
  text: x
  number: 3
  flag: true
  nothing: null
  empty: {}
  pairs: {a: "1", b: [2]}
  list:
  - name: first
    odd: 1
  - second
"""


@pytest.fixture
def thing() -> Resource:
    (resource,) = read_resources("thing.yaml", TEXT.encode())
    return resource


def left(resource: Resource) -> dict[str, str]:
    return {f"{one.line}:{one.where}": one.why for one in resource.left}


def test_what_nobody_reads_is_listed_with_its_line(thing: Resource) -> None:
    thing.finish()
    assert left(thing).keys() == {
        "6:spec.text",
        "7:spec.number",
        "8:spec.flag",
        "10:spec.empty",
        "11:spec.pairs.a",
        "11:spec.pairs.b[0]",
        "13:spec.list[0].name",
        "14:spec.list[0].odd",
        "15:spec.list[1]",
    }


def test_what_is_read_noted_or_listed_counts_as_used(thing: Resource) -> None:
    spec = thing.root.mapping("spec")
    assert (spec.text("text"), spec.text("number"), spec.flag("flag"), spec.text("nothing", "d")) == (
        "x", "3", True, "d",
    )  # fmt: skip
    assert spec.mapping("empty").names() == []
    assert spec.pairs("pairs") == {"a": "1"}
    (item,) = spec.items("list")
    item.note("name", "noted")
    item.leave("odd", "left")
    thing.finish()
    assert left(thing) == {
        "11:spec.pairs.b": "text is expected here",
        "14:spec.list[0].odd": "left",
        "15:spec.list[1]": "a mapping is expected here",
    }
    assert [note.why for note in thing.notes] == ["noted"]


def test_a_field_of_another_type_is_listed_and_stops_what_needs_it(thing: Resource) -> None:
    spec = thing.root.mapping("spec")
    for read in (
        lambda: spec.text("flag"),
        lambda: spec.flag("text"),
        lambda: spec.mapping("text"),
        lambda: spec.items("text"),
        lambda: spec.texts("list"),
    ):
        with pytest.raises(Listed):
            read()
    assert all(why.endswith("expected here") for why in left(thing).values())


def test_the_items_of_a_list_are_resources_of_their_own() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- kind: A\n  spec: {x: 1}\n- kind: BList\n  items: [{kind: C}]\n- text\n"
    )
    resources = read_resources("all.yaml", text.encode())
    assert [one.kind for one in resources] == ["A", "C"]
    resources[0].finish()
    assert left(resources[0]).keys() == {"5:spec.x"}


def test_the_same_remark_is_made_once(thing: Resource) -> None:
    thing.leave(("spec", "text"), "why")
    thing.leave(("spec", "text"), "why")
    assert len(thing.left) == 1
