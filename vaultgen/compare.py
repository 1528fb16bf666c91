"""What would change between two builds: Secrets by data key, other resources as text, and the Pods that restart.

Pure. Values are wrapped, and only ever compared; those of masked builds are stand-ins besides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Any, Literal

from vaultgen.krm.resources import Resource, mapping, renamed, texts
from vaultgen.masking import MASKED_LABEL
from vaultgen.redacted import Redacted
from vaultgen.workloads import Effect, effect_of_data, effect_of_template, pod_template, reloader_matches, uses

Kind = Literal["added", "removed", "changed"]
Pair = tuple[Resource | None, Resource | None]
"""The same resource before and after; one of them is there."""


@dataclass(frozen=True)
class SecretChange:
    """A Secret that comes, goes or changes."""

    change: Kind
    namespace: str
    name: str
    """Without a suffix."""
    renamed: bool = False
    """Whether its name changes: by another suffix, or by one that it has on one side only."""
    added: tuple[str, ...] = ()
    """Data keys."""
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """What else changes: paths such as ``metadata.labels.app``, without values."""
    unappliable: str = ""
    """Why the API server refuses the change; empty where it does not."""


@dataclass(frozen=True)
class ResourceChange:
    """Another resource that comes, goes or changes."""

    change: Kind
    group: str
    kind: str
    namespace: str
    name: str
    diff: tuple[str, ...] = ()
    """Lines of a unified diff without its head; none for one that comes or goes, or if only suffixes in it change."""


@dataclass(frozen=True)
class WorkloadChange:
    """What a workload's Pods see of the changes. A workload that comes or goes is none."""

    kind: str
    namespace: str
    name: str
    effect: Effect
    because: tuple[str, ...]
    """``Secret NAME``, ``ConfigMap NAME`` or ``pod template``."""


