"""What a build would run besides vaultgen."""

from collections.abc import Iterator

from vaultgen.errors.report import message
from vaultgen.kustomize.trust import untrusted
from vaultgen.kustomize.walk import Tree
from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.generator import is_meant, program
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find functions and plugins other than vaultgen, and what could change vaultgen's own."""
    for plugin in subject.tree.plugins:
        if is_meant(plugin.document) and not program(plugin.document):
            # Other rules say what such a document lacks.
            continue
        for fault in untrusted(Tree(plugins=[plugin])):
            hint = "a build with --enable-exec runs it with your rights; vaultgen build wants --allow-function for it"
            yield Found(Spot(plugin.file, plugin.path), shown_name(message(fault)), hint)


RULE = Rule("foreign-function", "info", "a build runs a function or plugin other than vaultgen", check)
