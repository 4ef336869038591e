"""Fixtures of the sandbox's own tests."""

from typing import Any

import pytest

from mfasession.sandbox import policy


@pytest.fixture
def rule() -> dict[str, Any]:
    """Deny everything without MFA."""
    return dict(policy.DENY_ALL_WITHOUT_MFA)
