"""The objects of an application whose values have arrived, from source to Pod."""

import copy
from typing import Any

import yaml

Object = dict[str, Any]

_OBJECTS = r"""
- apiVersion: source.toolkit.fluxcd.io/v1
  kind: GitRepository
  metadata: {name: flux-system, namespace: flux-system}
  spec: {interval: 1m, url: 'https://git.example.com/fleet'}
  status:
    artifact:
      {revision: 'main@sha1:aaa', digest: 'sha256:aa', url: 'http://a/a', path: a,
      lastUpdateTime: '2026-01-02T03:04:05Z'}
    conditions: &ready
    - {type: Ready, status: 'True', reason: Succeeded, message: canary, lastTransitionTime: '2026-01-02T03:04:05Z'}
- apiVersion: vaultgen.dev/v1alpha1
  kind: VaultArtifact
  metadata: {name: my-app, namespace: flux-system, generation: 1}
  spec:
    interval: 5m
    sourceRef: {kind: GitRepository, name: flux-system}
    vault: {address: 'https://vault.example.com:8200', auth: {kubernetes: {serviceAccountName: my-app}}}
    encryption: {age: {recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]}}
  status:
    observedGeneration: 1
    sourceRevision: main@sha1:aaa
    artifact: &own
      {revision: 'latest@sha256:bb', digest: 'sha256:bb', url: 'http://b/b', path: b,
      lastUpdateTime: '2026-01-02T03:04:05Z'}
    versions:
    - {path: secret/data/my-app/database, version: 3}
    - {path: secret/data/my-app/api, namespace: team-a, version: 1}
    conditions: *ready
- apiVersion: source.toolkit.fluxcd.io/v1
  kind: ExternalArtifact
  metadata: {name: my-app, namespace: flux-system}
  spec:
    sourceRef: {apiVersion: vaultgen.dev/v1alpha1, kind: VaultArtifact, name: my-app, namespace: flux-system}
  status: {artifact: *own, conditions: *ready}
- apiVersion: kustomize.toolkit.fluxcd.io/v1
  kind: Kustomization
  metadata: {name: my-app, namespace: flux-system}
  spec:
    interval: 5m
    prune: true
    sourceRef: {kind: ExternalArtifact, name: my-app}
    decryption: {provider: sops, secretRef: {name: my-app-age}}
  status:
    lastAppliedRevision: latest@sha256:bb
    inventory:
      entries:
      - {id: apps_my-app_apps_Deployment, v: v1}
      - {id: apps_my-app-secrets-2ckfmhc8fd__Secret, v: v1}
      - {id: apps_my-app__Service, v: v1}
    conditions: *ready
- apiVersion: v1
  kind: Secret
  metadata: {name: my-app-secrets-2ckfmhc8fd, namespace: apps}
  data: {db_password.txt: Y2FuYXJ5}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: my-app, namespace: apps, generation: 2}
  spec:
    replicas: 2
    selector: {matchLabels: {app: my-app}}
    template:
      metadata: {labels: {app: my-app}}
      spec:
        containers:
        - name: my-app
          image: registry.example.com/my-app:1.0.0
          envFrom: [{secretRef: {name: my-app-secrets-2ckfmhc8fd}}]
  status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2}
"""


def arrived() -> dict[str, Object]:
    """Return the objects by their kind; Flux's messages hold the word canary."""
    return {one["kind"]: copy.deepcopy(one) for one in yaml.safe_load(_OBJECTS)}
