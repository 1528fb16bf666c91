"""Documents for tests, and a walk over a schema's definitions."""

from collections.abc import Iterator
from typing import Any

import yaml

EVERY_FIELD: dict[str, Any] = yaml.safe_load(r"""
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: my-app
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
vault:
  address: https://vault.example.com:8200
  namespace: team-a
  tls: {caFile: ca.pem, serverName: vault, clientCertFile: c.pem, clientKeyFile: k.pem}
  auth:
  - kubernetes: {role: my-app, mount: kubernetes, tokenFile: /var/run/secrets/tokens/vault}
  - kubernetes: {role: my-app, serviceAccountRef: {name: my-app, namespace: apps}, audience: vault}
  - jwt: {role: ci, mount: gitlab, token: {env: VAULT_ID_TOKEN}}
  - appRole: {roleId: 675a50e7, secretId: {env: VAULT_SECRET_ID}, mount: approle}
  - appRole: {roleId: {file: role-id}, secretId: {file: secret-id, wrapped: true}}
  - token: {secretRef: {name: vault-auth, namespace: flux-system, key: token}}
  - cert: {name: web, mount: cert}
  - userpass: {username: ci, password: {env: VAULT_PASSWORD}, mount: userpass}
  - login: {method: ldap, mount: ldap, parameters: {username: ci, password: {env: VAULT_PASSWORD}}}
generatorOptions: {labels: {}, annotations: {}, immutable: false, disableNameSuffixHash: false}
secretGenerator:
- name: my-app-secrets
  namespace: apps
  type: Opaque
  behavior: merge
  files:
    db_password.txt: 'vault:secret/data/my-app/database?key=password'
    api_key.txt: 'vault:secret/data/my-app/api?key=key'
    whole.json: 'vault:secret/data/my-app/api?format=json'
    logo.png: assets/logo.png
  literals:
  - PASSWORD=vault:secret/data/my-app/database?key=password
  - DSN=postgres://app:${vault:secret/data/my-app/database?key=password}@db/app
  envs:
  - vault:secret/data/my-app/settings
  - local.env
  env: other.env
  options: {labels: {app: my-app}, annotations: {a/b: c}, immutable: true, disableNameSuffixHash: true}
  dockerConfig:
  - {server: registry.example.com, username: ci, password: 'vault:secret/data/registry?key=password', email: a@b}
- name: other
  files: [logo.png, 'tls.key=vault:secret/data/web?key=key', 'vault:secret/data/web?key=crt']
""")
"""A VaultSecretGenerator that uses every field."""

ARTICLE: dict[str, Any] = yaml.safe_load(r"""
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: my-app, namespace: flux-system}
spec:
  interval: 5m
  path: ./apps/my-app
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  targetNamespace: apps
  secretGenerator:
  - name: my-app-secrets
    behavior: merge
    files:
      db_password.txt: 'vault:secret/data/my-app/database?key=password'
""")
"""A Flux Kustomization with ``spec.secretGenerator``."""


def definitions(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every (sub)schema of a schema: each dict that holds keywords, and none that holds names or data."""
    yield schema
    for keyword, argument in schema.items():
        if keyword in ("properties", "$defs", "dependentSchemas"):
            for definition in argument.values():
                yield from definitions(definition)
        elif keyword in ("items", "additionalProperties", "propertyNames") and isinstance(argument, dict):
            yield from definitions(argument)
