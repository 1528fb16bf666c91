"""vaultgen: kustomize's secretGenerator, with its values in Vault or OpenBao."""

__version__ = "0.1.0"
