"""The errors that no hit raises or catches, see the front door of the room."""

from mfasession.errors import MfaSessionError


class NoSession(MfaSessionError):
    """There is no session, and nothing failed. Raised by `status` and `logout`."""


class AwsRefused(MfaSessionError):
    """AWS refused the request: wrong code, denied, key unknown, clock skew."""


class AwsUnreachable(MfaSessionError):
    """AWS did not answer: network, proxy, time-out or throttling. Trying again may help."""


class InputNeeded(MfaSessionError):
    """A code or an answer is needed and cannot be asked for: no terminal, a background job, or `--no-input`."""


class Cancelled(MfaSessionError):
    """The person cancelled (ctrl-C, ctrl-D or the cancel button). Nothing was written."""
