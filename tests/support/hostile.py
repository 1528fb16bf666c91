"""Trees as somebody might send them who wants a program run by whoever builds them.

Each leads the real kustomize to a program of the tree, which leaves a file ``….ran`` beside itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.trees import config, indented, write_tree

PROGRAM = """\
#!/bin/sh
: >"$0.ran"
echo '{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}'
"""
GOOD, EVIL = config(name="good"), config("./evil", "bad")
LISTED = {"kustomization.yaml": "generators: [gen.yaml]\n"}
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n"

BARE = "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata:\n  name: app\n"
_COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
_WAY = "<<way here>>"
_MERGED = """\
evil: &evil {config.kubernetes.io/function: "exec: {path: ./evil}"}
good: &good {config.kubernetes.io/function: "exec: {path: vaultgen}"}
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: app
  annotations:
"""
_REWRITTEN = """\
patches:
- target: {kind: VaultSecretGenerator}
  patch: |
    - {op: replace, path: /metadata/annotations/config.kubernetes.io~1function, value: 'exec: {path: ./evil}'}
"""
_REWRITER = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: rewriter}
target: {kind: VaultSecretGenerator}
patch: |
  - {op: replace, path: /metadata/annotations/config.kubernetes.io~1function, value: 'exec: {path: ./evil}'}
"""


@dataclass(frozen=True)
class Trick:
    """One hostile tree."""

    files: Mapping[str, str | bytes]
    codes: Sequence[str] = ("foreign-function",)
    """Any of these refuses it."""
    links: Mapping[str, str] = field(default_factory=dict)
    programs: Sequence[str] = ("evil",)
    """Where the program lies."""

    def write(self, directory: Path) -> Path:
        """Write the tree and return its directory."""
        way = "../" * 30 + str(directory).lstrip("/")
        files = {name: text.replace(_WAY, way) if isinstance(text, str) else text for name, text in self.files.items()}
        write_tree(directory, {name: PROGRAM for name in self.programs}, mode=0o755)
        return write_tree(directory, files, self.links)


def ran(directory: Path) -> bool:
    """Return whether a tree's program ran."""
    return any(directory.rglob("*.ran"))


def _gen(text: str | bytes, *codes: str) -> Trick:
    return Trick({**LISTED, "gen.yaml": text}, codes or ("foreign-function",))


def _kustomization(text: str | bytes, *codes: str) -> Trick:
    return Trick({"kustomization.yaml": text, "good.yaml": GOOD, "evil.yaml": EVIL}, codes or ("foreign-function",))


