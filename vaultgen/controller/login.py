"""How the API server knows the controller: by its Pod's ServiceAccount, or by a kubeconfig where there is no Pod."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import kopf
from kubernetes.client import Configuration
from kubernetes.config import kube_config
from kubernetes.config.incluster_config import InClusterConfigLoader

from vaultgen.cluster import POD_DIRECTORY
from vaultgen.errors import refuse
from vaultgen.private_directory import PrivateDirectory


class Login:
    """The controller's own credential, good while a ``with`` lasts.

    TLS reads a client key from a file only, also for connections that are opened later. One that stands in the
    kubeconfig is written to a private directory, which is gone with this process however it ends.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._in_pod = bool(environ.get("KUBERNETES_SERVICE_HOST"))
        self._environ = environ
        self._stack = ExitStack()
        self._directory = ""

    def __enter__(self) -> "Login":
        package: Any = kube_config
        if not self._in_pod:
            self._directory = self._stack.enter_context(PrivateDirectory()).path
            # Else the package would name a file again that is gone.
            self._stack.callback(package._cleanup_temp_files)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def configuration(self) -> Any:
        """Return a configuration (``kubernetes.client.Configuration``), read anew.

        Raises ``Refused`` (cluster-unavailable) where neither the Pod's ServiceAccount nor ``$KUBECONFIG`` is usable.
        """
        configuration: Any = Configuration()
        try:
            self._fill(configuration)
        except Exception:  # whatever the files or a credential plugin make the package raise
            raise refuse(
                "cluster-unavailable", what="objects", why="neither the Pod's ServiceAccount nor KUBECONFIG is usable"
            ) from None
        return configuration

    def for_watching(self, **arguments: Any) -> kopf.ConnectionInfo | None:
        """Return the credential as kopf asks its login handlers for it. Raises ``Refused`` as ``configuration``."""
        if self._in_pod:
            return kopf.login_with_service_account(**arguments)
        found = self.configuration()
        header = next((setting["value"] for setting in found.auth_settings().values()), "")
        scheme, _, token = header.partition(" ")
        return kopf.ConnectionInfo(
            server=found.host,
            ca_path=found.ssl_ca_cert,
            insecure=not found.verify_ssl,
            username=found.username or None,
            password=found.password or None,
            scheme=scheme or None,
            token=token or None,
            certificate_path=found.cert_file,
            private_key_path=found.key_file,
        )

    def _fill(self, configuration: Any) -> None:
        if self._in_pod:
            loader: Any = InClusterConfigLoader
            token, authority = f"{POD_DIRECTORY}/token", f"{POD_DIRECTORY}/ca.crt"
            loader(token, authority, environ=self._environ).load_and_set(configuration)
            return
        package: Any = kube_config
        package.load_kube_config(
            self._environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config"),
            client_configuration=configuration,
            persist_config=False,
            temp_file_path=self._directory,
        )
