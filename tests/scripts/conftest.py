"""Fixtures for scripts on a real keyring."""

from tests.contracts.conftest import keyring_home, service

__all__ = ["keyring_home", "service"]
