"""References and text around them, for any text."""

from collections.abc import Callable
from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from support.in_memory import codes
from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.ports import Read
from vaultgen.reference import Reference, escaped, parse_reference, split_text

printable = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "))
segment = printable.map(lambda text: text.replace("/", "_")).filter(lambda text: text not in ("", ".", ".."))
namespace = st.lists(segment, min_size=1, max_size=3).map("/".join)
path = namespace.filter(lambda text: text.strip() == text)
any_text = st.text(st.characters(exclude_categories=["Cs"]))
pointer = st.lists(printable, min_size=1, max_size=3).map(
    lambda names: "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
)
reads = st.builds(
    Read, path, st.none() | st.integers(1, 9_999_999_999), st.just("") | namespace, st.booleans()
)  # fmt: skip


@st.composite
def references(draw: st.DrawFn) -> Reference:
    field = draw(st.just("") | printable.filter(bool))
    default = draw(st.none() | any_text)
    return Reference(
        draw(reads),
        field,
        bool(field) and draw(st.booleans()),
        bool(field) and draw(st.booleans()),
        draw(st.none() | pointer) if field else None,
        default,
        default is None and draw(st.booleans()),
    )


def _written(reference: Reference, data: st.DataObject) -> str:
    """A reference as someone may write it: parameters in any order, more or less percent-encoded."""

    def encoded(text: str, keep: str = "") -> str:
        # What has to be encoded, and anything else at will.
        safe = data.draw(st.sampled_from(["", keep]))
        return "".join(
            one if one in safe or (one.isalnum() and data.draw(st.booleans())) else quote(one, safe="") for one in text
        )

    read = reference.read
    parameters = ["key=" + encoded(reference.field, "/?=+ ")] if reference.field else ["format=json"]
    if read.version is not None:
        parameters.append(f"version={read.version}")
    if read.vault_namespace:
        parameters.append("namespace=" + encoded(read.vault_namespace, "/"))
    if reference.decode:
        parameters.append("decode=base64")
    if reference.encode:
        parameters.append("encode=url")
    if reference.pointer is not None:
        parameters.append("jsonPointer=" + encoded(reference.pointer, "/~"))
    if reference.default is not None:
        parameters.append("default=" + encoded(reference.default, " ?#"))
    if reference.optional:
        parameters.append("optional=true")
    if read.allow_dynamic:
        parameters.append("allowDynamic=true")
    return "vault:" + encoded(read.path, "/=+ ") + "?" + "&".join(data.draw(st.permutations(parameters)))


@given(references(), st.data())
def test_what_is_written_is_read(reference: Reference, data: st.DataObject) -> None:
    read = parse_reference(_written(reference, data))
    assert read._replace(shown="") == reference
    assert read.shown.startswith("vault:" + reference.read.path)


@given(st.text() | st.text("vault:/?&=%#.keyformatjsondefult$\\{} \n0123456789~", max_size=60))
@example("vault:a?key=" + "%C3" * 1000)
@example("vault:" + "a/" * 10_000)
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    for parse in (parse_reference, lambda one: parse_reference(one, whole=True), split_text):
        assert _found(parse, text) in ([], ["bad-reference"])


def _found(parse: Callable[[str], object], text: str) -> list[str]:
    try:
        parse(text)
    except Refused as refused:
        return codes(refused)
    return []


@given(st.text("&=?#/%~ abk\n", max_size=12), st.text("&=?#/%~ abk\n", max_size=12), st.sampled_from("?&#"))
def test_a_default_is_shown_nowhere(before: str, after: str, sign: str) -> None:
    text = f"vault:{before}{sign}default=hunter2{after}"
    try:
        shown = parse_reference(text).shown
    except Refused as refused:
        shown = report(refused.faults)
    assert "hunter2" not in shown


plain = any_text.filter(bool)
part = st.one_of(
    plain, st.sampled_from(["$", "$$", "${", "{vault:", "${vault:", "$${vault:", "vault:", "\\vault:", "}", "{"])
)


@given(st.lists(part | references(), max_size=6), st.data())
def test_text_is_split_where_it_was_joined(parts: list[str | Reference], data: st.DataObject) -> None:
    """Written out, dollars in front of an opening are doubled, and a leading ``vault:`` gets a backslash."""
    expected = list[str | Reference]()
    for one in parts:
        if isinstance(one, str) and expected and isinstance(expected[-1], str):
            expected[-1] += one
        elif isinstance(one, str) or not one.optional:
            expected.append(one)
    text = ""
    for one, following in zip(expected, [*expected[1:], ""], strict=False):
        if isinstance(one, Reference):
            text += "${" + _written(one, data).replace("}", "%7D") + "}"
        else:
            text += escaped(one, reference_follows=isinstance(following, Reference))
    if text.lstrip("\\").startswith("vault:"):
        text = "\\" + text
    found = tuple(one._replace(shown="") if isinstance(one, Reference) else one for one in split_text(text))
    assert found == (tuple(expected) or ("",))
