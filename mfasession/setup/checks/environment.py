"""Variables that take precedence over profiles, as the SDKs' credential chains have them."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession import shells, timestamps
from mfasession.setup.checks import ERROR, WARNING, Finding
from mfasession.values import held_profile

if TYPE_CHECKING:
    from mfasession.sessions import Context

_ID, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_KEYS = (_ID, _SECRET, _TOKEN)


def check(context: "Context") -> Iterator[Finding]:
    """Yield what the environment puts before the profile, and what in it no longer works."""
    environ = context.environ
    is_set = [name for name in _KEYS if environ.get(name)]
    if held := held_profile(environ):
        yield from _held(context, held)
    elif bool(environ.get(_ID)) != bool(environ.get(_SECRET)):
        missing = _SECRET if environ.get(_ID) else _ID
        yield _unset("half-a-key-in-environment", f"{', '.join(is_set)} is set without {missing}", is_set, ERROR)
    elif environ.get(_ID, "").startswith("AKIA") and environ.get(_TOKEN):
        yield _unset(
            "token-beside-long-term-key",
            f"{_TOKEN} is set beside a long-term key, and AWS refuses the two together",
            [_TOKEN],
            ERROR,
        )
    elif environ.get(_ID):
        kind = "a long-term key" if environ[_ID].startswith("AKIA") else "credentials"
        yield _unset(
            "keys-in-environment",
            f"{_ID} puts {kind} into this shell, which AWS tools use instead of AWS_PROFILE and the default profile",
            is_set,
            WARNING,
        )
    elif environ.get(_TOKEN):
        yield _unset("half-a-key-in-environment", f"{_TOKEN} is set without {_ID}", [_TOKEN], WARNING)


def _unset(name: str, message: str, variables: list[str], severity: str) -> Finding:
    return Finding(name=name, message=message, hint=f"unset {' '.join(variables)}", severity=severity)


def _held(context: "Context", profile: str) -> Iterator[Finding]:
    """Yield that the session which `env` or `exec` has put into this shell has expired."""
    environ = context.environ
    try:
        expires = timestamps.parse(environ.get("AWS_CREDENTIAL_EXPIRATION", ""))
    except ValueError:
        return
    if expires <= time.time():
        shell = shells.calling(environ, reads_stdout=False)
        yield Finding(
            name="expired-session-in-environment",
            message=f"this shell holds a session of profile {profile} that has expired",
            hint=shells.how_to(shell, context.command_line("env", profile=profile)),
            profile=profile,
        )
