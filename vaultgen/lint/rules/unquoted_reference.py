"""A reference without quotes inside ``[ ]`` or ``{ }``, where kustomize's YAML ends a text at its ``?``.

That is go-yaml's scanner; libyaml, which reads the tree here, takes the ``?`` for a part of the text.
"""

from collections.abc import Iterator

from vaultgen.lint.finding import Edit, Fix, Found, Rule, Spot
from vaultgen.lint.generator import is_meant
from vaultgen.lint.subject import Subject


def check(subject: Subject) -> Iterator[Found]:
    """Find unquoted texts with a question mark in flow style, in kustomizations and in vaultgen's own documents."""
    tree = subject.tree
    files = [one.file for one in tree.kustomizations] + [one.file for one in tree.plugins if is_meant(one.document)]
    for file in dict.fromkeys(files):
        text = subject.files.text(file)
        positions = subject.files.positions(file) if "?" in text else None
        for scalar in positions.flow_scalars() if positions else ():
            if "?" in scalar.value:
                quoted = "'" + text[scalar.span.start : scalar.span.end].replace("'", "''") + "'"
                fix = Fix("put it in quotes", (Edit(file, scalar.span.start, scalar.span.end, quoted),))
                spot = Spot(file, line=scalar.position.line, column=scalar.position.column)
                message = "kustomize's YAML parser ends a text inside [ ] or { } at a ?, and refuses the file"
                # In more than one line quotes would mean something else.
                yield Found(spot, message, "put the whole text in quotes", None if "\n" in quoted else fix)


RULE = Rule(
    "unquoted-reference",
    "error",
    "a text with a ? stands unquoted inside [ ] or { }, where kustomize refuses it",
    check,
    is_fixable=True,
)
