"""The value of ``.dockerconfigjson``, as ``kubectl create secret docker-registry`` writes it."""

from binascii import b2a_base64

from vaultgen.json_text import json_text
from vaultgen.record import Record
from vaultgen.redacted import Redacted


class Login(Record):
    """Credentials for one registry, each UTF-8 text as wrapped str."""

    server: Redacted
    username: Redacted
    password: Redacted
    email: Redacted


def docker_config(logins: "tuple[Login, ...]") -> Redacted:
    """Return the JSON bytes, wrapped; keys, order and escapes as kubectl writes them, registries sorted by server.

    No two logins may be for the same server.
    """
    auths = {}
    for login in logins:
        username, password, email = login.username.reveal(), login.password.reveal(), login.email.reveal()
        entry = {"username": username, "password": password, "email": email}
        entry["auth"] = b2a_base64(f"{username}:{password}".encode(), newline=False).decode()
        auths[login.server.reveal()] = {name: text for name, text in entry.items() if text}
    text = json_text({"auths": dict(sorted(auths.items()))})
    for character in "<>&\u2028\u2029":
        # As Go writes them; none of them stands outside of strings.
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Redacted(text.encode())
