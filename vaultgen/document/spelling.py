"""What someone may have meant by a field that the schema does not know. Imported only when a document is wrong."""

from difflib import get_close_matches
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Guess(NamedTuple):
    """What to do about an unknown field."""

    advice: str
    """One sentence without a final period; it never quotes the document."""
    meant: str = ""
    """The known field that was meant, where there is one."""
    recognised: bool = True
    """Whether the name is known at all, here or elsewhere, if only by a likeness."""


OTHER_NAMES: "dict[str, tuple[str, ...]]" = {
    "secret": ("secretId", "secretRef", "password", "secretGenerator"),
    "secrets": ("secretGenerator",),
    "generators": ("secretGenerator",),
    "generatoroptions": ("options",),
    "envfile": ("envs",),
    "envfiles": ("envs",),
    "envfrom": ("envs",),
    "registries": ("dockerConfig",),
    "registry": ("server",),
    "dockerconfigjson": ("dockerConfig",),
    "addr": ("address",),
    "url": ("address",),
    "server": ("address",),
    "host": ("address",),
    "authentication": ("auth",),
    "ca": ("caFile",),
    "cacert": ("caFile",),
    "cabundle": ("caFile",),
    "cert": ("clientCertFile",),
    "clientcert": ("clientCertFile",),
    "key": ("clientKeyFile",),
    "clientkey": ("clientKeyFile",),
    "sni": ("serverName",),
    "k8s": ("kubernetes",),
    "oidc": ("jwt",),
    "path": ("mount", "file"),
    "mountpath": ("mount",),
    "serviceaccount": ("serviceAccountRef",),
    "serviceaccountname": ("serviceAccountRef",),
    "jwt": ("token", "tokenFile"),
    "tokenpath": ("tokenFile",),
    "user": ("username",),
    "params": ("parameters",),
    "environment": ("env",),
    "secretkeyref": ("secretRef",),
}
"""Names that other tools give a field, without case, ``-`` and ``_``: the first that is known at the place is meant."""

_IN_OPTIONS = "write it below `options`"
_IN_A_METHOD = "write it below the login method: `kubernetes: {role: …}`"
_NOT_HERE = "a credential is not written in the document; say where it is: env, file or secretRef"

OTHER_PLACES: "dict[str, dict[str, str]]" = {
    "secretGenerator": {
        "spec": "the fields stand at the top level of a VaultSecretGenerator, without spec",
        "data": "the Secrets are entries of secretGenerator, with their data in files, literals or envs",
        "stringdata": "the Secrets are entries of secretGenerator, with their data in files, literals or envs",
        "configmapgenerator": "vaultgen makes Secrets only; leave configMapGenerator in kustomization.yaml",
        "resources": "this belongs into kustomization.yaml",
        "options": "the options of all Secrets are `generatorOptions`; those of one are `options` in its entry",
        "auth": "write it below `vault`",
        "address": "write it below `vault`",
    },
    "literals": {
        "data": "write `literals` with items KEY=VALUE, or `files` with KEY: SOURCE",
        "stringdata": "write `literals` with items KEY=VALUE, or `files` with KEY: SOURCE",
        "metadata": "write name and namespace in the entry itself, labels and annotations below `options`",
        "labels": _IN_OPTIONS,
        "annotations": _IN_OPTIONS,
        "immutable": _IN_OPTIONS,
        "disablenamesuffixhash": _IN_OPTIONS,
    },
    "kubernetes": {
        "method": "write the method's name as the field: `kubernetes: {role: …}`",
        "type": "write the method's name as the field: `kubernetes: {role: …}`",
        "role": _IN_A_METHOD,
        "mount": _IN_A_METHOD,
        "path": _IN_A_METHOD,
        **{
            method: f"write `login: {{method: {method}, parameters: {{…}}}}`"
            for method in ("aws", "azure", "gcp", "github", "ldap", "okta", "radius")
        },
    },
    "caFile": {
        "insecure": "give the server's CA in caFile",
        "skipverify": "give the server's CA in caFile",
        "insecureskipverify": "give the server's CA in caFile",
    },
    "address": {
        "role": "write it below the login method: `auth: {kubernetes: {role: …}}`",
        "token": "write `auth: {token: {env: VAULT_TOKEN}}`, or leave it out: VAULT_TOKEN is used by itself",
        "cafile": "write it below `tls`",
        "skipverify": "give the server's CA in `tls: {caFile: …}`",
    },
    "secretRef": {"value": _NOT_HERE, "token": _NOT_HERE, "password": _NOT_HERE},
}
"""By a field that is known at the place: what to say of names that belong elsewhere."""


def guess(name: str, known: "Sequence[str]") -> Guess:
    """Return what to do about the unknown field ``name`` where the fields ``known`` may stand."""
    plain = _plain(name)
    fields = {_plain(field): field for field in known}
    if plain in fields:
        return _did_you_mean(fields[plain])
    for here, advice in OTHER_PLACES.items():
        if here in known and plain in advice:
            return Guess(advice[plain])
    for field in OTHER_NAMES.get(plain, ()):
        if field in known:
            return _did_you_mean(field)
    if close := get_close_matches(plain, fields, 1, 0.7):
        return _did_you_mean(fields[close[0]])
    return Guess("the fields here are " + ", ".join(known), recognised=False)


def _did_you_mean(field: str) -> Guess:
    return Guess(f"did you mean `{field}`?", field)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
