"""A field that names a Secret, but not for kustomize."""

from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import shown_name


def check(subject: Subject) -> Iterator[Found]:
    """Find the names of vaultgen's Secrets in fields where kustomize writes neither prefix nor suffix."""
    for use in subject.uses:
        reference, item = use.reference, use.item
        changing = [one for one in use.meant if one.makers and (one.has_suffix or reference.name != one.name)]
        if use.is_rewritten or not changing:
            continue
        group = str(item.document.get("apiVersion") or "").rpartition("/")[0]
        message = (
            f"kustomize does not write the final name of the Secret {shown_name(reference.name)} "
            f"into {reference.field} of a {shown_name(item.kind)}"
        )
        where = ", ".join(f"{name}: {text}" for name, text in (("group", group), ("kind", item.kind)) if text)
        spec = f"{{kind: Secret, version: v1, fieldSpecs: [{{{where}, path: {reference.field}}}]}}"
        hint = f"list a file under configurations that says nameReference: [{spec}]"
        yield Found(use.spot, message, hint)


RULE = Rule("unrewritten-reference", "warning", "kustomize does not write a Secret's final name into this field", check)
