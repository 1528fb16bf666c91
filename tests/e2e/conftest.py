"""Fixtures of the end-to-end tests."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.stage import CASES, Stage


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Stage]]:
    """Puts the case of a name on; what it starts ends with the test."""
    with contextlib.ExitStack() as stack:

        def put_on(name: str) -> Stage:
            return Stage(CASES / name, tmp_path, request.getfixturevalue, stack)

        yield put_on
