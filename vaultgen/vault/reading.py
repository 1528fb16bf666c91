"""All reads of a run in as few requests as they need.

A read whose path looks like KV v2's API path is sent at once. Only where that look deceives, and for logical paths,
the mounts are listed: once for a Vault namespace. The listing also tells an invalid token, for which it is refused,
from a denied path.
"""

from vaultgen.errors import Fault, Refused
from vaultgen.ports import Answer, Miss
from vaultgen.vault.answers import Unsure, meaning
from vaultgen.vault.message import Request, Response, json_body, path_problem
from vaultgen.vault.mounts import LISTING_PATH, Mount, guess, parse_mounts, resolve
from vaultgen.vault.retry import OWN_FAULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vaultgen.ports import Read
    from vaultgen.vault.message import Exchange, Session
    from vaultgen.vault.settings import Settings

    Key = tuple[str, str, int | None]


class Reading:
    """One read_all()."""

    def __init__(self, reads: "Sequence[Read]", exchange: "Exchange", session: "Session", settings: "Settings") -> None:
        self._reads = tuple(dict.fromkeys(reads))
        self._exchange = exchange
        self._session = session
        self._settings = settings
        self._address = settings.address.text
        self._received: dict[Key, Response | Fault] = {}
        self._wanted: dict[Key, None] = {}
        self._mounts: dict[str, tuple[Mount, ...]] = {}

    def answers(self) -> "dict[Read, Answer | Miss]":
        """Send what is needed and return the answers; raise ``Refused`` with the faults and answers of all reads."""
        outcomes: dict[Read, Answer | Miss | Fault | None] = dict.fromkeys(self._reads)
        while True:
            for read, outcome in outcomes.items():
                if outcome is None:
                    outcomes[read] = self._outcome(read)
            if not self._wanted:
                break
            requests = [self._request(*key) for key in self._wanted]
            self._received.update(zip(self._wanted, self._exchange.send(requests), strict=True))
            self._wanted.clear()
        answers = {read: outcome for read, outcome in outcomes.items() if isinstance(outcome, Answer | Miss)}
        if faults := _faults(outcomes):
            raise Refused(faults, answers)
        return answers

    def _outcome(self, read: "Read") -> Answer | Miss | Fault | None:
        """Return what has become of a read; None where an answer that it needs is wanted first."""
        if problem := path_problem(read.path):
            return Fault("bad-reference", facts={"why": f"of its path, {problem}", "suggestion": ""}, read=read)
        guessed = guess(read.path)
        status = 0
        if guessed is not None:
            response = self._answer(read.vault_namespace, guessed.path, read.version)
            if not isinstance(response, Response):
                return response
            found = meaning(read, guessed, response, self._address)
            if not isinstance(found, Unsure):
                return found
            status = response.status
        mounts = self._listing(read, status)
        if mounts is None or isinstance(mounts, Fault):
            return mounts
        target = resolve(read, mounts)
        if isinstance(target, Fault):
            return target
        response = self._answer(read.vault_namespace, target.path, read.version)
        if not isinstance(response, Response):
            return response
        found = meaning(read, target, response, self._address)
        return None if isinstance(found, Unsure) else found

    def _answer(self, vault_namespace: str, path: str, version: int | None) -> "Response | Fault | None":
        """Return what was received, or want it."""
        key = (vault_namespace, path, version)
        if key not in self._received:
            self._wanted[key] = None
        return self._received.get(key)

    def _request(self, vault_namespace: str, path: str, version: int | None) -> Request:
        query = "" if version is None else f"version={version}"
        return Request("GET", path, query, None, vault_namespace, self._session.token)

    def _listing(self, read: "Read", guess_status: int) -> tuple[Mount, ...] | Fault | None:
        """Return the mounts of the read's Vault namespace, why they are not to be had, or None where they are wanted.

        ``guess_status`` is that of the answer at the guessed path, 0 where none was guessed.
        """
        namespace = read.vault_namespace
        if namespace in self._mounts:
            return self._mounts[namespace]
        response = self._answer(namespace, LISTING_PATH, None)
        if not isinstance(response, Response):
            return response
        if response.status != 200:
            return self._unlisted(read, response.status, guess_status)
        try:
            self._mounts[namespace] = parse_mounts(json_body(response, self._address))
        except Refused as refused:
            return refused.faults[0]
        return self._mounts[namespace]

    def _unlisted(self, read: "Read", status: int, guess_status: int) -> Fault:
        """Return the fault for a listing that Vault refused."""
        own = self._settings.vault_namespace
        namespace = read.vault_namespace or own
        token_works = any(
            isinstance(received, Response) and received.status == 200 for received in self._received.values()
        )
        if (status == 404 and namespace) or (status == 403 and token_works and read.vault_namespace not in ("", own)):
            return Fault(
                "namespace-unknown", facts={"namespace": namespace}, read=read if read.vault_namespace else None
            )
        if status != 403:
            return Fault("bad-request", facts={"address": self._address, "status": str(status)})
        if not token_works:
            return Fault("token-invalid", facts={"source": self._session.source})
        # Something before Vault lets only some paths through.
        denied = read.path if guess_status == 403 else LISTING_PATH
        return Fault("permission-denied", facts={"path": read.path, "api_path": denied}, read=read)


def _faults(outcomes: "Mapping[Read, Answer | Miss | Fault | None]") -> list[Fault]:
    """Return the faults, those of the server once and not once a read."""
    faults: list[Fault] = []
    shared: dict[tuple[str, ...], list[tuple[Read, Fault]]] = {}
    for read, outcome in outcomes.items():
        if isinstance(outcome, Fault):
            if outcome.read is not None:
                faults.append(outcome)
            else:
                shared.setdefault((outcome.code, *outcome.facts.values()), []).append((read, outcome))
    for alike in shared.values():
        fault = alike[0][1]
        if fault.code in OWN_FAULTS and len(alike) < len(outcomes):
            faults.extend(fault._replace(read=read) for read, _ in alike)
        else:
            faults.append(fault)
    return faults
