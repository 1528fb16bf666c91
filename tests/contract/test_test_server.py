"""What the tests rely on in the server that they are given."""

import http.client
import socket
import ssl
import urllib.request

import pytest

from support.openbao import OpenBao
from support.request_log import RequestLog
from support.vault_client import VaultClient, VaultRefused
from support.vault_namespace import VaultNamespace, new_vault_namespace


def test_a_request_is_counted_for_its_token_and_path(
    openbao: OpenBao, vault_namespace: VaultNamespace, request_log: RequestLog
) -> None:
    vault_namespace.root.write("app", {"password": "x"})
    request_log.mark()
    reader = VaultClient(openbao.address, vault_namespace.token, vault_namespace.name)
    reader.request("GET", "secret/data/app")
    with pytest.raises(VaultRefused):
        reader.request("GET", "other/data/app")
    assert request_log.paths(token=vault_namespace.token) == ["secret/data/app", "other/data/app"]
    assert [seen.refused for seen in request_log.requests(namespace=vault_namespace.name)] == [False, True]
    assert request_log.paths(token="another") == []


@pytest.mark.usefixtures("has_namespaces")
def test_a_namespace_sees_nothing_of_another(openbao: OpenBao, vault_namespace: VaultNamespace) -> None:
    vault_namespace.root.write("app", {"password": "x"})
    other = new_vault_namespace(openbao, f"{vault_namespace.name}-other")
    for namespace in (other.name, ""):
        with pytest.raises(VaultRefused):
            VaultClient(openbao.address, other.token, namespace).request("GET", "secret/data/app")
    with pytest.raises(VaultRefused):
        VaultClient(openbao.address, other.token, vault_namespace.name).request("GET", "secret/data/app")


def test_the_server_speaks_tls_with_its_own_ca(openbao: OpenBao) -> None:
    assert openbao.certificates is not None
    context = ssl.create_default_context(cafile=openbao.certificates.ca)
    with urllib.request.urlopen(f"{openbao.https_address}/v1/sys/seal-status", context=context) as answer:
        assert answer.status == 200
    stranger = ssl.create_default_context(cafile=openbao.certificates.stranger_ca)
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{openbao.https_address}/v1/sys/seal-status", context=stranger)


@pytest.mark.parametrize("of", ["own", "stranger", "nobody"])
def test_only_a_client_certificate_of_the_ca_is_let_in(openbao: OpenBao, of: str) -> None:
    certificates = openbao.certificates
    assert certificates is not None
    context = ssl.create_default_context(cafile=certificates.ca)
    if of == "own":
        context.load_cert_chain(certificates.client_cert, certificates.client_key)
    elif of == "stranger":
        context.load_cert_chain(certificates.stranger_cert, certificates.stranger_key)
    host, port = openbao.mutual_tls_address.removeprefix("https://").split(":")
    connection = http.client.HTTPSConnection(host, int(port), context=context)
    try:
        if of == "own":
            connection.request("GET", "/v1/sys/seal-status")
            assert connection.getresponse().status == 200
        else:
            # In TLS 1.3 the refusal may come only with the first answer.
            with pytest.raises((OSError, http.client.HTTPException)):  # noqa: PT012
                connection.request("GET", "/v1/sys/seal-status")
                connection.getresponse()
    finally:
        connection.close()


def test_the_server_answers_at_its_unix_socket(openbao: OpenBao) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(openbao.socket_address.removeprefix("unix://"))
        connection.sendall(b"GET /v1/sys/seal-status HTTP/1.0\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.0 200"


def test_a_sealed_and_an_uninitialised_server_refuse_reads(
    sealed_openbao: OpenBao, uninitialised_openbao: OpenBao
) -> None:
    for server in (sealed_openbao, uninitialised_openbao):
        with pytest.raises(VaultRefused) as refused:
            server.client().request("GET", "secret/data/app")
        assert refused.value.status == 503
