"""No tree, however odd its parts, makes lint fail: it finds something or nothing."""

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from support.lint_tree import HEAD
from support.trees import write_tree
from vaultgen.lint.formats import as_json, as_sarif
from vaultgen.lint.repair import repaired
from vaultgen.lint.rules import RULES
from vaultgen.lint.run import lint

KUSTOMIZATION = """
resources: [web.yaml, base]
generators: [app.yaml]
components: [part]
namespace: apps
namePrefix: my-
commonAnnotations: {a: b}
generatorOptions: {labels: {a: b}, disableNameSuffixHash: true}
secretGenerator: [{name: b, literals: [a=b], files: [c=d], envs: [e], options: {immutable: true}}]
configMapGenerator: [{name: c, literals: [a=b]}]
patches: [{path: patch.yaml}, {target: {kind: Secret, name: a}, patch: 'a: b'}]
replacements: [{source: {kind: A}, targets: [{select: {kind: Secret, name: b}}]}]
configurations: [names.yaml]
transformers: [app.yaml]
helmCharts: [{name: a, repo: https://example.com}]
"""
APP = (
    HEAD
    + """
generatorOptions: {annotations: {a: b}}
secretGenerator:
- name: app
  behavior: merge
  files: {a: 'vault:a/b?key=c'}
  literals: ['b=${vault:a/b?key=c&default=d}']
  envs: ['vault:a/b', local.env]
  dockerConfig: [{server: a, username: b, password: c}]
  options: {immutable: true, labels: {a: b}}
"""
)
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: apps, annotations: {reloader.stakater.com/search: 'true'}}
spec:
  template:
    spec:
      imagePullSecrets: [{name: app}]
      containers:
      - env: [{name: A, valueFrom: {secretKeyRef: {name: app, key: a}}}]
        envFrom: [{secretRef: {name: b}}]
        volumeMounts: [{name: v, subPath: a}]
      volumes: [{name: v, secret: {secretName: app, items: [{key: a}]}}]
"""
NAMES = "nameReference: [{kind: Secret, fieldSpecs: [{kind: A, path: b/c}]}]"
TREES = {"kustomization.yaml": KUSTOMIZATION, "app.yaml": APP, "web.yaml": WEB, "names.yaml": NAMES}
TREES |= {"base/kustomization.yaml": "secretGenerator: [{name: app, literals: [a=b]}]", "patch.yaml": WEB}
TREES |= {"part/kustomization.yaml": "kind: Component\ngenerators: [app.yaml]", "part/app.yaml": APP}

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1.5, "", "a", "vault:a/b?key=c", "a\nb: c", [], {}, [None], [[]], {"a": None}, "app"]
)


def paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of each node below the top."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [one for key, value in pairs for one in ((*path, key), *paths(value, (*path, key)))]


@st.composite
def odd_trees(draw: st.DrawFn) -> dict[str, str]:
    """Draw the files of a tree, in which some nodes are junk."""
    files = {name: yaml.safe_load(text) for name, text in TREES.items()}
    for _ in range(draw(st.integers(1, 3))):
        tree = files[draw(st.sampled_from(sorted(files)))]
        if places := paths(tree):
            *above, last = draw(st.sampled_from(places))
            for step in above:
                tree = tree[step]
            tree[last] = copy.deepcopy(draw(JUNK))
    return {name: json.dumps(tree) for name, tree in files.items()}


@given(odd_trees())
def test_lint_comes_to_an_end(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        write_tree(Path(directory), {**files, "local.env": "A=b\n"})
        report = lint(directory, {})
        assert all(one.line > 0 and one.column > 0 for one in report.findings)
        json.loads(as_json(report))
        json.loads(as_sarif(report, RULES))
        repaired(report.findings)
