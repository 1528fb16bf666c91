"""One Vault session for a whole build: the processes that kustomize starts ask their parent."""
