"""Fixtures for tests on a real keyring."""

from collections.abc import Iterator

import pytest

from tests.helpers.secret_service import SecretService
from tests.helpers.support import Home, need


@pytest.fixture
def service() -> Iterator[SecretService]:
    """An unlocked Secret Service for each test."""
    need("gnome-keyring-daemon")
    with SecretService() as started:
        yield started


@pytest.fixture
def keyring_home(alices_home: Home, service: SecretService) -> Home:
    """Alice's home on the bus of that Secret Service."""
    alices_home.environ["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
    return alices_home
