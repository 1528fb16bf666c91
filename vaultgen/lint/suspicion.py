"""Whether a text looks like a secret: by the known form of a credential, or because it looks like chance.

Says what it takes a text for, never the text. The forms are those that the issuers document.
"""

import re
from collections.abc import Iterator
from math import log2

_FORMS = {
    "a private key": (("PRIVATE KEY",), r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    "an age identity": (("AGE-SECRET-KEY-1",), r"AGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    "an AWS access key": (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": (("gh", "github_pat_"), r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a GitLab token": (("gl",), r"\bgl(?:pat|dt|rt|ptt|cbt|oas)-[A-Za-z0-9_-]{20,}"),
    "a Vault token": (("hv", "s."), r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}|(?<![A-Za-z0-9.])s\.[A-Za-z0-9]{24}\b"),
    "a Slack token": (("xox",), r"\bxox[a-z]-[A-Za-z0-9-]{10,}"),
    "a Slack webhook": (("hooks.slack.com",), r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+"),
    "a Stripe key": (("_live_", "_test_"), r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    "a Google API key": (("AIza",), r"\bAIza[0-9A-Za-z_-]{35}"),
    "an npm token": (("npm_",), r"\bnpm_[A-Za-z0-9]{36}"),
    "a PyPI token": (("pypi-",), r"\bpypi-[A-Za-z0-9_-]{50,}"),
    "a Docker Hub token": (("dckr_",), r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    "a SendGrid key": (("SG.",), r"\bSG\.[A-Za-z0-9_-]{20,100}\.[A-Za-z0-9_-]{20,}"),
    "a DigitalOcean token": (("_v1_",), r"\bdo[opr]_v1_[a-f0-9]{64}"),
    "a Hugging Face token": (("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    "an API key": (("sk-",), r"\bsk-(?:[a-z]{2,8}-){0,2}[A-Za-z0-9_]{32,}"),
    "a JSON Web Token": (("eyJ",), r"\beyJ[A-Za-z0-9_-]{8,500}\.eyJ[A-Za-z0-9_-]{8,5000}\.[A-Za-z0-9_-]+"),
}
"""What it is → texts of which it holds one, which are quick to look for, and its pattern.

Repetitions have an upper bound where something follows them: a tree may be made to keep a search busy.
"""
LIMIT = 65536
"""Characters of a text whose looks are judged."""
_URL = "a URL with a password"
_URL_PASSWORD = r"://[^\s:/@?#\"']{0,200}:([^\s@/\"']{4,200})@"  # noqa: S105
_PUBLIC = r"-----BEGIN ((?:[A-Z0-9]+ )*(?:CERTIFICATE|PUBLIC KEY)(?: REQUEST)?)-----.{0,8000}?-----END \1-----"
_SSH_PUBLIC = r"\b(?:ssh-[a-z0-9]+|ecdsa-sha2-[a-z0-9]+) AAAA[0-9A-Za-z+/=]+"
_DIGEST = r"\bsha(?:1|224|256|384|512)[:-][0-9A-Za-z+/=]+"
_DULL = re.compile(
    r"(?i)[$<{(%\[*]|"
    r"(?:my|your|the|a|some|super|db|root|user|admin|test|example|change|replace)?[-_]?"
    r"(?:pass(?:word|wd)?|secret|me|user|root|admin|test|example|postgres|guest|token|xxx+)\d{0,3}$"
)
_SPLIT = re.compile(r"[\s\"'`,;<>(){}\[\]|/:=@?&.]+")
_CLASSES = (str.islower, str.isupper, str.isdigit)
_PATTERN_START = "{[(<^%$\\/~"
"""What JSON, templates, regular expressions, formats and paths begin with."""


def suspicion(text: str) -> str:
    """Return what a text seems to hold, with its article, or an empty text."""
    if form := known_form(text):
        return form
    text = text[:LIMIT]
    for public in (_PUBLIC, _SSH_PUBLIC, _DIGEST):
        text = re.sub(public, " ", text, flags=re.DOTALL)
    if _is_password(text) or any(map(_is_random, _SPLIT.split(text))):
        return "random text, as keys and passwords are"
    return ""


def known_form(text: str) -> str:
    """Return what a text holds by a form that nothing else has, or an empty text: for places of any kind."""
    return min(_forms_in(text), default=(0, ""))[1]


def form_line(text: str) -> int:
    """Return the line (from 0) of a text in which its first known form begins; 0 without one."""
    return text.count("\n", 0, min(_forms_in(text), default=(0, ""))[0])


def _forms_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield index and name of each known form in a text."""
    for name, (marks, pattern) in _FORMS.items():
        if any(mark in text for mark in marks) and (found := re.search(pattern, text)):
            yield found.start(), name
    if "://" in text:
        urls = (found for found in re.finditer(_URL_PASSWORD, text) if not _DULL.match(found[1]))
        yield from ((found.start(), _URL) for found in urls)


def _is_random(word: str) -> bool:
    """Whether letters and digits look drawn by lot: of all kinds, mixed, few of them repeated."""
    if re.fullmatch(r"[0-9a-f]{32,}|[0-9A-F]{32,}", word):
        return _entropy(word) > 3
    return len(word) >= 16 and _is_mixed(word) and _entropy(word) >= 3.3


def _is_password(text: str) -> bool:
    """Whether a text as a whole looks like what a password generator makes, with marks in it."""
    if not 12 <= len(text) <= 128 or text[0] in _PATTERN_START or any(one.isspace() for one in text):
        return False
    marks = sum(not one.isalnum() and one not in "-_./:=,@" for one in text)
    return marks >= 2 and _is_mixed(text) and _entropy(text) >= 3.2


def _is_mixed(word: str) -> bool:
    """Whether small and capital letters and digits take turns, other than in camel case, versions and words."""
    kinds = [next((index for index, is_of in enumerate(_CLASSES) if is_of(one)), -1) for one in word]
    if not {0, 1, 2} <= set(kinds) or len(re.findall(r"\d+", word)) < 2:
        return False
    in_runs = sum(len(run) for run in re.findall(r"[a-z]{3,}|[A-Z]{3,}|[0-9]{3,}", word))
    return in_runs / len(word) < 0.5


def _entropy(text: str) -> float:
    """Return bits a character, by the text's own frequencies."""
    shares = [text.count(one) / len(text) for one in set(text)]
    return -sum(share * log2(share) for share in shares)
