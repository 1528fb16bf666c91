"""Where is Vault, and who says so?"""

from collections.abc import Generator, Mapping

from vaultgen.doctor.verdict import Verdict, failed, ok
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Refused
from vaultgen.vault.settings import DEFAULT_TIMEOUT, Settings, read_settings

NAME = "address"
PATIENCE = 10.0
"""Seconds that each question may take, unless VAULT_CLIENT_TIMEOUT says otherwise."""


def check_address(config: VaultConfig, environ: Mapping[str, str]) -> Generator[Verdict, None, Settings | None]:
    """Read the settings, and return them for a single attempt at each request."""
    try:
        settings = read_settings(config, environ)
    except Refused as refused:
        yield from failed(NAME, refused.faults)
        return None
    namespace = f", in the Vault namespace {settings.vault_namespace}" if settings.vault_namespace else ""
    abroad = "" if settings.at_home else ", where no credential of this machine is sent"
    yield ok(NAME, f"{settings.address.text}, from {settings.address_source}{abroad}{namespace}")
    patience = PATIENCE if settings.timeout == DEFAULT_TIMEOUT else settings.timeout
    return settings._replace(attempts=1, timeout=patience)
