"""Vault and OpenBao: the transport, the login and the backend that reads."""
