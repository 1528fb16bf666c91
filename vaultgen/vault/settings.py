"""How to reach Vault: from the environment and, where that is silent, the document."""

from vaultgen.errors import NOWHERE, Fault, Place, Refused
from vaultgen.record import Record
from vaultgen.redacted import Redacted
from vaultgen.vault import environment
from vaultgen.vault.address import Address, Unusable, parse_address, split_host
from vaultgen.vault.environment import UNSET, RateLimit, Variable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal, TypeVar

    from vaultgen.document.model import VaultConfig
    from vaultgen.vault.proxy import Proxy

    Value = TypeVar("Value")

ALLOWED_ADDRESSES = "VAULTGEN_ALLOWED_ADDRESSES"
DEFAULT_TIMEOUT = 60.0
DEFAULT_RETRIES = 2


class Pem(Record):
    """Where a certificate or a key is found."""

    source: str
    """The variable or the document's field, to be printed."""
    kind: "Literal['file', 'directory', 'text', 'document']"
    """``file`` and ``directory`` are paths of this machine, ``document`` a path below the root, ``text`` is PEM."""
    value: Redacted
    """The path or the PEM text (str, wrapped)."""


class TlsSettings(Record):
    """What TLS needs, not yet read from disk."""

    ca: Pem | None = None
    """None trusts the system's CAs."""
    client_cert: Pem | None = None
    client_key: Pem | None = None
    server_name: str = ""
    """The name that the certificate must have; empty means the address's host."""
    skip_verify: bool = False


class Settings(Record):
    """Everything about the way to Vault, credentials aside."""

    address: Address
    address_source: str = "VAULT_ADDR"
    """The variable, or ``vault.address`` for the document's."""
    at_home: bool = True
    """Whether credentials of the environment, of files and of the cluster may be sent to ``address``."""
    vault_namespace: str = ""
    timeout: float = DEFAULT_TIMEOUT
    """Seconds that all requests of a run may take together."""
    attempts: int = DEFAULT_RETRIES + 1
    rate_limit: RateLimit | None = None
    headers: tuple[tuple[str, Redacted], ...] = ()
    """Headers of VAULT_HEADERS: name and text (str, wrapped)."""
    tls: TlsSettings = TlsSettings()
    proxy: "Proxy | None" = None
    follows_redirects: bool = True


def read_settings(config: "VaultConfig", environ: "Mapping[str, str]") -> Settings:
    """Return the settings; a variable that is set wins over the document.

    Names, their order (BAO_ before VAULT_) and the texts' forms are those of OpenBao's api/client.go and api/env.go.
    Raises ``Refused`` with all of: no-address, bad-address, bad-setting, credential-leaves-home.
    """
    reader = _Reader(environ)
    source, address = reader.address(config.address)
    private: list[str] = []
    settings = Settings(
        address,
        source,
        source != "vault.address" or reader.is_allowed(address),
        reader.vault_namespace(config.namespace),
        reader.timeout(),
        reader.value("MAX_RETRIES", environment.count, DEFAULT_RETRIES) + 1,
        reader.value("RATE_LIMIT", environment.rate_limit, None),
        reader.headers(private),
        reader.tls(config, private),
        reader.proxy(address),
        not reader.value("DISABLE_REDIRECTS", environment.boolean, False),
    )
    if not settings.at_home:
        reader.faults.extend(_leaves_home(settings, name) for name in private)
    if reader.faults:
        raise Refused(reader.faults)
    return settings


def require_home(settings: Settings, source: str) -> None:
    """Refuse to send a credential from ``source`` (public words) to an address that only the document names.

    Call it for every credential that does not stand in the document itself. Raises ``Refused``
    (credential-leaves-home).
    """
    if not settings.at_home:
        raise Refused([_leaves_home(settings, source)])


def _leaves_home(settings: Settings, source: str) -> Fault:
    return Fault("credential-leaves-home", facts={"source": source, "address": settings.address.text})


