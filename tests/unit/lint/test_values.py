"""Rules about values: what looks like a secret, and what looks like a reference."""

import base64
from pathlib import Path

import pytest

from support.lint_tree import ENTRY, app, found, report

TOKEN = "q7Rp2Xk9Lw4Mz6Tb8Vn3Jy"
URL = "postgres://app:correct-horse@db/app"
REFERENCE = "vault:secret/data/app?key=a"


def manifest(kind: str, body: str) -> dict[str, str]:
    """Return a tree with one resource, whose body begins in line 4."""
    text = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{body}\n"
    return {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text}


# --- what looks like a secret ---


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (f"stringData: {{a: {TOKEN}}}", "4:14"),
        (f"stringData: {{a: '{URL}'}}", "4:14"),
        (f"data:\n  a: {base64.b64encode(TOKEN.encode()).decode()}", "5:3"),
        (f"data:\n  a: |\n    {base64.b64encode(URL.encode()).decode()}", "5:3"),
        (f"stringData: {{a: x}}\nsops: {{mac: {TOKEN}}}", ""),
        (f"data: {{a: {base64.b64encode(bytes(range(200, 255))).decode()}}}", ""),
        ("data: {a: no-base64!}", ""),
    ],
)
def test_a_secret_in_the_tree(body: str, place: str, tmp_path: Path) -> None:
    assert found(tmp_path, manifest("Secret", body)) == ([f"plain-secret a.yaml:{place}"] if place else [])


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (f"data: {{a: '{URL}'}}", "4:8"),
        (f"data:\n  a: |\n    # settings\n    url: {URL}", "7:5"),
        (f"data: {{a: {TOKEN}}}", ""),
    ],
)
def test_elsewhere_only_a_known_form_counts(body: str, place: str, tmp_path: Path) -> None:
    """A ConfigMap is full of hashes and ids."""
    assert found(tmp_path, manifest("ConfigMap", body)) == ([f"plain-secret a.yaml:{place}"] if place else [])


@pytest.mark.parametrize(
    ("entry", "places"),
    [
        (f"literals: [A=b, A2={TOKEN}]", ["app.yaml:10:19"]),
        ("literals: ['A=b${vault:secret/data/app?key=a&default=q7Rp2Xk9Lw4Mz6Tb8Vn3Jy}']", []),
        ("dockerConfig: [{server: a, username: b, password: c}]", ["app.yaml:10:43"]),
        ("dockerConfig: [{server: a, username: b, password: 'vault:a/b?key=c'}]", []),
        ("dockerConfig: [{server: a, username: b, password: '${vault:a/b?key=c}'}]", []),
        ("envs: [a.env]", ["a.env:3:1"]),
        ("files: [key.pem]", ["key.pem:2:1"]),
    ],
)
def test_plain_text_where_vault_should_be(entry: str, places: list[str], tmp_path: Path) -> None:
    files = app(
        f"secretGenerator:\n- name: app\n  {entry}\n",
        a__env=f"A=b\n\nB={TOKEN}\nC=vault:a/b?key=c\n",
        key__pem="# key\n-----BEGIN PRIVATE KEY-----\n",
    )
    lines = [line for line in found(tmp_path, files) if not line.startswith("secret-default")]
    assert lines == [f"plain-secret {place}" for place in places]


def test_builtin_generators_are_looked_at(tmp_path: Path) -> None:
    text = (
        f"secretGenerator:\n- {{name: a, literals: [A={TOKEN}, B], envs: [a.env], files: [k=key.pem]}}\n"
        f"configMapGenerator:\n- {{name: b, literals: [A={TOKEN}, 'B={URL}'], env: a.env}}\n"
    )
    files = {"kustomization.yaml": text, "a.env": f"A={TOKEN}\n", "key.pem": "-----BEGIN PRIVATE KEY-----\n"}
    assert found(tmp_path, files) == [
        "plain-secret a.env:1:1",
        "plain-secret key.pem:1:1",
        "plain-secret kustomization.yaml:2:24",
        "plain-secret kustomization.yaml:4:50",
    ]


def test_a_key_that_may_be_the_value_is_not_shown(tmp_path: Path) -> None:
    """KEY= was forgotten in front of base64."""
    files = app(f"secretGenerator:\n- name: app\n  literals: ['{TOKEN}={URL}']\n")
    (finding,) = report(tmp_path, files).findings
    assert TOKEN not in finding.message
    assert finding.message.startswith("the literal (not shown) holds ")


def test_a_default_is_judged_wherever_a_reference_stands(tmp_path: Path) -> None:
    body = (
        "secretGenerator:\n- name: app\n"
        f"  files: {{a: '{REFERENCE}&default={TOKEN}'}}\n"
        f"  literals: ['B=x${{{REFERENCE}&default={TOKEN}}}', 'C={REFERENCE}&default=info']\n"
        f"  dockerConfig: [{{server: a, username: b, password: '{REFERENCE}&default={TOKEN}'}}]\n"
    )
    assert found(tmp_path, app(body)) == [
        "secret-default app.yaml:10:11",
        "secret-default app.yaml:11:14",
        "secret-default app.yaml:12:18",
    ]


# --- what looks like a reference ---


