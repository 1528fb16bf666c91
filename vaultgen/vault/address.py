"""Addresses of Vault servers and proxies, taken apart and compared."""

from vaultgen.record import Record

DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")
_IPV6_CHARACTERS = frozenset("abcdef0123456789:.")


class Unusable(ValueError):
    """A setting that cannot be used; ``why`` says so in public words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Address(Record):
    """Where a server listens."""

    scheme: str
    """``http``, ``https`` or ``unix``."""
    host: str
    """Lower case, IPv6 without brackets; ``localhost`` for a unix socket."""
    port: int
    """0 for a unix socket."""
    path: str = ""
    """What stands before ``/v1/``; empty, or with a slash in front and none at the end."""
    socket: str = ""
    """Path of the unix socket."""

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them; the scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS.get(self.scheme, 0) else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        """The address in a form that may be printed."""
        return f"unix://{self.socket}" if self.socket else f"{self.scheme}://{self.authority}{self.path}"

    def is_same_server(self, other: "Address") -> bool:
        """Whether scheme, host and port (or the socket) are the same."""
        return (self.scheme, self.host, self.port, self.socket) == (other.scheme, other.host, other.port, other.socket)

    def allows(self, other: "Address") -> bool:
        """Whether an allowance for this address is one for the other; with a path it is for that path only."""
        return self.is_same_server(other) and self.path in ("", other.path)


def parse_address(text: str) -> Address:
    """Take ``http://HOST[:PORT][/PATH]``, ``https://…`` or ``unix:///PATH`` apart.

    Raises Unusable. User names and passwords are refused: they would be printed and sent in ways nobody expects.
    """
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not text.isprintable():
        raise Unusable("it has a character that cannot be printed")
    if scheme == "unix" and separator:
        if not rest.startswith("/"):
            raise Unusable("the path of the socket must be absolute")
        return Address("unix", "localhost", 0, socket=rest)
    if text[:1] in ("'", '"', " "):
        raise Unusable("it begins with a quote or a space: leave that out")
    if scheme not in DEFAULT_PORTS or not separator:
        raise Unusable("it does not begin with http://, https:// or unix://")
    authority, _, path = rest.partition("/")
    if "@" in authority:
        raise Unusable("it holds a user name or password")
    if not rest.isascii() or any(character in rest for character in "?#%\\ "):
        raise Unusable("it has a query, a fragment, or a character that no address needs")
    host, port = split_host(authority)
    path = path.strip("/")
    if any(segment in ("", ".", "..") for segment in path.split("/")) and path:
        raise Unusable("its path has an empty or a dot segment")
    if path == "ui" or path.startswith("ui/"):
        raise Unusable("it leads to the pages for people, /ui: leave that out")
    if path.rpartition("/")[2] == "v1":
        raise Unusable("it ends in /v1, which is added to it: leave that out")
    return Address(scheme, host, port or DEFAULT_PORTS[scheme], f"/{path}" if path else "")


def split_host(authority: str) -> tuple[str, int]:
    """Return host (lower case, no brackets) and port (0 where none is written). Raises Unusable."""
    if authority.startswith("["):
        host, bracket, tail = authority[1:].lower().partition("]")
        colon, port = tail[:1], tail[1:]
        valid = bool(bracket) and ":" in host and _IPV6_CHARACTERS.issuperset(host)
    else:
        host, colon, port = authority.lower().partition(":")
        valid = bool(host) and _HOST_CHARACTERS.issuperset(host)
    if not valid or colon not in ("", ":"):
        raise Unusable("the host is not one")
    if not colon:
        return host, 0
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise Unusable("the port is not a number from 1 to 65535")
    return host, int(port)
