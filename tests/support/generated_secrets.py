"""Cases for equality with the builtin: entries of a secretGenerator, in three spellings that mean the same Secrets.

One for kustomize's own secretGenerator, one for vaultgen with values at home, one for vaultgen with values in Vault.
All that is odd and still allowed is in here: quotes, spaces, line breaks, binary files, dotenv files of any make, keys,
names and types that look like numbers, options, merges. The same seed gives the same cases.
"""

import base64
import json
import random
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

TLS, BASIC, SSH = "kubernetes.io/tls", "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth"
DOCKER = "kubernetes.io/dockerconfigjson"
PLAIN_TYPES = (None, None, "Opaque", "example.com/own", "1e5", "true")
TYPES = (*PLAIN_TYPES, None, TLS, BASIC, SSH, DOCKER)
DATE = "2001-01-01"
NAMES = ("app", "db.example", "a-b", "x", "1e5", "0x1f", "true", "null", DATE, "1.5", "on", "0", "y", "012")
KEY_LETTERS = "abcxyzABCXYZ019-._"
# Where YAML reads a key as something else than a text, the builtin fails and prints the data.
NO_TEXT = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
LETTERS = (
    "abcxyz019",
    "aA0 .,:;#-_=+*&!|>%@`~?/()[]{}",
    "\"'\\$",
    " \t",
    "éß€中😀",
    "\u00a0\u2003\u200b\ufeff\u202e",
)
BREAKS = ("\n", "\n\n", "\r\n", " \n ", "\n#", "\n- ", "\n---\n", "\t\n", "\u2028", "\u2029")
# Base64 is folded from 70 characters on, and so from 52 bytes on.
FOLDS = (0, 1, 2, 3, 50, 51, 52, 53, 104, 105, 106, 107, 210, 1000)


class Value(NamedTuple):
    """One data key and where its value stands."""

    key: str
    content: bytes
    kind: str
    """``literal``, ``dotenv`` or ``file``."""
    quote: str = ""
    """What stands around a literal, and is no part of it."""


class Case(NamedTuple):
    """One Secret."""

    number: int
    name: str
    namespace: str
    type: str | None
    behavior: str | None
    options: dict[str, Any] | None
    values: tuple[Value, ...]
    style: int
    """Decides between spellings that mean the same."""


class Batch(NamedTuple):
    """Cases of one build."""

    cases: tuple[Case, ...]
    base: tuple[Case, ...]
    """Secrets that cases with a behavior are laid over."""
    options: dict[str, Any]
    """generatorOptions."""


def make_batch(seed: int, count: int) -> Batch:
    """Return a batch of ``count`` cases."""
    chance = random.Random(f"batch {seed}")  # noqa: S311
    cases: list[Case] = []
    taken: set[tuple[str, str]] = set()
    while len(cases) < count:
        case = _case(chance, len(cases))
        if (case.name, case.namespace) not in taken:
            taken.add((case.name, case.namespace))
            cases.append(case)
    base = tuple(_below(chance, case) for case in cases if case.behavior in ("merge", "replace"))
    return Batch(tuple(cases), base, _options(chance, whole=True) if chance.random() < 0.5 else {})


def _case(chance: random.Random, number: int) -> Case:
    name = chance.choice(NAMES)
    # Merged and without a suffix, a bare date leaves the builtin as 2001-01-01T00:00:00Z.
    if chance.random() < 0.9 or name == DATE:
        name = f"{name}-{number}"
    type_ = chance.choice(TYPES)
    return Case(
        number,
        name,
        chance.choice(("", "", "", "apps", "1e5", "team-a")),
        type_,
        chance.choice((None, None, None, "create", "merge", "replace")),
        _options(chance) if chance.random() < 0.4 else None,
        tuple(_values(chance, type_, number)),
        chance.randrange(1000),
    )


