"""`mfasession login -p a -p b`: sessions of several profiles; imported only for more than one profile.

One code is asked for each long-term key; the roles follow from its session, all at once.
"""

import sys
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

from mfasession import exit_codes, sessions
from mfasession.commands import several
from mfasession.errors import MfaSessionError, UsageError
from mfasession.messages import complain, until
from mfasession.sessions.batch import Batch
from mfasession.sessions.create import is_chained
from mfasession.text import in_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.values import Session

_ONE = "mfasession login -p NAME"


def run(context: "CommandContext") -> int:
    """Log in with all, and show what became of each; the exit code is the first failure's."""
    if context.request.serial:
        raise UsageError("--serial is for one profile", f"log in with one after the other: {_ONE} --serial S")
    many = _Many(context)
    shows_next = sys.stderr.isatty()
    before = {section for store in context.stores() for section in store.sections()} if shows_next else set()
    many.log_in()
    sys.stderr.write(many.table())
    if shows_next:
        from mfasession.commands import next_step

        # Every morning would be too often.
        next_step.say_for_several(context, [each for each, _ in many.made if each.session_section not in before])
    return many.exit_code()


class _Many:
    """One login with several profiles."""

    def __init__(self, context: "CommandContext") -> None:
        self._context = context
        self._failed: dict[str, MfaSessionError] = {}
        self._complaints: set[tuple[str, str]] = set()
        found = several.resolved(context, several.names(context), self._fail)
        self._names = [name for name, _ in found]
        self._profiles = [profile for _, profile in found if profile is not None]
        _check_code(context, self._profiles)
        self.made: list[tuple[Profile, Session]] = []

    def log_in(self) -> None:
        """Ask for the codes, wait for the roles, and keep each session in its profile's own store. Raises Cancelled."""
        heard: SimpleQueue[tuple[Profile, Session | MfaSessionError]] = SimpleQueue()
        batch = Batch(self._context, lambda profile, outcome: heard.put((profile, outcome)))
        batch.ask(self._profiles)
        batch.start()
        for _ in self._profiles:
            profile, outcome = heard.get()
            if isinstance(outcome, MfaSessionError):
                self._fail(profile.name, outcome)
            else:
                self.made.append((profile, outcome))
        try:
            batch.forget_stale()
        except MfaSessionError as error:
            complain(error.message, error.hint)
        # The batch has written with files of its own.
        self._context.aws_files.reread()
        for profile, session in self.made:
            try:
                sessions.move_to_store(self._context, profile, session)
            except MfaSessionError as error:
                self._fail(profile.name, error)

    def table(self) -> str:
        """Return a line for each profile, in the order in which they were named."""
        now = time.time()
        ends = {profile.name: f"until {until(session.expires, now)}" for profile, session in self.made}
        results: Mapping[str, str] = {**ends, **dict.fromkeys(self._failed, "failed")}
        return in_columns([("PROFILE", "SESSION"), *((name, results[name]) for name in self._names)])

    def exit_code(self) -> int:
        """Return the exit code of the first profile that failed; 0 without one."""
        first = next((self._failed[name] for name in self._names if name in self._failed), None)
        return exit_codes.of(first) if first else 0

    def _fail(self, name: str, error: MfaSessionError) -> None:
        self._failed[name] = error
        # Roles of one source fail for one reason.
        if (error.message, error.hint) not in self._complaints:
            self._complaints.add((error.message, error.hint))
            complain(f"{name}: {error.message}", error.hint)


def _check_code(context: "CommandContext", profiles: "list[Profile]") -> None:
    """Raise UsageError for one code and several keys."""
    keys = {_root(profile).session_section for profile in profiles}
    if context.request.code and len(keys) > 1:
        raise UsageError(f"these profiles need {len(keys)} codes, and --code gives one", f"one after the other: {_ONE}")


def _root(profile: "Profile") -> "Profile":
    """Return the profile whose code makes the session."""
    while is_chained(profile) and profile.source is not None:
        profile = profile.source
    return profile
