"""Methods that hvac's classes know: the request that each makes, recorded."""

import base64
import datetime
import json

import pytest

from support.fake_exchange import FakeExchange, login_answer
from support.login import log_in_with, refused
from vaultgen.document.model import CredentialSource, LoginAuth
from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.login.answer import NO_TOKEN
from vaultgen.vault.login.through_hvac import METHODS, suggestion
from vaultgen.vault.message import Session

PASSWORD = CredentialSource(env="VAULT_PASSWORD")
ENVIRON = {"VAULT_PASSWORD": "canary-password"}


def login(method: str, mount: str = "", /, **parameters: str | CredentialSource) -> LoginAuth:
    sources = {
        name: CredentialSource(text=value) if isinstance(value, str) else value for name, value in parameters.items()
    }
    return LoginAuth(method, mount or method, sources)


@pytest.mark.parametrize(
    ("auth", "path", "body"),
    [
        (
            login("ldap", username="ci", password=PASSWORD),
            "auth/ldap/login/ci",
            {"password": "canary-password"},
        ),
        (
            login("ldap", "corp/ldap", username="ci@corp.example", password=PASSWORD),
            "auth/corp/ldap/login/ci@corp.example",
            {"password": "canary-password"},
        ),
        (
            login("okta", username="a b%c?d", password=PASSWORD),
            "auth/okta/login/a b%c?d",
            {"username": "a b%c?d", "password": "canary-password"},
        ),
        (
            login("radius", username="ci", password=PASSWORD),
            "auth/radius/login/ci",
            {"password": "canary-password"},
        ),
        (login("github", token=PASSWORD), "auth/github/login", {"token": "canary-password"}),
        (
            login("gcp", role="ci", jwt=PASSWORD),
            "auth/gcp/login",
            {"role": "ci", "jwt": "canary-password"},
        ),
        (
            login("azure", role="ci", jwt=PASSWORD, subscription_id="s", resource_group_name="g", vm_name="v"),
            "auth/azure/login",
            {
                "role": "ci",
                "jwt": "canary-password",
                "subscription_id": "s",
                "resource_group_name": "g",
                "vm_name": "v",
            },
        ),
        (
            login("oidc", "sso", role="ci", jwt=PASSWORD),
            "auth/sso/login",
            {"role": "ci", "jwt": "canary-password"},
        ),
    ],
)
def test_the_request_is_the_methods_own(auth: LoginAuth, path: str, body: object) -> None:
    exchange = FakeExchange({("POST", path): login_answer("s.issued")})
    session = log_in_with(auth, environ=ENVIRON, exchange=exchange)
    assert session == Session(Redacted("s.issued"), f"the {auth.method} login", True)
    assert exchange.asked == [("POST", path)]
    assert exchange.body() == body
    assert exchange.requests[0].token == NO_TOKEN


class FrozenTime(datetime.datetime):
    @classmethod
    def utcnow(cls) -> "FrozenTime":
        return cls(2026, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("further", "signed_headers", "scope", "signature"),
    [
        (
            {},
            "content-length;content-type;host;x-amz-date",
            "us-east-1",
            "62efac306ff00dff2e3997144030ccb25c90c53e248521ad667679cadb486ac9",
        ),
        (
            {
                "session_token": "FwoGZXIvYXdzEXAMPLETOKEN==",
                "header_value": "vault.example.com",
                "region": "eu-central-1",
            },
            "content-length;content-type;host;x-amz-date;x-amz-security-token;x-vault-aws-iam-server-id",
            "eu-central-1",
            "df92732351683bb147eba7ef8358f9a92227e84836154991aeff421db04b97b7",
        ),
    ],
)
def test_the_aws_signature_is_that_of_signature_version_4(
    monkeypatch: pytest.MonkeyPatch, further: dict[str, str], signed_headers: str, scope: str, signature: str
) -> None:
    """The expected ones are botocore's (1.44, SigV4Auth) for the same key, time and headers."""
    monkeypatch.setattr("hvac.aws_utils.datetime", FrozenTime)
    exchange = FakeExchange({("POST", "auth/aws/login"): login_answer()})
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    keys: dict[str, str | CredentialSource] = {"access_key": "AKIDEXAMPLE", "secret_key": PASSWORD, "role": "ci"}
    log_in_with(login("aws", **keys, **further), environ={"VAULT_PASSWORD": secret}, exchange=exchange)
    body = exchange.body()
    assert isinstance(body, dict)
    assert secret not in json.dumps(body)
    assert base64.b64decode(body["iam_request_url"]) == b"https://sts.amazonaws.com/"
    assert base64.b64decode(body["iam_request_body"]) == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert (body["iam_http_request_method"], body["role"]) == ("POST", "ci")
    headers = json.loads(base64.b64decode(body["iam_request_headers"]))
    assert headers["X-Amz-Date"] == ["20260102T030405Z"]
    assert headers["Authorization"] == [
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/{scope}/sts/aws4_request, "
        f"SignedHeaders={signed_headers}, Signature={signature}"
    ]


