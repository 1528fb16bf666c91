"""The use case."""

from typing import Any

import pytest

from support.in_memory import MemoryBackend, MemoryFiles, answer, codes
from vaultgen.document.model import Document
from vaultgen.document.parse import parse_document
from vaultgen.errors import Place, Refused, refuse
from vaultgen.generate import generate
from vaultgen.ports import Read


def _document(*entries: dict[str, Any]) -> Document:
    named = [{"name": f"s{index}", **entry} for index, entry in enumerate(entries)]
    return parse_document({"secretGenerator": named}, Place("gen.yaml"))


def test_each_path_is_asked_for_once() -> None:
    backend = MemoryBackend({Read("x"): answer({"k": "v"})})
    document = _document({"literals": ["a=vault:x?key=k", "b=vault:x?key=k"]}, {"envs": ["vault:x"]})
    secrets = generate(document, MemoryFiles(), lambda: backend)
    assert backend.asked == [Read("x")]
    assert [{key: value.reveal() for key, value in secret.data.items()} for secret in secrets] == [
        {"a": b"v", "b": b"v"},
        {"k": b"v"},
    ]


def _never() -> MemoryBackend:
    raise AssertionError("nothing had to be read")


def test_without_references_no_backend_is_opened() -> None:
    assert len(generate(_document({"literals": ["a=b"]}), MemoryFiles(), _never)) == 1


def test_a_document_that_is_wrong_reads_nothing() -> None:
    with pytest.raises(Refused) as raised:
        generate(_document({"literals": ["a=vault:x?key=k", "no-key"]}), MemoryFiles(), _never)
    assert codes(raised.value) == ["bad-literal"]


def test_a_failed_read_is_a_fault_of_every_reference_that_asks_for_it() -> None:
    """What is wrong with the answers to the other reads is told in the same run."""
    backend = MemoryBackend({Read("x"): "permission-denied", Read("y"): "dynamic-engine", Read("z"): answer({})})
    document = _document(
        {"literals": ["a=vault:x?key=k", "b=vault:y?key=k", "c=vault:z?key=k"]},
        {"files": {"d": "vault:x?key=l&default=e"}},
    )
    with pytest.raises(Refused) as raised:
        generate(document, MemoryFiles(), lambda: backend)
    assert [(fault.code, fault.place.entry, fault.place.key) for fault in raised.value.faults] == [
        ("permission-denied", "s0", "a"),
        ("permission-denied", "s1", "d"),
        ("dynamic-engine", "s0", "b"),
        ("field-missing", "s0", "c"),
    ]


def test_a_denied_read_is_never_answered_by_a_default() -> None:
    backend = MemoryBackend({Read("x"): "permission-denied"})
    for parameter in ("default=d", "optional=true"):
        with pytest.raises(Refused) as raised:
            generate(_document({"literals": [f"a=vault:x?key=k&{parameter}"]}), MemoryFiles(), lambda: backend)
        assert codes(raised.value) == ["permission-denied"]


def test_a_fault_of_the_backend_itself_is_one_of_the_document() -> None:
    def closed() -> MemoryBackend:
        raise refuse("no-address")

    with pytest.raises(Refused) as raised:
        generate(_document({"literals": ["a=vault:x?key=k"]}), MemoryFiles(), closed)
    assert codes(raised.value) == ["no-address"]
    assert raised.value.faults[0].place == Place("gen.yaml")
