"""The exit code of every kind of error."""

from mfasession import errors

INTERRUPTED = 130
EXIT_CODES: dict[type[BaseException], int] = {
    errors.NoSession: 1,
    errors.UsageError: 2,
    errors.ConfigurationError: 3,
    errors.AwsRefused: 4,
    errors.AwsUnreachable: 5,
    errors.InputNeeded: 6,
    errors.StoreError: 7,
    errors.Cancelled: INTERRUPTED,
    KeyboardInterrupt: INTERRUPTED,
}
"""The one table of exit codes; 0 is done, and whatever is not here is 1, an unexpected failure."""


def of(error: BaseException) -> int:
    """Return the exit code of an error, by the nearest class in the table."""
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)
