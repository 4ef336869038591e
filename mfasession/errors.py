"""Every way to fail, by who must act; rooms have finer ones. `exit_codes.EXIT_CODES` gives each class its exit code.

A message says what happened, in lower case and without a full stop; the hint names the command that mends it.
Neither ever holds a secret. The module imports nothing: it is on the path of every command.
"""


class MfaSessionError(Exception):
    """An unexpected failure, and the base of all others.

    Shapes: `message` is one line, `hint` is one line or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoSession(MfaSessionError):
    """The answer is no: the question was understood and nothing failed. Raised by `status` and `logout`."""


class UsageError(MfaSessionError):
    """The command line is wrong: the person who typed it must act."""


class ConfigurationError(MfaSessionError):
    """A file, a profile or a key is missing, wrong or unsafe: the owner of the files must act."""


class AwsRefused(MfaSessionError):
    """AWS answered, and the answer was no: wrong code, denied, key unknown, clock skew."""


class AwsUnreachable(MfaSessionError):
    """AWS did not answer: network, proxy, time-out or throttling. Trying again may do."""


class InputNeeded(MfaSessionError):
    """A code or an answer is needed and nobody can give it: no terminal, a background job, or `--no-input`."""


class StoreError(MfaSessionError):
    """A store failed: keyring locked or absent, disk full, folder read-only, lock not obtained."""


class Cancelled(MfaSessionError):
    """The person said no (ctrl-C, ctrl-D or the cancel button). Nothing was written."""
