"""Trees to be published: bases, overlays, components, merges, and all that kustomize does to Secrets afterwards.

The same number gives the same tree. Every tree builds; what is odd in it is still allowed in a published one.
"""

import base64
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

NO_SUBSTITUTION = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
KEYS = ("A", "db_password.txt", "x.json", "x.yaml", "x.yml", "app.env", "app.ini", "tls.key", "yes", "-", "_", "a..b")
TEXTS = ("", "s3cret", "${VAR} $$ $(X)", "a\nb\n", "é😀\u2028", "x" * 200, '{"a": [1, "$"]}', "a: b", "# no", " \t ")
LABEL_VALUES = ("", "a", "true", "1", "1e5", "null", "2001-01-01")
NOTES = ("", "a: b # c", "1", "a\nb", "quotes \" and ' and \\", "é😀\u2028", "${VAR}")
TYPES = (None, "Opaque", "kubernetes.io/basic-auth", "example.com/own", "1e5")


def vault_fields() -> dict[str, str]:
    """Return the fields of the Vault secret that trees read: texts, and bytes in base64."""
    fields = {f"text{index}": text for index, text in enumerate(TEXTS)}
    return {**fields, "bytes": base64.b64encode(bytes(range(256))).decode()}


def make_tree(number: int, path: str, *, annotated: bool) -> dict[str, bytes]:
    """Return the files of a tree whose directory ``top`` is to be built.

    ``path`` is the Vault secret with ``vault_fields``. ``annotated`` gives every generated Secret the annotation that
    a published tree adds.
    """
    return _Maker(number, path, annotated).made()


