"""The answers are those of Vault 1.21.4 (Community Edition) and OpenBao 2.7.2 to a namespace that is not there."""

import pytest

from support.fake_exchange import FakeExchange
from vaultgen.doctor.namespaces import check_namespaces
from vaultgen.doctor.verdict import Verdict
from vaultgen.errors import Fault
from vaultgen.ports import Read
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Session
from vaultgen.vault.settings import Settings

SETTINGS = Settings(parse_address("https://vault.test:8200"))
LISTING = ("GET", "sys/internal/ui/mounts")
OF_VAULT = (200, {"data": {"auth": {}, "secret": {"secret/": {"type": "kv", "options": {"version": "2"}}}}})
OF_OPENBAO = (404, {"errors": ["namespace not found"]})
TEAM_A = Read("secret/data/app", vault_namespace="team-a")


def seen(answer: "tuple[int, object] | Fault", *reads: Read, namespace: str = "") -> tuple[list[Verdict], FakeExchange]:
    exchange = FakeExchange({LISTING: answer})
    settings = SETTINGS._replace(vault_namespace=namespace)
    session = Session(Redacted("s.canary"), "VAULT_TOKEN", False)
    return list(check_namespaces(settings, session, exchange, reads)), exchange


def test_nothing_is_asked_where_no_namespace_is_named() -> None:
    verdicts, exchange = seen(OF_VAULT, Read("secret/data/app"))
    assert (verdicts, exchange.asked) == ([], [])


def test_a_vault_without_namespaces_reads_elsewhere_than_the_documents_say() -> None:
    (verdict,), exchange = seen(OF_VAULT, TEAM_A, TEAM_A, Read("kv/data/x"), namespace="ops")
    assert (verdict.check, verdict.outcome) == ("namespace", "warn")
    assert verdict.seen.endswith(": ops, team-a")
    assert exchange.asked == [LISTING]
    assert exchange.requests[0].vault_namespace not in ("", "ops", "team-a")


@pytest.mark.parametrize("answer", [OF_OPENBAO, (403, {"errors": ["permission denied"]})])
def test_one_that_has_namespaces_will_do(answer: tuple[int, object]) -> None:
    assert [verdict.outcome for verdict in seen(answer, TEAM_A)[0]] == ["ok"]


def test_no_answer_tells_nothing() -> None:
    fault = Fault("timeout", facts={"address": "https://vault.test:8200", "seconds": "10"})
    assert [verdict.outcome for verdict in seen(fault, TEAM_A)[0]] == ["skip"]
