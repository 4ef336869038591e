"""A code for a session: find the device, ask for the code, call STS, keep what comes back."""

import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from mfasession import codes, messages, profiles
from mfasession.aws.errors import DeviceRefused
from mfasession.durations import show
from mfasession.errors import AwsRefused, ConfigurationError, StoreError
from mfasession.profiles import AD_HOC, CHAINED_MAXIMUM, role_request
from mfasession.sessions import destination, duration
from mfasession.sessions.attempts import CodeAttempts
from mfasession.sessions.connection import Connection
from mfasession.sessions.state import State
from mfasession.totp import STEP
from mfasession.values import account_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mfasession.aws.client import Aws
    from mfasession.aws.model import Device
    from mfasession.codes import CodeRequest, CodeSource
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.stores import SessionStore
    from mfasession.values import Role, Secret, Session

ROOT_MAXIMUM = 3600
"""Seconds of a root user's session at most (GetSessionToken, STS API reference)."""


class Creation:
    """One new session of one profile."""

    def __init__(self, context: "Context", profile: "Profile") -> None:
        self._context = context
        self._profile = profile
        self._state = State(context.environ)
        self._store: SessionStore | None = None
        self.needs_code = not is_chained(profile)
        """Whether this session takes a code; most roles take the session of their source profile instead."""

    def can_ask(self) -> bool:
        """Whether a code can be had now: given on the command line, from a program, or from a person at a terminal."""
        source = self._source
        return source.available() and not (source.interactive and self._context.request.no_input)

    def run(self, session_of: "Callable[[Context, Profile], Session]") -> "Session":
        """Create the session and keep it; `session_of` returns that of a role's source profile.

        Raises InputNeeded, Cancelled, AwsRefused, AwsUnreachable, StoreError.

        A session that cannot be kept though all was well before serves the command in hand all the same: for a login
        alone it is an error.
        """
        self._check_duration()
        store = self._store = self._context.store_of_renewed(self._profile)
        section = self._profile.session_section
        # Before a code is spent: what cannot be kept must not be asked for.
        store.reserve(section)
        try:
            check_role(self._profile, self._context.request.min_ttl)
            session = self._own() if self.needs_code else self._assumed(session_of)
            try:
                store.save(section, destination.with_settings(self._context.aws_files, self._profile, session))
            except (ConfigurationError, StoreError) as failure:
                say_unkept(self._context, failure, is_code_used=self.needs_code)
                return session
        finally:
            store.release()
        if AD_HOC in section:
            _forget_ended_roles(store)
        try:
            forget_elsewhere(self._context, section, store.name)
        except StoreError as failure:
            if self._context.request.must_keep:
                raise
            messages.complain(failure.message, failure.hint)
        return session

    def run_unkept(self) -> "Session":
        """Create a session with a code and keep it nowhere. Raises as `run`."""
        self._check_duration()
        return self._create_session()

    def _check_duration(self) -> None:
        """Raise ConfigurationError for a wrong MFASESSION_DURATION, before a code is asked for or space is kept."""
        if self.needs_code and self._profile.role is None:
            duration.of_new(self._context, self._profile)

    def _own(self) -> "Session":
        role = self._profile.role
        if role is not None and self._source.interactive:
            from mfasession import terminal

            terminal.say(
                f"mfasession: {show(role.duration)} of profile {self._profile.name} take a code of their own: AWS "
                f"gives a role {show(CHAINED_MAXIMUM)} at most from the session of profile {_user(self._profile).name}"
            )
        made = self._create_session()
        return _bound(made, self._profile, self._profile.instead_of)

    def _assumed(self, session_of: "Callable[[Context, Profile], Session]") -> "Session":
        from mfasession.aws.client import Aws

        profile, environ = self._profile, self._context.environ
        if profile.source is None:
            raise AssertionError("a role has a source profile")
        _tell_which_device(self._context, profile)
        base = session_of(self._context, profile.source)
        return assumed(profile, base, Aws(profile, base, environ))

    def _create_session(self) -> "Session":
        connection = Connection(self._context.environ, self._profile, no_input=self._context.request.no_input)
        device = self._device(connection)
        request = codes.CodeRequest(
            profile=self._profile.name,
            user=device.user,
            account=account_of(device.serial),
            device_name=device.name,
            serial=device.serial,
        )
        attempts = CodeAttempts(self._source, request, self._state)
        try:
            prepare = self._prepared(connection)
            made = attempts.run(lambda: self._sender(connection, device), prepare=prepare)
        except DeviceRefused:
            # Perhaps it is no longer the user's: the next run looks for it again.
            with suppress(StoreError):
                self._state.forget_device(connection.key.access_key_id)
            raise
        with suppress(StoreError):
            # It is found again; what AWS has given must not be lost for it.
            self._state.remember_device(
                connection.key.access_key_id, device.replace(user=connection.user() or device.user)
            )
        return made

    def _prepared(self, connection: Connection) -> "Callable[[CodeRequest], CodeRequest]":
        def prepare(request: "CodeRequest") -> "CodeRequest":
            found = connection.prepare(request)
            if self._store is not None:
                # What sends the code may have read the AWS files.
                self._store.restart_watch()
            return found

        return prepare

    def _sender(self, connection: Connection, device: "Device") -> "Callable[[str], Session]":
        aws, identity = connection.ready()
        role = self._profile.role
        if role is not None:
            name = role_session_name(role, identity.arn)
            return lambda code: aws.assume_role(
                role, name, duration=role.duration, serial=device.serial, code=code, profile=self._profile.name
            )
        seconds = duration.of_new(self._context, self._profile)
        if identity.is_root:
            _check_min_ttl(self._profile, ROOT_MAXIMUM, self._context.request.min_ttl)
            seconds = min(seconds, ROOT_MAXIMUM)
        return lambda code: aws.session_token(device.serial, code, seconds).replace(identity=identity.arn)

    def _device(self, connection: Connection) -> "Device":
        from mfasession.aws.model import Device
        from mfasession.sessions import devices

        known = self._state.device(connection.key.access_key_id)
        if serial := self._profile.mfa_serial or self._profile.suggested_serial:
            devices.check_serial(serial)
            return Device(serial=serial, user=known.user if known else "")
        if known is not None:
            return known
        aws, identity = connection.ready()
        try:
            listed = aws.mfa_devices()
        except AwsRefused:
            if identity.is_root:
                raise devices.root_devices_unknown(identity.arn) from None
            raise
        enroll = self._context.command_line("mfa", "enroll", profile=self._profile.name)
        able = devices.usable(listed, identity.user, enroll)
        return able[0] if len(able) == 1 else self._chosen(able)

    def _chosen(self, able: "list[Device]") -> "Device":
        from mfasession import terminal
        from mfasession.errors import InputNeeded

        if self._context.request.no_input or not terminal.is_ours():
            raise InputNeeded(
                f"profile {self._profile.name} has {len(able)} MFA devices and none is chosen",
                f"name one as mfa_serial in the profile, or with --serial: {', '.join(each.serial for each in able)}",
            )
        return able[terminal.choose("which MFA device gives the codes?", [device.serial for device in able])]

    @cached_property
    def _source(self) -> "CodeSource":
        if self._context.code_source is not None:
            return self._context.code_source
        if self._context.request.code:
            return codes.given(self._context.request.code.reveal())
        return codes.source_for(self._profile.settings.code, seed_reader=self._seed)

    def _seed(self, serial: str) -> "Secret | None":
        from mfasession.stores.encrypted.seeds import Seeds

        keys_in, no_input = self._profile.settings.keys_in, self._context.request.no_input
        return Seeds(self._context.environ, keys_in, no_input=no_input).read(serial)