def _below(chance: random.Random, case: Case) -> Case:
    """A Secret of the same name and other content, some keys in common."""
    values = [_value(chance, value.key) for value in case.values if chance.random() < 0.5]
    keys = {value.key for value in values}
    values += [_value(chance, key) for key in ("only-in-base", "Z") if key not in keys]
    return case._replace(behavior=None, type=chance.choice(PLAIN_TYPES), values=tuple(values), style=0)


def _values(chance: random.Random, type_: str | None, number: int) -> "list[Value]":
    needed = {TLS: ("tls.crt", "tls.key"), BASIC: ("username",), SSH: ("ssh-privatekey",)}.get(type_ or "", ())
    keys = [*needed, *(_key(chance) for _ in range(chance.choice((0, 1, 1, 2, 3, 5))))]
    values = [_value(chance, key, at_least=1 if type_ == SSH else 0) for key in dict.fromkeys(keys)]
    if type_ == DOCKER:
        content = json.dumps({"auths": {_text(chance, 9): {"auth": _text(chance, 20)}}}).encode()
        values = [value for value in values if value.key != ".dockerconfigjson"]
        values.append(Value(".dockerconfigjson", content, chance.choice(("literal", "file"))))
    return values


def _key(chance: random.Random) -> str:
    length = 253 if chance.random() < 0.02 else chance.randint(1, 9)
    key = ""
    while len(key) < length:
        # kustomize writes z99, z9C and z19 in an order that changes from run to run: no letter behind a digit.
        key += chance.choice(KEY_LETTERS if not key[-1:].isdigit() else "019-._")
    if key[0] in "0123456789.-" or key.lower() in NO_TEXT:
        # With a letter in front it is a text for YAML, and names no directory.
        key = "z" + ("-" if key[0].isdigit() else "") + key
    return key[:253]


def _value(chance: random.Random, key: str, at_least: int = 0) -> Value:
    kind = chance.choice(("literal", "literal", "dotenv", "file"))
    length = max(at_least, chance.choice(FOLDS) if chance.random() < 0.4 else chance.randint(0, 40))
    if kind == "file" and chance.random() < 0.5:
        return Value(key, chance.randbytes(length), kind)
    text = _text(chance, length, breaks=kind != "dotenv")
    if kind == "dotenv":
        return Value(key, text.rstrip("\r").encode(), kind)
    if kind == "file":
        return Value(key, text.encode(), kind)
    quote = chance.choice(("", "", "'", '"'))
    if not quote and len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        quote = "'"
    return Value(key, text.encode(), kind, quote)


def _text(chance: random.Random, length: int, *, breaks: bool = False) -> str:
    letters = chance.choice(LETTERS) + chance.choice(LETTERS[:2])
    text = "".join(chance.choice(letters) for _ in range(length))
    if breaks and length and chance.random() < 0.3:
        at = chance.randint(0, length)
        text = text[:at] + chance.choice(BREAKS) + text[at:]
    if chance.random() < 0.03:
        text = chance.choice(("vault:", "${vault:", "\\vault", "$${vault:a", "$")) + text
    return text


def _note(chance: random.Random) -> str:
    # A tab at the start of a text of several lines is too much for the builtin, which prints the data then.
    return _text(chance, chance.randint(0, 90), breaks=True).replace("\t", " ")


def _options(chance: random.Random, *, whole: bool = False) -> dict[str, Any]:
    names = ("app", "example.com/name", "a", "b_c.d-e")
    options: dict[str, Any] = {}
    if chance.random() < 0.6:
        options["labels"] = {
            name: chance.choice(("", "a", "true", "1", "1e5", "null", "A_b-c.9")) for name in names[:2]
        }
    if chance.random() < 0.6:
        options["annotations"] = {name: _note(chance) for name in names[1:]}
    for name in ("immutable", "disableNameSuffixHash"):
        if chance.random() < (0.1 if whole else 0.3):
            options[name] = chance.random() < 0.8
    return options


# --- three spellings ---


