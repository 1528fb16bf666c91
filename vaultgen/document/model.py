"""The checked document, as data."""

from vaultgen.errors import NOWHERE, Fault, Place
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    Behavior = Literal["create", "merge", "replace"]


class SecretRef(Record):
    """A key of a Secret in the cluster."""

    namespace: str
    name: str
    key: str


class CredentialSource(Record):
    """Where a credential comes from: exactly one of env, file and secret_ref, or text written in the document."""

    env: str = ""
    """Name of an environment variable."""
    file: str = ""
    """Path of a file, absolute or relative to the working directory."""
    secret_ref: SecretRef | None = None
    text: str = ""
    """Written in the document itself: a user name, a role id."""
    wrapped: bool = False
    """Whether what is found is a response-wrapping token to unwrap first."""


class ServiceAccountRef(Record):
    """A ServiceAccount to ask a token for."""

    namespace: str
    name: str


class KubernetesAuth(Record):
    """Login with a ServiceAccount token."""

    role: str
    mount: str = "kubernetes"
    token_file: str = ""
    """Empty: the Pod's own token, where service_account_ref is None."""
    service_account_ref: ServiceAccountRef | None = None
    audience: str = ""


class JwtAuth(Record):
    """Login with a JWT from CI or another issuer."""

    token: CredentialSource
    role: str = ""
    mount: str = "jwt"


class AppRoleAuth(Record):
    """Login with a role id and, unless the role binds none, a secret id."""

    role_id: CredentialSource
    secret_id: CredentialSource | None = None
    mount: str = "approle"


class CertAuth(Record):
    """Login with the TLS client certificate."""

    name: str = ""
    mount: str = "cert"


class UserpassAuth(Record):
    """Login with a user name and password."""

    username: str
    password: CredentialSource
    mount: str = "userpass"


class TokenAuth(Record):
    """A token that exists already."""

    source: CredentialSource


class LoginAuth(Record):
    """Any other method, through hvac."""

    method: str
    mount: str
    parameters: "Mapping[str, CredentialSource]"


Auth = KubernetesAuth | JwtAuth | AppRoleAuth | CertAuth | UserpassAuth | TokenAuth | LoginAuth


class Tls(Record):
    """TLS settings of the document; files are below the root."""

    ca_file: str = ""
    server_name: str = ""
    client_cert_file: str = ""
    client_key_file: str = ""


class VaultConfig(Record):
    """The ``vault:`` block; what the environment sets wins over it."""

    address: str = ""
    namespace: str = ""
    tls: Tls = Tls()
    auth: tuple[Auth, ...] = ()


class GeneratorOptions(Record):
    """Options of one Secret, those of the document merged in."""

    labels: "Mapping[str, str]" = {}
    annotations: "Mapping[str, str]" = {}
    immutable: bool = False
    disable_name_suffix_hash: bool = False


class FileSource(Record):
    """A data key whose value is a plain file or one reference."""

    key: str
    """Empty where a reference's field names the key, or a path's last part."""
    source: str
    place: Place = NOWHERE


class LiteralSource(Record):
    """A data key and its text, in which references may stand."""

    key: str
    text: str
    place: Place = NOWHERE


class EnvSource(Record):
    """A dotenv file, or a reference to a whole Vault secret."""

    source: str
    place: Place = NOWHERE


class DockerAuth(Record):
    """One registry of a .dockerconfigjson; each text may hold references."""

    server: str
    username: str
    password: str
    email: str = ""
    place: Place = NOWHERE


class Entry(Record):
    """One item of ``secretGenerator``."""

    name: str
    namespace: str = ""
    type: str = "Opaque"
    behavior: "Behavior | None" = None
    files: tuple[FileSource, ...] = ()
    literals: tuple[LiteralSource, ...] = ()
    envs: tuple[EnvSource, ...] = ()
    docker_config: tuple[DockerAuth, ...] = ()
    options: GeneratorOptions = GeneratorOptions()
    place: Place = NOWHERE


class Document(Record):
    """A whole generator document."""

    entries: tuple[Entry, ...]
    vault: VaultConfig = VaultConfig()
    place: Place = NOWHERE
    faults: tuple[Fault, ...] = ()
    """What is wrong already; the plan reports it together with what it finds itself, and nothing is read."""
