"""Fixtures for scripts: a real keyring, and an account to audit."""

from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox
from tests.contracts.conftest import keyring_home, service
from tests.helpers.auditing import Estate

__all__ = ["keyring_home", "service"]


@pytest.fixture
def estate(aws: Sandbox, tmp_path: Path) -> Estate:
    """An account with an administrator who needs no MFA."""
    return Estate(aws, tmp_path)
