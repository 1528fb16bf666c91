"""The outside of the core as dictionaries, for tests of what the core does with its answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from vaultgen.errors import Fault, Refused, refuse
from vaultgen.ports import Answer, Miss, Read
from vaultgen.redacted import Redacted


class MemoryFiles:
    """Files by path."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self._files = files or {}

    def read(self, path: str, /) -> bytes:
        """Return a file's bytes; raise ``Refused`` (file-not-found)."""
        if path not in self._files:
            raise refuse("file-not-found", path=path)
        return self._files[path]


class MemoryBackend:
    """Answers by what is read; a str in an answer's place is the code of a fault, and nothing there is a Miss."""

    def __init__(self, answers: "Mapping[Read, Answer | Miss | str] | None" = None) -> None:
        self._answers = answers or {}
        self.asked: list[Read] = []

    def read_all(self, reads: Sequence[Read], /) -> "Mapping[Read, Answer | Miss]":
        """Return the answers; raise ``Refused`` with them and a fault for each read whose answer is a code."""
        self.asked += reads
        found: dict[Read, Answer | Miss] = {}
        faults: list[Fault] = []
        for read in reads:
            answer = self._answers.get(read, Miss("no_path"))
            if isinstance(answer, str):
                faults.append(Fault(answer, facts={"path": read.path, "api_path": read.path}, read=read))
            else:
                found[read] = answer
        if faults:
            raise Refused(faults, found)
        return found


def answer(fields: Mapping[str, Any], *, volatile: bool = False) -> Answer:
    """Return what Vault holds, from plain JSON values."""
    return Answer({name: Redacted(value) for name, value in fields.items()}, 1, volatile)


def codes(refused: Refused) -> list[str]:
    """Return the codes of the faults, in order."""
    return [fault.code for fault in refused.faults]
