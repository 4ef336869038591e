"""Fixtures of the tests that do harm."""

from collections.abc import Callable, Iterator

import pytest

from tests.helpers.faults.canaries import Canaries


@pytest.fixture
def canaries(record_property: Callable[[str, object], None]) -> Iterator[Canaries]:
    """The canaries of one test; none may be found in the end."""
    mine = Canaries()
    yield mine
    record_property("canaries_planted", mine.planted)
    record_property("places_searched", mine.places)
    record_property("canaries_found", len(mine.found))
    assert mine.found == []
