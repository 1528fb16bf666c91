"""TLS: one context for all connections, and its failures in words of our own. Imported for https addresses only."""

import os
import ssl

from vaultgen.errors import Fault, Refused, refuse
from vaultgen.vault.route import Lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from typing import NoReturn

    from vaultgen.ports import Files
    from vaultgen.vault.settings import Pem, Settings

# Codes of OpenSSL's x509_vfy.h.
_HOSTNAME_CODES = frozenset((62, 63, 64))
_UNTRUSTED = {
    9: "it is not valid yet; is the clock of this machine right",
    10: "it has expired",
    18: "it is self-signed",
    19: "a self-signed certificate stands at the top of its chain",
    2: "its issuer is unknown",
    20: "its issuer is unknown",
    21: "its issuer is unknown, and it came without its chain",
    23: "it is revoked",
    26: "it is not meant for servers",
}
_ENDED = "UNEXPECTED_EOF_WHILE_READING"
"""What OpenSSL says of a stream that ends early; before 3.11.4 Python had no class for it."""
_REASONS = {
    "WRONG_VERSION_NUMBER": "the port does not speak TLS",
    "RECORD_LAYER_FAILURE": "the port does not speak TLS",
    "HTTP_REQUEST": "the port does not speak TLS",
    "UNSUPPORTED_PROTOCOL": "the server speaks no TLS version from 1.2 on",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server speaks no TLS version from 1.2 on",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a client certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server wants a client certificate, or no cipher suits both",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the server does not accept the client certificate, or wants one",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the client certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the server does not accept the client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the server does not know the client certificate's CA",
    "TLSV1_ALERT_DECRYPT_ERROR": "the server does not accept the client certificate",
    "TLSV1_UNRECOGNIZED_NAME": "the server does not know the name in the address",
}
_PEM_LIMIT = 60_000
"""Bytes; a pipe takes that much without a reader."""


