"""Turns VaultStaticSecrets into entries of a generator document.

What they mean is what the API reference of ``secrets.hashicorp.com/v1beta1`` says.
"""

from collections.abc import Sequence

from vaultgen.importing import reasons
from vaultgen.importing.entry import Conversion, Entry
from vaultgen.importing.resource import Listed, Node, Resource
from vaultgen.importing.source import NotCarried, Source, plain_path
from vaultgen.secrets_operator.login import Logins
from vaultgen.secrets_operator.transformation import fill

GROUP = "secrets.hashicorp.com"
_VERSION = "v1beta1"

_OTHERS = {
    "VaultDynamicSecret": "every build would make a new credential; where that is meant, add &allowDynamic=true",
    "VaultPKISecret": "every build would issue a new certificate",
    "HCPAuth": "it is about HCP Vault Secrets, which is another service",
    "HCPVaultSecretsApp": "it is about HCP Vault Secrets, which is another service",
    "CSISecrets": "it makes no Secret",
}
_REFERRED_TO = ("SecretTransformation", "VaultAuth", "VaultAuthGlobal", "VaultConnection")
"""Kinds that say nothing by themselves."""

_RESTARTS = "take disableNameSuffixHash out of the entry, and what refers to the Secret restarts when a value changes"
_OWNED = "the Secret is deleted with the VaultStaticSecret; take disableNameSuffixHash out of the entry, or apply again"
_WITHOUT_CREATE = "it has no effect without create"


def convert(resources: Sequence[Resource], into: Conversion) -> None:
    """Add what VaultStaticSecrets hold, and list what else is of this group; other resources are passed over."""
    logins = Logins(resources)
    for resource in resources:
        if resource.kind == "VaultStaticSecret":
            if (resource.group, resource.version) == (GROUP, _VERSION):
                _static_secret(resource, logins, into)
            else:
                resource.leave(("apiVersion",), f"it is not {GROUP}/{_VERSION}")
        elif resource.group == GROUP and resource.kind not in _REFERRED_TO:
            resource.leave((), _OTHERS.get(resource.kind, reasons.UNKNOWN_KIND))


def _static_secret(resource: Resource, logins: Logins, into: Conversion) -> None:
    try:
        entry = _entry(resource, logins)
    except Listed:
        # What has been listed stands for the whole resource.
        resource.seen(("spec",))
        entry = Entry("")
    resource.finish()
    into.add(resource, entry)


def _entry(resource: Resource, logins: Logins) -> Entry:
    spec = resource.root.mapping("spec")
    destination = spec.mapping("destination")
    entry = Entry(destination.text("name"), resource.namespace)
    if not entry.name:
        raise destination.unable("", "it has no name")
    spec.note("refreshAfter", reasons.WHEN)
    spec.note("syncConfig", reasons.WHEN)
    spec.note("hmacSecretData", "it is about changes in the cluster, which a build does not look for")
    spec.note("rolloutRestartTargets", _RESTARTS)
    _destination(destination, entry)
    login = logins.of(spec, resource.namespace)
    entry.vault, entry.origin = login.vault, login.origin
    kv_v1 = _is_kv_v1(spec)
    source = _source(spec, login.read_in(spec), kv_v1)
    fill(destination.mapping("transformation"), source, kv_v1, entry)
    if not entry and not resource.left:
        raise destination.unable("transformation", "it leaves nothing over")
    return entry


def _destination(destination: Node, entry: Entry) -> None:
    destination.note("overwrite", "what is applied takes the place of what was there")
    if destination.flag("create"):
        destination.note("create", _OWNED)
        entry.type = destination.text("type")
        entry.labels, entry.annotations = destination.pairs("labels"), destination.pairs("annotations")
        return
    why = "the Secret is made here; write behavior: replace, if another part of the build makes it"
    if "create" in destination:
        destination.note("create", why)
    else:
        destination.note("name", why)
    for name in ("type", "labels", "annotations"):
        destination.note(name, _WITHOUT_CREATE)


def _is_kv_v1(spec: Node) -> bool:
    kind = spec.text("type")
    if kind not in ("kv-v1", "kv-v2"):
        raise spec.unable("type" if kind else "", "type is neither kv-v1 nor kv-v2")
    return kind == "kv-v1"


def _source(spec: Node, read_in: str, kv_v1: bool) -> Source:
    mount, path, version = spec.text("mount"), spec.text("path"), spec.text("version", "0")
    if kv_v1 and version != "0":
        spec.note("version", reasons.NO_VERSIONS)
        version = "0"
    for name, text in (("mount", mount), ("path", path)):
        if not text.strip("/"):
            raise spec.unable(name if name in spec else "", f"no {name}")
    try:
        whole = plain_path(mount, *([] if kv_v1 else ["data"]), path)
        source = Source(whole, version="" if version == "0" else version, namespace=read_in)
        source.whole()
    except NotCarried as reason:
        raise spec.unable("path", str(reason)) from None
    return source
