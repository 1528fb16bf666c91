"""The exec function: bytes in, bytes out, and never an exception."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from vaultgen import function
from vaultgen.errors import Fault, Refused
from vaultgen.function import Outcome, Surroundings, run, run_document, unknown_fault
from vaultgen.redacted import Redacted

GENERATOR: dict[str, Any] = {
    "apiVersion": "vaultgen.dev/v1alpha1",
    "kind": "VaultSecretGenerator",
    "metadata": {"name": "my-app"},
    "secretGenerator": [{"name": "db", "literals": ["a=b"]}],
}


def _request(config: Any = GENERATOR, **fields: Any) -> bytes:
    tree = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "functionConfig": config, **fields}
    return yaml.safe_dump(tree).encode()


def _run(request: bytes, root: Path = Path("/nonexistent")) -> Outcome:
    return run(request, Surroundings({}, str(root)))


def _fails(request: bytes, root: Path = Path("/nonexistent")) -> Outcome:
    outcome = _run(request, root)
    assert outcome.stdout == b""
    assert outcome.status != 0
    assert outcome.stderr.startswith("error[")
    return outcome


def test_a_secret_comes_out(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xff")
    config = {**GENERATOR, "secretGenerator": [{"name": "db", "files": ["f"], "literals": ["a='b'"]}]}
    outcome = _run(_request(config, items=[config]), tmp_path)
    assert outcome[1:] == ("", 0)
    answer = json.loads(outcome.stdout)
    assert (answer["apiVersion"], answer["kind"]) == ("config.kubernetes.io/v1", "ResourceList")
    assert [item["data"] for item in answer["items"]] == [{"a": "Yg==", "f": "/w=="}]


def test_a_bare_document_is_answered_too() -> None:
    outcome = run_document(yaml.safe_dump(GENERATOR).encode(), Surroundings({}, "/nonexistent"))
    assert outcome == _run(_request())


@pytest.mark.parametrize(
    ("request_", "code", "status"),
    [
        (b"", "not-a-resource-list", 3),
        (b"{", "invalid-yaml", 3),
        (b"\xff\xfe\xff", "invalid-yaml", 3),
        (b"[" * 100_000, "yaml-too-deep", 3),
        (_request({"kind": "Secret"}), "unsupported-document", 3),
        (_request({**GENERATOR, "nonsense": 1}), "unknown-field", 3),
        (_request({**GENERATOR, "secretGenerator": [{"name": "a", "files": ["missing"]}]}), "file-not-found", 3),
        (_request({**GENERATOR, "secretGenerator": [{"name": "A"}]}), "invalid-secret-name", 3),
        (
            _request({**GENERATOR, "secretGenerator": [{"name": "a", "type": "kubernetes.io/tls"}]}),
            "incomplete-type",
            5,
        ),
    ],
)
def test_a_fault_leaves_standard_output_empty(request_: bytes, code: str, status: int) -> None:
    outcome = _fails(request_)
    assert f"error[{code}]" in outcome.stderr
    assert outcome.status == status


@pytest.mark.parametrize("config", [b"", b"a", b"[]", b"--- {}\n--- {}", b"\xff", b"null"])
def test_a_bare_document_that_is_none_is_refused(config: bytes) -> None:
    outcome = run_document(config, Surroundings({}, "/nonexistent"), "gen.yaml")
    assert (outcome.stdout, outcome.status) == (b"", 3)
    assert outcome.stderr.startswith("error[")


def test_one_fault_of_a_hundred_secrets_leaves_none_of_them() -> None:
    entries = [{"name": f"s{index}", "literals": ["a=b"]} for index in range(99)]
    _fails(_request({**GENERATOR, "secretGenerator": [*entries, {"name": "last", "literals": ["a"]}]}))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("hunter2"),
        RecursionError("hunter2"),
        MemoryError("hunter2"),
        KeyError("hunter2"),
        OSError(5, "hunter2", "hunter2"),
        UnicodeDecodeError("utf-8", b"hunter2", 0, 1, "hunter2"),
        AssertionError(Redacted("hunter2")),
        ExceptionGroup("hunter2", [ValueError("hunter2")]),
        type("Hunter", (Exception,), {"__str__": lambda self: 1 / 0})("hunter2"),
    ],
)
def test_an_unknown_exception_is_an_internal_fault_without_its_message(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> NoReturn:
        secret = "hunter2"
        raise error from ValueError(secret)

    monkeypatch.setattr(function, "generate", fails)
    outcome = _fails(_request())
    assert outcome.status == 70
    assert outcome.stderr.startswith(f"error[internal]: vaultgen failed: {type(error).__name__} at vaultgen.function:")
    assert "hunter2" not in outcome.stderr


def test_running_out_of_stack_is_a_fault_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def deeper(*arguments: Any) -> Any:
        return deeper(*arguments)

    monkeypatch.setattr(function, "generate", deeper)
    assert "RecursionError" in _fails(_request()).stderr


@pytest.mark.parametrize("fault", [Fault("no-such-code"), Fault("path-missing")])
def test_a_fault_that_cannot_be_told_is_an_internal_one(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> NoReturn:
        raise Refused([fault])

    monkeypatch.setattr(function, "generate", fails)
    assert _fails(_request()).status == 70


def test_no_fault_at_all_is_still_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> NoReturn:
        raise Refused([])

    monkeypatch.setattr(function, "generate", fails)
    assert _fails(_request()).status == 70


def test_an_interrupted_run_says_nothing_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(function, "generate", interrupted)
    assert _run(_request()) == Outcome(b"", "", 130)


def test_an_unknown_fault_names_our_own_lines_only() -> None:
    try:
        json.loads("{hunter2")
    except ValueError as error:
        fault = unknown_fault(error)
    assert fault.facts == {"type": "JSONDecodeError", "frames": ""}


# --- the process ---

PROGRAM = [sys.executable, "-c", "from vaultgen.function import main; main()"]


def _process(request: bytes, prelude: str = "", **options: Any) -> "subprocess.CompletedProcess[bytes]":
    program = [*PROGRAM[:2], prelude + PROGRAM[2]]
    return subprocess.run(program, input=request, stderr=subprocess.PIPE, check=False, **options)


def test_the_process_answers_and_says_nothing_else() -> None:
    done = _process(_request(), stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == _run(_request()).stdout


def test_the_process_fails_with_the_status_and_text_of_the_run() -> None:
    done = _process(b"{", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode() == _run(b"{").stderr


@pytest.mark.parametrize(
    "closed",
    ["os.close(1); sys.stdout = None;", "os.close(1);", "os.close(1); os.open('/dev/full', os.O_WRONLY);"],
)
def test_an_answer_that_cannot_be_written_is_no_success(closed: str) -> None:
    if "/dev/full" in closed and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    done = _process(_request(), f"import os, sys; {closed}", stdout=subprocess.PIPE)
    assert done.returncode == 70
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_nobody_who_reads_the_answer_is_no_success() -> None:
    """kustomize was killed: the pipe is closed on the other side."""
    reading, writing = os.pipe()
    os.close(reading)
    done = _process(_request(), stdout=writing)
    os.close(writing)
    assert done.returncode == 70
    assert done.stderr == b""


def test_a_closed_standard_error_does_not_matter_to_an_answer() -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *PROGRAM], input=_request(), stdout=subprocess.PIPE, check=False
    )
    assert done.returncode == 0
    assert done.stdout == _run(_request()).stdout


def test_a_closed_standard_error_does_not_turn_a_fault_into_success() -> None:
    command = ["sh", "-c", 'VAULTGEN_LOG=debug exec "$@" 2>&-', "sh", *PROGRAM]
    done = subprocess.run(command, input=b"{", stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (3, b"")


def test_ctrl_c_ends_the_process_without_a_traceback() -> None:
    prelude = (
        "import os, signal; import vaultgen.function as f; f.generate = lambda *_: os.kill(os.getpid(), signal.SIGINT);"
    )
    done = _process(_request(), prelude, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, b"", b"")
