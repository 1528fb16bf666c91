"""Trees as somebody might send them who wants kustomize to start git, helm or docker, or to fetch a file by HTTP."""

from collections.abc import Mapping

from support.hostile import BARE, GOOD, LISTED, Trick

# What kustomize takes for the address of a repository (``api/internal/git``).
REPOSITORIES = (
    "https://git.example.com/org/repo",
    "https://git.example.com/org/repo//path?ref=v1",
    "HTTPS://git.example.com/org/repo.git/path",
    "http://git.example.com/org/repo",
    "ssh://git@git.example.com/org/repo.git",
    "git@git.example.com:org/repo",
    "git@git.example.com/org/repo?ref=main&timeout=1s",
    "git::https://git.example.com/org/repo",
    "file:///srv/org/repo.git//path",
    "github.com/org/repo",
    "GitHub.com/org/repo/path?ref=main",
    "github.com:org/repo",
    "org-1@github.com:org/repo.git",
)
_CHART = {"charts/chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n"}
_HELM = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nname: chart\n"
_CONTAINER = "container: {image: registry.example.com/evil}"

ERRANDS: Mapping[str, Trick] = {
    **{
        f"a {what} at {address}": Trick(
            {"kustomization.yaml": f"{name}: ['{address}']\n"}, ("remote-base",), programs=()
        )
        for what, name in (("base", "resources"), ("generator", "generators"), ("component", "components"))
        for address in (REPOSITORIES if what == "base" else REPOSITORIES[-1:])
    },
    "a base whose address is also YAML": Trick(
        {
            "kustomization.yaml": "generators:\n- |\n  git@git.example.com:org/repo: 1\n"
            "  apiVersion: builtin\n  kind: X\n"
        },
        ("remote-base",),
        programs=(),
    ),
    "a chart": Trick({"kustomization.yaml": "helmCharts: [{name: chart}]\n", **_CHART}, ("remote-base",), programs=()),
    "a chart in capitals": Trick(
        {"kustomization.yaml": "HelmCharts: [{Name: chart}]\n", **_CHART}, ("remote-base",), programs=()
    ),
    "a chart of the old field": Trick(
        {"kustomization.yaml": "helmChartInflationGenerator: [{chartName: chart}]\n", **_CHART},
        ("remote-base",),
        programs=(),
    ),
    "a chart of a builtin generator": Trick({**LISTED, "gen.yaml": _HELM, **_CHART}, ("remote-base",), programs=()),
    "a container": Trick({**LISTED, "gen.yaml": GOOD.replace("exec: {path: vaultgen}", _CONTAINER)}, programs=()),
    "a container beside vaultgen": Trick(
        {**LISTED, "gen.yaml": GOOD.replace("exec: {path: vaultgen}", f"{{exec: {{path: vaultgen}}, {_CONTAINER}}}")},
        programs=(),
    ),
    "a container in an older annotation": Trick(
        {**LISTED, "gen.yaml": BARE + "  annotations: {config.kubernetes.io/container: evil}\n"}, programs=()
    ),
}

_BUILTIN = "apiVersion: builtin\nmetadata: {name: x}\n"

DOWNLOADS: Mapping[str, Mapping[str, str]] = {
    "a resource": {"kustomization.yaml": "resources: ['<<address>>']\n"},
    "a generator": {"kustomization.yaml": "generators: ['<<address>>']\n"},
    "a transformer": {"kustomization.yaml": "transformers: ['<<address>>']\n"},
    "a CRD": {"kustomization.yaml": "crds: ['<<address>>']\n"},
    "a configuration": {"kustomization.yaml": "configurations: ['<<address>>']\n"},
    "a schema": {"kustomization.yaml": "openapi: {path: '<<address>>'}\n"},
    "a patch": {"kustomization.yaml": "patches: [{path: '<<address>>', target: {kind: ConfigMap}}]\n"},
    "a patch in capitals": {"kustomization.yaml": "Patches: [{PATH: '<<address>>', target: {kind: ConfigMap}}]\n"},
    "a strategic merge patch": {"kustomization.yaml": "patchesStrategicMerge: ['<<address>>']\n"},
    "a JSON patch": {
        "kustomization.yaml": "patchesJson6902:\n"
        "- {path: '<<address>>', target: {version: v1, kind: ConfigMap, name: a}}\n"
    },
    "a replacement": {"kustomization.yaml": "replacements: [{path: '<<address>>'}]\n"},
    "a file of a ConfigMap": {"kustomization.yaml": "configMapGenerator: [{name: a, files: ['k=<<address>>']}]\n"},
    "a dotenv file": {"kustomization.yaml": "configMapGenerator: [{name: a, envs: ['<<address>>?x=y']}]\n"},
    "a dotenv file of a Secret": {"kustomization.yaml": "secretGenerator: [{name: a, env: '<<address>>'}]\n"},
    "a file of a builtin generator": {
        **LISTED,
        "gen.yaml": _BUILTIN + "kind: ConfigMapGenerator\nname: a\nfiles: ['k=<<address>>']\n",
    },
    "a patch of a builtin transformer": {
        "kustomization.yaml": "transformers: [patch.yaml]\n",
        "patch.yaml": _BUILTIN + "kind: PatchTransformer\npath: '<<address>>'\ntarget: {kind: ConfigMap}\n",
    },
    "patches of a builtin transformer": {
        "kustomization.yaml": "transformers: [patch.yaml]\n",
        "patch.yaml": _BUILTIN + "kind: PatchStrategicMergeTransformer\nPaths: ['<<address>>']\n",
    },
    "replacements of a builtin transformer": {
        "kustomization.yaml": "transformers: [patch.yaml]\n",
        "patch.yaml": _BUILTIN + "kind: ReplacementTransformer\nreplacements: [{path: '<<address>>'}]\n",
    },
    "a value of a builtin transformer": {
        "kustomization.yaml": "transformers: [patch.yaml]\n",
        "patch.yaml": _BUILTIN + "kind: ValueAddTransformer\nvalue: x\ntargetFilePath: '<<address>>'\n",
    },
    "arguments of a legacy plugin": {
        **LISTED,
        "gen.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\n"
        "argsFromFile: '<<address>>'\n",
    },
}
"""Trees by what in them is fetched from the HTTP server at ``<<address>>``."""
