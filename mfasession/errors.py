"""The errors, by who must act; some packages have subclasses. `exit_codes.EXIT_CODES` has each class's exit code.

A message says what happened, in lower case and without a full stop; the hint names the command that fixes it.
Neither ever holds a secret. The module imports nothing, because every command imports it.
"""


class MfaSessionError(Exception):
    """An unexpected failure, and the base class of all errors.

    `message` is one line; `hint` is one line or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoSession(MfaSessionError):
    """There is no session, and nothing failed. Raised by `status` and `logout`."""


class UsageError(MfaSessionError):
    """The command line is wrong: the person who typed it must act."""


class ConfigurationError(MfaSessionError):
    """A file, a profile or a key is missing, wrong or unsafe: the owner of the files must act."""


class AwsRefused(MfaSessionError):
    """AWS refused the request: wrong code, denied, key unknown, clock skew."""


class AwsUnreachable(MfaSessionError):
    """AWS did not answer: network, proxy, time-out or throttling. Trying again may help."""


class InputNeeded(MfaSessionError):
    """A code or an answer is needed and cannot be asked for: no terminal, a background job, or `--no-input`."""


class StoreError(MfaSessionError):
    """A store failed: keyring locked or absent, disk full, folder read-only, lock not obtained."""


class Cancelled(MfaSessionError):
    """The person cancelled (ctrl-C, ctrl-D or the cancel button). Nothing was written."""
