"""The methods of a document: which one is used, and what it is handed to."""

from vaultgen.document.model import (
    AppRoleAuth,
    CertAuth,
    CredentialSource,
    JwtAuth,
    KubernetesAuth,
    LoginAuth,
    TokenAuth,
    UserpassAuth,
)
from vaultgen.errors import Fault, Place, Refused
from vaultgen.vault.login.credential import (
    POD_TOKEN_FILE,
    Outside,
    describe,
    has_cluster,
    is_allowed,
    is_present,
    obtain_token,
)
from vaultgen.vault.message import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaultgen.document.model import Auth


def log_in_by_first_present(auth: "Sequence[Auth]", outside: Outside, tried: list[str]) -> Session | None:
    """Log in by the first method whose credential is present; None where none is.

    ``tried`` is that of ``first_present``. Raises Refused as ``log_in`` does.
    """
    number = first_present(auth, outside, tried)
    if number is None:
        return None
    try:
        return _session(auth[number], outside)
    except Refused as refused:
        raise Refused(_placed(refused.faults, _place(auth, number))) from None


def first_present(auth: "Sequence[Auth]", outside: Outside, tried: list[str]) -> int | None:
    """Return the index of the first method whose credential is present, without using it; None where none is.

    What was looked for in vain is appended to ``tried``, in public words. Raises Refused: env-not-allowed,
    unknown-auth-method, for any of the methods.
    """
    faults = [fault for number, method in enumerate(auth) for fault in _faults(method, _place(auth, number), outside)]
    if faults:
        raise Refused(faults)
    for number, method in enumerate(auth):
        absent = _absent(method, outside)
        if not absent:
            return number
        tried.append(absent)
    return None


def _placed(faults: "Sequence[Fault]", place: Place) -> "Iterator[Fault]":
    """A login that failed is a fault of its method, but where the server is out of reach."""
    from vaultgen.errors.catalogue import CATALOGUE

    for fault in faults:
        yield fault if CATALOGUE[fault.code].family == "unavailable" else fault._replace(place=place)


def _session(auth: "Auth", outside: Outside) -> Session:
    if isinstance(auth, TokenAuth):
        return Session(obtain_token(auth.source, outside), describe(auth.source), False)
    if isinstance(auth, KubernetesAuth):
        from vaultgen.vault.login.kubernetes import log_in_kubernetes

        return Session(log_in_kubernetes(auth, outside), "the kubernetes login", True)
    if isinstance(auth, JwtAuth):
        from vaultgen.vault.login.jwt import log_in_jwt

        return Session(log_in_jwt(auth, outside), "the jwt login", True)
    if isinstance(auth, AppRoleAuth):
        from vaultgen.vault.login.approle import log_in_approle

        return Session(log_in_approle(auth, outside), "the approle login", True)
    if isinstance(auth, CertAuth):
        from vaultgen.vault.login.cert import log_in_cert

        return Session(log_in_cert(auth, outside), "the cert login", True)
    if isinstance(auth, UserpassAuth):
        from vaultgen.vault.login.userpass import log_in_userpass

        return Session(log_in_userpass(auth, outside), "the userpass login", True)
    from vaultgen.vault.login.through_hvac import log_in_through_hvac

    return Session(log_in_through_hvac(auth, outside), f"the {auth.method} login", True)


def _sources(auth: "Auth") -> tuple[CredentialSource, ...]:
    """Return where the credentials of a method come from, apart from a ServiceAccount and a client certificate."""
    if isinstance(auth, TokenAuth):
        return (auth.source,)
    if isinstance(auth, KubernetesAuth) and not auth.service_account_ref:
        return (CredentialSource(file=auth.token_file or POD_TOKEN_FILE),)
    if isinstance(auth, JwtAuth):
        return (auth.token,)
    if isinstance(auth, AppRoleAuth):
        return (auth.role_id, auth.secret_id) if auth.secret_id else (auth.role_id,)
    if isinstance(auth, UserpassAuth):
        return (auth.password,)
    return tuple(auth.parameters.values()) if isinstance(auth, LoginAuth) else ()


def _absent(auth: "Auth", outside: Outside) -> str:
    """Return what a method lacks, in public words; empty where its credential is present."""
    if isinstance(auth, CertAuth) and not outside.settings.tls.client_cert:
        return "a TLS client certificate"
    if isinstance(auth, KubernetesAuth) and auth.service_account_ref and not has_cluster(outside):
        namespace, name = auth.service_account_ref
        return f"a token for ServiceAccount {namespace}/{name} (no cluster is configured)"
    for source in _sources(auth):
        if not is_present(source, outside):
            return describe(source) + (" (no cluster is configured)" if source.secret_ref else "")
    return ""


def _faults(auth: "Auth", place: Place, outside: Outside) -> "Iterator[Fault]":
    """What is wrong with a method whatever the environment holds."""
    for source in _sources(auth):
        if source.env and not is_allowed(source.env, outside.environ):
            yield Fault("env-not-allowed", place, {"name": source.env})
    if isinstance(auth, LoginAuth):
        from vaultgen.vault.login.through_hvac import suggestion

        if advice := suggestion(auth.method):
            yield Fault("unknown-auth-method", place, {"method": auth.method, "suggestion": advice})


def _place(auth: "Sequence[Auth]", number: int) -> Place:
    return Place(field="vault.auth" if len(auth) == 1 else f"vault.auth[{number}]")