class Tls:
    """The TLS side of all connections to one server."""

    def __init__(self, settings: "Settings", files: "Files") -> None:
        """Build the context. Raises ``Refused`` (bad-setting, file-*) for certificates and keys that cannot be used."""
        self._address = settings.address.text
        self._name = _as_bytes(settings.tls.server_name or settings.address.host)
        self._files = files
        self.certificate = b""
        """The server's certificate (DER), once a connection has received data."""
        self._session: ssl.SSLSession | None = None
        self._context = context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # As in Go, a name stands in the subjectAltName or nowhere.
        context.hostname_checks_common_name = False
        # Some builds of Python take a stream that ends without TLS's own goodbye for one that is complete.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        # As in Go, a trusted certificate need not be a root.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        tls = settings.tls
        if tls.skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif tls.ca is not None:
            self._trust(tls.ca)
        else:
            _trust_system(context)
        if tls.client_cert is not None and tls.client_key is not None:
            self._present(tls.client_cert, tls.client_key)

    def authorities(self) -> list[bytes]:
        """Return the CAs (DER) that are trusted and have been read so far; from a directory, those that were needed."""
        return self._context.get_ca_certs(binary_form=True)

    def wrap(self, plain: "socket.socket") -> ssl.SSLSocket:
        """Return a connected, non-blocking socket as a TLS one whose handshake is still to be done. Raises Lost."""
        try:
            return self._context.wrap_socket(
                plain,
                server_hostname=self._name,
                do_handshake_on_connect=False,
                # A stream that ends without TLS's own goodbye may have been cut by somebody else.
                suppress_ragged_eofs=False,
                session=self._session,
            )
        except OSError:
            raise Lost(self._cut(), again=True) from None

    def remember(self, connected: "socket.socket") -> None:
        """Keep the session of a connection that has received data, so that later ones start faster."""
        if self._session is None and isinstance(connected, ssl.SSLSocket):
            self._session = connected.session
            self.certificate = connected.getpeercert(binary_form=True) or b""

    def handshake(self, connected: "socket.socket") -> str:
        """Go on with a handshake; return ``read`` or ``write`` where it waits for that, else an empty text.

        Raises Lost (tls-*).
        """
        try:
            if isinstance(connected, ssl.SSLSocket):
                connected.do_handshake()
        except OSError as error:
            if waiting := self.must_wait(error):
                return waiting
            fault = self.fault(error)
            raise Lost(fault or self._cut(), again=fault is None) from None
        return ""

    def must_wait(self, error: OSError) -> str:
        """Return ``read`` or ``write`` where a TLS socket only waits for that, else an empty text."""
        if isinstance(error, ssl.SSLWantReadError):
            return "read"
        return "write" if isinstance(error, ssl.SSLWantWriteError) else ""

    def fault(self, error: OSError) -> Fault | None:
        """Return what an error of a TLS socket means; None where the connection below it ended."""
        if isinstance(error, ssl.SSLCertVerificationError):
            if error.verify_code in _HOSTNAME_CODES:
                return self._fault("tls-hostname")
            return self._fault("tls-untrusted", _UNTRUSTED.get(error.verify_code, "its chain is not valid"))
        if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError) or error.reason == _ENDED:
            return None
        return self._fault("tls-failed", _REASONS.get(error.reason or "", "the handshake failed"))

    def _cut(self) -> Fault:
        return self._fault("tls-failed", "the connection was closed during the handshake")

    def _fault(self, code: str, why: str = "") -> Fault:
        return Fault(code, facts={"address": self._address, "why": why} if why else {"address": self._address})

    # --- certificates and keys ---

    def _trust(self, ca: "Pem") -> None:
        try:
            if ca.kind == "file":
                self._context.load_verify_locations(cafile=ca.value.reveal())
            elif ca.kind == "directory":
                for path in _files_of(ca.value.reveal()):
                    self._context.load_verify_locations(cafile=path)
            else:
                self._context.load_verify_locations(cadata=self._pem(ca).decode("ascii", "ignore"))
        except ValueError:
            raise refuse("bad-setting", name=ca.source, why="it holds no certificate in PEM form") from None
        except OSError as error:
            _unusable(ca, error, "it holds no certificate in PEM form")

    def _present(self, cert: "Pem", key: "Pem") -> None:
        opened: list[int] = []
        try:
            paths = [self._path(pem, opened) for pem in (cert, key)]
            # Without a callback OpenSSL would ask the terminal for the password of an encrypted key.
            self._context.load_cert_chain(paths[0], paths[1], password=lambda: "")
        except OSError as error:
            _unusable(cert, error, "certificate and key are not PEM, do not match, or the key is encrypted")
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _path(self, pem: "Pem", opened: list[int]) -> str:
        """Return a path under which OpenSSL can read a certificate or key; a pipe, so that nothing reaches a disk."""
        if pem.kind == "file":
            return str(pem.value.reveal())
        content = self._pem(pem)
        if len(content) > _PEM_LIMIT:
            raise refuse("bad-setting", name=pem.source, why=f"it is larger than {_PEM_LIMIT} bytes")
        reading, writing = os.pipe()
        opened.append(reading)
        os.write(writing, content)
        os.close(writing)
        return f"/dev/fd/{reading}"

    def _pem(self, pem: "Pem") -> bytes:
        if pem.kind == "document":
            return self._files.read(pem.value.reveal())
        return bytes(pem.value.reveal().encode())


def _as_bytes(name: str) -> str | bytes:
    """Return a host name that needs no IDNA as bytes: a text would be put through it, and its import costs 1 ms."""
    return name.encode() if name.isascii() and all(0 < len(label) < 64 for label in name.split(".")) else name


def _trust_system(context: ssl.SSLContext) -> None:
    """Trust the system's CAs; a directory of them is read as needed, a bundle costs 20 ms at once."""
    paths = ssl.get_default_verify_paths()
    try:
        has_directory = bool(paths.capath) and any(name.endswith(".0") for name in os.listdir(paths.capath))
    except OSError:
        has_directory = False
    if has_directory:
        context.load_verify_locations(capath=paths.capath)
    if paths.cafile and (not has_directory or os.environ.get(paths.openssl_cafile_env)):
        context.load_verify_locations(cafile=paths.cafile)


def _files_of(directory: str) -> "Iterator[str]":
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            yield path


def _unusable(pem: "Pem", error: OSError, otherwise: str) -> "NoReturn":
    if isinstance(error, FileNotFoundError):
        why = "there is no such file or directory"
    elif isinstance(error, PermissionError):
        why = "it may not be read"
    elif isinstance(error, NotADirectoryError | IsADirectoryError):
        why = "it is a directory where a file is expected, or the other way round"
    else:
        why = otherwise
    raise Refused([Fault("bad-setting", facts={"name": pem.source, "why": why})]) from None