TRICKS: Mapping[str, Trick] = {
    # --- the config itself ---
    "another program": _gen(EVIL),
    "vaultgen of the tree": Trick(
        {**LISTED, "gen.yaml": config("./vaultgen")}, programs=("vaultgen",), codes=("foreign-function",)
    ),
    "a path through a link": Trick({**LISTED, "gen.yaml": config("links/evil")}, links={"links": "."}),
    "the older annotation": _gen(EVIL.replace("config.kubernetes.io/function", "config.k8s.io/function")),
    "the older annotation beside an empty one": _gen(
        EVIL.replace("config.kubernetes.io", "config.k8s.io") + '    config.kubernetes.io/function: ""\n'
    ),
    "a function outside of the annotations": _gen(BARE + "  configFn: {exec: {path: ./evil}}\n"),
    "names in capitals": _gen(EVIL.replace("exec: {path", "EXEC: {Path")),
    "names in base64": _gen(EVIL.replace("{path:", "{!!binary cGF0aA==:")),
    "a path in base64": _gen(EVIL.replace("./evil", "!!binary Li9ldmls")),
    "a list": _gen("apiVersion: v1\nkind: List\nitems:\n- " + indented(EVIL)[2:]),
    "a list inside of what looks like a builtin": _gen(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: builtin\n  kind: ThingList\n  metadata: {name: x}\n"
        "  items:\n  - " + indented(EVIL, 4)[4:]
    ),
    "a list whose items are a mapping": _gen(
        "apiVersion: v1\nkind: ResourceList\nitems:\n  ?\n  : " + indented(EVIL, 4)[4:]
    ),
    "the second document": _gen(f"{GOOD}---\n{EVIL}"),
    "a document that YAML does not see": _gen(f"{GOOD}---#text: |\n{indented(EVIL)}", "invalid-yaml"),
    "the same behind a no-break space": _gen(f"{GOOD}---\N{NO-BREAK SPACE}#text: |\n{indented(EVIL)}", "invalid-yaml"),
    "a merge": _gen(_MERGED + "    <<: *evil\n"),
    "a list of merges": _gen(_MERGED + "    <<: [*evil, *good]\n"),
    "a merge by its tag": _gen(_MERGED + "    !!merge <<: *evil\n"),
    "a merge by its tag, in quotes": _gen(_MERGED + "    !!merge '<<': *evil\n", "invalid-yaml"),
    "a merge without a tag of its own": _gen(_MERGED + "    ! <<: *evil\n"),
    "a merge that a byte order mark brings back": _gen(
        f"{_MERGED}     <<: *evil\n\ufeff    config.kubernetes.io/function: 'exec: {{path: vaultgen}}'\n",
        "invalid-yaml",
    ),
    "UTF-16": _gen(EVIL.encode("utf-16")),
    "a byte order mark": _gen(b"\xef\xbb\xbf" + EVIL.encode()),
    "JSON": _gen(
        json.dumps(
            {
                "apiVersion": "a/b",
                "kind": "C",
                "metadata": {
                    "name": "c",
                    "annotations": {"config.kubernetes.io/function": '{"exec": {"path": "./evil"}}'},
                },
            }
        )
    ),
    # --- legacy plugins ---
    "a legacy plugin by the way to it": Trick(
        {
            **LISTED,
            "gen.yaml": f"apiVersion: kustomize.toolkit.fluxcd.io/{_WAY}\nkind: Kustomization\nmetadata:\n  name: x\n",
        },
        codes=("foreign-plugin",),
        programs=("kustomization/Kustomization",),
    ),
    # --- where the config is listed ---
    "a transformer": Trick(
        {
            "kustomization.yaml": "transformers: [gen.yaml]\nresources: [plain.yaml]\n",
            "gen.yaml": EVIL,
            "plain.yaml": CONFIG_MAP,
        }
    ),
    "a validator": Trick(
        {
            "kustomization.yaml": "validators: [gen.yaml]\nresources: [plain.yaml]\n",
            "gen.yaml": EVIL,
            "plain.yaml": CONFIG_MAP,
        }
    ),
    "a base": Trick(
        {
            "kustomization.yaml": "resources: [base]\n",
            "base/kustomization.yaml": "generators: [gen.yaml]\n",
            "base/gen.yaml": EVIL,
        },
        programs=("base/evil",),
    ),
    "a component": Trick(
        {
            "kustomization.yaml": "components: [part]\n",
            "part/kustomization.yaml": f"{_COMPONENT}generators: [gen.yaml]\n",
            "part/gen.yaml": EVIL,
        },
        programs=("part/evil",),
    ),
    "the old field for bases": Trick(
        {
            "kustomization.yaml": "bases: [base]\n",
            "base/kustomization.yml": "generators: [gen.yaml]\n",
            "base/gen.yaml": EVIL,
        },
        programs=("base/evil",),
    ),
    "another name of the kustomization": Trick({"Kustomization": "generators: [gen.yaml]\n", "gen.yaml": EVIL}),
    "a field in capitals": _kustomization("GENERATORS: [evil.yaml]\n"),
    "a field with a long s": _kustomization("generator\N{LATIN SMALL LETTER LONG S}: [evil.yaml]\n"),
    "a field in base64": _kustomization("!!binary Z2VuZXJhdG9ycw==: [evil.yaml]\n", "invalid-yaml"),
    "a field that is merged": _kustomization("<<: {generators: [evil.yaml]}\n"),
    "a field that is merged over another": _kustomization(
        "generators: [good.yaml]\n<<: {generators: [evil.yaml]}\n", "invalid-yaml"
    ),
    "a field that is merged by its tag": _kustomization("!!merge <<: {generators: [evil.yaml]}\n"),
    "a field given twice": _kustomization("generators: [good.yaml]\ngenerators: [evil.yaml]\n", "duplicate-field"),
    "an entry in base64": _kustomization("generators: [!!binary ZXZpbC55YW1s]\n", "invalid-yaml"),
    "a kustomization in UTF-16": _kustomization("generators: [evil.yaml]\n".encode("utf-16")),
    "inline": _kustomization("generators:\n- |\n" + indented(EVIL)),
    "inline in one line": _kustomization(
        json.dumps(
            {
                "generators": [
                    '{"apiVersion":"a/b","kind":"C","metadata":{"name":"c","annotations":'
                    '{"config.kubernetes.io/function":"exec: {path: ./evil}"}}}'
                ]
            }
        )
    ),
    "a file whose name looks like a config": Trick(
        {
            "kustomization.yaml": "generators:\n- |\n  apiVersion: builtin\n  kind: X\n",
            "apiVersion: builtin\nkind: X\n": EVIL,
        }
    ),
    "a path with a link and a way back": Trick(
        {
            "kustomization.yaml": "generators: [link/../gen.yaml]\n",
            "gen.yaml": EVIL,
            "other/gen.yaml": GOOD,
            "other/deep/keep": "",
        },
        links={"link": "other/deep"},
    ),
    "a base with a link and a way back": Trick(
        {
            "kustomization.yaml": "resources: [link/../base]\n",
            "base/kustomization.yaml": "generators: [gen.yaml]\n",
            "base/gen.yaml": EVIL,
            "other/base/kustomization.yaml": "namePrefix: x-\n",
            "other/deep/keep": "",
        },
        links={"link": "other/deep"},
        programs=("base/evil",),
    ),
    "a way back from what is not there": _kustomization("generators: [nowhere/../evil.yaml]\n"),
    "a file with a slash behind its name": _kustomization("generators: [evil.yaml/]\n"),
    "a link to the file": Trick({**LISTED, "kept/evil.yaml": EVIL}, links={"gen.yaml": "kept/evil.yaml"}),
    "a kustomization that cannot be loaded beside one that can": Trick(
        {"kustomization.yml": "generators: [gen.yaml]\n", "gen.yaml": EVIL},
        links={"kustomization.yaml": "/etc/passwd"},
        codes=("several-kustomizations",),
    ),
    # --- directories of configs ---
    "a directory that is resources as well": Trick(
        {
            "kustomization.yaml": "resources: [configs]\ngenerators: [configs]\n",
            "configs/kustomization.yaml": "resources: [gen.yaml]\n",
            "configs/gen.yaml": EVIL,
        }
    ),
    "a directory that is resources below another": Trick(
        {
            "kustomization.yaml": "resources: [base]\ngenerators: [configs]\n",
            "base/kustomization.yaml": "resources: [gen.yaml]\n",
            "base/gen.yaml": EVIL,
            "configs/kustomization.yaml": "resources: [../base]\n",
        }
    ),
    "a directory under another name": Trick(
        {
            "kustomization.yaml": "resources: [configs]\ngenerators: [link]\n",
            "configs/kustomization.yaml": "resources: [gen.yaml]\n",
            "configs/gen.yaml": EVIL,
        },
        links={"link": "configs"},
    ),
    "a patch of the config": Trick(
        {
            "kustomization.yaml": "generators: [configs]\n",
            "configs/kustomization.yaml": f"resources: [gen.yaml]\n{_REWRITTEN}",
            "configs/gen.yaml": GOOD,
        },
        codes=("transformed-plugin",),
    ),
    "a patch one level below": Trick(
        {
            "kustomization.yaml": "generators: [configs]\n",
            "configs/kustomization.yaml": "resources: [deep]\n",
            "configs/deep/kustomization.yaml": f"resources: [gen.yaml]\n{_REWRITTEN}",
            "configs/deep/gen.yaml": GOOD,
        },
        codes=("transformed-plugin",),
    ),
    "a patch in capitals": Trick(
        {
            "kustomization.yaml": "generators: [configs]\n",
            "configs/kustomization.yaml": f"resources: [gen.yaml]\n{_REWRITTEN.replace('patches', 'Patches')}",
            "configs/gen.yaml": GOOD,
        },
        codes=("transformed-plugin",),
    ),
    "a transformer of the config": Trick(
        {
            "kustomization.yaml": "generators: [configs]\n",
            "configs/kustomization.yaml": "resources: [gen.yaml]\ntransformers: [rewriter.yaml]\n",
            "configs/rewriter.yaml": _REWRITER,
            "configs/gen.yaml": GOOD,
        },
        codes=("transformed-plugin",),
    ),
    "a component that patches the config": Trick(
        {
            "kustomization.yaml": "generators: [configs]\n",
            "configs/kustomization.yaml": "resources: [gen.yaml]\ncomponents: [../part]\n",
            "configs/gen.yaml": GOOD,
            "part/kustomization.yaml": f"{_COMPONENT}{_REWRITTEN}",
        },
        codes=("transformed-plugin",),
    ),
    "a config that a function makes": Trick(
        {
            "kustomization.yaml": "generators: [configs]\n",
            "configs/kustomization.yaml": "generators: [gen.yaml]\n",
            "configs/gen.yaml": EVIL,
        },
        programs=("configs/evil",),
    ),
}
