"""One MFA code in the morning, temporary AWS credentials all day."""

import sys

__version__ = "0.1.0"
__all__ = [
    "AwsRefused",
    "AwsUnreachable",
    "Cancelled",
    "ConfigurationError",
    "InputNeeded",
    "MfaSessionError",
    "StoreError",
    "session",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.api import session
    from mfasession.errors import (
        AwsRefused,
        AwsUnreachable,
        Cancelled,
        ConfigurationError,
        InputNeeded,
        MfaSessionError,
        StoreError,
    )
else:

    def __getattr__(name: str) -> object:
        """Import a name when it is first used, so that the command's start does not pay for it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "session" and sys.platform == "win32":
            from mfasession.installation import unsupported

            raise unsupported()
        room = "mfasession.api" if name == "session" else "mfasession.errors"
        found: object = getattr(__import__(room, fromlist=[name]), name)
        globals()[name] = found
        return found
