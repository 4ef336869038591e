"""Errors to exit codes."""

import pytest

from mfasession import errors, exit_codes
from mfasession.aws import errors as aws_errors
from mfasession.files import locks


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NoSession("x"), 1),
        (errors.UsageError("x"), 2),
        (errors.ConfigurationError("x"), 3),
        (errors.AwsRefused("x"), 4),
        (aws_errors.CodeRefused("x"), 4),
        (aws_errors.DeviceRefused("x"), 4),
        (errors.AwsUnreachable("x"), 5),
        (aws_errors.Unanswered("x"), 5),
        (aws_errors.Throttled("x"), 5),
        (errors.InputNeeded("x"), 6),
        (errors.StoreError("x"), 7),
        (locks.LockTimeout("x"), 7),
        (errors.Cancelled("x"), 130),
        (KeyboardInterrupt(), 130),
        (errors.MfaSessionError("x"), 1),
        (ValueError("x"), 1),
        (OSError(), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_code(error: BaseException, code: int) -> None:
    """By the nearest class of the table; an error that is not in it is 1."""
    assert exit_codes.of(error) == code
