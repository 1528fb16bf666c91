"""A document that is listed, but not under generators."""

from collections.abc import Iterator

from vaultgen.kustomize.trust import is_ours
from vaultgen.kustomize.walk import Kustomization, Plugin
from vaultgen.lint.files import joined
from vaultgen.lint.finding import Fix, Found, Rule, Spot
from vaultgen.lint.moving import moved
from vaultgen.lint.subject import Subject
from vaultgen.unresolved import LISTED


def check(subject: Subject) -> Iterator[Found]:
    """Find documents under resources, transformers and validators; one finding a listed file."""
    seen: set[Spot] = set()
    for one in subject.misplaced:
        role = one.role if isinstance(one, Plugin) else "resources"
        spot = _listed(one.file, role, one.kustomization)
        if spot and spot not in seen:
            seen.add(spot)
            message = f"{one.file} is listed under {role}: {LISTED[role]}"
            yield Found(
                spot, message, "list it under generators", _fix(one.file, role, spot, one.kustomization, subject)
            )
        elif spot is None:
            yield Found(Spot(one.file, one.path), f"listed under {role}: {LISTED[role]}", "list it under generators")


def _listed(file: str, role: str, kustomization: Kustomization) -> Spot | None:
    """Return the item of the kustomization that names the file."""
    listed = kustomization.tree.get(role)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, str) and "\n" not in entry and joined(kustomization.root, entry) == file:
            return Spot(kustomization.file, (0, role, index))
    return None


def _fix(file: str, role: str, spot: Spot, kustomization: Kustomization, subject: Subject) -> Fix | None:
    """Return the move to generators, if the file holds nothing else."""
    documents = [one.document for one in subject.tree.resources if one.file == file]
    documents += [one.document for one in subject.tree.plugins if one.file == file]
    if not all(map(is_ours, documents)):
        return None
    edits = moved(subject.files.text(spot.file), spot.file, role, int(spot.path[-1]), "generators")
    return Fix("move it to generators", edits) if edits else None


RULE = Rule(
    "not-a-generator", "error", "a document for vaultgen is listed, but not under generators", check, is_fixable=True
)
