"""The value of ``.dockerconfigjson``, as ``kubectl create secret docker-registry`` writes it."""

import base64
from typing import NamedTuple

from vaultgen.json_text import json_text
from vaultgen.redacted import Redacted


class Login(NamedTuple):
    """Credentials for one registry, each UTF-8 text as wrapped str."""

    server: Redacted
    username: Redacted
    password: Redacted
    email: Redacted


def docker_config(logins: "tuple[Login, ...]") -> Redacted:
    """Return the JSON bytes, wrapped; keys and order as kubectl writes them, registries sorted by server."""
    auths = {}
    for login in logins:
        username, password, email = login.username.reveal(), login.password.reveal(), login.email.reveal()
        entry = {"username": username, "password": password, "email": email}
        entry["auth"] = base64.b64encode(f"{username}:{password}".encode()).decode()
        auths[login.server.reveal()] = {name: text for name, text in entry.items() if text}
    return Redacted(json_text({"auths": dict(sorted(auths.items()))}).encode())