class _Reader:
    """Reads one setting after the other and collects what is wrong with them."""

    def __init__(self, environ: "Mapping[str, str]") -> None:
        self.environ = environ
        self.faults: list[Fault] = []

    def value(self, name: str, parse: "Callable[[str], Value]", default: "Value") -> "Value":
        """Return what ``parse`` makes of a variable; the default where it is unset or unusable."""
        variable = find(self.environ, name)
        if variable is UNSET:
            return default
        try:
            return parse(variable.value)
        except Unusable as unusable:
            self._bad(variable.name, unusable.why)
            return default

    @property
    def has_address(self) -> bool:
        """Whether the environment gives the address; then a document may not say what its certificate is for."""
        return any(find(self.environ, name) is not UNSET for name in ("AGENT_ADDR", "ADDR"))

    def address(self, of_document: str) -> tuple[str, Address]:
        """Return where the address stands and the address itself."""
        variable = find(self.environ, "AGENT_ADDR")
        if variable is UNSET:
            variable = find(self.environ, "ADDR")
        if variable is UNSET:
            variable = Variable("vault.address", of_document)
        if not variable.value:
            self.faults.append(Fault("no-address"))
            return variable.name, Address("http", "localhost", 0)
        try:
            return variable.name, parse_address(variable.value)
        except Unusable as unusable:
            place = Place(field="vault.address") if variable.name == "vault.address" else NOWHERE
            self.faults.append(Fault("bad-address", place, {"source": variable.name, "why": unusable.why}))
            return variable.name, Address("http", "localhost", 0)

    def is_allowed(self, address: Address) -> bool:
        """Whether VAULTGEN_ALLOWED_ADDRESSES lists the server; an entry with a path allows that path only."""
        allowed = False
        for entry in self.environ.get(ALLOWED_ADDRESSES, "").replace(",", " ").split():
            try:
                other = parse_address(entry)
            except Unusable as unusable:
                self._bad(ALLOWED_ADDRESSES, unusable.why)
            else:
                allowed |= other.allows(address)
        return allowed

    def vault_namespace(self, of_document: str) -> str:
        """Return the Vault namespace without slashes at its ends."""
        variable = find(self.environ, "NAMESPACE")
        text = (variable.value or of_document).strip("/")
        if text:
            from vaultgen.vault.message import header_problem, path_problem

            if problem := path_problem(text) or header_problem(text):
                self._bad(variable.name or "vault.namespace", problem)
        return text

    def timeout(self) -> float:
        """Return the seconds of CLIENT_TIMEOUT; 0 means the default, as for the command lines."""
        return self.value("CLIENT_TIMEOUT", environment.duration, DEFAULT_TIMEOUT) or DEFAULT_TIMEOUT

    def headers(self, private: list[str]) -> tuple[tuple[str, Redacted], ...]:
        """Return the headers of HEADERS, and note the variable among the private ones."""
        nothing: tuple[tuple[str, str], ...] = ()
        pairs = self.value("HEADERS", environment.headers, nothing)
        if pairs:
            private.append(find(self.environ, "HEADERS").name)
        return tuple((name, Redacted(text)) for name, text in pairs)

    def tls(self, config: "VaultConfig", private: list[str]) -> TlsSettings:
        """Return the TLS settings, and note a client key of the environment among the private ones."""
        document = config.tls
        ca = self._pem("CACERT", "CACERT_BYTES", "CAPATH") or _in_document("caFile", document.ca_file)
        cert = self._pem("CLIENT_CERT", "CLIENT_CERT_BYTES")
        key = self._pem("CLIENT_KEY", "CLIENT_KEY_BYTES")
        if cert or key:
            private.append((key or cert or _NO_PEM).source)
        else:
            cert = _in_document("clientCertFile", document.client_cert_file)
            key = _in_document("clientKeyFile", document.client_key_file)
        if bool(cert) != bool(key):
            self._bad((cert or key or _NO_PEM).source, "a client certificate and its key must be given together")
        return TlsSettings(
            ca,
            cert,
            key,
            self._server_name("" if self.has_address else document.server_name),
            self.value("SKIP_VERIFY", environment.boolean, False),
        )

    def _server_name(self, of_document: str) -> str:
        variable = find(self.environ, "TLS_SERVER_NAME")
        name = variable.value or of_document
        try:
            if name and (split_host(name)[1] or name.startswith(".")):
                raise Unusable("expected a host name alone")
        except Unusable as unusable:
            self._bad(variable.name or "vault.tls.serverName", unusable.why)
        return name

    def _pem(self, file: str, text: str, directory: str = "") -> Pem | None:
        kinds: list[tuple[str, Literal["file", "text", "directory"]]] = [(file, "file"), (text, "text")]
        if directory:
            kinds.append((directory, "directory"))
        for name, kind in kinds:
            variable = find(self.environ, name)
            if variable.value and kind != "text" and not variable.value.startswith("/"):
                # kustomize starts the function inside the tree, one of whose files it would be.
                self._bad(variable.name, "the path must be absolute")
            elif variable.value:
                return Pem(variable.name, kind, Redacted(variable.value))
        return None

    def proxy(self, address: Address) -> "Proxy | None":
        """Return the proxy that stands between here and the address, or None."""
        variable = find(self.environ, "PROXY_ADDR")
        if variable is UNSET:
            variable = find(self.environ, "HTTP_PROXY")
        always = variable is not UNSET
        if not always:
            name = "HTTPS_PROXY" if address.scheme == "https" else "HTTP_PROXY"
            for spelling in (name, name.lower()):
                if value := self.environ.get(spelling):
                    variable = Variable(spelling, value)
                    break
        if variable is UNSET or address.scheme == "unix":
            return None
        from vaultgen.vault.proxy import is_direct, parse_proxy

        exceptions = self.environ.get("NO_PROXY") or self.environ.get("no_proxy") or ""
        if not always and is_direct(address, exceptions):
            return None
        try:
            return parse_proxy(variable)
        except Unusable as unusable:
            self._bad(variable.name, unusable.why)
            return None

    def _bad(self, name: str, why: str) -> None:
        self.faults.append(Fault("bad-setting", facts={"name": name, "why": why}))


_NO_PEM = Pem("", "text", Redacted(""))


def _in_document(field: str, path: str) -> Pem | None:
    return Pem(f"vault.tls.{field}", "document", Redacted(path)) if path else None
