"""Fixtures of the sandbox's own tests."""

from typing import Any

import pytest

from mfasession.policy.rule import DENY_ALL_WITHOUT_MFA


@pytest.fixture
def rule() -> dict[str, Any]:
    """Deny everything without MFA."""
    return dict(DENY_ALL_WITHOUT_MFA)
