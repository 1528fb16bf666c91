"""A git repository of a test's own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.trees import write_tree

_IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false")


class Repository:
    """A work tree with its repository; of the developer's own settings of git nothing counts."""

    def __init__(self, path: Path) -> None:
        """Make the directory, with an empty repository on the branch ``main``."""
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        """Run git in the work tree and return what it prints."""
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", *_IDENTITY, *words]
        done = subprocess.run(command, cwd=self.path, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, by path in the work tree."""
        write_tree(self.path, files)

    def commit(self) -> None:
        """Commit all that is in the work tree."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=a")