@dataclass(frozen=True)
class Comparison:
    """All that would change."""

    secrets: tuple[SecretChange, ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    workloads: tuple[WorkloadChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both builds are the same."""
        return not (self.secrets or self.resources)


def compare(before: Sequence[Resource], after: Sequence[Resource]) -> Comparison:
    """Return what would change from one build to the other, in the order of the second; what goes stands last."""
    old = {resource.identity: resource for resource in before}
    new = {resource.identity: resource for resource in after}
    pairs: list[Pair] = [(old.get(identity), resource) for identity, resource in new.items()]
    pairs += ((resource, None) for identity, resource in old.items() if identity not in new)
    secrets = (_secret_change(*pair) for pair in pairs if _either(pair).data is not None)
    others = (_resource_change(*pair) for pair in pairs if _either(pair).data is None)
    return Comparison(tuple(filter(None, secrets)), tuple(filter(None, others)), tuple(_workload_changes(pairs)))


def with_values_where_one_side_is_masked(
    before: Sequence[Resource], after: Sequence[Resource], value_of: Callable[[Redacted], Redacted]
) -> tuple[list[Resource], list[Resource]]:
    """Return both builds, with values for stand-ins in each Secret that vaultgen makes on one side only.

    Compared by stand-ins such a Secret would always differ, and so would its name. ``value_of`` takes a value of a
    build and returns what it stands for, or itself.
    """
    sides = (before, after)
    old, new = ({one.identity: one for one in side if one.data is not None} for side in sides)
    moved = [one for one in old.keys() & new.keys() if _is_masked(old[one]) != _is_masked(new[one])]
    unmasked = tuple({one: _unmasked(side[one], value_of) for one in moved} for side in (old, new))
    same = {
        earlier.name: later.name
        for earlier, later in ((unmasked[0][one], unmasked[1][one]) for one in moved)
        if earlier.data == later.data
        and _type(earlier) == _type(later)
        # The suffix is made of these two; a name without one is another.
        and earlier.name != earlier.base
        and later.name != later.base
    }
    first, second = (
        [values.get(one.identity, one) for one in side] for side, values in zip(sides, unmasked, strict=True)
    )
    return [replace(one, name=same.get(one.name, one.name), tree=renamed(one.tree, same)) for one in first], second


def _is_masked(secret: Resource) -> bool:
    return MASKED_LABEL in mapping(secret.tree, "metadata", "labels")


def _unmasked(secret: Resource, value_of: Callable[[Redacted], Redacted]) -> Resource:
    metadata = dict(mapping(secret.tree, "metadata"))
    labels = {name: value for name, value in mapping(metadata, "labels").items() if name != MASKED_LABEL}
    if not labels:
        metadata.pop("labels", None)
    tree = {**secret.tree, "metadata": {**metadata, **({"labels": labels} if labels else {})}}
    return replace(secret, tree=tree, data={key: value_of(value) for key, value in (secret.data or {}).items()})


def _type(secret: Resource) -> object:
    return secret.tree.get("type", "Opaque")


def _either(pair: Pair) -> Resource:
    before, after = pair
    found = after or before
    if found is None:
        raise ValueError("a pair of nothing")
    return found


# --- Secrets ---


def _secret_change(before: Resource | None, after: Resource | None) -> SecretChange | None:
    one = _either((before, after))
    old, new = (side.data or {} if side else {} for side in (before, after))
    change = SecretChange(
        "added" if before is None else "removed" if after is None else "changed",
        one.namespace,
        one.base,
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
    )
    if before is None or after is None:
        return change
    renamed = before.name != after.name
    changed = tuple(sorted(key for key in old.keys() & new.keys() if old[key] != new[key]))
    fields = tuple(_differing(_without_name(before.tree), _without_name(after.tree)))
    if not (renamed or changed or fields or change.added or change.removed):
        return None
    unappliable = "" if renamed else _unappliable(before, after)
    return SecretChange(
        "changed", one.namespace, one.base, renamed, change.added, change.removed, changed, fields, unappliable
    )


def _unappliable(before: Resource, after: Resource) -> str:
    """Return why the API server refuses a change of a Secret that keeps its name (its ``ValidateSecretUpdate``)."""
    if _type(before) != _type(after):
        return "the type of a Secret cannot be changed"
    if before.tree.get("immutable") is True and (before.data != after.data or after.tree.get("immutable") is not True):
        return "it is immutable"
    return ""


def _without_name(tree: Mapping[str, Any]) -> dict[str, Any]:
    metadata = mapping(tree, "metadata")
    return {**tree, "metadata": {name: value for name, value in metadata.items() if name != "name"}}


def _differing(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the fields that differ; a list is one field."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from _differing(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif before != after:
        yield path


# --- other resources ---


def _resource_change(before: Resource | None, after: Resource | None) -> ResourceChange | None:
    one = _either((before, after))
    if before is None:
        return ResourceChange("added", one.group, one.kind, one.namespace, one.base)
    if after is None:
        return ResourceChange("removed", one.group, one.kind, one.namespace, one.base)
    if before.tree == after.tree:
        return None
    lines = unified_diff(before.text.split("\n"), after.text.split("\n"), lineterm="")
    return ResourceChange("changed", one.group, one.kind, one.namespace, one.base, tuple(lines)[2:])


# --- workloads ---


def _workload_changes(pairs: Iterable[Pair]) -> Iterator[WorkloadChange]:
    both = [(before, after) for before, after in pairs if before and after]
    stable = {
        (after.kind, after.namespace, after.name): keys
        for before, after in both
        if before.name == after.name and (keys := _changed_keys(before, after))
    }
    matched = [(after.kind, after.namespace, after.name) for _, after in both if reloader_matches(after.tree)]
    names = tuple({one.name: one for pair in both if (one := pair[side]).name != one.base} for side in (0, 1))
    for before, after in both:
        old, new = (pod_template(one.group, one.kind, one.tree) for one in (before, after))
        if old is None or new is None:
            continue
        if old != new:
            effect, because = effect_of_template(after.kind, after.tree), _reasons(old, new, names[0], names[1])
        elif found := effect_of_data(after.group, after.kind, after.tree, stable, matched):
            effect, because = found
        else:
            continue
        yield WorkloadChange(after.kind, after.namespace, after.base, effect, tuple(because))


def _changed_keys(before: Resource, after: Resource) -> set[str]:
    old, new = _data(before), _data(after)
    return {key for key in {*old, *new} if key not in old or key not in new or old[key] != new[key]}


def _data(resource: Resource) -> Mapping[str, Any]:
    if resource.data is not None:
        return resource.data
    if (resource.group, resource.kind) != ("", "ConfigMap"):
        return {}
    return {**mapping(resource.tree, "data"), **mapping(resource.tree, "binaryData")}


def _reasons(
    old: Mapping[str, Any], new: Mapping[str, Any], old_names: Mapping[str, Resource], new_names: Mapping[str, Resource]
) -> list[str]:
    """Return what makes two pod templates differ: names that have another suffix, and the rest.

    The names are those with a suffix.
    """
    known = set(texts(old))
    read = {use.name: use.kind for use in uses(new)}
    named = {name: f"{one.kind} {one.base}" for name, one in new_names.items()}
    because = [
        named.get(text) or f"{read[text]} {text}"
        for text in dict.fromkeys(texts(new))
        if text not in known and (text in named or text in read)
    ]
    rest = renamed(old, _bases(old_names)) != renamed(new, _bases(new_names))
    return [*because, *(["pod template"] if rest or not because else [])]


def _bases(names: Mapping[str, Resource]) -> dict[str, str]:
    return {name: one.base for name, one in names.items()}
