"""``vaultgen lint`` reads trees full of secrets, and shows none of them, whatever it finds, in any format."""

import json
import re
from pathlib import Path

import pytest

from support.canaries import assert_no_canary, new_canary, new_plain_canary
from support.lint_tree import HEAD
from support.linter import lint
from support.trees import write_tree

FORMATS = ("text", "json", "sarif")

KUSTOMIZATION = "generators: [app.yaml]\n"

# Rules that fire, and files: a WORD is a canary of letters, digits and dashes, a "TEXT" one that JSON has to escape.
TREES = {
    "literals": (
        {"plain-secret"},
        {
            "app.yaml": HEAD
            + 'secretGenerator: [{name: app, literals: ["A=a://b:WORD@c", "B=vault_WORD", "C=a,WORD"]}]\n'
        },
    ),
    "a literal without its key": (
        {"refused"},
        {"app.yaml": HEAD + 'secretGenerator: [{name: app, literals: ["WORD", "TEXT"]}]\n'},
    ),
    "an unknown field": (
        {"refused"},
        {"app.yaml": HEAD + 'secretGenerator: [{name: app, WORD: , pasword: "TEXT", literals: {A: "TEXT"}}]\n'},
    ),
    "a reference that is wrong": (
        {"refused"},
        {
            "app.yaml": HEAD + "secretGenerator:\n- name: app\n  literals:\n"
            "  - A=vault:secret/data/x?key=a&default=WORD&default=WORD\n"
            "  - B=${vault:secret/data/x?key=a&default=WORD\n"
            "  - C=vault:secret/data/x&default=WORD\n  - D=vault:secret/data/x?key=a&kee=WORD\n"
        },
    ),
    "a default": (
        {"secret-default"},
        {"app.yaml": HEAD + 'secretGenerator: [{name: app, literals: ["A=vault:x/y?key=a&default=a://b:WORD@c"]}]\n'},
    ),
    "a password of a registry": (
        {"plain-secret"},
        {
            "app.yaml": HEAD + "secretGenerator:\n- name: app\n"
            '  dockerConfig: [{server: a, username: "TEXT", password: "TEXT"}]\n'
        },
    ),
    "dotenv files": (
        {"refused", "quoted-reference"},
        {
            "app.yaml": HEAD + "secretGenerator: [{name: app, envs: [one.env, two.env]}]\n",
            "one.env": "A=WORD\nB='vault:secret/data/x?key=WORD'\nC=WORD vault:secret/data/x?key=WORD\n",
            "two.env": "WORD D=WORD\n",
        },
    ),
    "files": (
        {"plain-secret"},
        {
            "app.yaml": HEAD + "secretGenerator: [{name: app, files: [key.pem]}]\n",
            "key.pem": "-----BEGIN PRIVATE KEY-----\nWORD\n-----END PRIVATE KEY-----\n",
        },
    ),
    "labels and annotations": (
        {"stray-reference", "vanishing-secret"},
        {
            "app.yaml": HEAD + "secretGenerator:\n- name: app\n  options:\n    annotations:\n"
            '      a: "TEXT"\n      b: vault:x/y?key=WORD\n      config.kubernetes.io/local-config: WORD\n'
        },
    ),
    "an annotation of the document": (
        {"function-annotation"},
        {"app.yaml": HEAD.replace("exec: {path: vaultgen}", "WORD") + "secretGenerator: [{name: app}]\n"},
    ),
    "Secrets and ConfigMaps": (
        {"plain-secret", "stray-reference"},
        {
            "kustomization.yaml": "resources: [secret.yaml, config.yaml]\nsecretGenerator:\n- name: b\n"
            '  literals: ["A=WORD", "WORD", "B=vault:x/y?key=WORD"]\nconfigMapGenerator:\n- name: c\n'
            "  literals: [A=https://user:WORD@example.com, 'B=vault:x/y?key=WORD']\n",
            "secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
            'stringData: {A: "WORD", C: "TEXT", B: "vault:x/y?key=WORD"}\ndata: {A: WORD}\n',
            "config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  A: |\n    b: WORD\n"
            "    c: postgres://a:WORD@b\n    d: vault:x/y?key=WORD\n",
        },
    ),
    "patches": (
        {"plain-secret", "stray-reference"},
        {
            "kustomization.yaml": "patches:\n- target: {kind: Secret}\n  patch: |\n"
            "    - {op: add, path: /data/A, value: 'https://a:WORD@b'}\n- path: patch.yaml\n",
            "patch.yaml": "kind: Secret\nmetadata: {name: a}\nstringData: {A: 'WORD vault:x/y?key=WORD'}\n",
        },
    ),
    "a remote base": (
        {"remote-base"},
        {"kustomization.yaml": "resources: ['https://WORD:WORD@example.com/a?token=WORD&ref=v1']\n"},
    ),
    "files that are no YAML": (
        {"refused"},
        {
            "kustomization.yaml": "resources: [a.yaml, b.yaml, c.yaml]\n",
            "a.yaml": "a: WORD\na: WORD\n",
            "b.yaml": "a: [WORD\nb: 'WORD\n",
            "c.yaml": "- WORD: WORD: WORD\n",
        },
    ),
    "a comment": (
        {"bad-ignore"},
        {"app.yaml": HEAD + "secretGenerator: [{name: app}]    # A=WORD\n# vaultgen-ignore: no-restrat\n"},
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_no_canary_in_any_format(name: str, tmp_path: Path) -> None:
    rules, files = TREES[name]
    canaries: dict[str, str] = {}

    def filled(found: "re.Match[str]") -> str:
        make = new_plain_canary if found[0] == "WORD" else new_canary
        canary = canaries[f"canary {len(canaries)}"] = make("K3y")
        return canary if found[0] == "WORD" else json.dumps(canary)

    tree = {
        file: re.sub('WORD|"TEXT"', filled, text)
        for file, text in {"kustomization.yaml": KUSTOMIZATION, **files}.items()
    }
    write_tree(tmp_path, tree)
    fired = set(lint(tmp_path, "--output", "json").rules())
    assert fired >= rules
    for output in FORMATS:
        done = lint(tmp_path, "--output", output)
        assert done.status == 1 or fired == {"remote-base"}
        assert_no_canary(canaries, {f"{output} on stdout": done.stdout, f"{output} on stderr": done.stderr})
    fixed = lint(tmp_path, "--fix")
    assert_no_canary(canaries, {"stdout": fixed.stdout, "stderr": fixed.stderr})


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    body = 'secretGenerator: [{name: "app\\e[31mred", literals: [A=b]}]\n'
    done = lint(write_tree(tmp_path, {"kustomization.yaml": KUSTOMIZATION, "app.yaml": HEAD + body}))
    assert "app\\x1b[31mred" in done.stdout
    assert "\x1b" not in done.stdout
