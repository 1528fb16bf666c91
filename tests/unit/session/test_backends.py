"""Backends that all documents of a build share."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from support.in_memory import MemoryBackend, MemoryFiles, answer, codes
from vaultgen.document.model import (
    AppRoleAuth,
    CertAuth,
    CredentialSource,
    Document,
    Entry,
    KubernetesAuth,
    LiteralSource,
    LoginAuth,
    Tls,
    VaultConfig,
)
from vaultgen.errors import Fault, Refused, refuse
from vaultgen.ports import LOCK_FILE, Answer, Miss, Read
from vaultgen.session.backends import Located, SharedBackend, SharedBackends

A, B, C = (Read(f"secret/data/{name}") for name in "abc")
KNOWN = {read: answer({"k": "v"}) for read in (A, B, C)}


class Broken:
    """A backend whose every read fails."""

    def __init__(self, *codes: str, away: bool = False) -> None:
        self.is_at_home = not away
        self.attempts = 0
        self._faults = [Fault(code, facts={"address": "h"}) for code in codes]

    def read_all(self, reads: Sequence[Read], /) -> Mapping[Read, Answer | Miss]:
        self.attempts += 1
        raise Refused(self._faults)


NO_BLOCK = VaultConfig()


def located(*references: str, vault: VaultConfig = NO_BLOCK, lock: bytes = b"") -> Located:
    """Return a document with a data key a reference."""
    literals = tuple(LiteralSource(f"K{number}", text) for number, text in enumerate(references))
    files = MemoryFiles({LOCK_FILE: lock} if lock else {})
    return Located(Document((Entry("app", literals=literals),), vault), files, "/r")


def reference(name: str) -> str:
    return f"vault:secret/data/{name}?key=k"


# --- one backend ---


def test_each_read_is_asked_once() -> None:
    backend = MemoryBackend(KNOWN)
    shared = SharedBackend(backend)
    assert set(shared.read_all([A, B, A])) == {A, B}
    assert set(shared.read_all([B, C])) == {B, C}
    assert backend.asked == [A, B, C]


def test_a_miss_is_asked_once() -> None:
    backend = MemoryBackend()
    shared = SharedBackend(backend)
    assert shared.read_all([A]) == shared.read_all([A]) == {A: Miss("no_path")}
    assert backend.asked == [A]


def test_a_read_that_failed_is_not_asked_again() -> None:
    backend = MemoryBackend({A: KNOWN[A], B: "permission-denied"})
    shared = SharedBackend(backend)
    for _ in range(2):
        with pytest.raises(Refused) as raised:
            shared.read_all([A, B])
        assert codes(raised.value) == ["permission-denied"]
        assert raised.value.answers == {A: KNOWN[A]}
    assert shared.read_all([A]) == {A: KNOWN[A]}
    assert Counter(backend.asked) == {A: 1, B: 1}


def test_a_login_that_was_refused_is_not_tried_again() -> None:
    backend = Broken("login-denied")
    shared = SharedBackend(backend)
    for read in (A, B):
        with pytest.raises(Refused) as raised:
            shared.read_all([read])
        assert codes(raised.value) == ["login-denied"]
    assert backend.attempts == 1


# --- which documents share one ---


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (VaultConfig(), VaultConfig(), True),
        (VaultConfig(address="http://a"), VaultConfig(address="http://a"), True),
        (VaultConfig(address="http://a"), VaultConfig(address="http://b"), False),
        (VaultConfig(auth=(CertAuth("web"),)), VaultConfig(auth=(CertAuth("web"),)), True),
        (VaultConfig(tls=Tls(server_name="vault")), VaultConfig(tls=Tls(server_name="vault")), True),
    ],
)
def test_documents_share_a_backend_if_their_blocks_agree(one: VaultConfig, other: VaultConfig, shared: bool) -> None:
    backends = SharedBackends(lambda config, files: MemoryBackend())
    files = MemoryFiles()
    assert (backends.of(one, files, "/a") is backends.of(other, files, "/b")) is shared


@pytest.mark.parametrize(
    "config",
    [
        VaultConfig(tls=Tls(ca_file="ca.pem")),
        VaultConfig(tls=Tls(client_key_file="k.pem")),
        VaultConfig(auth=(KubernetesAuth("r", token_file="token"),)),
        VaultConfig(auth=(AppRoleAuth(CredentialSource(text="r"), CredentialSource(file="secret-id")),)),
        VaultConfig(auth=(LoginAuth("ldap", "ldap", {"password": CredentialSource(file="p")}),)),
    ],
)
def test_a_block_that_names_a_file_below_the_root_is_one_a_root(config: VaultConfig) -> None:
    backends = SharedBackends(lambda config, files: MemoryBackend())
    files = MemoryFiles()
    assert backends.of(config, files, "/a") is not backends.of(config, files, "/b")
    assert backends.of(config, files, "/a") is backends.of(config, files, "/a")


@pytest.mark.parametrize(
    "config",
    [
        VaultConfig(auth=(KubernetesAuth("r", token_file="/var/token"),)),
        VaultConfig(auth=(AppRoleAuth(CredentialSource(text="r"), CredentialSource(env="VAULT_SECRET_ID")),)),
    ],
)
def test_a_block_that_means_the_same_everywhere_is_shared(config: VaultConfig) -> None:
    backends = SharedBackends(lambda config, files: MemoryBackend())
    files = MemoryFiles()
    assert backends.of(config, files, "/a") is backends.of(config, files, "/b")


# --- reading ahead ---


def test_all_reads_go_out_at_once() -> None:
    batches: list[list[Read]] = []

    class Batches(MemoryBackend):
        def read_all(self, reads: Sequence[Read], /) -> Mapping[Read, Answer | Miss]:
            batches.append(list(reads))
            return super().read_all(reads)

    backends = SharedBackends(lambda config, files: Batches(KNOWN))
    documents = [located(reference("a"), reference("b")), located(reference("b")), located(reference("c"))]
    backends.read_ahead(documents)
    assert batches == [[A, B, C]]
    made = backends.make(documents[0].document, documents[0].files, "/r")
    assert [value.reveal() for value in made[0].data.values()] == [b"v", b"v"]
    assert len(batches) == 1


def test_versions_of_a_lock_are_what_is_read() -> None:
    lock = b"""\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultLock
