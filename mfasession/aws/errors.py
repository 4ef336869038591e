"""The finer causes of some errors, for code that does one thing about the one and another about the other.

They are apart from `errors` because no hit meets them: each class costs a hit a four hundredth of Python's own start.
"""

from mfasession.errors import AwsRefused, AwsUnreachable


class CodeRefused(AwsRefused):
    """AWS refused the code itself: another code may do. Raised by `aws.Sts.session_token`."""


class DeviceRefused(AwsRefused):
    """AWS cannot check any code of this device now: serial number wrong, not the user's, or too many tries."""


class Denied(AwsRefused):
    """A policy denies the call, or none allows it."""


class NotFound(AwsRefused):
    """AWS has no such thing, or has it no longer (NoSuchEntity)."""


class AlreadyThere(AwsRefused):
    """AWS has such a thing already (EntityAlreadyExists)."""


class Unanswered(AwsUnreachable):
    """The request may have arrived but no good answer came back: a code in it may be used up."""


class Throttled(AwsUnreachable):
    """AWS refused to look at the request because of too many before it: the same request may be sent again."""
