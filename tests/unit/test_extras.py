"""Packages that are installed on demand."""

import importlib

import pytest

from vaultgen.errors import Refused
from vaultgen.extras import imported_with


def test_a_package_that_is_not_there_names_its_extra() -> None:
    with pytest.raises(Refused) as refused, imported_with("controller"):
        importlib.import_module("no_such_package_anywhere")
    assert [(fault.code, fault.facts) for fault in refused.value.faults] == [("missing-extra", {"extra": "controller"})]


def test_a_module_of_our_own_that_is_not_there_is_no_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError), imported_with("controller"):
        importlib.import_module("vaultgen.no_such_module")
