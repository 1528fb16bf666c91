import pytest

from vaultgen.doctor.variables import check_variables


def outcomes(environ: dict[str, str]) -> list[tuple[str, str]]:
    verdicts = list(check_variables(environ))
    assert "canary" not in "".join(verdict.seen + verdict.advice for verdict in verdicts)
    return [(verdict.outcome, verdict.seen) for verdict in verdicts]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"VAULT_ADDR": "a", "BAO_TOKEN": "b"},
        {"VAULT_ADDR": "a", "BAO_ADDR": "a"},
        {"VAULT_ADDR": "a", "BAO_ADDR": ""},
    ],
)
def test_variables_that_agree_will_do(environ: dict[str, str]) -> None:
    assert outcomes(environ) == [("ok", "none contradicts another")]


def test_two_command_lines_with_different_settings_are_to_be_looked_at() -> None:
    """Their texts are not shown: one of them may be a token."""
    environ = {name: f"{name} canary" for name in ("VAULT_TOKEN", "BAO_TOKEN", "VAULT_ADDR", "BAO_ADDR", "BAO_CACERT")}
    assert outcomes(environ) == [
        ("warn", "BAO_ADDR and VAULT_ADDR differ; builds take BAO_ADDR"),
        ("warn", "BAO_TOKEN and VAULT_TOKEN differ; builds take BAO_TOKEN"),
    ]


def test_a_mode_without_values_is_said() -> None:
    assert outcomes({"VAULTGEN_MODE": "placeholder"}) == [
        ("warn", "VAULTGEN_MODE=placeholder: plain kustomize builds hold no values")
    ]


def test_an_unknown_mode_fails_as_a_build_does() -> None:
    (verdict,) = check_variables({"VAULTGEN_MODE": "canary"})
    assert (verdict.outcome, verdict.code) == ("fail", "bad-setting")
    assert "canary" not in verdict.seen
