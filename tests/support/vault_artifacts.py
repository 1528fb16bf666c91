"""Objects of the kind VaultArtifact."""

from typing import Any

import yaml

ARTIFACT: dict[str, Any] = yaml.safe_load(r"""
apiVersion: vaultgen.dev/v1alpha1
kind: VaultArtifact
metadata: {name: my-app}
spec:
  interval: 5m
  sourceRef: {kind: GitRepository, name: flux-system}
  path: ./clusters/my-cluster/apps/my-app
  vault:
    address: https://vault.example.com:8200
    auth: {kubernetes: {serviceAccountName: my-app}}
  secretGenerator:
  - name: my-app-secrets
    behavior: merge
    files:
      db_password.txt: vault:secret/data/my-app/database?key=password
      api_key.txt: vault:secret/data/my-app/api?key=key
  encryption:
    age: {recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]}
""")
"""The article's, with what is required and little else."""

EVERY_FIELD: dict[str, Any] = yaml.safe_load(r"""
apiVersion: vaultgen.dev/v1alpha1
kind: VaultArtifact
metadata: {name: every-field}
spec:
  interval: 1h30m
  retryInterval: 30s
  timeout: 1.5m
  suspend: true
  sourceRef: {kind: OCIRepository, name: apps.production, namespace: team-a}
  path: ./apps/my-app
  ignore: |
    /docs
    !/docs/keep
  vault:
    address: https://vault.example.com:8200/behind
    namespace: team-a
    auth: {kubernetes: {serviceAccountName: my-app, role: reader, mount: clusters/one, audience: vault}}
  secretGenerator:
  - name: my-app-secrets
    namespace: apps
    type: kubernetes.io/basic-auth
    behavior: replace
    files: {username: 'vault:secret/data/my-app?key=user', password: 'vault:secret/data/my-app?key=password'}
    options: {labels: {app: my-app}, annotations: {a/b: c}, immutable: true, disableNameSuffixHash: true}
  encryption:
    age: {recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]}
""")
"""One that uses every field, but for the other login."""

STATUS: dict[str, Any] = yaml.safe_load(r"""
observedGeneration: 1
lastHandledReconcileAt: '2026-01-02T03:04:05Z'
sourceRevision: main@sha1:d2d2be6
artifact:
  revision: latest@sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
  digest: sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
  url: http://vaultgen.flux-system.svc.cluster.local./externalartifact/apps/my-app/2d711642.tar.gz
  path: externalartifact/apps/my-app/2d711642.tar.gz
  lastUpdateTime: '2026-01-02T03:04:05Z'
versions:
- {path: secret/my-app/database, version: 3, createdTime: '2026-01-02T03:04:05Z'}
- {path: secret/my-app/api, namespace: team-a, version: 1}
conditions:
- type: Ready
  status: 'True'
  reason: Succeeded
  message: published the values of 2 paths
  observedGeneration: 1
  lastTransitionTime: '2026-01-02T03:04:05Z'
""")
"""What the controller writes."""
