"""The build that lint models is that of the real kustomize: which Secrets there are, and which references resolve."""

import itertools
import os
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from support.kustomize import kustomize_build
from support.lint_tree import HEAD
from support.trees import write_tree
from vaultgen.krm.resources import SUFFIX
from vaultgen.kustomize.walk import walk
from vaultgen.lint.subject import Subject

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web%s}
spec:
  template:
    spec:
      containers:
      - {name: web, env: [{name: A, valueFrom: {secretKeyRef: {name: app, key: a}}}]}
"""


class Case(NamedTuple):
    """A base with a Deployment, an overlay, and a Secret of vaultgen in one of them or in a component."""

    where: str
    """Which kustomization lists the generator: base, overlay, component."""
    behavior: str
    builtin: str
    """Which kustomization has a builtin entry for the same Secret; empty for none."""
    namespaces: tuple[str, str, str]
    """``namespace:`` of the base and of the overlay, and that of the entry."""
    web_namespace: str
    prefix: str
    """``namePrefix`` of the base."""

    def files(self) -> dict[str, str]:
        """Return the tree; the overlay is at its top."""
        of_base, of_overlay, of_entry = self.namespaces
        entry = f"secretGenerator: [{{name: app, literals: [a=b]{self._field('namespace', of_entry)}"
        entry += self._field("behavior", self.behavior) + "}]\n"
        kustomizations = {
            "overlay": "resources: [base]\ncomponents: [component]\n" + self._line("namespace", of_overlay),
            "base": "resources: [web.yaml]\n"
            + self._line("namespace", of_base)
            + self._line("namePrefix", self.prefix),
            "component": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            "commonAnnotations: {made: here}\n",
        }
        kustomizations[self.where] += "generators: [app.yaml]\n"
        if self.builtin:
            kustomizations[self.builtin] += "secretGenerator: [{name: app, literals: [c=d]}]\n"
        directories = {"overlay": "", "base": "base/", "component": "component/"}
        files = {f"{directories[name]}kustomization.yaml": text for name, text in kustomizations.items()}
        files["base/web.yaml"] = WEB % self._field("namespace", self.web_namespace)
        files[f"{directories[self.where]}app.yaml"] = HEAD + entry
        return files

    @staticmethod
    def _field(name: str, value: str) -> str:
        return f", {name}: {value}" if value else ""

    @staticmethod
    def _line(name: str, value: str) -> str:
        return f"{name}: {value}\n" if value else ""


BEHAVIORS = [
    Case(where, behavior, builtin, namespaces, "", "my-")
    for where, behavior, builtin in itertools.product(
        ("base", "overlay", "component"), ("", "merge", "replace"), ("", "base", "overlay", "component")
    )
    for namespaces in (("", "", ""), ("apps", "", ""))
]
NAMESPACES = [
    Case("overlay", "", "", namespaces, web_namespace, "")
    for namespaces in itertools.product(("", "apps"), ("", "apps"), ("", "apps", "default"))
    for web_namespace in ("", "apps", "web")
]


@pytest.mark.parametrize("case", [*BEHAVIORS, *NAMESPACES], ids=str)
def test_the_model_agrees_with_kustomize(case: Case, tmp_path: Path) -> None:
    write_tree(tmp_path, case.files())
    subject = Subject(walk(str(tmp_path), keep_going=True), os.environ)
    assert [fault.code for generator in subject.generators for fault in generator.faults] == []
    built = kustomize_build(tmp_path)
    assert (built.status == 0) == (subject.build.clashes == []), built.stderr
    if built.status:
        return
    resources = [tree for tree in yaml.safe_load_all(built.stdout) if tree]
    secrets = [tree for tree in resources if tree["kind"] == "Secret"]
    real = {
        (tree["metadata"].get("namespace", ""), SUFFIX.sub("", tree["metadata"]["name"]), *sorted(tree["data"]))
        for tree in secrets
    }
    modelled = {(one.namespace, one.name, *sorted(one.keys or ())) for one in subject.build.secrets}
    assert modelled == real
    assert all(one.has_suffix for one in subject.build.secrets)
    (web,) = [tree for tree in resources if tree["kind"] == "Deployment"]
    (container,) = web["spec"]["template"]["spec"]["containers"]
    written = container["env"][0]["valueFrom"]["secretKeyRef"]["name"]
    (use,) = subject.uses
    assert use.item.namespace == web["metadata"].get("namespace", "")
    assert bool(use.meant) == (written in {tree["metadata"]["name"] for tree in secrets})
