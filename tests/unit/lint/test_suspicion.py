import base64
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultgen.lint.suspicion import form_line, known_form, suspicion

RANDOM = random.Random(7)  # noqa: S311
LETTERS = string.ascii_letters + string.digits


def drawn(length: int, alphabet: str = LETTERS) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(length))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----\nabc", "a private key"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "a private key"),
        ("AGE-SECRET-KEY-1" + drawn(58, string.ascii_uppercase), "an age identity"),
        ("AKIAIOSFODNN7EXAMPLE", "an AWS access key"),
        ("ghp_" + drawn(36), "a GitHub token"),
        ("github_pat_" + drawn(40), "a GitHub token"),
        ("glpat-" + drawn(20), "a GitLab token"),
        ("hvs." + drawn(24), "a Vault token"),
        ("s." + drawn(24), "a Vault token"),
        ("xoxb-" + drawn(24), "a Slack token"),
        ("https://hooks.slack.com/services/T0/B0/" + drawn(24), "a Slack webhook"),
        ("sk_" + "live_" + drawn(24), "a Stripe key"),
        ("AIza" + drawn(35), "a Google API key"),
        ("npm_" + drawn(36), "an npm token"),
        ("pypi-" + drawn(60), "a PyPI token"),
        ("dckr_pat_" + drawn(27), "a Docker Hub token"),
        ("SG." + drawn(22) + "." + drawn(43), "a SendGrid key"),
        ("dop_v1_" + drawn(64, string.hexdigits.lower()[:16]), "a DigitalOcean token"),
        ("hf_" + drawn(34), "a Hugging Face token"),
        ("sk-ant-" + drawn(40), "an API key"),
        (f"eyJ{drawn(20)}.eyJ{drawn(30)}.{drawn(43)}", "a JSON Web Token"),
        ("postgres://app:correct-horse@db/app", "a URL with a password"),
    ],
)
def test_a_known_form_is_named(text: str, what: str) -> None:
    assert known_form(f"a = '{text}'") == what
    assert suspicion(text) == what


@pytest.mark.parametrize(
    "text",
    [
        "",
        "postgres://app:password@db/app",
        "postgres://app:${PASSWORD}@db/app",
        "https://example.com:8443/a@b",
        "only-for-a-laptop",
        "registry.example.com/shop/MyApp:1.4.2-rc1",
        "MyVeryLongCamelCaseName2",
        "arn:aws:iam::123456789012:role/MyRole1-Prod2",
        "2024-01-01T00:00:00Z",
        "org.apache.kafka.common.serialization.StringSerializer",
        "-Xms512m -XX:MaxRAMPercentage=75.0",
        "server=db1.Prod2.example.com;Database=App1",
        "550e8400-e29b-41d4-a716-446655440000",
        "TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256:!aNULL",
        "%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level",
        "^[A-Z]{2}[0-9]+[a-z]*$",
        "shop@sha256:" + drawn(64, "0123456789abcdef"),
        "ssh-ed25519 AAAA" + drawn(64),
        f"-----BEGIN CERTIFICATE-----\n{drawn(64)}\n{drawn(64)}\n-----END CERTIFICATE-----\n",
        '{"a": 1, "B2": [true, "C3"]}',
    ],
)
def test_an_ordinary_text_is_not_suspected(text: str) -> None:
    assert suspicion(text) == ""


@pytest.mark.parametrize(
    ("make", "least"),
    [
        (lambda: drawn(32), 0.7),
        (lambda: drawn(32, "0123456789abcdef"), 0.95),
        (lambda: drawn(32, LETTERS + string.punctuation), 0.6),
        (lambda: base64.b64encode(RANDOM.randbytes(32)).decode(), 0.75),
    ],
)
def test_most_random_texts_are_suspected(make: "object", least: float) -> None:
    """A heuristic: what it misses it misses, but it must be worth having."""
    assert callable(make)
    assert sum(bool(suspicion(make())) for _ in range(300)) / 300 > least


@given(st.text())
def test_any_text_can_be_judged_and_is_never_part_of_the_answer(text: str) -> None:
    assert suspicion(text) == "" or text not in suspicion(text) or len(text) < 12


def test_the_line_is_that_of_the_first_form() -> None:
    text = f"a\nb\nurl: a://b:correct-horse@c\nghp_{drawn(36)}\n"
    assert form_line(text) == 2
    assert form_line("a\nb") == 0
