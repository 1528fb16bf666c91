"""``spec.data`` and ``spec.dataFrom``: which values of Vault an ExternalSecret names."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vaultgen.external_secrets.store import Store, Stores
from vaultgen.importing import reasons
from vaultgen.importing.resource import Listed, Node
from vaultgen.importing.source import NotCarried, Source

_FILE_NAME = re.compile(
    r"\..*|.*\.(?:ca|cer|cert|cfg|conf|config|crt|csr|env|html|ini|jks|js|json|key|keystore|keytab|p12|pem|pfx|php"
    r"|properties|props|pub|py|sh|sql|toml|truststore|txt|xml|ya?ml)",
    re.IGNORECASE,
)
"""Names with dots that are those of fields, rather than paths into JSON."""
_GJSON = re.compile(r"[*?|#@!{}\[\]()\"'<>=]|\.\.|^\.|\.$|\\(?!\.)")
"""What makes an expression of gjson more than a path of names and indexes."""

_AUTO = "Auto decodes what looks like base64; if the value is encoded, add a key whose reference ends in &decode=base64"


@dataclass
class Found:
    """An item of ``spec.data``."""

    key: str
    node: Node
    source: Source | None
    """None: listed."""


@dataclass
class Values:
    """What ``spec.data`` and ``spec.dataFrom`` give."""

    vault: Mapping[str, Any] = field(default_factory=dict)
    """The ``vault:`` block that reads them."""
    origin: str = ""
    data: dict[str, Found] = field(default_factory=dict)
    wholes: list[Source] = field(default_factory=list)
    """Secrets whose fields all become keys."""
    listed: bool = False
    """Whether an item of ``spec.dataFrom`` could not be carried over."""

    def named(self, name: str) -> Source:
        """Return what a template calls by a name. Raises NotCarried."""
        if name in self.data:
            source = self.data[name].source
            if source is None:
                raise NotCarried(f"it uses {name}, which is not carried over")
            return source
        if len(self.wholes) == 1 and not self.listed:
            return replace(self.wholes[0], field=name)
        if self.wholes or self.listed:
            raise NotCarried(f"it uses {name}, and which item of dataFrom gives that is not known before reading")
        raise NotCarried(f"it uses {name}, which nothing in data gives")


def read_values(spec: Node, stores: Stores, namespace: str) -> Values:
    """Return what a spec names; items that cannot be carried over are listed. Raises Listed if that is the whole."""
    values = Values()
    by_default = spec.mapping("secretStoreRef")
    chosen: Store | None = None

    def store_of(item: Node) -> Store:
        nonlocal chosen
        source = item.mapping("sourceRef")
        if "generatorRef" in source:
            raise source.unable("generatorRef", "a generator makes new values, and vaultgen reads those that are there")
        reference = source.mapping("storeRef") if "storeRef" in source else by_default
        store = stores.of(reference, namespace)
        if chosen and store.vault != chosen.vault:
            raise reference.unable("name", "an entry is read from one Vault, with one login; this item needs another")
        chosen = store
        return store

    for item in spec.items("dataFrom"):
        try:
            values.wholes.append(_whole(item, store_of))
        except Listed:
            values.listed = True
            item.seen()
    for item in spec.items("data"):
        try:
            _value(item, store_of, values)
        except Listed:
            item.seen()
    if chosen:
        values.vault, values.origin = chosen.vault, chosen.origin
    by_default.seen("name", "kind")
    return values


def _whole(item: Node, store_of: Callable[[Node], Store]) -> Source:
    for name, why in (
        ("find", "secrets are not searched for; write one entry of envs or files for each that is found"),
        ("rewrite", "keys are not rewritten; write KEY=vault:… for each field under files"),
    ):
        if name in item:
            raise item.unable(name, why)
    store = store_of(item)
    if "extract" not in item:
        raise item.unable("", "neither extract nor find nor a generator")
    extract = item.mapping("extract")
    if "property" in extract:
        raise extract.unable("property", "part of a field cannot become keys; write one key for each, with jsonPointer")
    if extract.text("decodingStrategy", "None") != "None":
        raise extract.unable("decodingStrategy", "fields that become keys are taken as stored; write one key for each")
    if extract.text("conversionStrategy", "Default") != "Default":
        extract.note("conversionStrategy", "a field whose name is no data key makes a build fail")
    return _source(extract, store)


def _value(item: Node, store_of: Callable[[Node], Store], values: Values) -> None:
    key = item.text("secretKey")
    if not key:
        raise item.unable("", "an item without a secretKey")
    if key in values.data:
        values.data[key].node.note("secretKey", "a later item gives the same key, and wins")
    values.data[key] = found = Found(key, item, None)
    store = store_of(item)
    remote = item.mapping("remoteRef")
    # It is about the names of fields that become keys, of which there is none here.
    remote.seen("conversionStrategy")
    source = _source(remote, store)
    if remote.text("property"):
        source = _part(remote, source)
    decoding = remote.text("decodingStrategy", "None")
    if decoding == "Auto":
        raise remote.unable("decodingStrategy", _AUTO)
    if decoding not in ("None", "Base64"):
        raise remote.unable("decodingStrategy", f"values are decoded from base64 only, not from {decoding}")
    if decoding == "Base64":
        source = replace(source, decode=True)
    try:
        source.reference()
    except NotCarried as reason:
        raise remote.unable("", str(reason)) from None
    found.source = source


def _source(remote: Node, store: Store) -> Source:
    """Return the secret that a ``remoteRef`` names, as a whole."""
    if remote.text("metadataPolicy", "None") != "None":
        raise remote.unable("metadataPolicy", "metadata of secrets is not read")
    if remote.text("nullBytePolicy", "Ignore") != "Ignore":
        remote.note("nullBytePolicy", "a value with NUL bytes is not refused")
    version = remote.text("version")
    if version and store.kv_v1:
        remote.note("version", reasons.NO_VERSIONS)
        version = ""
    try:
        path = store.path_of(remote.text("key"))
        # 0 is the latest, for Vault itself.
        source = Source(path, version="" if version == "0" else version, namespace=store.read_in)
        source.whole()
    except NotCarried as reason:
        raise remote.unable("", str(reason)) from None
    return source


def _part(remote: Node, source: Source) -> Source:
    """Return what ``property`` picks: the field of that name if there is one, else what gjson finds in the secret."""
    name = remote.text("property")
    if "." not in name:
        if _GJSON.search(name):
            raise remote.unable("property", "an expression of gjson that does more than name a field")
        return replace(source, field=name)
    first, *rest = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", name))
    if "\\" not in name and _FILE_NAME.fullmatch(name):
        remote.note("property", f"taken as the field {name}, not as a path into JSON")
        return replace(source, field=name)
    if _GJSON.search(name) or not first or not all(rest):
        raise remote.unable("property", "an expression of gjson that does more than name a field and a part of it")
    if rest:
        why = f"taken as a part of the field {first}, which holds JSON; if {name} is itself a field, write key={name}"
        remote.note("property", why)
    return replace(source, field=first, pointer=tuple(rest))