class Tree(NamedTuple):
    """A kustomization on disk, and what Vault has to hold for it."""

    files: Mapping[str, bytes]
    secrets: Mapping[str, Mapping[str, str]]
    """Fields by path below ``secret/``."""


def builtin(batch: Batch) -> Tree:
    """Return the kustomization with kustomize's own secretGenerator."""
    return _tree(batch, _Home(vaultgen=False), _Home(vaultgen=False))


def at_home(batch: Batch) -> Tree:
    """Return the kustomization with vaultgen, all values in the tree; so is the base."""
    return _tree(batch, _Home(vaultgen=True), _Home(vaultgen=True))


def in_vault(batch: Batch, path: str) -> Tree:
    """Return the kustomization with vaultgen, all values in secrets below ``path``."""
    return _tree(batch, _InVault(path), _Home(vaultgen=False))


def _tree(batch: Batch, spelling: "_Spelling", below: "_Spelling") -> Tree:
    entries = [spelling.entry(case) for case in batch.cases]
    files = {f"over/{name}": content for name, content in spelling.files.items()}
    files |= {
        f"over/{name}": text for name, text in spelling.kustomization(entries, batch.options, ["../base"]).items()
    }
    base = [below.entry(case) for case in batch.base]
    files |= {f"base/{name}": content for name, content in below.files.items()}
    files |= {f"base/{name}": text for name, text in below.kustomization(base, {}, []).items()}
    return Tree(files, spelling.secrets)


class _Spelling:
    """Writes entries, and collects what has to stand beside them."""

    vaultgen = True

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.secrets: dict[str, dict[str, str]] = {}

    def entry(self, case: Case) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": case.name}
        for field, value in (("namespace", case.namespace), ("type", case.type), ("behavior", case.behavior)):
            if value or (case.style % 5 == 0 and field != "behavior"):
                entry[field] = value
        if case.options is not None:
            entry["options"] = case.options
        for field, add in (("literals", self.literals), ("files", self.sources), ("envs", self.envs)):
            values = [value for value in case.values if value.kind == _KINDS[field]]
            if values:
                entry[field] = add(case, values)
        return entry

    def literals(self, case: Case, values: list[Value]) -> list[str]:
        raise NotImplementedError

    def sources(self, case: Case, values: list[Value]) -> Any:
        raise NotImplementedError

    def envs(self, case: Case, values: list[Value]) -> list[str]:
        raise NotImplementedError

    def kustomization(
        self, entries: list[dict[str, Any]], options: dict[str, Any], resources: list[str]
    ) -> dict[str, bytes]:
        own: dict[str, Any] = {"secretGenerator": entries}
        if options:
            own["generatorOptions"] = options
        if not self.vaultgen:
            return {"kustomization.yaml": _yaml({"resources": resources, **own})}
        head = {
            "apiVersion": "vaultgen.dev/v1alpha1",
            "kind": "VaultSecretGenerator",
            "metadata": {"name": "x", "annotations": {"config.kubernetes.io/function": "exec: {path: vaultgen}"}},
        }
        kustomization: dict[str, Any] = {"resources": resources}
        if not entries:
            return {"kustomization.yaml": _yaml(kustomization)}
        kustomization["generators"] = ["generator.yaml"]
        return {"kustomization.yaml": _yaml(kustomization), "generator.yaml": _yaml({**head, **own})}


_KINDS = {"literals": "literal", "files": "file", "envs": "dotenv"}


