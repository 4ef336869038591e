"""The first session with a new device, which STS knows later than IAM."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mfasession.aws.errors import CodeRefused, DeviceRefused
from mfasession.codes import CodeRequest
from mfasession.errors import InputNeeded
from mfasession.sessions import Context, devices, session
from mfasession.sessions.state import State

if TYPE_CHECKING:
    from mfasession.aws.model import Device
    from mfasession.codes import CodeSource
    from mfasession.profiles import Profile
    from mfasession.values import Session

PAUSES = (5.0, 10.0, 15.0)
"""Seconds between two tries: STS knows a device 8 to 14 s later, and AWS counts each try (9 in 3 minutes)."""


def log_in(
    context: "Context",
    profile: "Profile",
    key_id: str,
    device: "Device",
    source: "CodeSource | None",
    *,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> "Session":
    """Make the profile's session with a newly enabled device, and store it as `login` does.

    `source` gives a code that is good already: those of an enrolment are not used up. Without one, and when AWS takes
    it no longer, the profile's own source is asked. Raises as `sessions.session` does.
    """
    if profile.mfa_serial not in ("", device.serial):
        profile = devices.with_device(profile, device.serial)
    state = State(context.environ)
    for pause in (*PAUSES, None):
        state.remember_device(key_id, device)
        try:
            return _made(context, profile, source)
        except DeviceRefused:
            if pause is None:
                raise
            if source is not None:
                # AWS did not look at it.
                state.forget_sent(device.serial, source.ask(CodeRequest(serial=device.serial)))
            say(f"AWS does not know the new device everywhere yet, which takes 8 to 14 s: again in {pause:.0f} s")
            sleep(pause)
        except CodeRefused as refused:
            if source is None:
                raise
            source = None
            say("the device is enabled, but that code is too old now: type the next one")
            try:
                return _made(context, profile, None)
            except InputNeeded:
                raise refused from None
    raise AssertionError("the last pause is None")


def _made(context: "Context", profile: "Profile", source: "CodeSource | None") -> "Session":
    as_login = as_a_login(context)
    as_login.code_source = source
    return session(as_login, profile)


def as_a_login(context: "Context") -> Context:
    """Return the context of a `mfasession login` that is run here."""
    return Context(context.environ, context.request.as_login())
