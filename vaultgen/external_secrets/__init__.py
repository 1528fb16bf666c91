"""The way from External Secrets Operator's resources to generator documents."""
