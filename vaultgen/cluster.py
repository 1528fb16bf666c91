"""A Kubernetes cluster: Secrets and tokens of ServiceAccounts for a login, and any request for what looks further.

The ``kubernetes`` package is imported at the first question (a quarter of a second). Of it, the reading of
configurations and the TLS set-up are used, not its models. Nothing that the package, the API server or a
credential plugin says is shown.
"""

import contextlib
import json
import logging
import os
import re
import warnings

from vaultgen.errors import refuse
from vaultgen.redacted import Redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    _Session = tuple[Any, str, dict[str, str]]
    """Connections, the API server's address, and headers."""

POD_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"

_TIMEOUT_SECONDS = 10.0
# A Secret holds at most 1 MiB of data; in base64, and with its metadata, it is half as large again.
_ANSWER_LIMIT = 4 << 20
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
# What the API server takes as a namespace or an object's name; anything else would be another path.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)


class KubernetesCluster:
    """The ``Cluster`` port, over the API server that the environment names."""

    def __init__(
        self, environ: "Mapping[str, str]", pod_directory: str = POD_DIRECTORY, *, seconds: float = 60.0
    ) -> None:
        """Look for a configuration: ``$KUBECONFIG``, else the Pod's own, else ``~/.kube/config``.

        This only looks which files exist. An answer may take ``seconds``, 10 at most; a credential plugin of a
        kubeconfig ``seconds``, and at a terminal as long as a person lets it. Raises Refused (cluster-unavailable)
        where there is no configuration.
        """
        self._environ = environ
        self._seconds = seconds
        self._pod_directory = pod_directory
        self._kubeconfig = _kubeconfig(environ, pod_directory)
        self._session: _Session | None = None

    def secret(self, namespace: str, name: str, /, shown: str = "") -> "Mapping[str, Redacted]":
        """Return a Secret's data: key → bytes, decoded and wrapped.

        Faults name it, or ``shown`` instead. Raises Refused: cluster-unavailable, cluster-denied, cluster-not-found.
        """
        what = f"Secret {namespace}/{shown or name}"
        path = f"{_namespace_path('/api/v1', namespace, name, what)}/secrets/{name}"
        return secret_data(self.request("GET", path, what, f"to show {what}"), what)

    def service_account_token(self, namespace: str, name: str, audience: str, seconds: int, /) -> Redacted:
        """Return a token (str, wrapped) of a ServiceAccount, by TokenRequest.

        An empty ``audience`` asks for the API server's own. Raises Refused as ``secret`` does.
        """
        what = f"ServiceAccount {namespace}/{name}"
        path = f"{_namespace_path('/api/v1', namespace, name, what)}/serviceaccounts/{name}/token"
        body = token_request(audience, seconds)
        return token_of(self.request("POST", path, what, f"to issue a token for {what}", body), what)

    def resource(self, api_version: str, kind: str, namespace: str, name: str, /) -> "dict[str, Any]":
        """Return a resource of a group, whose plural is the kind with an s. Raises Refused as ``secret`` does."""
        what = f"{kind} {namespace}/{name}"
        path = _namespace_path(f"/apis/{api_version}", namespace, name, what)
        return self.request("GET", f"{path}/{kind.lower()}s/{name}", what, f"to show {what}")

    def context(self) -> "tuple[str, str]":
        """Return the name of the context in use, empty in a Pod, and the namespace for what has none of its own.

        Raises Refused (cluster-unavailable).
        """
        if not self._kubeconfig:
            try:
                with open(f"{self._pod_directory}/namespace") as file:
                    return "", file.read().strip()
            except (OSError, ValueError):
                return "", "default"
        from kubernetes.config import kube_config

        package: Any = kube_config
        try:
            with _silent_logging():
                _, active = package.list_kube_config_contexts(self._kubeconfig)
            return str(active["name"]), str(active["context"].get("namespace") or "default")
        except Exception:  # whatever the YAML or its shape make the package raise
            raise refuse("cluster-unavailable", what="credentials", why="the kubeconfig is not usable") from None

    @contextlib.contextmanager
    def session(self) -> "Iterator[None]":
        """Ask with one configuration in a ``with`` block: a credential plugin runs once, connections are kept.

        Raises Refused (cluster-unavailable).
        """
        with contextlib.ExitStack() as stack:
            with _quiet():
                self._session = self._open(stack, "credentials")
            try:
                yield
            finally:
                self._session = None

    def request(
        self,
        method: str,
        path: str,
        what: str,
        wish: str,
        body: object = None,
        headers: "Mapping[str, str]" = _JSON,
    ) -> "dict[str, Any]":
        """Return the JSON object that a request for a path is answered with.

        ``what`` it is about, and ``wish``, what the API server would refuse, are for faults: public words. ``headers``
        are sent beside the credential's. Raises Refused as ``secret`` does, and cluster-conflict.
        """
        with _quiet():
            status, content = self._send(method, path, body, what, headers)
        if status == 403:
            raise refuse("cluster-denied", what=wish)
        if status == 404:
            raise refuse("cluster-not-found", what=what)
        if status == 409:
            raise refuse("cluster-conflict", what=what)
        if status == 401:
            raise refuse("cluster-unavailable", what=what, why="it does not accept the credential that it got")
        if not 200 <= status < 300:
            raise refuse("cluster-unavailable", what=what, why=f"it answered {status}")
        return json_object(content, what)

    def _send(
        self, method: str, path: str, body: object, what: str, headers: "Mapping[str, str]"
    ) -> "tuple[int, bytes]":
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        limit = min(_TIMEOUT_SECONDS, self._seconds)
        with contextlib.ExitStack() as stack:
            pool, host, credential = self._session or self._open(stack, what)
            try:
                response = pool.request(
                    method,
                    host + path,
                    body=None if body is None else json.dumps(body),
                    headers={**headers, **credential},
                    timeout=Timeout(total=limit),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                stack.callback(response.close)
                return response.status, response.read(_ANSWER_LIMIT)
            except (HTTPError, OSError, ValueError) as error:
                raise refuse("cluster-unavailable", what=what, why=_reason(error, limit)) from None

    def _open(self, stack: contextlib.ExitStack, what: str) -> "_Session":
        """Read the configuration; what comes back is good until ``stack`` is closed."""
        from kubernetes.client import Configuration
        from kubernetes.client.rest import RESTClientObject

        configuration: Any = Configuration()
        try:
            failure = self._configure(configuration, stack)
            headers = {setting["key"]: setting["value"] for setting in configuration.auth_settings().values()}
            session = RESTClientObject(configuration).pool_manager, configuration.host, headers
        except Exception:  # whatever the YAML, its shape or a credential plugin makes the package raise
            source = "the kubeconfig" if self._kubeconfig else "the Pod's ServiceAccount"
            raise refuse("cluster-unavailable", what=what, why=f"{source} is not usable") from None
        if failure:
            raise refuse("cluster-unavailable", what=what, why=f"the kubeconfig's credential plugin {failure}")
        return session

    def _configure(self, configuration: "Any", stack: contextlib.ExitStack) -> str:
        """Fill ``configuration``, good until ``stack`` is closed; return what went wrong with a credential plugin."""
        if self._kubeconfig:
            from kubernetes.config import kube_config

            from vaultgen.credential_plugin import limited_plugins
            from vaultgen.private_directory import PrivateDirectory

            # Python loads a client key from a file only, so one that stands in the kubeconfig is written to one:
            # in a directory of our own, gone with this request or this process, however that ends.
            directory = stack.enter_context(PrivateDirectory()).path
            package: Any = kube_config
            stack.callback(package._cleanup_temp_files)  # before version 35 it would name a file again that is gone
            with limited_plugins(package, self._seconds) as failures:
                package.load_kube_config(
                    self._kubeconfig, client_configuration=configuration, persist_config=False, temp_file_path=directory
                )
            return "".join(failures[:1])
        else:
            from kubernetes.config.incluster_config import InClusterConfigLoader

            token, authority = f"{self._pod_directory}/token", f"{self._pod_directory}/ca.crt"
            loader: Any = InClusterConfigLoader
            loader(token, authority, environ=self._environ).load_and_set(configuration)
            return ""


def _kubeconfig(environ: "Mapping[str, str]", pod_directory: str) -> str:
    """Return the kubeconfig files, joined as in ``$KUBECONFIG``; empty for the Pod's own ServiceAccount."""
    if listed := environ.get("KUBECONFIG", ""):
        if not all(path.startswith("/") for path in listed.split(os.pathsep) if path):
            # kustomize starts the function inside the tree, whose kubeconfig could name a program to run.
            raise refuse("bad-setting", name="KUBECONFIG", why="its paths must be absolute")
        if any(map(os.path.isfile, listed.split(os.pathsep))):
            return listed
        raise refuse("cluster-unavailable", what="credentials", why="KUBECONFIG names no file that exists")
    in_pod = environ.get("KUBERNETES_SERVICE_HOST") and environ.get("KUBERNETES_SERVICE_PORT")
    if in_pod and os.path.isfile(f"{pod_directory}/token"):
        return ""
    home = environ.get("HOME", "")
    if home and os.path.isfile(f"{home}/.kube/config"):
        return f"{home}/.kube/config"
    raise refuse("cluster-unavailable", what="credentials", why="there is no kubeconfig, and this is no Pod")


def _namespace_path(api: str, namespace: str, name: str, what: str) -> str:
    if not _NAME.fullmatch(namespace) or not _NAME.fullmatch(name):
        raise refuse("cluster-not-found", what=what)
    return f"{api}/namespaces/{namespace}"


def json_object(content: bytes, what: str) -> "dict[str, Any]":
    """Return the object that an API server's answer is. Raises Refused (cluster-unavailable)."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise refuse("cluster-unavailable", what=what, why="its answer is not that of an API server")
    return answer


def token_request(audience: str, seconds: int) -> "dict[str, Any]":
    """Return the TokenRequest (authentication.k8s.io/v1) for an audience; an empty one is the API server's own."""
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": [audience] if audience else [], "expirationSeconds": seconds},
    }


