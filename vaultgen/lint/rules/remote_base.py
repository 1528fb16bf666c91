"""What a build would fetch."""

from collections.abc import Iterator

from vaultgen.kustomize.addresses import without_credential
from vaultgen.kustomize.walk import Remote
from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.subject import Subject
from vaultgen.lint.texts import strings


def check(subject: Subject) -> Iterator[Found]:
    """Find addresses that kustomize would read over the network."""
    for remote in subject.tree.remotes:
        message = f"a build fetches {without_credential(remote.address)[:200]}, whose content nobody has reviewed here"
        hint = "vaultgen build wants --allow-remote for it; pin it to a commit, or copy it into the tree"
        yield Found(_spot(remote), message, hint)


def _spot(remote: Remote) -> Spot:
    root = remote.field.partition("[")[0].partition(".")[0]
    at = (path for path, text in strings(remote.kustomization.tree.get(root), (0, root)) if text == remote.address)
    return Spot(remote.kustomization.file, next(at, (0, root)))


RULE = Rule("remote-base", "info", "a build fetches something over the network", check)
