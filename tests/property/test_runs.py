"""Whatever comes in, a run ends with Secrets or with words, and its words show no value."""

import json
import random
import string
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from support.documents import EVERY_FIELD
from support.in_memory import MemoryBackend, MemoryFiles, answer
from vaultgen.document.read import read_document
from vaultgen.errors import NOWHERE, Fault, Place, Refused
from vaultgen.errors.catalogue import CATALOGUE
from vaultgen.errors.report import exit_status, report
from vaultgen.function import Surroundings, run, run_document
from vaultgen.generate import generate
from vaultgen.plan import plan
from vaultgen.redacted import Redacted

NOWHERE_TO_READ = Surroundings({}, "/nonexistent")

any_text = st.text(max_size=30)
places = st.builds(
    Place, any_text, any_text, any_text, any_text, any_text, any_text, st.integers(0, 9), st.integers(0, 9)
)


class Facts(dict[str, str]):
    """The same text for every fact."""

    def __init__(self, text: str) -> None:
        super().__init__(type=text, frames=text)
        self._text = text

    def __missing__(self, name: str) -> str:
        return self._text


@given(st.lists(st.builds(Fault, st.sampled_from(sorted(CATALOGUE)), places, any_text.map(Facts)), min_size=1))
def test_a_report_is_printable_lines_in_blocks(faults: list[Fault]) -> None:
    text = report(faults)
    assert all(line.isprintable() for line in text.split("\n"))
    blocks = text.split("\n\n")
    assert len(blocks) == len(faults)
    for block, fault in zip(blocks, faults, strict=True):
        first, *others = block.rstrip("\n").split("\n")
        assert first.startswith(f"error[{fault.code}]: ")
        assert [line.split(":")[0] for line in others] == [
            name
            for name, there in (
                ("  where", fault.place._replace(reference="", column=0) != NOWHERE),
                ("  reference", fault.place.reference),
                ("  hint", any(line.startswith("  hint:") for line in others)),
            )
            if there
        ]
    assert exit_status(faults) in (3, 4, 5, 6, 70)


@given(
    st.recursive(
        st.text(string.ascii_letters, min_size=8) | st.binary(min_size=8) | st.integers(10**9),
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.just("k"), inner, min_size=1),
    )
)
def test_a_wrapped_value_is_shown_nowhere(value: Any) -> None:
    wrapped = Redacted(value)
    assert repr(wrapped) == repr(wrapped.map(lambda one: one)) == "[redacted]"
    assert repr(Fault("a", facts={"b": wrapped})) == repr(Fault("a", facts={"b": Redacted("")}))  # type: ignore[dict-item]


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_request_is_answered(request: bytes) -> None:
    for outcome in (run(request, NOWHERE_TO_READ), run_document(request, NOWHERE_TO_READ)):
        assert outcome.stdout == b""
        assert outcome.status == 3
        assert outcome.stderr.startswith("error[")


# --- documents with mistakes ---

CANARY = "cAnArY42"
"""Stands where values stand: in literals, dotenv lines, defaults, label and annotation values, Vault's answers."""

