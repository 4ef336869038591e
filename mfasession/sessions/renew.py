"""Renew a session: one lock, one question and one call to AWS, however many processes want it at once."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from mfasession import process_memory, terminal
from mfasession.durations import show
from mfasession.errors import Cancelled, InputNeeded, StoreError
from mfasession.files import locks, paths
from mfasession.messages import say
from mfasession.sessions import destination
from mfasession.sessions.connection import check_key
from mfasession.sessions.create import Creation, forget_elsewhere
from mfasession.sessions.state import State

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.stores import SessionStore
    from mfasession.values import Session

WAIT_WITHOUT_TERMINAL = 20.0
"""Seconds that a process without a terminal waits for one that is asking a person."""
PATIENCE = 300.0
"""Seconds that a process waits for another's login: pinentry gives up after as many, and no call to AWS takes that."""
CANCEL_COOLDOWN = 300.0
"""Seconds that a no holds for commands that can do with the old session: botocore runs one for each of its requests."""


def renew(
    context: "Context",
    profile: "Profile",
    kept: "Session | None",
    *,
    session_of: "Callable[[Context, Profile], Session]",
) -> "Session":
    """Return a renewed session, kept in its store; `session_of` returns that of a role's source profile.

    `kept` is the session known so far, if any. While it lives it is returned when the person cancels, is being asked by
    another process, or cannot answer. Raises InputNeeded, Cancelled, AwsRefused, AwsUnreachable, ConfigurationError,
    StoreError.
    """
    process_memory.deny_ptrace()
    creation = Creation(context, profile)
    if creation.needs_code and not creation.can_ask():
        return _without_asking(context, profile, kept)
    fallback = kept if kept is not None and context.request.accepts(kept) else None
    if fallback is not None and creation.needs_code and _was_refused(context, profile, time.time() - CANCEL_COOLDOWN):
        return fallback
    try:
        with _turn(context, profile, asks=creation.needs_code, waits=fallback is None):
            context.aws_files.reread()
            return _made_meanwhile(context, profile, kept) or _made_now(context, profile, creation, session_of)
    except (Cancelled, InputNeeded, locks.LockTimeout) as reason:
        if fallback is None or not context.request.accepts(fallback):
            raise
        if isinstance(reason, Cancelled):
            left = show(int(fallback.expires - time.time()))
            terminal.say(f"mfasession: going on with the old session, which has {left} left")
        return fallback


def unkept(context: "Context", profile: "Profile") -> "Session":
    """Return a new session of the user for one piece of work; it is kept nowhere.

    Raises InputNeeded, Cancelled, AwsRefused, AwsUnreachable, ConfigurationError.
    """
    creation = Creation(context, profile)
    if not creation.can_ask():
        raise _no_terminal(context, profile, None)
    with _turn(context, profile, asks=True, waits=True):
        return creation.run_unkept()


def move(context: "Context", profile: "Profile", session: "Session", store: "SessionStore") -> None:
    """Keep a session in this store and in no other. Raises StoreError."""
    section = profile.session_section
    kept = store.load(section) if section in store.sections() else None
    if kept is None or kept.access_key_id != session.access_key_id:
        with _turn(context, profile, asks=False, waits=True):
            context.aws_files.reread()
            kept = context.kept(profile) or session
            store.save(section, destination.with_settings(context.aws_files, profile, kept))
    forget_elsewhere(context, section, store.name)


def _without_asking(context: "Context", profile: "Profile", kept: "Session | None") -> "Session":
    if kept is not None and context.request.accepts(kept):
        return kept
    # A shared lock: processes without a terminal look together, and wait only while a person is asked.
    with ExitStack() as waiting:
        try:
            waiting.enter_context(
                locks.hold(
                    _login_lock(context, profile),
                    timeout=WAIT_WITHOUT_TERMINAL,
                    shared=True,
                    waiting=lambda: _say_for_whom(context, profile),
                )
            )
        except locks.LockTimeout:
            raise _no_terminal(context, profile, kept) from None
        context.aws_files.reread()
        session = context.kept(profile)
    if session is not None and context.request.accepts(session):
        return session
    if session is None:
        # Exit 3, not 6: no code would be of use.
        check_key(context.environ, profile)
    raise _no_terminal(context, profile, session)