class _Maker:
    def __init__(self, number: int, path: str, annotated: bool) -> None:
        self._chance = random.Random(number)  # noqa: S311
        self._path = path
        self._annotated = annotated
        self._app, self._other, self._plain, self._built = (f"{name}-{number}" for name in ("app", "x", "plain", "own"))
        self._files: dict[str, bytes] = {}
        self._documents = 0
        self._prefix = self._suffix = ""

    def made(self) -> dict[str, bytes]:
        """Return the files."""
        below = self._base()
        if self._maybe(0.4):
            below = self._overlay("middle", below)
        self._overlay("top", below)
        return self._files

    # --- directories ---

    def _base(self) -> str:
        kustomization: dict[str, Any] = {"resources": ["deployment.yaml"]}
        self._write("base/deployment.yaml", _deployment(self._app, self._other))
        here = [self._app, self._other]
        if self._maybe(0.4):
            kustomization["resources"].append("plain.yaml")
            data = {"A": "b2xk", "old": ""}
            plain = {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": self._plain},
                "type": "own",
                "data": data,
            }
            self._write("base/plain.yaml", plain)
            here.append(self._plain)
        if self._maybe(0.4):
            kustomization["secretGenerator"] = [{"name": self._built, "literals": ["A=old", "own=1"]}]
            here.append(self._built)
        entries = [self._entry("base", self._app), self._entry("base", self._other)]
        merges = [self._entry("base", name, merge=True) for name in here if self._maybe(0.3)]
        if self._maybe(0.7):
            entries += [entry for entry in merges if entry["name"] in (self._plain, self._built)]
            merges = []
        kustomization["generators"] = [self._document("base", entries, inline=self._maybe(0.1))]
        if merges:
            kustomization["generators"].append(self._document("base", merges))
        if self._maybe(0.2):
            kustomization["generators"].append(self._builtin_generator())
        if self._maybe(0.4):
            kustomization["components"] = [self._component(here)]
        self._transformed("base", kustomization)
        self._kustomization("base", kustomization)
        return "base"

    def _component(self, names: Sequence[str]) -> str:
        component: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        component["patches"] = [_patch_of_secrets("component")]
        if self._maybe(0.5):
            entries = [self._entry("component", self._chance.choice(names), merge=True)]
            component["generators"] = [self._document("component", entries)]
        if self._maybe(0.3):
            component["labels"] = [{"pairs": {"from": "component"}}]
        self._kustomization("component", component)
        return "../component"

    def _overlay(self, directory: str, below: str) -> str:
        field = "bases" if self._maybe(0.2) else "resources"
        kustomization: dict[str, Any] = {field: [f"../{below}"]}
        if field == "bases" and self._maybe(0.5):
            kustomization["resources"] = ["map.yaml"]
            name = f"map-{self._app}-{directory}"
            self._write(f"{directory}/map.yaml", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
        names = [f"{self._prefix}{name}{self._suffix}" for name in (self._app, self._other)]
        entries = [self._entry(directory, name, merge=True) for name in names if self._maybe(0.25)]
        if self._maybe(0.25):
            entries.append(self._entry(directory, f"{directory}-{self._app}"))
        if entries:
            kustomization["generators"] = [self._document(directory, entries)]
        self._transformed(directory, kustomization)
        self._kustomization(directory, kustomization)
        return directory

    def _transformed(self, directory: str, kustomization: dict[str, Any]) -> None:
        choices: dict[str, Any] = {
            "namePrefix": f"{directory[0]}-",
            "nameSuffix": f"-{directory[0]}",
            "commonAnnotations": {"by": directory},
            "labels": [{"pairs": {"of": directory}, "includeSelectors": True}],
            "patches": [_patch_of_secrets(directory)],
            "generatorOptions": {"labels": {"only": "builtin"}, "disableNameSuffixHash": True},
        }
        if directory == "top":
            choices["namespace"] = "apps"
        kustomization |= {name: value for name, value in choices.items() if self._maybe(0.25)}
        self._prefix = kustomization.get("namePrefix", "") + self._prefix
        self._suffix += kustomization.get("nameSuffix", "")
        if directory == "top" and self._maybe(0.2):
            self._write(
                "top/copy.yaml", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{self._app}"}}
            )
            kustomization.setdefault("resources", []).append("copy.yaml")
            kustomization["replacements"] = [_replacement(self._app)]

    def _builtin_generator(self) -> str:
        name = f"map-{self._app}"
        config = {
            "apiVersion": "builtin",
            "kind": "ConfigMapGenerator",
            "metadata": {"name": name},
            "literals": ["a=b"],
        }
        self._write("base/builtin.yaml", config)
        return "builtin.yaml"

    # --- documents ---

    def _document(self, directory: str, entries: list[dict[str, Any]], *, inline: bool = False) -> str:
        """Write a document; return what a kustomization lists it by."""
        self._documents += 1
        document: dict[str, Any] = {
            "apiVersion": "vaultgen.dev/v1alpha1",
            "kind": "VaultSecretGenerator",
            "metadata": {
                "name": f"document-{self._documents}",
                "annotations": {"config.kubernetes.io/function": "exec: {path: vaultgen}"},
            },
            "secretGenerator": entries,
        }
        options: dict[str, Any] = {"labels": {"all": "1"}} if self._maybe(0.2) else {}
        if self._annotated:
            options["annotations"] = NO_SUBSTITUTION
        if options:
            document["generatorOptions"] = options
        if inline:
            return str(yaml.safe_dump(document, default_style='"'))
        self._write(f"{directory}/vaultgen-{self._documents}.yaml", document)
        return f"vaultgen-{self._documents}.yaml"

    def _entry(self, directory: str, name: str, *, merge: bool = False) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": name}
        if merge:
            entry["behavior"] = self._chance.choice(("merge", "merge", "replace"))
        elif self._maybe(0.1):
            entry["behavior"] = "create"
        if type_ := self._chance.choice(TYPES):
            entry["type"] = type_
        keys = self._chance.sample(KEYS, self._chance.choice((0, 1, 2, 3)))
        if type_ == "kubernetes.io/basic-auth":
            keys.append("password")
        sources = [(key, self._source(directory, key)) for key in keys]
        for field in ("literals", "files"):
            if found := [f"{key}={text}" for key, (kind, text) in sources if kind == field]:
                entry[field] = found
        if self._maybe(0.5):
            entry["options"] = self._options()
        return entry

    def _source(self, directory: str, key: str) -> tuple[str, str]:
        chosen = self._chance.random()
        index = self._chance.randrange(len(TEXTS))
        if chosen < 0.3:
            return "literals", TEXTS[index]
        if chosen < 0.5:
            path = f"{key}-{self._chance.randrange(9)}.bin"
            self._files[f"{directory}/{path}"] = self._chance.choice((bytes(range(256)), b"", b"\xff\xfe text"))
            return "files", path
        if chosen < 0.6:
            return "files", f"vault:secret/data/{self._path}?key=bytes&decode=base64"
        if chosen < 0.7:
            return "literals", f"<${{vault:secret/data/{self._path}?key=text{index}}}>"
        return "files", f"vault:secret/data/{self._path}?key=text{index}"

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self._maybe(0.5):
            options["labels"] = {"example.com/a": self._chance.choice(LABEL_VALUES)}
        if self._maybe(0.5):
            options["annotations"] = {"example.com/b": self._chance.choice(NOTES)}
        for name in ("immutable", "disableNameSuffixHash"):
            if self._maybe(0.2):
                options[name] = True
        return options

    # --- files ---

    def _kustomization(self, directory: str, fields: Mapping[str, Any]) -> None:
        """Write a kustomization in one of many layouts, with comments."""
        order = list(fields)
        self._chance.shuffle(order)
        blocks = []
        for name in order:
            if isinstance(fields[name], list) and self._maybe(0.3):
                text = f"{name}: " + yaml.safe_dump(fields[name], default_flow_style=True, width=999)
            else:
                text = yaml.safe_dump({name: fields[name]}, default_flow_style=False, width=999)
            blocks.append(f"# about {name}\n{text}")
        text = "".join(blocks)
        if self._maybe(0.2):
            text = f"---\n{text}"
        if self._maybe(0.2):
            text = text.rstrip("\n")
        if self._maybe(0.2):
            text = text.replace("\n", "\r\n")
        name = self._chance.choice(("kustomization.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"))
        self._files[f"{directory}/{name}"] = text.encode()

    def _write(self, path: str, tree: Any) -> None:
        self._files[path] = json.dumps(tree, ensure_ascii=False).replace("\u2028", "\\u2028").encode()

    def _maybe(self, probability: float) -> bool:
        return self._chance.random() < probability


def _deployment(*secrets: str) -> dict[str, Any]:
    labels = {"app": secrets[0]}
    container = {
        "name": "app",
        "image": "example.com/app",
        "envFrom": [{"secretRef": {"name": name}} for name in secrets],
    }
    volumes = [{"name": "v", "secret": {"secretName": secrets[0]}}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"deployment-{secrets[0]}"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], "volumes": volumes}},
        },
    }


def _patch_of_secrets(directory: str) -> dict[str, Any]:
    patch = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "any", "annotations": {"patched": directory}}}
    return {"patch": json.dumps(patch), "target": {"kind": "Secret"}}


def _replacement(name: str) -> dict[str, Any]:
    """Copy the type of a Secret into a ConfigMap."""
    return {
        "source": {"kind": "Secret", "name": name, "fieldPath": "type"},
        "targets": [
            {
                "select": {"kind": "ConfigMap", "name": f"c-{name}"},
                "fieldPaths": ["data.copy"],
                "options": {"create": True},
            }
        ],
    }
