"""A comment that is meant to hide a finding, and hides none."""

from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import nearest, shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find comments ``vaultgen-ignore:`` that name no rule, or one that does not exist."""
    for file in subject.read_files:
        for comment in subject.comments(file):
            spot = Spot(file, line=comment.line, column=comment.column)
            if not comment.rules:
                yield Found(
                    spot, "the comment names no rule, and hides nothing", "write # vaultgen-ignore: RULE reason"
                )
            for rule in comment.rules:
                if rule not in subject.rules:
                    like = nearest(rule, list(subject.rules))
                    hint = f"did you mean {like}?" if like else "docs/lint.md lists the rules"
                    yield Found(spot, f"there is no rule {shown_name(rule)}", hint)


RULE = Rule("bad-ignore", "warning", "a comment vaultgen-ignore names no rule that exists", check)