def _no_terminal(context: "Context", profile: "Profile", kept: "Session | None") -> InputNeeded:
    if kept is not None and kept.is_alive(time.time()):
        left = show(int(kept.expires - time.time()))
        what = f"the session of profile {profile.name} has only {left} left"
        if context.request.force:
            what = f"a new session for profile {profile.name} is wanted"
    elif kept is not None:
        what = f"the session of profile {profile.name} has expired"
    else:
        what = f"there is no session for profile {profile.name}"
    hint = _login_by_hand(context, profile)
    if context.request.no_input:
        return InputNeeded(f"{what}, and --no-input was given", hint)
    if not terminal.is_in_background():
        return InputNeeded(f"{what}, and there is no terminal to ask for a code", hint)
    if terminal.parent() == "timeout":
        hint = f"timeout keeps it from the terminal: timeout --foreground 30 {_login_line(context, profile)}"
    return InputNeeded(f"{what}, and this runs in the background of its terminal, where it cannot ask", hint)


def _login_by_hand(context: "Context", profile: "Profile") -> str:
    """The hint for the session that is missing here: the login with the flags that were given."""
    request = context.request
    if request.login_words:
        words = [word for word in request.login_words if word != "--no-input"]
        line = context.command_line(*words, profile=profile.name)
        return line if request.no_input else f"run it in a terminal, or with the code on stdin: {line} --code -"
    flags = ["--serial", request.serial] if request.serial else []
    flags += ["--force"] if request.force else []
    flags += ["--min-ttl", str(request.min_ttl)] if request.min_ttl else []
    flags += request.flags()
    return context.command_line("login", *flags, profile=profile.name)


def _login_line(context: "Context", profile: "Profile") -> str:
    """The line that logs in, with the flags that were given."""
    return _login_by_hand(context, profile).rpartition(": ")[2].removesuffix(" --code -")


def _made_meanwhile(context: "Context", profile: "Profile", kept: "Session | None") -> "Session | None":
    """Look again under the lock: another process may have renewed the session while this one waited."""
    session = context.kept(profile)
    if session is None:
        return None
    is_met = context.request.is_met_by(session, profile.settings.refresh_margin, replaced=kept)
    return session if is_met else None


def _made_now(
    context: "Context", profile: "Profile", creation: Creation, session_of: "Callable[[Context, Profile], Session]"
) -> "Session":
    """Make the session, unless the person cancelled this same question while we waited."""
    if creation.needs_code and _was_refused(context, profile, context.began):
        raise Cancelled("cancelled with the question of another mfasession")
    try:
        return creation.run(session_of)
    except Cancelled:
        if creation.needs_code:
            with suppress(StoreError):
                State(context.environ).record_refusal(_login_lock(context, profile), os.getsid(0))
        raise


def _was_refused(context: "Context", profile: "Profile", since: float) -> bool:
    return State(context.environ).refused_at(_login_lock(context, profile), os.getsid(0)) > since


@contextmanager
def _turn(context: "Context", profile: "Profile", *, asks: bool, waits: bool) -> Iterator[None]:
    """Hold the lock of this session, and the one of this terminal: two questions on it at once would be garbled.

    Who does not ask leaves the terminal to the renewal of the source profile, which may. Raises locks.LockTimeout when
    another process has a lock and this one does not wait, and InputNeeded when it has waited long enough.
    """
    with ExitStack() as held:
        _take(held, context, profile, _login_lock(context, profile), waits=waits)
        if asks and terminal.is_ours():
            _take(held, context, profile, _terminal_lock(context), waits=waits)
        yield


def _take(held: ExitStack, context: "Context", profile: "Profile", lock: str, *, waits: bool) -> None:
    """Hold a lock. Raises InputNeeded when its holder waits too long for an answer, else locks.LockTimeout."""
    try:
        patience = PATIENCE if waits else 0.0
        held.enter_context(locks.hold(lock, timeout=patience, waiting=lambda: _say_for_whom(context, profile)))
    except locks.LockTimeout:
        if not waits:
            raise
        number = locks.holder(lock)
        raise InputNeeded(
            f"{locks.named_holder(lock)} has not ended its login within {show(int(PATIENCE))}, and profile "
            f"{profile.name} waits for it",
            f"answer its question, or end it: kill {number}" if number else "answer its question, or end it",
        ) from None


def _say_for_whom(context: "Context", profile: "Profile") -> None:
    """Say who keeps us waiting, unless it would garble that one's question on this very terminal."""
    is_ours = terminal.is_ours()
    if locks.is_held(_terminal_lock(context)) and (is_ours or (sys.stderr is not None and sys.stderr.isatty())):
        return
    text = f"waiting for {locks.named_holder(_login_lock(context, profile))}, which logs in for profile {profile.name}"
    if is_ours:
        terminal.say(f"mfasession: {text}")
    else:
        say(text)


def _terminal_lock(context: "Context") -> str:
    return paths.lock_file(context.environ, "terminal", str(os.getsid(0)))


def _login_lock(context: "Context", profile: "Profile") -> str:
    place = os.path.realpath(context.aws_files.credentials_path)
    return paths.lock_file(context.environ, "login", f"{place}\n{profile.session_section}")
