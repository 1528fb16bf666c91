import json

import pytest

from vaultgen.cli import app
from vaultgen.document.schema import FLUX_KUSTOMIZATION, VAULT_SECRET_GENERATOR, load


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ([], VAULT_SECRET_GENERATOR),
        (["generator"], VAULT_SECRET_GENERATOR),
        (["flux-kustomization"], FLUX_KUSTOMIZATION),
    ],
)
def test_the_schema_is_printed_that_the_check_reads(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["schema", *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == load(name)


def test_there_is_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["schema", "lock"]) == 2
    assert capsys.readouterr().out == ""
