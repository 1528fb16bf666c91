"""Golden files: what a build must print, byte for byte, and the switch that writes them anew."""

from pathlib import Path


class Golden:
    """Compares content with a file, or with ``renew`` writes the file."""

    def __init__(self, renew: bool = False) -> None:
        self._renew = renew

    def check(self, path: Path, content: bytes) -> None:
        """Fail unless ``content`` is what ``path`` holds; with ``renew`` it is made so."""
        if self._renew:
            path.write_bytes(content)
        assert path.exists(), f"{path} is missing: run pytest --renew-goldens"
        assert content.decode() == path.read_text(), f"{path} differs: see why, then run pytest --renew-goldens"
