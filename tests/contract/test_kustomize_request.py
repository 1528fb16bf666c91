"""What the tests hand to vaultgen is what kustomize does."""

from pathlib import Path

import pytest
import yaml

from support.documents import EVERY_FIELD
from support.kustomize import NEWEST, OLDEST, kustomize, kustomize_build
from support.resource_list import as_kustomize_writes

PRINT_REQUEST = "#!/bin/sh\ncat >&2\nexit 1\n"


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
def test_kustomize_hands_over_the_document_twice_and_no_file_name(tmp_path: Path, version: str) -> None:
    """The function is a script that shows its standard input."""
    (tmp_path / "show").write_text(PRINT_REQUEST)
    (tmp_path / "show").chmod(0o755)
    annotation = {"config.kubernetes.io/function": "exec: {path: ./show}"}
    document = yaml.safe_dump({**EVERY_FIELD, "metadata": {"name": "my-app", "annotations": annotation}}).encode()
    (tmp_path / "secrets.yaml").write_bytes(document)
    (tmp_path / "kustomization.yaml").write_text("generators: [secrets.yaml]\n")
    built = kustomize_build(tmp_path, binary=kustomize(version))
    request, _, _ = built.stderr.partition(b"Error: ")
    assert yaml.safe_load(request) == yaml.safe_load(as_kustomize_writes(document))