def token_of(answer: "Mapping[str, Any]", what: str) -> Redacted:
    """Return the token (str, wrapped) in the answer to a TokenRequest. Raises Refused (cluster-unavailable)."""
    status = answer.get("status")
    token = status.get("token") if isinstance(status, dict) else None
    if not isinstance(token, str) or not token:
        raise refuse("cluster-unavailable", what=what, why="its answer holds no token")
    return Redacted(token)


def secret_data(answer: "Mapping[str, Any]", what: str) -> "dict[str, Redacted]":
    """Return the data of a Secret: key → bytes, decoded and wrapped. Raises Refused (cluster-unavailable)."""
    import base64

    data = answer.get("data") or {}
    try:
        return {key: Redacted(base64.b64decode(value, validate=True)) for key, value in data.items()}
    except (AttributeError, TypeError, ValueError):
        raise refuse("cluster-unavailable", what=what, why="its answer is not that of a Secret") from None


def _reason(error: Exception, limit: float) -> str:
    """Return our own words for what went wrong on the way to the API server."""
    import ssl

    from urllib3 import exceptions

    if isinstance(error, exceptions.SSLError | ssl.SSLError):
        return "no TLS session, or its certificate is not trusted"
    if isinstance(error, exceptions.NewConnectionError):  # in urllib3 a kind of TimeoutError, so it stands first
        return "nothing accepts connections at its address"
    if isinstance(error, exceptions.TimeoutError):
        return f"no answer within {limit:g} s"
    if isinstance(error, exceptions.ProxyError):
        return "the proxy made no connection"
    return "the connection failed"


@contextlib.contextmanager
def _quiet() -> "Iterator[None]":
    """Keep away what the package and urllib3 say by themselves."""
    with warnings.catch_warnings(), _silent_logging():
        # insecure-skip-tls-verify is the kubeconfig's own decision, about which urllib3 would warn.
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _silent_logging() -> "Iterator[None]":
    """Keep the package's log lines away: it logs what a failed credential plugin printed, through the root logger."""
    root = logging.getLogger()
    own_handler = logging.NullHandler()
    root.addHandler(own_handler)  # else its first line would set up logging to stderr
    before = root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
        root.removeHandler(own_handler)
