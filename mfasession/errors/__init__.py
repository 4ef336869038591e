"""The errors, by who must act; some packages have subclasses. `exit_codes.EXIT_CODES` has each class's exit code.

A message says what happened, in lower case and without a full stop; the hint names the command that fixes it.
Neither ever holds a secret. Every command imports this, so it imports nothing, and the errors that no hit raises are in
`refusals` until one is asked for: to create a class of errors takes a five-hundredth of a hit.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.errors.refusals import AwsRefused, AwsUnreachable, Cancelled, InputNeeded, NoSession

__all__ = [
    "AwsRefused",
    "AwsUnreachable",
    "Cancelled",
    "ConfigurationError",
    "InputNeeded",
    "MfaSessionError",
    "NoSession",
    "StoreError",
    "UsageError",
]


class MfaSessionError(Exception):
    """An unexpected failure, and the base class of all errors.

    `message` is one line; `hint` is one line or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MfaSessionError):
    """The command line is wrong: the person who typed it must act."""


class ConfigurationError(MfaSessionError):
    """A file, a profile or a key is missing, wrong or unsafe: the owner of the files must act."""


class StoreError(MfaSessionError):
    """A store failed: keyring locked or absent, disk full, folder read-only, lock not obtained."""


if not TYPE_CHECKING:

    def __getattr__(name: str) -> type[MfaSessionError]:
        """Import the other errors when one is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from mfasession.errors import refusals

        found = globals()[name] = getattr(refusals, name)
        return found
