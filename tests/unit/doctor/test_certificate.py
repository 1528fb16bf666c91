from datetime import UTC, datetime, timedelta

import pytest

from vaultgen.doctor.certificate import Certificate

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lifetime", "left", "is_ending"),
    [
        (timedelta(days=365), timedelta(days=15), False),
        (timedelta(days=365), timedelta(days=13), True),
        (timedelta(days=365), timedelta(days=-1), True),
        (timedelta(hours=24), timedelta(hours=9), False),
        (timedelta(hours=24), timedelta(hours=7), True),
    ],
)
def test_it_ends_when_it_should_have_been_renewed(lifetime: timedelta, left: timedelta, is_ending: bool) -> None:
    """Those of a day, as an agent has them, are no cause for concern all the time."""
    certificate = Certificate("a", "b", NOW + left - lifetime, NOW + left)
    assert certificate.is_ending(NOW) is is_ending
