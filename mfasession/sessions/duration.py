"""How long a new session of a user lasts: --duration, MFASESSION_DURATION, `duration` of config.toml, in this order."""

from typing import TYPE_CHECKING

from mfasession import durations
from mfasession.errors import ConfigurationError
from mfasession.redaction import redacted

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.sessions import Context

VARIABLE = "MFASESSION_DURATION"


def of_new(context: "Context", profile: "Profile") -> int:
    """Return the seconds of a new session (900..129600), at least those that `--min-ttl` wants to be left of it.

    Raises ConfigurationError when MFASESSION_DURATION counts and is not such a duration.
    """
    if context.request.duration:
        return context.request.duration
    return max(_of_variable(context.environ.get(VARIABLE, "")) or profile.settings.duration, context.request.min_ttl)


def _of_variable(text: str) -> int:
    """Return the seconds of the variable; 0 when it is empty."""
    if not text:
        return 0
    try:
        return durations.parse_within(text, durations.SESSION_MINIMUM, durations.SESSION_MAXIMUM)
    except ValueError as error:
        raise ConfigurationError(f"{VARIABLE}: {redacted(str(error))}", f"export {VARIABLE}=12h, or unset it") from None
