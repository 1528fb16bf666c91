"""HTTP proxies: which one stands between here and Vault, by the rules of Go's programs.

The rules are those of golang.org/x/net/http/httpproxy, which the vault and bao command lines use.
"""

from vaultgen.record import Record
from vaultgen.redacted import Redacted
from vaultgen.vault.address import Unusable, split_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from vaultgen.vault.address import Address
    from vaultgen.vault.environment import Variable


class Proxy(Record):
    """An HTTP proxy."""

    host: str
    port: int
    authorization: Redacted | None = None
    """Text of the Proxy-Authorization header (str, wrapped)."""

    @property
    def text(self) -> str:
        """The proxy in a form that may be printed."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def parse_proxy(variable: "Variable") -> Proxy:
    """Return the proxy that a variable names: ``[http://][USER:PASSWORD@]HOST[:PORT][/]``. Raises Unusable."""
    scheme, separator, rest = variable.value.strip().partition("://")
    if not separator:
        rest = scheme
    elif scheme.lower() != "http":
        raise Unusable("only http:// proxies can be used")
    userinfo, _, authority = rest.partition("/")[0].rpartition("@")
    host, port = split_host(authority)
    return Proxy(host, port or 80, _basic(userinfo) if userinfo else None)


def is_direct(address: "Address", exceptions: str) -> bool:
    """Whether an address is reached without a proxy: loopback, or listed in NO_PROXY.

    An entry is a host (its subdomains go with it), ``.suffix``, ``*.suffix``, an IP address, a CIDR block or ``*``,
    the first four with an optional port.
    """
    ip = _ip(address.host)
    if address.host == "localhost" or (ip is not None and ip.is_loopback):
        return True
    return any(_matches(entry.strip().lower(), address, ip) for entry in exceptions.split(","))


def _matches(entry: str, address: "Address", ip: "IPv4Address | IPv6Address | None") -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return ip is not None and _in_block(ip, entry)
    host, port = _host_and_port(entry)
    if not host or port not in ("", str(address.port)):
        return False
    if (listed := _ip(host)) is not None:
        return listed == ip
    suffix = host.removeprefix("*")
    if suffix.startswith("."):
        return address.host.endswith(suffix)
    return address.host == host or address.host.endswith(f".{host}")


def _host_and_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        host, _, port = entry[1:].partition("]")
        return host, port.removeprefix(":")
    if entry.count(":") == 1:
        host, _, port = entry.partition(":")
        return host, port
    return entry, ""


def _ip(text: str) -> "IPv4Address | IPv6Address | None":
    from ipaddress import ip_address

    try:
        return ip_address(text)
    except ValueError:
        return None


def _in_block(ip: "IPv4Address | IPv6Address", entry: str) -> bool:
    from ipaddress import ip_network

    try:
        return ip in ip_network(entry, strict=False)
    except ValueError:
        return False


def _basic(userinfo: str) -> Redacted:
    from base64 import b64encode
    from urllib.parse import unquote_to_bytes

    user, _, password = userinfo.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return Redacted("Basic " + b64encode(pair).decode())
