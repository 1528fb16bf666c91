"""Does Vault tell its namespaces apart?

Vault's Community Edition has none: it ignores which one is asked for, and answers from all that it has (seen of Vault
1.21.4). Builds then read what stands at the same path there.
"""

from collections.abc import Iterable, Iterator

from vaultgen.doctor.verdict import Verdict, ok, skip, warn
from vaultgen.errors import Fault
from vaultgen.vault.message import Request, Session
from vaultgen.vault.mounts import LISTING_PATH
from vaultgen.vault.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Read
    from vaultgen.vault.message import Exchange

NAME = "namespace"
NO_SUCH = "vaultgen-doctor-asks-for-no-namespace"


def check_namespaces(
    settings: Settings, session: Session, exchange: "Exchange", reads: "Iterable[Read]"
) -> Iterator[Verdict]:
    """Ask for a Vault namespace that nobody has; nothing is yielded where neither the session nor a read names one."""
    asked_for = (settings.vault_namespace, *(read.vault_namespace for read in reads))
    named = dict.fromkeys(name for name in asked_for if name)
    if not named:
        return
    (answer,) = exchange.send([Request("GET", LISTING_PATH, vault_namespace=NO_SUCH, token=session.token)])
    if isinstance(answer, Fault):
        yield skip(NAME, "whether Vault tells its namespaces apart is not known: it did not answer")
    elif answer.status != 200:
        yield ok(NAME, "Vault tells its namespaces apart")
    else:
        names = ", ".join(named)
        seen = f"Vault has no namespaces (the Community Edition has none), and ignores those asked for: {names}"
        yield warn(NAME, seen, "ask for none, or name a server that has them: builds read the same paths without them")
