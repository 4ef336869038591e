"""A code for a session: find the device, ask for the code, call STS, keep what comes back."""

import time
from functools import cached_property
from typing import TYPE_CHECKING

from mfasession import codes
from mfasession.asking import Asking
from mfasession.caller import Caller
from mfasession.durations import show
from mfasession.errors import AwsRefused, ConfigurationError, DeviceRefused, StoreError
from mfasession.model import account_of
from mfasession.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable

    from mfasession.codes import CodeSource
    from mfasession.context import Context
    from mfasession.model import Device, Session
    from mfasession.profiles import Profile, Role

CHAINED_MAXIMUM = 3600
"""Seconds that a role assumed from an MFA session lasts at most: AWS counts that as role chaining."""
ROOT_MAXIMUM = 3600
"""Seconds of a root user's session at most (GetSessionToken, STS API reference)."""


class Exchange:
    """One renewal of one profile's session."""

    def __init__(self, context: "Context", profile: "Profile") -> None:
        self._context = context
        self._profile = profile
        self._remembered = Remembered(context.environ)
        self._chained_role = profile.role if _is_chained(profile) else None
        self.needs_code = self._chained_role is None
        """Whether this very renewal takes a code; most roles take the session of their source profile instead."""

    def can_ask(self) -> bool:
        """Whether a code can be had now: given on the command line, from a program, or from a person who is there."""
        source = self._source
        return source.available() and not (source.interactive and self._context.options.no_input)

    def make(self) -> "Session":
        """Make the session and keep it. Raises InputNeeded, Cancelled, AwsRefused, AwsUnreachable, StoreError."""
        store = self._context.store_of_renewed(self._profile)
        section = self._profile.session_section
        # Before a code is spent: what cannot be kept must not be asked for.
        store.check(section)
        if (role := self._profile.role) is not None:
            self._check_min_ttl(min(role.duration, CHAINED_MAXIMUM) if self._chained_role else role.duration)
        made = self._assumed(self._chained_role) if self._chained_role else self._exchanged()
        session = made.replace(region=self._profile.region, instead_of=self._profile.instead_of or made.instead_of)
        store.save(section, session)
        forget_elsewhere(self._context, section, store.name)
        return session

    def make_unkept(self) -> "Session":
        """Make the user's own session and keep it nowhere. Raises as `make`."""
        return self._exchanged()

    def _check_min_ttl(self, longest: int) -> None:
        profile, wanted = self._profile, self._context.options.min_ttl
        if wanted > longest:
            raise ConfigurationError(
                f"a new session of profile {profile.name} lasts {show(longest)}, and --min-ttl wants {show(wanted)}",
                "lower --min-ttl" + ("; a role lasts longer with its duration_seconds" if profile.role else ""),
            )

    def _assumed(self, role: "Role") -> "Session":
        from mfasession.aws import Aws

        if self._profile.source is None:
            raise AssertionError("a role has a source profile")
        base = self._context.session(self._profile.source)
        aws = Aws(self._profile, base, self._context.environ)
        name = _role_session_name(role, base.identity)
        made = aws.assume_role(role, name, duration=min(role.duration, CHAINED_MAXIMUM))
        return made.replace(instead_of=base.instead_of)

    def _exchanged(self) -> "Session":
        caller = Caller(self._context.environ, self._profile)
        device = self._device(caller)
        request = codes.CodeRequest(
            profile=self._profile.name,
            user=device.user,
            account=account_of(device.serial),
            device_name=device.name,
            serial=device.serial,
        )
        asking = Asking(self._source, request, self._remembered)
        try:
            made = asking.exchange(lambda: self._sender(caller, device), prepare=caller.prepare)
        except DeviceRefused:
            # Perhaps it is no longer the user's: the next run looks for it again.
            self._remembered.forget_device(caller.key.access_key_id)
            raise
        self._remembered.remember_device(caller.key.access_key_id, device.replace(user=caller.user() or device.user))
        return made

    def _sender(self, caller: Caller, device: "Device") -> "Callable[[str], Session]":
        aws, identity = caller.ready()
        role = self._profile.role
        if role is not None:
            name = _role_session_name(role, identity.arn)
            return lambda code: aws.assume_role(role, name, duration=role.duration, serial=device.serial, code=code)
        options = self._context.options
        duration = options.duration or max(self._profile.settings.duration, options.min_ttl)
        if identity.is_root:
            self._check_min_ttl(ROOT_MAXIMUM)
            duration = min(duration, ROOT_MAXIMUM)
        return lambda code: aws.session_token(device.serial, code, duration).replace(identity=identity.arn)

    def _device(self, caller: Caller) -> "Device":
        from mfasession import devices
        from mfasession.model import Device

        known = self._remembered.device(caller.key.access_key_id)
        if self._profile.mfa_serial:
            devices.check_serial(self._profile.mfa_serial)
            user = known.user if known else ""
            return Device(serial=self._profile.mfa_serial, user=user)
        if known is not None:
            return known
        aws, identity = caller.ready()
        try:
            listed = aws.mfa_devices()
        except AwsRefused:
            if identity.is_root:
                raise devices.not_told(identity.arn) from None
            raise
        able = devices.usable(listed, identity.user)
        return able[0] if len(able) == 1 else self._chosen(able)

    def _chosen(self, able: "list[Device]") -> "Device":
        from mfasession import terminal
        from mfasession.errors import InputNeeded

        if self._context.options.no_input or not terminal.is_ours():
            raise InputNeeded(
                f"profile {self._profile.name} has {len(able)} MFA devices and none is chosen",
                f"name one as mfa_serial in the profile, or with --serial: {', '.join(each.serial for each in able)}",
            )
        return able[terminal.choose("which MFA device gives the codes?", [device.serial for device in able])]

    @cached_property
    def _source(self) -> "CodeSource":
        if self._context.options.code:
            return codes.given(self._context.options.code.reveal())
        return codes.source_for(self._profile.settings.code, seed_reader=_seed)


def forget_elsewhere(context: "Context", section: str, own: str) -> None:
    """Forget a session in all stores but the one of that name. Raises StoreError when plain text would stay."""
    for other in context.stores():
        if other.name != own and section in other.sections():
            try:
                other.forget(section)
            except StoreError:
                # What stays in a keyring is locked there, and listed: the next login or logout tries again.
                if other.name != "keyring":
                    raise


def _is_chained(profile: "Profile") -> bool:
    if profile.role is None or profile.source is None:
        return False
    return profile.role.duration <= CHAINED_MAXIMUM or profile.source.role is not None


def _role_session_name(role: "Role", identity: str) -> str:
    r"""The configured name, else the user's, which CloudTrail then shows (RoleSessionName: 2..64 of [\w+=,.@-])."""
    user = identity.partition("/")[2].rpartition("/")[2]
    return role.session_name or (user if 2 <= len(user) <= 64 else f"mfasession-{int(time.time())}")


def _seed(serial: str) -> "codes.Secret | None":
    from mfasession.stores.keyring_store import read_seed

    return read_seed(serial)
