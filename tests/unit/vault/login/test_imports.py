"""What a login imports, in a process of its own."""

import subprocess
import sys


def run(program: str) -> None:
    path = [entry for entry in sys.path if entry]
    subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {path!r}\n{program}"], check=True)


def test_hvac_is_imported_by_its_own_methods_only() -> None:
    program = """
import sys
from support.fake_exchange import FakeExchange, login_answer
from support.login import log_in_with
from vaultgen.document.model import CredentialSource, JwtAuth, LoginAuth, TokenAuth
log_in_with(TokenAuth(CredentialSource(env="VAULT_X")), environ={"VAULT_X": "s.x"})
assert "vaultgen.vault.login.answer" not in sys.modules
jwt = JwtAuth(CredentialSource(env="VAULT_X"))
log_in_with(jwt, environ={"VAULT_X": "x"}, exchange=FakeExchange({("POST", "auth/jwt/login"): login_answer()}))
assert not {"hvac", "requests", "kubernetes", "vaultgen.vault.login.userpass"} & set(sys.modules)
"""
    run(program)


def test_a_token_in_the_environment_imports_one_small_module() -> None:
    program = """
import sys
import vaultgen.document.model, vaultgen.vault.settings, vaultgen.vault.message, vaultgen.vault.address
from vaultgen.redacted import Redacted
settings = vaultgen.vault.settings.Settings(vaultgen.vault.address.parse_address("https://vault.test"))
before = set(sys.modules)
from vaultgen.vault.login import log_in
log_in(vaultgen.document.model.VaultConfig(), settings, {"VAULT_TOKEN": "s.x"}, None, None, None)
new = set(sys.modules) - before
assert new == {"vaultgen.vault.login", "vaultgen.vault.login.credential"}, new
"""
    run(program)
