"""Which modules unwrap secrets: one more has to be put on the list here, with its reason."""

import ast
from pathlib import Path

import vaultgen

PACKAGE = Path(vaultgen.__file__).parent

REASONS = {
    # What is made of values.
    "krm/resource_list.py": "writes the data of a Secret",
    "docker_config.py": "writes .dockerconfigjson, and wraps it again",
    "render.py": "puts values into the text around them, which is wrapped again; measures a Secret",
    "field.py": "asks whether a field is null or a pointer leads nowhere; writes a whole secret as JSON, wrapped again",
    "plan.py": "reads a dotenv file, whose values may be references",
    "masking.py": "makes a stand-in of a value",
    "publish/sealing.py": "encrypts a value",
    "flux/age_key.py": "makes the public half of a key, and the Secret that keeps the private one",
    "publish/revision.py": "makes a keyed digest of values",
    "publish/rewrite.py": "looks for the mark of a SOPS document in a value",
    # What is sent to Vault.
    "vault/wire.py": "writes headers and bodies",
    "vault/route.py": "writes the proxy's credential into CONNECT",
    "vault/redirect.py": "looks for the token in the target of a redirect, so as not to print it",
    "vault/login/approle.py": "puts role id and secret id into the body of a login, which is wrapped again",
    "vault/login/through_hvac.py": "hands credentials to a login class of hvac",
    "vault/login/jwt_claims.py": "reads when a refused token expires and for whom it is",
    "vault/login/credential.py": "reads a key of a cluster's Secret, which is wrapped again",
    "vault/tls.py": "hands OpenSSL certificates and keys of variables",
    # What Vault answered.
    "vault/message.py": "parses an answer, whose values are wrapped again",
    "vault/retry.py": "looks for fixed words in the answer of a server that fails",
}
"""Module → what it unwraps for."""


def lines_with(attribute: str, source: str) -> list[int]:
    """Return the lines on which an attribute is used, called or only handed on."""
    nodes = ast.walk(ast.parse(source))
    return [node.lineno for node in nodes if isinstance(node, ast.Attribute) and node.attr == attribute]


def modules_with(attribute: str) -> dict[str, list[int]]:
    """Return the modules that use an attribute, and the lines."""
    lines = {
        path.relative_to(PACKAGE).as_posix(): lines_with(attribute, path.read_text())
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    return {module: found for module, found in lines.items() if found}


def test_values_are_unwrapped_by_known_modules_only() -> None:
    assert {module: lines for module, lines in modules_with("reveal").items() if module not in REASONS} == {}


def test_no_module_is_on_the_list_for_nothing() -> None:
    assert REASONS.keys() - modules_with("reveal").keys() == set()


def test_what_the_wrapper_holds_is_private_to_it() -> None:
    """Only ``self._value`` may be written elsewhere: some other class's own."""
    elsewhere = {
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        if path.name != "redacted.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "_value" and ast.unparse(node.value) != "self"
    }
    assert elsewhere == set()


def test_a_use_is_found_however_it_is_written() -> None:
    assert lines_with("reveal", "a = b.reveal()\nasync def c(d): return map(d.e[0].reveal, f)\n") == [1, 2]
