"""Turns ExternalSecrets into entries of a generator document.

What they mean is what the operator's documentation says of ``external-secrets.io/v1``; v1beta1 has the same fields.
"""

from collections.abc import Sequence

from vaultgen.external_secrets.data import Values, read_values
from vaultgen.external_secrets.store import STORES, Stores
from vaultgen.importing import reasons
from vaultgen.importing.entry import Conversion, Entry
from vaultgen.importing.resource import Listed, Node, Resource
from vaultgen.importing.source import NotCarried
from vaultgen.importing.template import field_named, split_template

GROUP = "external-secrets.io"
GENERATORS = "generators.external-secrets.io"
_VERSIONS = ("v1", "v1beta1")

_OTHERS = {
    "ClusterExternalSecret": "it makes a Secret in many namespaces; write an entry for each of them",
    "PushSecret": "it writes to Vault, and vaultgen only reads",
    "ClusterPushSecret": "it writes to Vault, and vaultgen only reads",
}
_GENERATOR = "a generator makes new values, and vaultgen reads those that are there"

_LAST = "where two sources give the same key, the operator takes the last, and a build fails"
_OWNED = (
    "the Secret is deleted with the ExternalSecret; "
    "apply that with creationPolicy: Orphan before, or take disableNameSuffixHash out of the entry"
)
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_TEMPLATED = "labels and annotations cannot come from Vault"
_COMPOSED = "dockerConfig in the entry composes this key: server, username, password"


def convert(resources: Sequence[Resource], into: Conversion) -> None:
    """Add what ExternalSecrets hold, and list what else is of these groups; other resources are passed over."""
    stores = Stores(resources)
    for resource in resources:
        if resource.group == GENERATORS:
            resource.leave((), _GENERATOR)
        elif resource.kind == "ExternalSecret":
            if (resource.group, resource.version) in ((GROUP, version) for version in _VERSIONS):
                _external_secret(resource, stores, into)
            else:
                resource.leave(("apiVersion",), f"it is neither {' nor '.join(f'{GROUP}/{one}' for one in _VERSIONS)}")
        elif resource.group == GROUP and resource.kind not in STORES:
            resource.leave((), _OTHERS.get(resource.kind, reasons.UNKNOWN_KIND))


def _external_secret(resource: Resource, stores: Stores, into: Conversion) -> None:
    entry = Entry("")
    try:
        spec = resource.root.mapping("spec")
        target = spec.mapping("target")
        entry = Entry(target.text("name") or resource.name, resource.namespace)
        if not entry.name:
            raise resource.root.unable("metadata", "it has no name")
        _check_target(target)
        _timing(spec)
        _policies(target, entry)
        values = read_values(spec, stores, resource.namespace)
        entry.vault, entry.origin = values.vault, values.origin
        _fill(spec, target, values, entry)
        if not entry and not resource.left:
            raise resource.root.unable("spec", "it names no value")
    except Listed:
        # What has been listed stands for the whole resource.
        resource.seen(("spec",))
        entry = Entry("")
    resource.finish()
    into.add(resource, entry)


def _check_target(target: Node) -> None:
    if "manifest" in target:
        raise target.unable("manifest", "vaultgen makes Secrets only")
    if target.text("creationPolicy") == "None":
        raise target.unable("creationPolicy", "it makes no Secret")


def _timing(spec: Node) -> None:
    spec.note("refreshInterval", reasons.WHEN)
    spec.note("syncWindows", reasons.WHEN)
    if spec.text("refreshPolicy") == "CreatedOnce":
        spec.note("refreshPolicy", f"{reasons.WHEN}; `vaultgen lock` pins versions, where one must not change")
    else:
        spec.note("refreshPolicy", reasons.WHEN)


def _policies(target: Node, entry: Entry) -> None:
    creation, deletion = target.text("creationPolicy", "Owner"), target.text("deletionPolicy", "Retain")
    if creation == "Merge":
        entry.behavior = "merge"
        target.note("creationPolicy", "the Secret that is merged into has to be in the build, with the same namespace")
    elif creation == "CreateOrMerge":
        target.note(
            "creationPolicy", "the Secret is made; write behavior: merge, if another part of the build makes it"
        )
    elif creation == "Owner":
        target.tell("creationPolicy", _OWNED)
    elif creation != "Orphan":
        target.leave("creationPolicy", reasons.UNKNOWN_VALUE)
    if deletion in ("Delete", "Merge"):
        why = "a build fails when a secret is gone from Vault; &optional=true in a reference leaves its key out instead"
        target.note("deletionPolicy", why)
    elif deletion != "Retain":
        target.leave("deletionPolicy", reasons.UNKNOWN_VALUE)
    entry.immutable = target.flag("immutable")


def _fill(spec: Node, target: Node, values: Values, entry: Entry) -> None:
    """Put type, metadata and data keys into an entry, as the template says, or as there is none."""
    if "template" not in target:
        metadata = target.resource.root.mapping("metadata")
        entry.labels, entry.annotations = metadata.pairs("labels"), metadata.pairs("annotations")
        if entry.annotations.pop(_APPLIED, ""):
            metadata.mapping("annotations").note(_APPLIED, "kubectl writes it for itself")
        _put_values(spec, values, entry, set())
        return
    template = target.mapping("template")
    entry.type = template.text("type")
    metadata = template.mapping("metadata")
    entry.labels, entry.annotations = _plain(metadata, "labels"), _plain(metadata, "annotations")
    metadata.leave("finalizers", "vaultgen sets none")
    engine, policy = template.text("engineVersion", "v2"), template.text("mergePolicy", "Replace")
    if policy not in ("Replace", "Merge"):
        raise template.unable("mergePolicy", reasons.UNKNOWN_VALUE)
    data = template.mapping("data")
    template.leave("templateFrom", "templates of other objects, or of keys, are not filled in; write literals")
    if policy == "Merge" or not (data.names() or "templateFrom" in template):
        _put_values(spec, values, entry, set(data.names()))
    for key in data.names():
        try:
            text = data.text(key)
            if engine != "v2" and "{{" in text:
                raise NotCarried(f"a template of the engine {engine}")
            entry.put(key, split_template(text, lambda expression: values.named(field_named(expression, "."))))
        except NotCarried as reason:
            data.leave(key, f"{reason}; {_COMPOSED}" if key == ".dockerconfigjson" else str(reason))
        except Listed:
            continue


def _plain(metadata: Node, name: str) -> dict[str, str]:
    """Return labels or annotations; those that are templates are listed."""
    found = metadata.pairs(name)
    for key in [key for key, text in found.items() if "{{" in text]:
        del found[key]
        metadata.mapping(name).leave(key, _TEMPLATED)
    return found


def _put_values(spec: Node, values: Values, entry: Entry, but: set[str]) -> None:
    """Put the data keys into an entry that no template makes; ``but`` are those that one does."""
    for found in values.data.values():
        if found.key not in but and found.source:
            try:
                entry.put(found.key, [found.source])
            except NotCarried as reason:
                found.node.leave("secretKey", str(reason))
    for whole in values.wholes:
        entry.put_all(whole)
    if values.wholes and len(values.wholes) + len(values.data) + len(but) > 1:
        spec.note("dataFrom", _LAST)