FILES = {
    "local.env": f"A={CANARY}\nB={CANARY}${{vault:secret/x?key=a}}\nC='{CANARY}'\n".encode(),
    "other.env": f"D=x\n{CANARY} a\n-----BEGIN {CANARY}\n".encode(),
    "logo.png": f"\x89{CANARY}".encode(),
    "assets/logo.png": CANARY.encode(),
    "docker.json": f"{{{CANARY}".encode(),
}
FIELDS = {"a": CANARY, "key": f'{{"a": "{CANARY}"}}', "password": f"{CANARY}\ud800", "b": [CANARY], f"{CANARY} x": 1}
LITERALS = (
    f"A={CANARY}",
    f"{CANARY}",
    f"{CANARY}/x=",
    f"={CANARY}",
    f"B='{CANARY}'",
    f"C={CANARY}${{vault:secret/x?key=a}}{CANARY}",
    f"D={CANARY}${{vault:secret/x?key=nope}}{CANARY}",
    f"E={CANARY}${{vault:secret/x?nope=a}}{CANARY}",
    f"F=${{vault:secret/x?key=a {CANARY}",
    f"G=vault:secret/x?key=nope&default={CANARY}&optional=true",
    f"H=vault:secret/missing?key=nope&default={CANARY}",
    f"I=vault:secret/denied?key=a&default={CANARY}",
    "J=vault:secret/x?key=a&jsonPointer=/a",
    "K=vault:secret/x?key=a&decode=base64",
    "L=x${vault:secret/x?key=password}",
    f"M=vault:secret/x&default={CANARY}",
    "N=vault:secret/x?key=b&jsonPointer=/0",
)
SOURCES = ("logo.png", "missing", "vault:secret/x?key=a", "vault:secret/x", "vault:secret/x?key=password", "../a", "")
ENTRIES: dict[str, tuple[Any, ...]] = {
    "name": ("a", "b", "B", ""),
    "type": ("Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson", None),
    "behavior": ("merge", "create", None, "other"),
    "envs": (["local.env"], ["other.env"], ["vault:secret/x"], ["vault:secret/denied"], ["missing.env"], CANARY),
    "options": (
        {"labels": {"a": f"{CANARY}!"}},
        {"annotations": {"a b": CANARY}},
        {"labels": CANARY, "immutable": CANARY},
        {"immutable": True},
    ),
    "dockerConfig": (
        [{"server": "s", "username": CANARY, "password": "vault:secret/x?key=nope"}],
        [{"server": "s", "username": CANARY, "password": CANARY}] * 2,
        [{"server": "s", "username": CANARY}],
        [{"server": "s", "username": f"{CANARY}${{vault:", "password": [CANARY]}],
    ),
}


class SomeFiles(MemoryFiles):
    """Files that stay as they are; each path but those above is missing."""


def _document(chance: random.Random) -> dict[str, Any]:
    def some(choices: tuple[Any, ...]) -> Any:
        return chance.choice(choices)

    entries = []
    for _ in range(chance.randint(1, 3)):
        entry: dict[str, Any] = {"name": some(("a", "b", "c"))}
        for field, choices in ENTRIES.items():
            if chance.random() < 0.2:
                entry[field] = some(choices)
        if chance.random() < 0.7:
            entry["literals"] = chance.sample(LITERALS, chance.randint(0, 4))
        if chance.random() < 0.4:
            entry["files"] = {some(("k", "l", "a b", ".dockerconfigjson")): some(SOURCES) for _ in range(2)}
        entries.append(entry)
    return {**{name: EVERY_FIELD[name] for name in ("apiVersion", "kind", "metadata")}, "secretGenerator": entries}


def test_documents_with_mistakes_show_no_value() -> None:
    """Most of them are wrong in several ways."""
    chance = random.Random(3)  # noqa: S311
    seen: set[str] = set()
    made = 0
    for number in range(1500):
        tree = _document(chance)
        files = SomeFiles(FILES)
        try:
            document = read_document(tree, "gen.yaml")
            reads = plan(document, files).uses
            answers = {
                read: "permission-denied" if read.path.endswith("denied") else answer(FIELDS)
                for read in reads
                if not read.path.endswith("missing")
            }
            made += len(generate(document, files, lambda answers=answers: MemoryBackend(answers)))  # type: ignore[misc]
        except Refused as refused:
            text = report(refused.faults)
            assert CANARY not in text, json.dumps(tree)
            seen.update(fault.code for fault in refused.faults)
        if number % 10 == 0:
            outcome = run(_request(tree), NOWHERE_TO_READ)
            assert (outcome.status == 0) is bool(outcome.stdout)
            assert CANARY not in outcome.stderr, json.dumps(tree)
    assert made > 40, "the mistakes are too many to tell whether anything works"
    assert len(seen) >= 15, f"the mistakes are too few: {sorted(seen)}"


def _request(tree: dict[str, Any]) -> bytes:
    request = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "functionConfig": tree}
    return yaml.safe_dump(request).encode()
