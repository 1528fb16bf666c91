"""The Cluster port against a server that answers as an API server would."""

import base64
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.api_server import ApiServer, running_api_server
from support.certificates import Certificates, make_certificates
from support.eventually import eventually
from vaultgen import cluster
from vaultgen.cluster import KubernetesCluster
from vaultgen.errors import Fault, Refused
from vaultgen.errors.report import report
from vaultgen.redacted import Redacted

TOKEN = "canary-cluster-token"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def api(certificates: Certificates) -> Iterator[ApiServer]:
    with running_api_server(certificates) as server:
        yield server


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """For temporary files: the test's own would be too long a way for a private directory."""
    with tempfile.TemporaryDirectory(prefix="kube-", dir="/tmp") as path:
        yield Path(path)


def connect(api: ApiServer, directory: Path, **settings: object) -> KubernetesCluster:
    kubeconfig = api.kubeconfig(directory, {"token": TOKEN}, **settings)
    return KubernetesCluster({"KUBECONFIG": str(kubeconfig)})


def refused_by(cluster: KubernetesCluster, namespace: str = "apps", name: str = "vault-auth") -> Fault:
    with pytest.raises(Refused) as caught:
        cluster.secret(namespace, name)
    (fault,) = caught.value.faults
    text = report([fault])
    assert "canary" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return fault


def test_a_secret_is_returned_decoded_and_wrapped(api: ApiServer, tmp_path: Path) -> None:
    api.serve_secret("apps", "vault-auth", {"token": b"s.abc\n", "raw": b"\xff\x00"})
    data = connect(api, tmp_path).secret("apps", "vault-auth")
    assert data == {"token": Redacted(b"s.abc\n"), "raw": Redacted(b"\xff\x00")}
    (asked,) = api.asked
    assert (asked.method, asked.authorization) == ("GET", f"Bearer {TOKEN}")


@pytest.mark.parametrize("body", [{"kind": "Secret"}, {"kind": "Secret", "data": None}])
def test_a_secret_without_data_is_empty(api: ApiServer, tmp_path: Path, body: object) -> None:
    api.answer("/api/v1/namespaces/apps/secrets/vault-auth", body)
    assert connect(api, tmp_path).secret("apps", "vault-auth") == {}


def test_a_token_is_requested_for_its_audience_and_time(api: ApiServer, tmp_path: Path) -> None:
    api.serve_token("apps", "my-app", "ey.jwt.x")
    token = connect(api, tmp_path).service_account_token("apps", "my-app", "vault", 600)
    assert token == Redacted("ey.jwt.x")
    assert api.asked[0].body == {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": ["vault"], "expirationSeconds": 600},
    }


def test_no_audience_asks_for_the_api_servers_own(api: ApiServer, tmp_path: Path) -> None:
    api.serve_token("apps", "my-app", "ey.jwt.x")
    connect(api, tmp_path).service_account_token("apps", "my-app", "", 600)
    assert api.asked[0].body["spec"]["audiences"] == []


@pytest.mark.parametrize("status", [{}, {"token": ""}, {"token": 7}, None])
def test_an_answer_without_a_token_is_refused(api: ApiServer, tmp_path: Path, status: object) -> None:
    api.answer("/api/v1/namespaces/apps/serviceaccounts/my-app/token", {"status": status}, 201)
    with pytest.raises(Refused) as caught:
        connect(api, tmp_path).service_account_token("apps", "my-app", "", 600)
    assert caught.value.faults[0].facts["why"] == "its answer holds no token"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "cluster-denied", "the Kubernetes API refused to show Secret apps/vault-auth"),
        (404, "cluster-not-found", "there is no Secret apps/vault-auth in the cluster"),
        (401, "cluster-unavailable", "it does not accept the credential that it got"),
        (500, "cluster-unavailable", "it answered 500"),
        (409, "cluster-conflict", "Secret apps/vault-auth is there already"),
        (429, "cluster-unavailable", "it answered 429"),
    ],
)
def test_refusals_are_told_in_our_own_words(api: ApiServer, tmp_path: Path, status: int, code: str, words: str) -> None:
    api.answer("/api/v1/namespaces/apps/secrets/vault-auth", {"message": "canary-message"}, status)
    fault = refused_by(connect(api, tmp_path))
    assert fault.code == code
    assert words in report([fault])
    assert len(api.asked) == 1, "it asks once"


