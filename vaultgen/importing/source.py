"""Values of Vault, as references name them, and text around them, as literals hold it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from vaultgen.errors import Refused
from vaultgen.reference import escaped, split_text

_SAFE_IN_PATH = "/-_.~!$'()*,;:@ "
_SAFE_IN_VALUE = _SAFE_IN_PATH + "|"


class NotCarried(Exception):
    """Something that a reference cannot say; the message is public."""


@dataclass(frozen=True)
class Source:
    """A value of Vault, or a whole secret."""

    path: str
    """API path or logical path, without percent-escapes."""
    field: str = ""
    """Empty: the whole secret, as JSON."""
    version: str = ""
    """Empty: the latest."""
    namespace: str = ""
    """Vault namespace, where it is not that of the login."""
    pointer: tuple[str, ...] = ()
    """Names and indexes that lead to a part of the field, which is JSON."""
    decode: bool = False
    """Whether what is stored is base64."""
    encode: bool = False
    """Whether it is to be percent-encoded."""
    missing: str = ""
    """What to do about a missing field: ``optional=true``, ``default=`` or nothing."""

    def reference(self) -> str:
        """Return the reference. Raises NotCarried for what none can say."""
        what = f"key={_quoted(self.field)}" if self.field else "format=json"
        if self.decode and not self.field:
            raise NotCarried("a whole secret is JSON and no base64")
        if self.encode and not self.field:
            raise NotCarried("a whole secret that is percent-encoded")
        pointer = "".join("/" + _pointer_step(step) for step in self.pointer)
        coding = ["decode=base64" if self.decode else "", "encode=url" if self.encode else ""]
        return self._written([what, self._version, f"jsonPointer={pointer}" if pointer else "", *coding])

    def whole(self) -> str:
        """Return the reference to all fields, for ``envs``. Raises NotCarried for a part of the secret."""
        if self.field or self.pointer or self.decode or self.encode:
            raise NotCarried("in envs every field becomes a key, as it is stored")
        return self._written([self._version])

    @property
    def _version(self) -> str:
        if not self.version:
            return ""
        if not (self.version.isascii() and self.version.isdigit()) or self.version.startswith("0"):
            raise NotCarried("a version that is no number")
        return f"version={self.version}"

    def _written(self, parameters: list[str]) -> str:
        path = plain_path(self.path)
        inner = self.namespace.strip("/")
        if inner and inner != plain_path(inner):
            raise NotCarried("a Vault namespace that is no path")
        namespace = f"namespace={_quoted(inner)}" if inner else ""
        query = "&".join(filter(None, [*parameters, namespace, self.missing]))
        return f"vault:{quote(path, safe=_SAFE_IN_PATH)}" + (f"?{query}" if query else "")


def plain_path(*parts: str) -> str:
    """Return a path of Vault joined from parts, none empty, without slashes that say nothing. Raises NotCarried."""
    if not all(part.strip("/") for part in parts):
        raise NotCarried("an empty path")
    segments = [segment for part in parts for segment in part.split("/") if segment]
    if any(segment in (".", "..") for segment in segments):
        raise NotCarried("a path with dot segments")
    if not all(segment.isprintable() for segment in segments) or segments != [part.strip() for part in segments]:
        raise NotCarried("a path with control characters, or space around a part")
    return "/".join(segments)


def literal(key: str, parts: Sequence[str | Source]) -> str:
    """Return ``KEY=VALUE`` for text with values of Vault in it, between any two texts of which one is.

    Raises NotCarried for what a reference cannot say.
    """
    text = "".join(
        f"${{{part.reference()}}}"
        if isinstance(part, Source)
        else escaped(part, reference_follows=isinstance(following, Source))
        for part, following in zip(parts, [*parts[1:], ""], strict=False)
    )
    if parts and isinstance(parts[0], str) and text.lstrip("\\").startswith("vault:"):
        text = "\\" + text
    try:
        split_text(text)
    except Refused:
        raise NotCarried("text that looks like a reference; put it into a plain file, and list that") from None
    # kustomize takes one pair of outer quotes away
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return f'{key}="{text}"' if quoted else f"{key}={text}"


def _quoted(text: str) -> str:
    if not text.isprintable():
        raise NotCarried("a name with control characters")
    return quote(text, safe=_SAFE_IN_VALUE)


def _pointer_step(step: str) -> str:
    return _quoted(step.replace("~", "~0").replace("/", "~1"))