@pytest.mark.parametrize("name", [".", "..", "u/../../sys/x", "u//x", "a/b"])
def test_a_user_name_that_leads_to_another_path_is_refused(name: str) -> None:
    exchange = FakeExchange()
    auth = login("ldap", username=name, password=PASSWORD)
    fault = refused(lambda: log_in_with(auth, environ=ENVIRON, exchange=exchange))
    assert (fault.code, fault.facts["method"]) == ("bad-auth-parameter", "ldap")
    assert exchange.requests == []


@pytest.mark.parametrize("mount", ["a/../../sys", "..", "a//b", "a%2f..", "a%2e"])
def test_a_mount_that_leads_to_another_path_is_refused(mount: str) -> None:
    exchange = FakeExchange({("POST", f"auth/{mount}/login"): login_answer()})
    auth = login("github", mount, token=PASSWORD)
    if "%" in mount:  # encoded once more on the way, so it stays one part
        assert log_in_with(auth, environ=ENVIRON, exchange=exchange).acquired
        return
    fault = refused(lambda: log_in_with(auth, environ=ENVIRON, exchange=exchange))
    assert fault.code == "bad-auth-parameter"
    assert exchange.requests == []


@pytest.mark.parametrize(
    ("auth", "why"),
    [
        (login("ldap"), "username is missing, password is missing; it takes username, password"),
        (
            login("ldap", user="ci", username="ci", password=PASSWORD),
            "there is no user; it takes username, password",
        ),
        (
            login("aws", access_key="a"),
            "secret_key is missing; "
            "it takes access_key, secret_key and, optionally, session_token, header_value, role, region",
        ),
        (
            login("github", token=PASSWORD, use_token="x", mount_point="y", self="z"),
            "there is no use_token, there is no mount_point, there is no self; it takes token",
        ),
        (login("oidc", role="r", jwt=PASSWORD, path="x"), "there is no path; it takes role, jwt"),
    ],
)
def test_wrong_parameters_are_told_with_those_that_the_method_takes(auth: LoginAuth, why: str) -> None:
    exchange = FakeExchange()
    fault = refused(lambda: log_in_with(auth, environ=ENVIRON, exchange=exchange))
    assert (fault.code, fault.facts["why"]) == ("bad-auth-parameter", why)
    assert exchange.requests == []


@pytest.mark.parametrize(
    ("method", "advice"),
    [
        ("ldpa", "did you mean ldap?"),
        ("LDAP", "did you mean ldap?"),
        ("kubernets", "did you mean kubernetes: … in vault.auth?"),
        ("approle", "write it as appRole: … in vault.auth"),
        ("userpass", "write it as userpass: … in vault.auth"),
        ("carrier-pigeon", "there are aws, azure, gcp, github, ldap, oidc, okta, radius"),
    ],
)
def test_an_unknown_method_is_told_with_the_nearest(method: str, advice: str) -> None:
    """Before anything is looked for."""
    fault = refused(lambda: log_in_with(login(method, username="ci", password=PASSWORD)))
    assert (fault.code, fault.place.field) == ("unknown-auth-method", "vault.auth")
    assert fault.facts == {"method": method, "suggestion": advice}


@pytest.mark.parametrize("method", METHODS)
def test_a_known_method_needs_no_suggestion(method: str) -> None:
    assert suggestion(method) == ""


@pytest.mark.parametrize(
    ("auth", "path", "code"),
    [
        (login("ldap", username="ci", password=PASSWORD), "auth/ldap/login/ci", "login-denied"),
        (login("gcp", role="ci", jwt=PASSWORD), "auth/gcp/login", "login-role"),
    ],
)
def test_a_refusal_is_told_as_for_the_other_methods(auth: LoginAuth, path: str, code: str) -> None:
    exchange = FakeExchange({("POST", path): (400, {"errors": ["canary"]})})
    assert refused(lambda: log_in_with(auth, environ=ENVIRON, exchange=exchange)).code == code


def test_a_missing_mount_is_told_as_for_the_other_methods() -> None:
    exchange = FakeExchange()
    auth = login("ldap", "corp", username="ci", password=PASSWORD)
    fault = refused(lambda: log_in_with(auth, environ=ENVIRON, exchange=exchange))
    assert (fault.code, fault.facts) == ("login-mount", {"method": "ldap", "mount": "corp"})
    assert exchange.asked[1] == ("GET", "auth/corp/login/vaultgen")


def test_a_fault_of_the_transport_passes_through_hvac() -> None:
    sealed = Fault("sealed", facts={"address": "https://vault.test:8200"})
    exchange = FakeExchange({("POST", "auth/github/login"): sealed})
    assert refused(lambda: log_in_with(login("github", token=PASSWORD), environ=ENVIRON, exchange=exchange)) == sealed
