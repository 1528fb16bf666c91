"""One login, one session, and an end that breaks nothing."""

import contextlib
from collections.abc import Iterator, Mapping

import pytest

from support.scripted_server import Asked, Reply, ScriptedServer, http, running_script
from vaultgen.document.model import CredentialSource, JwtAuth, VaultConfig
from vaultgen.errors import Refused
from vaultgen.ports import Answer, Read
from vaultgen.vault.backend import VaultBackend, connect

APP = Read("secret/data/app")
KV2 = '{"lease_id":"","data":{"data":{"a":"1"},"metadata":{"created_time":"x","version":1}}}'
TOTP = '{"lease_id":"","data":{"code":"1"}}'
LISTING = '{"data":{"secret":{"totp/":{"type":"totp"}}}}'
SILENT = VaultConfig()
JWT = VaultConfig(auth=(JwtAuth(CredentialSource(env="VAULT_ID_TOKEN"), "ci"),))


def vault(asked: Asked) -> Reply:
    bodies = {
        "/v1/auth/jwt/login": '{"auth":{"client_token":"s.issued"}}',
        "/v1/secret/data/app": KV2,
        "/v1/totp/code/k": TOTP,
        "/v1/sys/internal/ui/mounts": LISTING,
    }
    if asked.path in bodies:
        return Reply(http(200, bodies[asked.path]))
    return Reply(http(204 if asked.path.endswith("revoke-self") else 404, b""))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with running_script(vault) as running:
        yield running


@contextlib.contextmanager
def backend(
    server: ScriptedServer, config: VaultConfig = SILENT, environ: Mapping[str, str] | None = None
) -> Iterator[VaultBackend]:
    environ = {"VAULT_TOKEN": "s.given"} if environ is None else environ
    with contextlib.closing(connect(config, {"VAULT_ADDR": server.address, **environ}, NoFiles())) as made:
        yield made


class NoFiles:
    def read(self, path: str, /) -> bytes:
        raise AssertionError("no file is needed")


def paths(server: ScriptedServer) -> list[str]:
    return [asked.path.removeprefix("/v1/") for asked in server.asked]


def test_a_given_token_costs_no_request_but_the_reads(server: ScriptedServer) -> None:
    with backend(server) as opened:
        answer = opened.read_all([APP, APP])[APP]
    assert isinstance(answer, Answer)
    assert paths(server) == ["secret/data/app"]
    assert server.asked[0].headers["x-vault-token"] == "s.given"


def test_nothing_to_read_needs_no_vault_and_no_credential(server: ScriptedServer) -> None:
    with backend(server, environ={}) as opened:
        assert opened.read_all([]) == {}
    assert server.connections == 0


def test_a_login_is_made_once_and_its_token_revoked_at_the_end(server: ScriptedServer) -> None:
    with backend(server, JWT, {"VAULT_ID_TOKEN": "ey.x.y"}) as opened:
        opened.read_all([APP])
        opened.read_all([APP])
    assert paths(server) == ["auth/jwt/login", "secret/data/app", "secret/data/app", "auth/token/revoke-self"]
    assert [asked.headers.get("x-vault-token") for asked in server.asked] == ["none", *["s.issued"] * 3]


def test_a_token_is_not_revoked_under_a_credential_that_would_end_with_it(server: ScriptedServer) -> None:
    with backend(server, JWT, {"VAULT_ID_TOKEN": "ey.x.y"}) as opened:
        opened.read_all([Read("totp/code/k", allow_dynamic=True)])
    assert paths(server)[-1] == "totp/code/k"


def test_a_token_is_revoked_after_reads_that_failed(server: ScriptedServer) -> None:
    with backend(server, JWT, {"VAULT_ID_TOKEN": "ey.x.y"}) as opened, pytest.raises(Refused):
        opened.read_all([Read("nowhere/x")])
    assert paths(server)[-1] == "auth/token/revoke-self"


def test_a_token_that_was_given_is_never_revoked(server: ScriptedServer) -> None:
    with backend(server) as opened:
        opened.read_all([APP])
    assert "auth/token/revoke-self" not in paths(server)


@pytest.mark.parametrize("reply", [Reply(http(403)), Reply(http(500)), Reply(b"", "close"), Reply(b"junk", "close")])
def test_a_revocation_that_fails_is_no_failure(reply: Reply) -> None:
    def script(asked: Asked) -> Reply:
        return reply if asked.path.endswith("revoke-self") else vault(asked)

    with running_script(script) as server, backend(server, JWT, {"VAULT_ID_TOKEN": "ey.x.y"}) as opened:
        opened.read_all([APP])
    assert paths(server).count("auth/token/revoke-self") == 1


def test_a_failed_login_is_one_fault_and_nothing_is_read(server: ScriptedServer) -> None:
    with backend(server, environ={"HOME": "/nowhere"}) as opened, pytest.raises(Refused) as raised:
        opened.read_all([APP, Read("secret/data/other")])
    assert [fault.code for fault in raised.value.faults] == ["no-credential"]
    assert server.connections == 0


def test_a_credential_is_not_sent_to_an_address_of_the_document(server: ScriptedServer) -> None:
    opened = connect(VaultConfig(server.address), {"VAULT_TOKEN": "s.canary"}, NoFiles())
    with contextlib.closing(opened), pytest.raises(Refused) as raised:
        opened.read_all([APP])
    assert [fault.code for fault in raised.value.faults] == ["credential-leaves-home"]
    assert server.connections == 0


def test_closing_twice_is_closing_once(server: ScriptedServer) -> None:
    with backend(server, JWT, {"VAULT_ID_TOKEN": "ey.x.y"}) as opened:
        opened.read_all([APP])
        opened.close()
    assert paths(server).count("auth/token/revoke-self") == 1


def test_the_log_gets_a_line_a_request(server: ScriptedServer) -> None:
    lines: list[str] = []
    environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": "s.canary"}
    with contextlib.closing(connect(VaultConfig(), environ, NoFiles(), log=lines.append)) as opened:
        opened.read_all([APP])
    (line,) = lines
    assert line.startswith("GET secret/data/app: 200, ")