def test_a_denied_token_request_says_what_was_asked(api: ApiServer, tmp_path: Path) -> None:
    api.answer("/api/v1/namespaces/apps/serviceaccounts/my-app/token", {}, 403)
    with pytest.raises(Refused) as caught:
        connect(api, tmp_path).service_account_token("apps", "my-app", "", 600)
    assert "refused to issue a token for ServiceAccount apps/my-app" in report(caught.value.faults)


def test_a_redirect_is_not_followed(api: ApiServer, tmp_path: Path) -> None:
    path = "/api/v1/namespaces/apps/secrets/vault-auth"
    api.answers[path] = (302, b"")
    api.headers["Location"] = api.address + path
    assert refused_by(connect(api, tmp_path)).facts["why"] == "it answered 302"
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "body", [b"", b"canary", b"[1]", b"[" * 100_000, b'{"data": ["canary"]}', b'{"data": {"a": "canary!"}}']
)
def test_an_answer_that_is_no_secret_is_refused(api: ApiServer, tmp_path: Path, body: bytes) -> None:
    api.answers["/api/v1/namespaces/apps/secrets/vault-auth"] = (200, body)
    assert refused_by(connect(api, tmp_path)).code == "cluster-unavailable"


def test_an_answer_beyond_the_limit_is_refused(api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER_LIMIT", 20)
    api.serve_secret("apps", "vault-auth", {"token": b"canary"})
    assert refused_by(connect(api, tmp_path)).code == "cluster-unavailable"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a?b", "A", "a%2fb", "a\n"])
def test_a_name_that_no_object_can_have_is_never_asked_for(api: ApiServer, tmp_path: Path, name: str) -> None:
    assert refused_by(connect(api, tmp_path), name=name).code == "cluster-not-found"
    assert refused_by(connect(api, tmp_path), namespace=name).code == "cluster-not-found"
    assert api.asked == []


def test_a_client_key_of_the_kubeconfig_is_used_and_its_file_is_gone(
    api: ApiServer, tmp_path: Path, short_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short_directory))
    api.serve_secret("apps", "vault-auth", {"token": b"x"})
    user = {
        "client-certificate-data": base64.b64encode(api.certificates.client_cert.read_bytes()).decode(),
        "client-key-data": base64.b64encode(api.certificates.client_key.read_bytes()).decode(),
    }
    cluster = KubernetesCluster({"KUBECONFIG": str(api.kubeconfig(tmp_path, user))})
    for _ in range(2):  # the package remembers the files that it wrote
        cluster.secret("apps", "vault-auth")
        assert list(short_directory.iterdir()) == []
    assert [asked.client_name for asked in api.asked] == ["web", "web"]