class _Home(_Spelling):
    """Values in the tree; for vaultgen, texts that look like references are escaped."""

    def __init__(self, *, vaultgen: bool) -> None:
        super().__init__()
        self.vaultgen = vaultgen

    def literals(self, case: Case, values: list[Value]) -> list[str]:
        return [f"{value.key}={value.quote}{self._escaped(value)}{value.quote}" for value in values]

    def sources(self, case: Case, values: list[Value]) -> Any:
        paths = {}
        for index, value in enumerate(values):
            # A list may leave the key to the name of the file.
            name = value.key if case.style % 3 == 0 and len(value.key) < 200 else f"{index}.bin"
            paths[value.key] = f"files/{case.number}/{name}"
            self.files[paths[value.key]] = value.content
        if self.vaultgen and case.style % 2:
            return paths
        return [path if path.endswith(f"/{key}") else f"{key}={path}" for key, path in paths.items()]

    def envs(self, case: Case, values: list[Value]) -> list[str]:
        lines = [f"{value.key}={self._escaped(value)}".encode() for value in values]
        path = f"files/{case.number}/dot.env"
        self.files[path] = _dotenv(lines, case.style)
        return [path]

    def _escaped(self, value: Value) -> str:
        text = value.content.decode()
        if not self.vaultgen:
            return text
        # Inside quotes the text starts behind them: they are taken off first.
        escaped = re.sub(r"(\$+)(?=\{vault:)", r"\1\1", text)
        return f"\\{escaped}" if escaped.lstrip("\\").startswith("vault:") else escaped


class _InVault(_Spelling):
    """Values in Vault: a text as it is, bytes as base64."""

    FIELDS = 300
    """Of one secret: OpenBao refuses a request with more than a thousand texts."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._stored = 0

    def literals(self, case: Case, values: list[Value]) -> list[str]:
        return [self._literal(case, value) for value in values]

    def sources(self, case: Case, values: list[Value]) -> Any:
        sources = {value.key: self._reference(value) for value in values}
        return sources if case.style % 2 else [f"{key}={source}" for key, source in sources.items()]

    def envs(self, case: Case, values: list[Value]) -> list[str]:
        if case.style % 4 == 0:
            path = f"{self._path}/all-of-{case.number}"
            self.secrets[path] = {value.key: value.content.decode() for value in values}
            return [f"vault:secret/data/{path}"]
        path = f"files/{case.number}/dot.env"
        lines = [f"{value.key}={self._reference(value)}".encode() for value in values]
        self.files[path] = _dotenv(lines, case.style)
        return [path]

    def _literal(self, case: Case, value: Value) -> str:
        text = value.content.decode()
        middle = len(text) // 2
        before = text[:middle]
        if case.style % 3 == 0 and before and "$" not in before and "vault:" not in before:
            inner = self._reference(value._replace(content=text[middle:].encode()))
            return f"{value.key}={value.quote}{before}${{{inner}}}{value.quote}"
        return f"{value.key}={value.quote}{self._reference(value)}{value.quote}"

    def _reference(self, value: Value) -> str:
        """Store a value under a field of its own."""
        path, field = f"{self._path}/{self._stored // self.FIELDS}", f"f{self._stored}"
        self._stored += 1
        try:
            text, decode = value.content.decode(), ""
        except UnicodeDecodeError:
            text, decode = base64.b64encode(value.content).decode(), "&decode=base64"
        self.secrets.setdefault(path, {})[field] = text
        return f"vault:secret/data/{path}?key={field}{decode}"


def _dotenv(lines: list[bytes], style: int) -> bytes:
    """Return a dotenv file of the lines, in one of many makes."""
    end = b"\r\n" if style % 4 == 1 else b"\n"
    pads = (b"", b"  ", b"\t", "\u00a0".encode())
    text = b"".join(pads[(style + index) % 4] + line + end for index, line in enumerate(lines))
    if style % 5 == 2:
        text = b"# a comment\n\n  \n" + text + b" # x=y\n=ignored\n"
    if style % 7 == 3:
        text = b"\xef\xbb\xbf" + text
    return text.removesuffix(b"\n") if style % 3 == 2 else text


def _yaml(tree: Any) -> bytes:
    """Return a tree as JSON that any YAML reader takes."""
    text = json.dumps(tree, ensure_ascii=False, indent=1)
    return "".join(
        one if one.isprintable() or one == "\n" or one > "\uffff" else f"\\u{ord(one):04x}" for one in text
    ).encode()
