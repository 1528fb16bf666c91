"""The scripts of docs/ that write parts of its pages."""

import importlib.util
from types import ModuleType

from support.kustomize import CHECKOUT

DOCS = CHECKOUT / "docs"


def doc_script(name: str) -> ModuleType:
    """Return the module that docs/NAME.py is."""
    specification = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert specification
    assert specification.loader
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script
