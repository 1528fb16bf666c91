"""What Vault says about secrets without telling a value: who may read them, which versions and fields they have.

KV v2 answers at ``subkeys/`` with the names of a secret's fields, and at ``metadata/`` with its versions. Whether the
token may ask there is asked together with whether it may read.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaultgen.errors import Fault, Refused
from vaultgen.ports import Answer, Miss, Read
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Request, Response, Session, json_body, path_problem
from vaultgen.vault.mounts import LISTING_PATH, Mount, parse_mounts, resolve
from vaultgen.vault.rights import capabilities_request, granted
from vaultgen.vault.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.vault.message import Exchange

Version = int | None
"""A version of KV v2; None is the latest."""
Versions = Mapping[Read, Iterable[Version]]
"""The reads, and for each the versions that are of interest."""


@dataclass
class Glance:
    """What is known of one read."""

    fault: Fault | None = None
    """Why a build could not even ask for it."""
    api_path: str = ""
    may_read: bool | None = None
    """Whether the token's policies allow it; None where that may not be asked."""
    answers: dict[Version, Answer | Miss] = field(default_factory=dict)
    """What stands there, as a read would tell it but for the texts of the fields, which are empty.

    Without what may not be asked."""
    knows_fields: bool = False
    """Whether the names of the fields are known."""
    subkeys: str = ""
    metadata: str = ""
    """Where to ask about it; empty without KV v2, and where that is not allowed."""


class Peek:
    """Asks about reads, in at most three rounds of requests."""

    def __init__(self, versions: Versions, exchange: "Exchange", session: Session, settings: Settings) -> None:
        self.glances = {read: Glance() for read in versions}
        """What is known; all of it after ``ask``."""
        self._versions = versions
        self._exchange = exchange
        self._session = session
        self._settings = settings

    def ask(self) -> None:
        """Ask for mounts, then for what the token may do, then for what stands there."""
        self._find_mounts()
        self._find_capabilities()
        self._look()

    def _find_mounts(self) -> None:
        namespaces = list(dict.fromkeys(read.vault_namespace for read in self.glances))
        listings = self._send([self._request(LISTING_PATH, namespace) for namespace in namespaces])
        found = {name: self._mounts(name, listing) for name, listing in zip(namespaces, listings, strict=True)}
        for read, glance in self.glances.items():
            mounts = found[read.vault_namespace]
            if isinstance(mounts, Fault):
                glance.fault = mounts
            elif problem := path_problem(read.path):
                glance.fault = Fault("bad-reference", facts={"why": f"of its path, {problem}", "suggestion": ""})
            else:
                _resolve(read, glance, mounts)

    def _mounts(self, namespace: str, listing: Response | Fault) -> tuple[Mount, ...] | Fault:
        if isinstance(listing, Fault):
            return listing
        if listing.status in (403, 404) and namespace:
            return Fault("namespace-unknown", facts={"namespace": namespace})
        if listing.status != 200:
            return Fault("bad-request", facts={"address": self._address, "status": str(listing.status)})
        try:
            return parse_mounts(json_body(listing, self._address))
        except Refused as refused:
            return refused.faults[0]

    def _find_capabilities(self) -> None:
        paths: dict[str, set[str]] = {}
        for read, glance in self._sound():
            paths.setdefault(read.vault_namespace, set()).update(_paths(glance))
        questions = [capabilities_request(sorted(asked), namespace) for namespace, asked in paths.items()]
        answers = self._send([question._replace(token=self._session.token) for question in questions])
        allowed = {
            namespace: self._readable(answer, sorted(asked))
            for (namespace, asked), answer in zip(paths.items(), answers, strict=True)
        }
        for read, glance in self._sound():
            readable = allowed[read.vault_namespace]
            if readable is None:
                glance.subkeys = glance.metadata = ""
                continue
            glance.may_read = glance.api_path in readable
            glance.subkeys = glance.subkeys if glance.subkeys in readable else ""
            glance.metadata = glance.metadata if glance.metadata in readable else ""

    def _readable(self, response: Response | Fault, paths: Sequence[str]) -> set[str] | None:
        """Return those of the paths that may be read; None where that may not be asked."""
        may = granted(self._json(response), paths)
        if may is None:
            return None
        return {path for path, names in may.items() if {"read", "root"} & set(names) and "deny" not in names}

    def _look(self) -> None:
        questions: list[tuple[Glance, Version]] = []
        requests: list[Request] = []
        for read, glance in self._sound():
            for version in self._versions[read] if glance.subkeys else ():
                query = "depth=1" if version is None else f"depth=1&version={version}"
                questions.append((glance, version))
                requests.append(self._request(glance.subkeys, read.vault_namespace)._replace(query=query))
            if glance.metadata and not glance.subkeys:
                questions.append((glance, None))
                requests.append(self._request(glance.metadata, read.vault_namespace))
        versions = {id(self.glances[read]): wanted for read, wanted in self._versions.items()}
        for (glance, version), response in zip(questions, self._send(requests), strict=True):
            answer = self._json(response)
            if glance.subkeys:
                glance.knows_fields = True
                _note(glance, version, _of_subkeys(answer, version))
            else:
                for wanted in versions[id(glance)]:
                    _note(glance, wanted, _of_metadata(answer, wanted))

    def _sound(self) -> list[tuple[Read, Glance]]:
        return [(read, glance) for read, glance in self.glances.items() if glance.fault is None]

    @property
    def _address(self) -> str:
        return self._settings.address.text

    def _request(self, path: str, namespace: str) -> Request:
        return Request("GET", path, vault_namespace=namespace, token=self._session.token)

    def _send(self, requests: list[Request]) -> list[Response | Fault]:
        return self._exchange.send(requests) if requests else []

    def _json(self, response: Response | Fault) -> dict[str, Any]:
        """Return the JSON object of an answer with status 200 or 404; an empty one for anything else."""
        if isinstance(response, Fault) or response.status not in (200, 404):
            return {}
        try:
            answer = json_body(response, self._address)
        except Refused:
            return {}
        return answer if isinstance(answer, dict) else {}


