"""A reference whose Secret ends up in another namespace, where kustomize does not look."""

from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.references import POD_SPECS
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name

KINDS = frozenset({*POD_SPECS, "Ingress", "ServiceAccount", "ReplicationController", "Rollout"})
"""Kinds that live in a namespace, and can refer to Secrets of that alone."""


def check(subject: Subject) -> Iterator[Found]:
    """Find references by a name that only Secrets of vaultgen in another namespace have."""
    if subject.build.has_unknown:
        return
    for use in subject.uses:
        secrets = [secret for secret in use.named if secret.makers]
        if use.item.kind not in KINDS or not secrets or use.meant or use.item.uncertain or secrets[0].uncertain:
            continue
        secret = secrets[0]
        if not secret.has_suffix and not (secret.namespace and use.item.namespace):
            # Nothing has to be written anew, and what has no namespace goes where it is applied.
            continue
        has, wants = (_shown(one.namespace) for one in (secret, use.item))
        message = (
            f"the Secret {shown_name(secret.name)} {has} and this {use.item.kind} {wants}: "
            "kustomize does not write the Secret's final name here"
        )
        hint = "give both the same namespace; `namespace:` in the kustomization sets it everywhere"
        yield Found(use.spot, message, hint)


def _shown(namespace: str) -> str:
    return f"is in the namespace {shown_name(namespace)}" if namespace else "has no namespace"


RULE = Rule("other-namespace", "error", "a reference and its Secret have different namespaces", check)