def say_unkept(context: "Context", failure: "ConfigurationError | StoreError", *, is_code_used: bool) -> None:
    """Say why a new session is not kept, and what that costs. Raises StoreError instead for a login."""
    hint = failure.hint
    if is_code_used:
        left = int(STEP - time.time() % STEP) + 1
        hint += f"; this code is spent, and the next one comes in {left} s"
    if context.request.must_keep:
        raise StoreError(f"AWS gave a session, but it is not kept: {failure.message}", hint) from None
    messages.complain(f"the session serves this command alone, because it is not kept: {failure.message}", hint)


def forget_elsewhere(context: "Context", section: str, own: str) -> None:
    """Forget a session in all stores but the one of that name. Raises StoreError when plain text would stay."""
    forget_all_elsewhere(context, {section: own})


def forget_all_elsewhere(context: "Context", kept: "Mapping[str, str]") -> None:
    """Forget several sessions in all stores but their own, by sections. Raises StoreError as `forget_elsewhere`."""
    for other in context.stores():
        moved = [section for section, own in kept.items() if own != other.name]
        listed = other.sections() if moved else []
        for section in moved:
            if section in listed:
                _forget(other, section)


def _forget(store: "SessionStore", section: str) -> None:
    try:
        store.forget(section)
    except StoreError:
        # What stays in a locked keyring is still listed: the next login or logout tries again.
        if store.is_plain_text:
            raise