def _resolve(read: Read, glance: Glance, mounts: tuple[Mount, ...]) -> None:
    target = resolve(read, mounts)
    if isinstance(target, Fault):
        glance.fault = target
        return
    glance.api_path = target.path
    if target.kind == "kv2":
        mount = next(mount.path for mount in mounts if target.path.startswith(f"{mount.path}data/"))
        rest = target.path[len(f"{mount}data/") :]
        glance.subkeys, glance.metadata = f"{mount}subkeys/{rest}", f"{mount}metadata/{rest}"


def _paths(glance: Glance) -> list[str]:
    return [path for path in (glance.api_path, glance.subkeys, glance.metadata) if path]


def _note(glance: Glance, version: Version, answer: Answer | Miss | None) -> None:
    if answer is not None:
        glance.answers[version] = answer


def _of_subkeys(answer: dict[str, Any], version: Version) -> Answer | Miss | None:
    """Return what ``subkeys/`` tells of one version; None for an answer that is none."""
    if answer.get("errors") == []:
        return _absent(version)
    data = answer.get("data")
    metadata = data.get("metadata") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(metadata, dict):
        return None
    number = _number(metadata.get("version"))
    subkeys = data.get("subkeys")
    if not isinstance(subkeys, dict):
        return Miss("destroyed" if metadata.get("destroyed") is True else "deleted", number)
    created_time = str(metadata.get("created_time", ""))
    return Answer({name: Redacted("") for name in subkeys}, number, created_time=created_time)


def _of_metadata(answer: dict[str, Any], version: Version) -> Answer | Miss | None:
    """Return what ``metadata/`` tells of one version, without any field; None for an answer that is none."""
    if answer.get("errors") == []:
        return Miss("no_path")
    data = answer.get("data")
    versions = data.get("versions") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(versions, dict):
        return None
    number = version or _number(data.get("current_version"))
    state = versions.get(str(number))
    if not isinstance(state, dict):
        return _absent(version)
    if state.get("destroyed") is True:
        return Miss("destroyed", number)
    if _has_come(str(state.get("deletion_time", ""))):
        return Miss("deleted", number)
    return Answer({}, number, created_time=str(state.get("created_time", "")))


def _absent(version: Version) -> Miss:
    return Miss("no_path") if version is None else Miss("no_version", version)


def _number(value: Any) -> int | None:
    """Return a number of an answer's JSON, which is kept as its text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _has_come(time: str) -> bool:
    """Whether a time of Vault's (RFC 3339, UTC) lies in the past; an empty one never comes."""
    return bool(time) and time[:19] <= datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