paths:
- path: "secret/data/a"
  version: 3
  createdTime: "2024-01-01T00:00:00Z"
"""
    exact = A._replace(version=3)
    backend = MemoryBackend({exact: Answer(KNOWN[A].fields, 3, False, "2024-01-01T00:00:00Z")})
    backends = SharedBackends(lambda config, files: backend)
    backends.read_ahead([located(reference("a"), lock=lock)] * 2)
    assert backend.asked == [exact]


def test_a_document_without_references_needs_no_backend() -> None:
    def connect(config: object, files: object) -> MemoryBackend:
        raise AssertionError("nobody has to be asked")

    SharedBackends(connect).read_ahead([located("plain")])


def test_every_document_is_looked_at_before_anything_is_read() -> None:
    backend = MemoryBackend(KNOWN)
    backends = SharedBackends(lambda config, files: backend)
    bad = [located("vault:secret/data/x"), located("vault:secret/data/y?key=k&version=0")]
    with pytest.raises(Refused) as raised:
        backends.read_ahead([located(reference("a")), *bad])
    assert codes(raised.value) == ["bad-reference", "bad-reference"]
    assert backend.asked == []


def test_a_block_that_is_refused_keeps_others_from_being_read() -> None:
    good = MemoryBackend(KNOWN)

    def connect(config: VaultConfig, files: object) -> MemoryBackend:
        if config.address:
            raise refuse("bad-address", source="vault.address", why="x")
        return good

    with pytest.raises(Refused) as raised:
        SharedBackends(connect).read_ahead([located(reference("a")), located(reference("b"), vault=VaultConfig("x"))])
    assert codes(raised.value) == ["bad-address"]
    assert good.asked == []


@pytest.mark.parametrize("code", ["credential-leaves-home", "env-not-allowed"])
def test_a_login_that_is_refused_for_its_document_comes_before_the_others(code: str) -> None:
    """It sends nothing, and then nothing else is sent either."""
    good, bad = MemoryBackend(KNOWN), Broken(code, away=code == "credential-leaves-home")
    backends = SharedBackends(lambda config, files: bad if config.address == "bad" else good)
    sound = [located(reference("a")), located(reference("b"), vault=VaultConfig(auth=(CertAuth(),)))]
    sound = sound if code == "credential-leaves-home" else sound[:1]
    with pytest.raises(Refused) as raised:
        backends.read_ahead([*sound, located(reference("c"), vault=VaultConfig("bad"))])
    assert codes(raised.value) == [code]
    assert good.asked == []


def test_all_that_vault_lacks_is_told() -> None:
    backend = MemoryBackend({A: KNOWN[A], B: "permission-denied"})
    backends = SharedBackends(lambda config, files: backend)
    documents = [located(reference("a")), located(reference("b"), reference("c")), located(reference("b"))]
    with pytest.raises(Refused) as raised:
        backends.read_ahead(documents)
    assert sorted(codes(raised.value)) == ["path-missing", "permission-denied", "permission-denied"]
    assert Counter(backend.asked) == {A: 1, B: 1, C: 1}


def test_a_server_that_is_not_there_is_told_once_and_others_are_read() -> None:
    good, gone = MemoryBackend(KNOWN), Broken("connection-refused")
    backends = SharedBackends(lambda config, files: gone if config.address else good)
    away = [located(reference("b"), vault=VaultConfig("gone")) for _ in range(3)]
    with pytest.raises(Refused) as raised:
        backends.read_ahead([*away, located(reference("a"))])
    assert codes(raised.value) == ["connection-refused"]
    assert gone.attempts == 1
    assert good.asked == [A]
