"""The way from Vault Secrets Operator's resources to generator documents."""
