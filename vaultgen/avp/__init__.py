"""The way from argocd-vault-plugin's placeholders to generator documents."""