def _forget_ended_roles(store: "SessionStore") -> None:
    """Forget the sessions of roles without a profile that have ended: no later run would replace them."""
    # They are in nobody's way: what cannot be read or removed stays.
    with suppress(ConfigurationError, StoreError):
        for section in store.sections():
            session = store.load(section) if AD_HOC in section else None
            if session is not None and not session.is_alive(time.time()):
                store.forget(section)


def is_chained(profile: "Profile") -> bool:
    """Return whether a role is assumed with the session of its source profile; else a code of its own is needed."""
    return profile.role is not None and (profile.role.duration <= CHAINED_MAXIMUM or _has_role(profile.source))


def check_role(profile: "Profile", min_ttl: int = 0) -> None:
    """Raise ConfigurationError for what AWS would refuse of a role or of those it is assumed through; else nothing."""
    if profile.role is not None:
        _check_min_ttl(profile, profile.role.duration, min_ttl)
    at: Profile | None = profile
    while at is not None and at.role is not None:
        role_request.parameters(at.role, at.name)
        at = at.source


def assumed(profile: "Profile", base: "Session", aws: "Aws") -> "Session":
    """Assume the role of a profile with the session of its source, as which `aws` asks; it is not kept yet.

    Raises AwsRefused, AwsUnreachable, ConfigurationError.
    """
    if profile.role is None:
        raise AssertionError("only a role is assumed")
    name = role_session_name(profile.role, base.identity)
    made = aws.assume_role(profile.role, name, duration=profile.role.duration, profile=profile.name)
    return _bound(made, profile, base.instead_of)


def _bound(session: "Session", profile: "Profile", instead_of: str) -> "Session":
    return session.replace(region=profile.region, instead_of=instead_of, role_options=profiles.role_options(profile))


def _has_role(profile: "Profile | None") -> bool:
    return profile is not None and profile.role is not None


def _user(profile: "Profile") -> "Profile":
    """The user's profile at the end of a chain of roles."""
    return profile if profile.source is None else _user(profile.source)


def _tell_which_device(context: "Context", profile: "Profile") -> None:
    """Say before a question that it is not the role's device whose code is wanted (99designs/aws-vault#525, #648)."""
    from mfasession import terminal
    from mfasession.sessions import devices

    user = _user(profile)
    kept, named = context.kept(user), profile.suggested_serial
    if not user.mfa_serial or named in ("", user.mfa_serial):
        return
    if kept is None or not kept.is_fresh(time.time(), user.settings.refresh_margin):
        terminal.say(
            f"mfasession: profile {profile.name} names device {devices.shown(named)}, and its session comes from that "
            f"of profile {user.name}, which names {devices.shown(user.mfa_serial)}: the code is that one's"
        )


def _check_min_ttl(profile: "Profile", longest: int, wanted: int) -> None:
    if wanted > longest:
        raise ConfigurationError(
            f"a new session of profile {profile.name} lasts {show(longest)}, and --min-ttl wants {show(wanted)}",
            "lower --min-ttl" + (f"; a role lasts longer with {_longer(profile)}" if profile.role else ""),
        )


def _longer(profile: "Profile") -> str:
    return "--duration" if AD_HOC in profile.session_section else "its duration_seconds"


def role_session_name(role: "Role", identity: str) -> str:
    r"""Return the configured name, else the user's, for CloudTrail (RoleSessionName: 2..64 of [\w+=,.@-])."""
    user = identity.partition("/")[2].rpartition("/")[2]
    return role.session_name or (user if 2 <= len(user) <= 64 else f"mfasession-{int(time.time())}")
