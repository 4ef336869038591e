"""What AWS says of the chosen profile's long-term key: reached, clock, key, device, and whether MFA is enforced."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mfasession import hints
from mfasession.aws.errors import Denied
from mfasession.errors import AwsRefused, AwsUnreachable, ConfigurationError, MfaSessionError
from mfasession.keys import locate
from mfasession.sessions import devices
from mfasession.sessions.connection import find_key
from mfasession.setup.checks import WARNING, Finding, Seen

if TYPE_CHECKING:
    from mfasession.aws.client import Identity
    from mfasession.aws.model import Device
    from mfasession.aws.probe import Probe
    from mfasession.profiles import Profile
    from mfasession.sessions import Context

ASKS_AWS = True
SECONDS = 15.0
"""For all calls together."""
LARGEST_OFFSET = 300
"""Seconds between the clocks: some services refuse a request beyond five minutes, STS and IAM beyond fifteen (AWS
General Reference, "Signature Version 4")."""
OLD = 90
"""Days after which a key is to be replaced (CIS AWS Foundations Benchmark, "access keys are rotated every 90 days")."""
_DAY = 86_400


def check(context: "Context") -> Iterator[Finding | Seen]:
    """Yield what AWS answers. Nothing is asked without a key, and no person is asked for a code."""
    from mfasession.aws.answers import CLOCK_SKEW
    from mfasession.aws.probe import Probe

    try:
        owner = locate.owner(context)
        key = find_key(context.environ, owner, no_input=True)
        probe = Probe(owner, key, context.environ, SECONDS)
    except MfaSessionError as fault:
        # Other checks report it.
        yield Seen(what="AWS", found=f"not asked: {fault.message}")
        return
    try:
        identity = probe.identity()
    except AwsUnreachable as fault:
        yield Finding(name="aws-unreachable", message=fault.message, hint=fault.hint, profile=owner.name)
        return
    except AwsRefused as fault:
        yield from _clock(probe)
        if abs(probe.clock_offset or 0) < CLOCK_SKEW:
            yield Finding(name="key-refused", message=fault.message, hint=fault.hint, profile=owner.name)
        return
    yield Seen(what="AWS", found=f"answers key {key.access_key_id} as {identity.arn}")
    yield from _clock(probe)
    if identity.is_root:
        yield _root(owner)
        return
    yield from _devices(context, probe, owner, identity)
    yield from _enforcement(probe, owner, identity)
    yield from _age(context, owner, identity, key.access_key_id)


def _clock(probe: "Probe") -> Iterator[Finding | Seen]:
    """Yield the clock's offset where the answer had a date; as a finding when AWS may refuse requests for it."""
    if probe.clock_offset is None:
        return
    seconds = round(probe.clock_offset)
    if abs(seconds) > LARGEST_OFFSET:
        yield Finding(
            name="clock-off",
            message=f"this computer's clock is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} AWS's",
            hint="set the clock; on systemd: timedatectl set-ntp true",
        )
    else:
        yield Seen(what="clock", found=f"{abs(seconds)} s from AWS's")


def _root(owner: "Profile") -> Finding:
    return Finding(
        name="key-of-root-user",
        message=f"the key of profile {owner.name} is the root user's, which no policy restricts",
        hint=f"{hints.command_line('keys', 'add', '--force', profile=owner.key_section)}, with the key of an IAM user",
        severity=WARNING,
        profile=owner.name,
    )


def _devices(context: "Context", probe: "Probe", owner: "Profile", identity: "Identity") -> Iterator[Finding | Seen]:
    """Yield whether the device that the profile names is the user's, or whether there is one that gives codes."""
    serial = owner.mfa_serial or owner.suggested_serial
    enroll = context.command_line("mfa", "enroll")
    try:
        listed = probe.mfa_devices()
        if serial not in [each.serial for each in listed]:
            yield from _of_another(context, owner, identity, serial, listed)
        able = devices.usable(listed, identity.user, enroll)
    except ConfigurationError as fault:
        yield Finding(name="no-usable-device", message=fault.message, hint=fault.hint, profile=owner.name)
    except MfaSessionError as fault:
        if serial:
            yield Seen(what="MFA devices", found=f"not listed: {fault.message}")
        else:
            yield Finding(name="device-unknown", message=fault.message, hint=fault.hint, profile=owner.name)
    else:
        yield Seen(what="MFA devices", found=", ".join(each.serial for each in able))


def _of_another(
    context: "Context", owner: "Profile", identity: "Identity", serial: str, listed: "Sequence[Device]"
) -> Iterator[Finding]:
    try:
        devices.check_serial(serial)
    except ConfigurationError:
        # None is named, or the check of the profiles says what is wrong with it.
        return
    if listed:
        yield Finding(
            name="device-of-another",
            message=f"profile {owner.name} names the device {serial}, which user {identity.user} does not have",
            hint=f"put one of {context.command_line('mfa', 'list')} into mfa_serial, or remove that line",
            profile=owner.name,
        )


def _enforcement(probe: "Probe", owner: "Profile", identity: "Identity") -> Iterator[Finding | Seen]:
    """Yield whether AWS lets the long-term key do what the rule denies without MFA."""
    tried = probe.tried()
    allowed = [action for action, is_allowed in tried.items() if is_allowed]
    if allowed:
        yield Finding(
            name="mfa-not-enforced",
            message=f"AWS lets user {identity.user} do {' and '.join(allowed)} without MFA",
            hint="ask your administrator for this policy: mfasession policy show",
            severity=WARNING,
            profile=owner.name,
        )
    elif tried:
        yield Seen(what="without MFA", found=f"AWS denies {' and '.join(tried)}")


def _age(context: "Context", owner: "Profile", identity: "Identity", key_id: str) -> Iterator[Finding | Seen]:
    """Yield the age of the key, which AWS shows only to a session with MFA, and whether AWS takes that session."""
    from mfasession.aws.probe import Probe

    session = context.kept(owner)
    if session is None or not session.is_alive(time.time()):
        yield Seen(what="key's age", found="shown only while there is a session")
        return
    try:
        keys = Probe(owner, session, context.environ, SECONDS / 3).access_keys(identity.user)
    except (Denied, AwsUnreachable) as fault:
        yield Seen(what="key's age", found=f"not shown: {fault.message}")
        return
    except AwsRefused as fault:
        yield Finding(
            name="session-refused",
            message=f"AWS refuses the session of profile {owner.name}: {fault.message}",
            hint=context.command_line("login", "--force"),
            profile=owner.name,
        )
        return
    for each in keys:
        if each.access_key_id == key_id:
            yield from _of_age(context, owner, int(time.time() - each.created) // _DAY)


def _of_age(context: "Context", owner: "Profile", days: int) -> Iterator[Finding | Seen]:
    if days <= OLD:
        yield Seen(what="key's age", found=f"{days} days")
        return
    yield Finding(
        name="old-key",
        message=f"the long-term key of profile {owner.name} is {days} days old",
        hint=context.command_line("keys", "rotate"),
        severity=WARNING,
        profile=owner.name,
    )