def test_a_failing_credential_plugin_stays_silent(
    api: ApiServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    api.token = TOKEN
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh"}
    plugin |= {"args": ["-c", "echo canary-plugin >&2; exit 1"]}  # type: ignore[dict-item]
    handlers = list(logging.getLogger().handlers)
    fault = refused_by(KubernetesCluster({"KUBECONFIG": str(api.kubeconfig(tmp_path, {"exec": plugin}))}))
    assert fault.facts["why"] == "the kubeconfig's credential plugin failed"
    assert api.asked == []
    assert (capfd.readouterr().err, caplog.text) == ("", "")
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger().manager.disable == 0


def test_the_token_of_a_credential_plugin_is_used(api: ApiServer, tmp_path: Path) -> None:
    api.token = TOKEN
    api.serve_secret("apps", "vault-auth", {"token": b"x"})
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": TOKEN}}
    plugin = {"apiVersion": version, "command": "./plugin", "args": [json.dumps(answer)]}
    (tmp_path / "plugin").write_text('#!/bin/sh\nprintf %s "$1"\n')
    (tmp_path / "plugin").chmod(0o755)
    reached = KubernetesCluster({"KUBECONFIG": str(api.kubeconfig(tmp_path, {"exec": plugin}))})
    assert reached.secret("apps", "vault-auth") == {"token": Redacted(b"x")}


def test_a_credential_plugin_that_hangs_is_ended_with_all_that_it_started(api: ApiServer, tmp_path: Path) -> None:
    """The child would keep the output open, for whose end is waited."""
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", "sleep 600 & wait"]}
    kubeconfig = api.kubeconfig(tmp_path, {"exec": plugin})
    fault = refused_by(KubernetesCluster({"KUBECONFIG": str(kubeconfig)}, seconds=0.5))
    assert fault.facts["why"] == "the kubeconfig's credential plugin gave nothing within 0.5 s"
    assert api.asked == []


ASK = """\
import sys
from vaultgen.cluster import KubernetesCluster
KubernetesCluster({"KUBECONFIG": sys.argv[1]}).secret("apps", "vault-auth")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_client_key_stays_behind_when_a_request_is_interrupted(
    api: ApiServer, tmp_path: Path, number: signal.Signals, short_directory: Path
) -> None:
    user = {
        "client-certificate-data": base64.b64encode(api.certificates.client_cert.read_bytes()).decode(),
        "client-key-data": base64.b64encode(api.certificates.client_key.read_bytes()).decode(),
    }
    environ = {**os.environ, "TMPDIR": str(short_directory)}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kubeconfig = api.kubeconfig(tmp_path, user, server=f"https://127.0.0.1:{silent.getsockname()[1]}")
        command = [sys.executable, "-c", ASK, str(kubeconfig)]
        with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
            silent.settimeout(300)
            connection, _ = silent.accept()
            with connection:
                assert len(list(short_directory.glob("*/*"))) >= 2
                process.send_signal(number)
                process.wait()
    assert eventually(lambda: not list(short_directory.iterdir()))


def test_an_unknown_authority_is_refused(api: ApiServer, tmp_path: Path) -> None:
    authority = base64.b64encode(api.certificates.stranger_ca.read_bytes()).decode()
    fault = refused_by(connect(api, tmp_path, **{"certificate-authority-data": authority}))
    assert fault.facts["why"] == "no TLS session, or its certificate is not trusted"
    assert api.asked == []


def test_skipping_verification_is_the_kubeconfigs_own_decision(api: ApiServer, tmp_path: Path) -> None:
    """urllib3's warning would be an error here."""
    api.serve_secret("apps", "vault-auth", {"token": b"x"})
    kubeconfig = api.kubeconfig(tmp_path, {"token": TOKEN}, **{"insecure-skip-tls-verify": True})
    content = json.loads(kubeconfig.read_text())
    del content["clusters"][0]["cluster"]["certificate-authority-data"]
    kubeconfig.write_text(json.dumps(content))
    assert KubernetesCluster({"KUBECONFIG": str(kubeconfig)}).secret("apps", "vault-auth")


def test_a_closed_port_is_told_as_such(api: ApiServer, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        address = f"https://127.0.0.1:{taken.getsockname()[1]}"
        fault = refused_by(connect(api, tmp_path, server=address))
    assert fault.facts["why"] == "nothing accepts connections at its address"


def test_waiting_for_an_answer_ends(api: ApiServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kubeconfig = api.kubeconfig(tmp_path, {"token": TOKEN}, server=f"http://127.0.0.1:{silent.getsockname()[1]}")
        fault = refused_by(KubernetesCluster({"KUBECONFIG": str(kubeconfig)}, seconds=0.2))
    assert fault.facts["why"] == "no answer within 0.2 s"


def test_a_broken_connection_is_told_as_such(api: ApiServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        fault = refused_by(connect(api, tmp_path, server=address))
        thread.join()
    assert fault.facts["why"] == "the connection failed"


@pytest.mark.parametrize(
    "content", ["", "canary: [", "canary", "contexts: 1", "{current-context: canary, contexts: []}"]
)
def test_a_broken_kubeconfig_is_not_quoted(tmp_path: Path, content: str) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(content)
    fault = refused_by(KubernetesCluster({"KUBECONFIG": str(kubeconfig)}))
    assert fault.facts["why"] == "the kubeconfig is not usable"


def in_pod(directory: Path, api: ApiServer) -> dict[str, str]:
    (directory / "token").write_text(TOKEN)
    (directory / "ca.crt").write_bytes(api.certificates.ca.read_bytes())
    host, port = api.address.removeprefix("https://").split(":")
    return {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}


def test_in_a_pod_its_own_service_account_is_used(api: ApiServer, tmp_path: Path) -> None:
    api.token = TOKEN
    api.serve_secret("apps", "vault-auth", {"token": b"x"})
    cluster = KubernetesCluster(in_pod(tmp_path, api), str(tmp_path))
    assert cluster.secret("apps", "vault-auth") == {"token": Redacted(b"x")}


def test_in_a_pod_kubeconfig_wins_over_the_pods_own_service_account(api: ApiServer, tmp_path: Path) -> None:
    """A CI job in a Pod that names another cluster means that cluster."""
    kubeconfig = api.kubeconfig(tmp_path, {"token": "of-the-kubeconfig"})
    api.serve_secret("apps", "vault-auth", {"token": b"x"})
    KubernetesCluster(in_pod(tmp_path, api) | {"KUBECONFIG": str(kubeconfig)}, str(tmp_path)).secret(
        "apps", "vault-auth"
    )
    assert api.asked[0].authorization == "Bearer of-the-kubeconfig"


def test_a_pod_without_its_authority_is_refused(api: ApiServer, tmp_path: Path) -> None:
    environ = in_pod(tmp_path, api)
    (tmp_path / "ca.crt").unlink()
    fault = refused_by(KubernetesCluster(environ, str(tmp_path)))
    assert fault.facts["why"] == "the Pod's ServiceAccount is not usable"


def test_the_kubeconfig_in_home_is_found(api: ApiServer, tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    api.kubeconfig(tmp_path / ".kube", {"token": TOKEN}).rename(tmp_path / ".kube" / "config")
    api.serve_secret("apps", "vault-auth", {"token": b"x"})
    assert KubernetesCluster({"HOME": str(tmp_path)}).secret("apps", "vault-auth")


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "there is no kubeconfig, and this is no Pod"),
        ({"HOME": "/nowhere"}, "there is no kubeconfig, and this is no Pod"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "there is no kubeconfig, and this is no Pod"),
        ({"KUBECONFIG": "/nowhere/config:/nowhere/either"}, "KUBECONFIG names no file that exists"),
    ],
)
def test_without_a_configuration_there_is_no_cluster(environ: dict[str, str], why: str) -> None:
    with pytest.raises(Refused) as caught:
        KubernetesCluster(environ, "/nowhere")
    (fault,) = caught.value.faults
    assert (fault.code, fault.facts["why"]) == ("cluster-unavailable", why)


# --- resources, and many of them ---


def test_a_resource_of_a_group_is_returned_as_it_is(api: ApiServer, tmp_path: Path) -> None:
    api.answer("/apis/apps/v1/namespaces/shop/deployments/web", {"kind": "Deployment", "spec": {}})
    found = connect(api, tmp_path).resource("apps/v1", "Deployment", "shop", "web")
    assert found == {"kind": "Deployment", "spec": {}}
    assert [(asked.method, asked.path) for asked in api.asked] == [
        ("GET", "/apis/apps/v1/namespaces/shop/deployments/web")
    ]


def test_a_resource_is_named_in_faults(api: ApiServer, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        connect(api, tmp_path).resource("batch/v1", "CronJob", "shop", "nightly")
    assert caught.value.faults == (Fault("cluster-not-found", facts={"what": "CronJob shop/nightly"}),)


def test_any_request_can_be_made_with_the_same_credential(api: ApiServer, tmp_path: Path) -> None:
    path = "/apis/apps/v1/namespaces/shop/deployments?fieldManager=a"
    api.answer(path, {"kind": "Deployment"}, 201)
    headers = {"Accept": "application/json", "Content-Type": "application/apply-patch+yaml"}
    made = connect(api, tmp_path).request("POST", path, "Deployment", "to make it", {"a": "b"}, headers)
    assert made == {"kind": "Deployment"}
    (asked,) = api.asked
    assert (asked.method, asked.authorization, asked.body) == ("POST", f"Bearer {TOKEN}", {"a": "b"})


def test_a_secret_may_have_another_name_in_faults(api: ApiServer, tmp_path: Path) -> None:
    """A true name suffix tells the value to whoever can guess it."""
    with pytest.raises(Refused) as caught:
        connect(api, tmp_path).secret("shop", "app-hbc28hm2g8", shown="app")
    assert caught.value.faults == (Fault("cluster-not-found", facts={"what": "Secret shop/app"}),)


def test_a_session_keeps_its_connection_and_configuration(api: ApiServer, tmp_path: Path) -> None:
    for name in ("a", "b"):
        api.serve_secret("apps", name, {"key": b"x"})
    cluster = connect(api, tmp_path)
    with cluster.session():
        (tmp_path / "kubeconfig").write_text("not read again")
        assert cluster.secret("apps", "a") == cluster.secret("apps", "b") == {"key": Redacted(b"x")}
    with pytest.raises(Refused):
        cluster.secret("apps", "a")


def test_a_session_with_a_bad_configuration_is_refused(api: ApiServer, tmp_path: Path) -> None:
    cluster = connect(api, tmp_path)
    (tmp_path / "kubeconfig").write_text("[canary")
    with pytest.raises(Refused) as caught, cluster.session():
        pass
    facts = {"what": "credentials", "why": "the kubeconfig is not usable"}
    assert caught.value.faults == (Fault("cluster-unavailable", facts=facts),)


def test_the_context_has_a_name_and_may_have_a_namespace(api: ApiServer, tmp_path: Path) -> None:
    cluster = connect(api, tmp_path)
    assert cluster.context() == ("test", "default")
    kubeconfig = tmp_path / "kubeconfig"
    config = json.loads(kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = "shop"
    kubeconfig.write_text(json.dumps(config))
    assert cluster.context() == ("test", "shop")


@pytest.mark.parametrize("text", ["[canary", "{}", "{contexts: []}", '{"current-context": "none", "contexts": []}'])
def test_a_kubeconfig_without_a_context_is_not_usable(api: ApiServer, tmp_path: Path, text: str) -> None:
    cluster = connect(api, tmp_path)
    (tmp_path / "kubeconfig").write_text(text)
    with pytest.raises(Refused) as caught:
        cluster.context()
    assert caught.value.faults[0].facts["why"] == "the kubeconfig is not usable"


@pytest.mark.parametrize(("namespace", "expected"), [("shop\n", "shop"), (None, "default")])
def test_in_a_pod_the_namespace_is_its_own(tmp_path: Path, namespace: str | None, expected: str) -> None:
    (tmp_path / "token").write_text("t")
    if namespace:
        (tmp_path / "namespace").write_text(namespace)
    environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
    assert KubernetesCluster(environ, str(tmp_path)).context() == ("", expected)
