"""A Secret whose name stays, in Pods that do not see a new value by themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

from vaultgen.krm.resources import mapping
from vaultgen.lint.build import Item, MadeSecret
from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.subject import Subject, Use
from vaultgen.lint.words import shown_name
from vaultgen.workloads import effect_of_data, reloader_matches

RELOADER = "reloader.stakater.com"


def check(subject: Subject) -> Iterator[Found]:
    """Find environment variables and subPath mounts from Secrets of vaultgen that keep their name, one a workload."""
    found: dict[tuple[int, str], Use] = {}
    for use in subject.uses:
        if any(secret.makers and not secret.has_suffix for secret in use.meant) and _keeps_old(use):
            first = found.setdefault((id(use.item), use.reference.name), use)
            if use.reference.is_environment and not first.reference.is_environment:
                found[id(use.item), use.reference.name] = use
    for use in found.values():
        how = "as environment variables" if use.reference.is_environment else "by subPath"
        message = (
            f"the Secret {shown_name(use.reference.name)} keeps its name, and its values are taken {how}: "
            "running Pods keep the old ones when Vault has new ones"
        )
        hint = "drop disableNameSuffixHash, mount the whole Secret as a volume, or let Reloader restart the Pods"
        yield Found(use.spot, message, hint)


def _keeps_old(use: Use) -> bool:
    """Whether Pods would not notice that the Secret changes under its name."""
    item, name = use.item, use.reference.name
    if any(RELOADER in change.text for change in item.changes):
        return False
    # Every key changes: those that are asked for one by one, and others.
    keys = {key.name for key in use.reference.keys} | {""}
    identity = ("Secret", "", name)
    matched = [identity] if all(map(_is_matched, use.meant)) else []
    group = str(item.document.get("apiVersion") or "").rpartition("/")[0]
    effect = effect_of_data(group, item.kind, _with_annotations(item), {identity: keys}, matched)
    return effect is not None and effect[0] == "keeps-old"


def _is_matched(secret: MadeSecret) -> bool:
    return reloader_matches(secret.document) or secret.annotations.get(f"{RELOADER}/match") == "true"


def _with_annotations(item: Item) -> Mapping[str, Any]:
    """Return a resource with the annotations that kustomizations add."""
    metadata = mapping(item.document, "metadata")
    annotations = {**mapping(metadata, "annotations"), **item.annotations}
    return {**item.document, "metadata": {**metadata, "annotations": annotations}}


RULE = Rule("no-restart", "warning", "a Secret keeps its name, and Pods would not see that its values changed", check)
