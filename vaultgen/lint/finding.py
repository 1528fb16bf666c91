"""What a rule finds, as data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from vaultgen.kustomize.walk import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.lint.subject import Subject

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Spot:
    """Where in a tree something is, as a rule knows it."""

    file: str
    path: Path = ()
    """In a YAML file; empty in any other."""
    line: int = 0
    """In a YAML file the line inside a block scalar at the path, from 0; in any other the line, from 1."""
    column: int = 0
    """From 1; only with a line and without a path."""

    def below(self, *steps: int | str) -> "Spot":
        """Return the spot that a path from here leads to."""
        return Spot(self.file, (*self.path, *steps))


@dataclass(frozen=True)
class Edit:
    """A piece of a file's text to be replaced."""

    file: str
    start: int
    """Index of a character; a byte order mark does not count."""
    end: int
    text: str


@dataclass(frozen=True)
class Fix:
    """Edits that belong together and change nothing but what the finding is about."""

    description: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Found:
    """What a rule reports; it never holds a value."""

    spot: Spot
    message: str
    hint: str
    fix: Fix | None = None


@dataclass(frozen=True)
class Rule:
    """A thing to look for."""

    id: str
    severity: Severity
    description: str
    """One sentence without a final period."""
    check: "Callable[[Subject], Iterable[Found]]"
    is_fixable: bool = False
    """Whether a finding may come with a fix."""


@dataclass(frozen=True)
class Finding:
    """What is reported to a person or a machine."""

    file: str
    line: int
    """1-based."""
    column: int
    """1-based."""
    rule: str
    severity: Severity
    message: str
    hint: str
    fix: Fix | None = None


@dataclass(frozen=True)
class Ignored:
    """A finding that a comment in the tree hides."""

    finding: Finding
    reason: str
    """May be empty."""


@dataclass(frozen=True)
class Report:
    """The result of a run, in order of file, line and column."""

    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether there is neither an error nor a warning."""
        return all(finding.severity == "info" for finding in self.findings)
