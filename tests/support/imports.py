"""What ``vaultgen import`` makes of manifests: as a process, and without one."""

import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from support.kustomize import vaultgen_directory
from vaultgen.cli.import_resources import convert_resources
from vaultgen.importing.document import documents_text
from vaultgen.importing.resource import read_resources


class Imported(NamedTuple):
    """The documents, and what was said."""

    documents: list[Any]
    left: dict[str, str]
    """Field → why, of what was not carried over."""
    notes: dict[str, str]
    """Field → why, of what is noted."""

    @property
    def entries(self) -> list[Any]:
        """The entries of all documents."""
        return [entry for document in self.documents for entry in document["secretGenerator"]]

    @property
    def entry(self) -> Any:
        """The one entry."""
        (entry,) = self.entries
        return entry

    @property
    def vault(self) -> Any:
        """The ``vault:`` block of the one document."""
        (document,) = self.documents
        return document.get("vault")


def imported(*texts: str) -> Imported:
    """Import files with these texts; each remark is that of the last resource that has it."""
    resources = [one for number, text in enumerate(texts) for one in read_resources(f"{number}.yaml", text.encode())]
    found = convert_resources(resources)
    documents = list(yaml.safe_load_all(documents_text("imported", found.entries))) if found.entries else []
    return Imported(
        documents,
        {remark.where: remark.why for one in resources for remark in one.left},
        {remark.where: remark.why for one in resources for remark in one.notes},
    )


def run_import(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory."""
    return subprocess.run(
        [str(vaultgen_directory() / "vaultgen"), "import", *arguments],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
