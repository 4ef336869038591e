"""Subclasses of the errors, for code that treats causes differently.

They are not in `errors` because no hit needs them: each class costs a hit 1/400 of Python's own start.
"""

from mfasession.errors import AwsRefused, AwsUnreachable


class CodeRefused(AwsRefused):
    """AWS refused the code itself: another code may work. Raised by `Aws.session_token`."""


class DeviceRefused(AwsRefused):
    """AWS cannot check any code of this device now: serial number wrong, not the user's, or too many tries."""


class Denied(AwsRefused):
    """A policy denies the call, or no policy allows it."""


class NotFound(AwsRefused):
    """AWS does not have it, or not any more (NoSuchEntity)."""


class AlreadyThere(AwsRefused):
    """AWS has it already (EntityAlreadyExists)."""


class Unanswered(AwsUnreachable):
    """The request may have arrived, but there was no valid answer: a code in it may be used up."""


class Throttled(AwsUnreachable):
    """AWS refused the request because of too many before it: the same request may be sent again."""
