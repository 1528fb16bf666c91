"""No value, token, password or any other secret leaves a run through anything but the Secret it was asked for.

Each case of ``cases`` is full of canaries: in Vault, in the environment, in files, in the document. ``test_cases``
looks for them after a plain run; here they are looked for where more is said, or where something breaks.
"""

import base64
import re
import signal
import subprocess
from collections.abc import Callable

import pytest

from support.canaries import new_canary
from support.faulty_server import FAULTS
from support.kustomize import vaultgen_directory
from support.stage import Stage, case_names

# Faults at which vaultgen tries again, and would for seconds.
QUICKLY = "VAULT_MAX_RETRIES: '0'\n  VAULT_CLIENT_TIMEOUT: 300ms"

READING = "files: {password: 'vault:secret/data/app?key=password'}"

# How a run speaks to Vault first: with which secret, of which the server learns.
FIRST_WORDS = {
    "reading": "",
    "reading a logical path": "",
    "logging in": "userpass: {username: ci, password: {env: VAULT_PASSWORD}}",
    "logging in with a JWT": "jwt: {role: ci, token: {file: token.jwt}}",
    "unwrapping": "appRole: {roleId: app, secretId: {env: VAULT_SECRET_ID, wrapped: true}}",
}


@pytest.mark.parametrize("name", case_names())
def test_debug_lines_hold_no_secret(name: str, stage: Callable[[str], Stage]) -> None:
    put_on = stage(name)
    ran = put_on.run(VAULTGEN_LOG="debug")
    if ran.status == 0:
        ran = ran._replace(stdout=b"")
    assert put_on.leaks(ran) == []
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize("first_words", FIRST_WORDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_server_says_back_is_not_shown(
    fault: str, first_words: str, written_stage: Callable[..., Stage]
) -> None:
    """A token in an error's body, in a header or in a redirect's target is as secret as before."""
    auth = FIRST_WORDS[first_words]
    put_on = written_stage(
        generator=f"vault:\n  auth:\n    {auth or 'token: {env: VAULT_TOKEN}'}\n"
        f"secretGenerator:\n- name: app\n  {READING.replace('data/', '') if 'logical' in first_words else READING}\n",
        run=f"""\
server: {fault}
environment:
  {QUICKLY}
  VAULT_TOKEN: {"" if auth else "<<canary token>>"}
  VAULT_PASSWORD: <<canary value of a password>>
  VAULT_SECRET_ID: <<canary wrapping token>>
  VAULT_HEADERS: '{{"X-Gateway-Key": "<<canary in a header>>"}}'
files:
  tree/token.jwt: eyJhbGciOiJSUzI1NiJ9.<<canary jwt>>.c2lnbmF0dXJl
""",
    )
    ran = put_on.run(VAULTGEN_LOG="debug")
    assert ran.status in (4, 5, 6), ran.stderr
    assert ran.stdout == b""
    assert put_on.leaks(ran) == []


def test_a_value_that_is_no_text_is_not_shown(written_stage: Callable[..., Stage]) -> None:
    """Also where the bytes that are not UTF-8 stand beside others that are."""
    value = new_canary("binary").encode() + b"\xff\xfe"
    put_on = written_stage(
        generator="secretGenerator:\n- name: app\n  literals: ['A=x${vault:secret/data/app?key=a&decode=base64}']\n",
        vault=f"secret/app:\n  a: {base64.b64encode(value).decode()}\n",
    )
    put_on.canaries["value"] = value.decode(errors="ignore")
    ran = put_on.run(VAULTGEN_LOG="debug")
    assert b"error[not-text]" in ran.stderr
    assert put_on.leaks(ran) == []


# Each breaks one module so that an exception holds a secret in its message, in its arguments, or in a local variable.
BROKEN = {
    "while a value is taken out of an answer": (
        "import vaultgen.field\n"
        "def broken(value):\n    raise ValueError(f'cannot encode {value!r}')\n"
        "vaultgen.field.value_bytes = broken\n"
    ),
    "while a request is written": (
        "import vaultgen.vault.wire\n"
        "def broken(self, request, target):\n    raise UnicodeError(request.token.reveal())\n"
        "vaultgen.vault.wire.Writer.request = broken\n"
    ),
    "while an answer is read": (
        "import vaultgen.vault.answers\n"
        "def broken(response, address):\n    raise KeyError(response.body.reveal())\n"
        "vaultgen.vault.answers.json_body = broken\n"
    ),
    "while the Secrets are written": (
        "import vaultgen.krm.resource_list\n"
        "def broken(content):\n    raise RecursionError(content)\n"
        "vaultgen.krm.resource_list.folded_base64 = broken\n"
    ),
    "with an exception inside another": (
        "import vaultgen.field\n"
        "def broken(value):\n"
        "    try:\n        raise ValueError(value)\n"
        "    except ValueError as error:\n        raise TypeError(f'while {value}') from error\n"
        "vaultgen.field.value_bytes = broken\n"
    ),
    "without memory": (
        "import vaultgen.field\ndef broken(value):\n    raise MemoryError(value)\nvaultgen.field.value_bytes = broken\n"
    ),
    "with an exception that cannot be printed": (
        "import vaultgen.field\n"
        "class Broken(Exception):\n    def __str__(self):\n        raise self\n"
        "def broken(value):\n    raise Broken(value)\n"
        "vaultgen.field.value_bytes = broken\n"
    ),
    "without a schema": "import vaultgen.document.schema\nvaultgen.document.schema._DIRECTORY = '/nowhere'\n",
}


@pytest.mark.parametrize("moment", BROKEN)
def test_a_crash_shows_its_type_and_our_frames_alone(moment: str, written_stage: Callable[..., Stage]) -> None:
    """An exception's message, its arguments and other people's frames may hold anything."""
    put_on = written_stage(
        generator=f"secretGenerator:\n- name: app\n  {READING}\n", vault="secret/app:\n  password: <<canary value>>\n"
    )
    put_on.break_vaultgen(BROKEN[moment])
    ran = put_on.run(VAULTGEN_LOG="debug")
    reported = re.sub(r"^vaultgen: .*\n", "", ran.stderr.decode(), flags=re.MULTILINE)
    assert (ran.status, ran.stdout) == (70, b"")
    assert re.fullmatch(
        r"error\[internal\]: vaultgen failed: [A-Za-z]+ at vaultgen\.[a-z_.]+:\d+( < vaultgen\.[a-z_.]+:\d+)*\n"
        r"  hint: .+\n",
        reported,
    )
    assert put_on.leaks(ran) == []


def test_a_crash_of_the_report_is_reported_like_any_other(written_stage: Callable[..., Stage]) -> None:
    put_on = written_stage(generator=f"secretGenerator:\n- name: app\n  {READING}\n", run="server: answers 400\n")
    put_on.break_vaultgen(
        "import vaultgen.errors.report\n"
        "whole = vaultgen.errors.report.report\n"
        "def broken(faults):\n"
        "    if faults[0].code == 'internal':\n        return whole(faults)\n"
        "    raise KeyError(str(faults))\n"
        "vaultgen.errors.report.report = broken\n"
    )
    ran = put_on.run()
    assert (ran.status, ran.stdout) == (70, b"")
    assert ran.stderr.startswith(b"error[internal]: vaultgen failed: KeyError at vaultgen.")
    assert put_on.leaks(ran) == []


def test_the_search_finds_what_is_there(written_stage: Callable[..., Stage]) -> None:
    """Else all these tests would show nothing."""
    put_on = written_stage(
        generator=f"secretGenerator:\n- name: app\n  {READING}\n", vault="secret/app:\n  password: <<canary value>>\n"
    )
    put_on.break_vaultgen(
        "import base64, sys, urllib.parse\n"
        "import vaultgen.krm.resource_list as writer\n"
        "def leaky(content):\n"
        "    print('x' + urllib.parse.quote(content.decode()), file=sys.stderr, flush=True)\n"
        "    with open('left', 'w') as file:\n        file.write(base64.b64encode(b'x' + content).decode())\n"
        "    return ''\n"
        "writer.folded_base64 = leaky\n"
    )
    found = put_on.leaks(put_on.run())
    assert [re.sub(r"^/.*/", "", hit) for hit in found] == [
        "stderr: canary value (URL path)",
        "stderr: password of app (URL path)",
        "left: canary value (base64 at 1)",
        "left: password of app (base64 at 1)",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_a_run_without_a_traceback(
    number: signal.Signals, written_stage: Callable[..., Stage]
) -> None:
    put_on = written_stage(generator=f"secretGenerator:\n- name: app\n  {READING}\n", run="server: says nothing\n")
    with subprocess.Popen(
        [str(vaultgen_directory() / "vaultgen")],
        cwd=put_on.tree,
        env={"PATH": "/usr/bin:/bin", "HOME": str(put_on.home), **put_on.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        process.stdin.write(put_on.request())
        process.stdin.close()
        assert put_on.asked.wait(60)
        process.send_signal(number)
        assert process.wait(60) != 0
        assert process.stdout
        assert process.stderr
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
