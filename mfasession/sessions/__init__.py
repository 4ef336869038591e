"""Sessions: found where they are stored, renewed, created with a code, handed out. On the path of every command."""

import time

from mfasession.values import Secret, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.sessions.context import Context
    from mfasession.values import Session


class SessionRequest(Value):
    """What a command wants of a session. Durations are seconds, and 0 where the profile's own setting counts."""

    profile: str = ""
    """The name given with -p; empty for the profile that is chosen by the environment or the configuration."""
    serial: str = ""
    """Of the MFA device, in place of the profile's own."""
    code: Secret = Secret("")
    """Six digits, or `-` for a code on stdin; empty to ask the profile's source of codes."""
    duration: int = 0
    min_ttl: int = 0
    """Seconds that the session must still live."""
    store: str = ""
    """The store's name, in place of the profile's own."""
    force: bool = False
    """A new session, though the old one is fresh; for `keys`, a new key in place of another one."""
    no_input: bool = False
    """No person is asked."""
    accepts_aging: bool = True
    """A session that should be renewed and cannot be is an answer while it lives."""
    must_keep: bool = False
    """A new session goes to the profile's own store, and it is an error when it cannot be kept there."""
    typed: tuple[str, ...] = ()
    """The words of the command line that a hint repeats, see `hints.repeatable`."""
    login_words: tuple[str, ...] = ()
    """The words of a `login` that a hint repeats; empty for all other commands."""

    def as_login(self, *words: str) -> "SessionRequest":
        """Return the request of a `login`, which is there for the session itself; `words` are those it was run with."""
        return self.replace(accepts_aging=False, must_keep=True, login_words=words)

    def is_met_by(self, session: "Session", margin: int, *, replaced: "Session | None") -> bool:
        """Return whether a session needs no renewal: it is fresh, and with `force` another one than that to replace.

        `margin` is the profile's `refresh_margin` in seconds.
        """
        is_wanted = not self.force or session != replaced
        return is_wanted and session.is_fresh(time.time(), margin, self.min_ttl)

    def accepts(self, session: "Session") -> bool:
        """Return whether a session that should be renewed and cannot be is an answer all the same."""
        if self.force or not self.accepts_aging:
            return False
        now = time.time()
        return session.is_alive(now) and session.expires - now >= self.min_ttl


def session(context: "Context", profile: "Profile") -> "Session":
    """Return a session that meets the context's request: the kept one while it is fresh, else a renewed one.

    Raises whatever keeps a session from being made: InputNeeded, AwsRefused, AwsUnreachable, StoreError, Cancelled.
    """
    kept = context.kept(profile)
    if kept and context.request.is_met_by(kept, profile.settings.refresh_margin, replaced=kept):
        return kept
    from mfasession.sessions import renew

    # The session of a role's source is made the same way.
    return renew.renew(context, profile, kept, session_of=session)


def move_to_store(context: "Context", profile: "Profile", session: "Session") -> None:
    """Keep a session, and that of its source profile, each in the profile's own store and in no other.

    One that is found in the keyring goes to the file only with `--store file`: never by itself to plain text.
    Raises StoreError.
    """
    if profile.source is not None and (source := context.kept(profile.source)) is not None:
        move_to_store(context, profile.source, source)
    store = context.store_of(profile)
    if store.is_plain_text and context.request.store != store.name:
        return
    from mfasession.sessions import renew

    renew.move(context, profile, session, store)
