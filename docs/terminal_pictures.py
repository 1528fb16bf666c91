"""Takes the terminal pictures of README.md: real commands, a real OpenBao, the real kustomize; run it to renew them.

What differs from run to run is replaced by text of the same form before the picture is made, the same text by the
same: stand-ins of masked values, and times. So a picture changes only if what vaultgen says does; a test compares them.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "tests"))

from support.kustomize import kustomize, vaultgen_directory  # noqa: E402
from support.on_terminal import on_terminal  # noqa: E402
from support.openbao import running_openbao  # noqa: E402
from support.repository import Repository  # noqa: E402
from support.vault_file import write_vault_file  # noqa: E402
from support.vault_namespace import VaultNamespace, new_vault_namespace  # noqa: E402

ARTICLE = DOCS.parent / "examples" / "article"
COLUMNS = 100

Action = Callable[["Desk"], None]


class Picture(NamedTuple):
    """What is typed, and what blind readers are told."""

    name: str
    title: str
    description: str
    steps: Sequence[str | Action]
    """A command that is typed and shown, or what happens unseen."""


class Desk:
    """Somebody at a terminal, with the article's application in a git work tree, and a Vault that has its values."""

    def __init__(self, sandbox: Path, vault: VaultNamespace) -> None:
        """Take an empty directory."""
        write_vault_file(ARTICLE / "vault.yaml", vault.root)
        self.vault = vault
        self.repository = Repository(sandbox / "tree")
        shutil.copytree(ARTICLE, self.repository.path / "my-app")
        home = sandbox / "home"
        home.mkdir()
        programs = [str(vaultgen_directory()), str(Path(kustomize()).parent), os.environ["PATH"]]
        self._environment = {
            "HOME": str(home),
            "PATH": os.pathsep.join(programs),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "TERM": "xterm-256color",
            **vault.environment(),
        }
        self.repository.commit()

    def types(self, command: str) -> str:
        """Run a command in the work tree, and return what the terminal shows, with its escapes."""
        return on_terminal(["bash", "-c", command], self.repository.path, self._environment, columns=COLUMNS)


def lock(desk: Desk) -> None:
    """Pin the versions and commit them."""
    desk.types("vaultgen lock my-app")
    desk.repository.commit()


def rotate(desk: Desk) -> None:
    """Change the password in Vault."""
    desk.vault.root.write("my-app/database", {"password": "another"})


PICTURES = (
    Picture(
        "build-and-diff",
        "A masked build, and what a changed password will do",
        "vaultgen build shows a Secret with stand-ins in place of its values. After the password has changed in Vault,"
        " vaultgen diff names the Secret and its data key, both versions, and the Deployment that will restart.",
        [
            lock,
            "vaultgen build my-app | head -6",
            rotate,
            "vaultgen lock --update my-app >/dev/null    # the password was changed in Vault",
            "vaultgen diff my-app",
        ],
    ),
    Picture(
        "refusal-and-lint",
        "A build that is refused, and a mistake that needs no Vault to be found",
        "vaultgen build refuses a reference to a field that is not there, says where it stands, and proposes the right"
        " one. vaultgen lint finds a Deployment that asks for a data key that its Secret does not have.",
        [
            "sed -i s/key=password/key=pasword/ my-app/secrets.yaml",
            "vaultgen build my-app",
            "sed -i 's/key: api_key.txt/key: api-key.txt/' my-app/app/deployment.yaml",
            "vaultgen lint my-app",
        ],
    ),
)

CHANGING = {
    r"bWFza2Vk\w+": [
        "bWFza2VkLTgxNTVlNjg2OGVlYzg4NDZiOTY5NGM2ZTM2YTczMDhi",
        "bWFza2VkLTM3YjZiMmE0MzBjYTg4OTMxN2EyNTliNzhmMjI1YWQz",
    ],
    r"\d{4}-\d\d-\d\dT[\d:.]+": ["2026-05-11T09:12:40.123", "2026-05-12T16:03:05.456"],
}
"""What differs from run to run, by pattern, and what stands for the first, for the second, …."""


def steadied(text: str) -> str:
    """Return what a terminal shows without what differs from run to run."""
    for pattern, instead in CHANGING.items():
        found = list(dict.fromkeys(re.findall(pattern, text)))
        for old, new in zip(found, instead, strict=True) if found else ():
            text = text.replace(old, new)
    return text


def take(picture: Picture, desk: Desk) -> str:
    """Return a picture as SVG."""
    screens = []
    for step in picture.steps:
        if callable(step):
            step(desk)
        else:
            screens.append(f"\x1b[90m$\x1b[0m \x1b[1m{step}\x1b[0m\n{desk.types(step)}")
    return drawn(picture, steadied("\n".join(screens)).rstrip("\n"))


THEME = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
    [
        (139, 148, 158),
        (255, 161, 152),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (240, 246, 252),
    ],
)
FORM = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{width}} {{height}}"
  role="img" aria-labelledby="{name}-t {name}-d">
<title id="{name}-t">{title}</title>
<desc id="{name}-d">{description}</desc>
<style>
.{{unique_id}}-matrix {{{{
  font: {{char_height}}px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}}}}
.{{unique_id}}-title {{{{ font: 16px system-ui, sans-serif; }}}}
{{styles}}
</style>
<defs>
<clipPath id="{{unique_id}}-clip-terminal">
<rect x="0" y="0" width="{{terminal_width}}" height="{{terminal_height}}"/>
</clipPath>
{{lines}}
</defs>
{{chrome}}
<g transform="translate({{terminal_x}}, {{terminal_y}})" clip-path="url(#{{unique_id}}-clip-terminal)">
{{backgrounds}}
<g class="{{unique_id}}-matrix">
{{matrix}}
</g>
</g>
</svg>
"""
"""Rich's own form loads a font from elsewhere; this one takes what the reader has, and has words for the blind."""


def drawn(picture: Picture, screen: str) -> str:
    """Return a screen, text with escapes, as SVG; what is too long for a line goes on in the next."""
    with open(os.devnull, "w") as nowhere:
        console = Console(file=nowhere, record=True, width=COLUMNS, force_terminal=True, color_system="truecolor")
        for line in screen.split("\n"):
            console.print(Text.from_ansi(line), overflow="fold", highlight=False)
        form = FORM.format(name=picture.name, title=picture.title, description=picture.description)
        return console.export_svg(
            title="my-app", theme=THEME, code_format=form, font_aspect_ratio=0.6, unique_id=picture.name
        )


def pictures(vaults: Callable[[str], VaultNamespace], sandbox: Path) -> dict[Path, str]:
    """Take all pictures, each in a directory and a Vault of its own; return them by file."""
    taken = {}
    for picture in PICTURES:
        directory = sandbox / picture.name
        directory.mkdir()
        taken[DOCS / f"{picture.name}.svg"] = take(picture, Desk(directory, vaults(picture.name)))
    return taken


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as sandbox, running_openbao() as server:
        for file, svg in pictures(lambda name: new_vault_namespace(server, name), Path(sandbox)).items():
            file.write_text(svg)
            print(file)


if __name__ == "__main__":
    main()