@pytest.mark.parametrize(
    ("kind", "body", "place"),
    [
        ("ConfigMap", f"data: {{a: '{REFERENCE}'}}", "4:8"),
        ("ConfigMap", f"data:\n  a: |\n    x: y\n    z: ${{{REFERENCE}}}", "7:5"),
        ("Secret", f"stringData: {{a: '{REFERENCE}'}}", "4:14"),
        ("Secret", f"data: {{a: {base64.b64encode(REFERENCE.encode()).decode()}}}", "4:8"),
        ("Pod", f"spec: {{containers: [{{env: [{{name: A, value: '{REFERENCE}'}}]}}]}}", "4:38"),
        ("HelmRelease", f"spec: {{values: {{a: '{REFERENCE}&version=2'}}}}", "4:17"),
        ("ConfigMap", "data: {a: 'vault:secret/data/app#key'}", ""),
        ("ConfigMap", "data: {a: 'vault:8200', b: 'ref+vault://secret/app?key=a', c: 'https://vault:8200/?key=a'}", ""),
    ],
)
def test_a_reference_that_nothing_resolves(kind: str, body: str, place: str, tmp_path: Path) -> None:
    assert found(tmp_path, manifest(kind, body)) == ([f"stray-reference a.yaml:{place}"] if place else [])


def test_builtin_generators_and_their_files_resolve_nothing(tmp_path: Path) -> None:
    text = (
        "secretGenerator:\n- name: a\n  envs: ['vault:secret/data/app']\n"
        f"configMapGenerator:\n- name: b\n  envs: [b.env]\n  files: [c=c.txt]\n  literals: ['A={REFERENCE}']\n"
        f"commonAnnotations: {{a: '{REFERENCE}'}}\n"
    )
    files = {"kustomization.yaml": text, "b.env": f"A=b\nC={REFERENCE}\n", "c.txt": f"\n\n{REFERENCE}\n"}
    assert found(tmp_path, files) == [
        "stray-reference b.env:2:1",
        "stray-reference c.txt:3:1",
        "stray-reference kustomization.yaml:3:10",
        "stray-reference kustomization.yaml:8:14",
        "stray-reference kustomization.yaml:9:21",
    ]


def test_patches_resolve_nothing(tmp_path: Path) -> None:
    text = f"patches:\n- target: {{kind: A}}\n  patch: |\n    - op: add\n      value: {REFERENCE}\n- path: p.yaml\n"
    patch = f"kind: A\nmetadata: {{name: a}}\nspec:\n  a: {REFERENCE}\n"
    assert found(tmp_path, {"kustomization.yaml": text, "p.yaml": patch}) == [
        "stray-reference kustomization.yaml:5:5",
        "stray-reference p.yaml:4:1",
    ]


def test_a_patch_of_our_own_document_may_hold_references(tmp_path: Path) -> None:
    text = f"resources: [app.yaml]\npatches:\n- patch: |\n    kind: VaultSecretGenerator\n    a: {REFERENCE}\n"
    files = {**app(), "kustomization.yaml": "generators: [configs]\n", "configs/kustomization.yaml": text}
    files["configs/app.yaml"] = files.pop("app.yaml")
    assert "stray-reference" not in {line.split()[0] for line in found(tmp_path, files)}


def test_files_and_metadata_of_our_own_document_resolve_nothing(tmp_path: Path) -> None:
    body = (
        ENTRY.replace("literals: [password=x]", "files: [a.txt]")
        + f"  options: {{annotations: {{a: '{REFERENCE}'}}}}\n"
    )
    assert found(tmp_path, app(body, a__txt=f"a\n{REFERENCE}\n")) == [
        "stray-reference a.txt:2:1",
        "stray-reference app.yaml:11:3",
    ]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_in_dotenv_files_make_a_text_of_a_reference(quote: str, tmp_path: Path) -> None:
    content = f"# {quote}{REFERENCE}{quote}\nA={quote}b{quote}\n  C={quote}{REFERENCE}{quote} \n"
    files = app("secretGenerator:\n- name: app\n  envs: [a.env]\n", a__env=content)
    (finding,) = report(tmp_path, files).findings
    assert (finding.rule, finding.line) == ("quoted-reference", 3)
    assert finding.fix


@pytest.mark.parametrize(
    ("body", "fixed"),
    [
        ("files: {a: vault:x/y?key=z}", "files: {a: 'vault:x/y?key=z'}"),
        ("literals: [A=it's?, 'B=vault:x/y?key=z']", "literals: ['A=it''s?', 'B=vault:x/y?key=z']"),
        ("literals:\n  - A=vault:x/y?key=z", ""),
        ("literals: [A=b]    # really?", ""),
    ],
)
def test_a_question_mark_in_flow_style_wants_quotes(body: str, fixed: str, tmp_path: Path) -> None:
    files = app(f"secretGenerator:\n- name: app\n  {body}\n")
    findings = report(tmp_path, files).findings
    assert [one.rule for one in findings] == (["unquoted-reference"] if fixed else [])
    for one in findings:
        assert one.fix
        (edit,) = one.fix.edits
        text = files["app.yaml"]
        assert text[: edit.start] + edit.text + text[edit.end :] == text.replace(body, fixed)
