"""Errors to exit codes, and whose flag is whose."""

import pytest

from mfasession import cli, errors, locks
from tests.support import Home, move_into


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NoSession("x"), 1),
        (errors.UsageError("x"), 2),
        (errors.ConfigurationError("x"), 3),
        (errors.AwsRefused("x"), 4),
        (errors.CodeRefused("x"), 4),
        (errors.DeviceRefused("x"), 4),
        (errors.AwsUnreachable("x"), 5),
        (errors.Unanswered("x"), 5),
        (errors.Throttled("x"), 5),
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
    """By the nearest class of the table; whatever nobody foresaw is 1."""
    assert cli.exit_code(error) == code


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        (["exec", "--no-input", "--debug", "--", "aws"], True),
        (["--debug", "exec", "--no-input", "--", "aws"], True),
        (["exec", "--no-input", "--", "aws", "--debug"], False),
        (["exec", "--no-input", "--", "aws", "env"], False),
    ],
)
def test_a_commands_flags_are_its_own(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], *, shows: bool
) -> None:
    """What stands behind -- neither asks us for a traceback nor makes us print for an eval."""
    move_into(home, monkeypatch)
    assert cli.main(words) == 3
    shown = capsys.readouterr()
    assert ("Traceback" in shown.err) is shows
    assert shown.err.endswith("mfasession: there is no profile default\n  hint: aws configure --profile default\n")
    assert shown.out == ""
