"""`mfasession exec -p a -p b -- CMD …`: CMD for each profile, in parallel; imported only for more than one profile."""

import os
import shutil
import signal
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from mfasession import hints, programs, terminal
from mfasession.commands import several
from mfasession.errors import ConfigurationError, InputNeeded, MfaSessionError, UsageError
from mfasession.messages import complain, say
from mfasession.programs.jobs import Jobs
from mfasession.sessions import environment
from mfasession.sessions.batch import Batch
from mfasession.sessions.create import is_chained
from mfasession.terminal.screen import Screen, join_counts
from mfasession.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.values import Session

JOBS = 4
"""Commands that run at once unless `--jobs` says otherwise."""
NAMED_AT_MOST = 20
"""Failed profiles that the summary names."""
_TICK = 0.2
"""Seconds between two looks at the progress."""


def run(context: "CommandContext") -> int:
    """Run the command for each profile that has a session; 1 when any failed, 130 after ctrl-C."""
    return Many(context).run()


class Many:
    """One run of one command for many profiles."""

    def __init__(self, context: "CommandContext") -> None:
        # A dictionary: each look into `os.environ` encodes a name and decodes a value.
        context.environ = dict(context.environ)
        self._context = context
        self._words = _words(context)
        self._names = several.names(context)
        self._environ = context.environ
        out, err = sys.stdout.fileno(), sys.stderr.fileno()
        self._screen = Screen(out, err, shows=os.isatty(err) and not terminal.is_dumb())
        self._found = shutil.which(self._words[0], path=self._environ.get("PATH")) or ""
        self._jobs = Jobs(self._words, self._screen, self._found)
        self._batch = Batch(context, self._hear)
        self._heard: deque[tuple[Profile, Session | MfaSessionError]] = deque()
        self._ready: deque[tuple[Profile, Session]] = deque()
        self._renewable: set[str] = set()
        """Profiles of roles that came with a fresh session, for which a new one takes no code."""
        self._complaints: set[tuple[str, str]] = set()
        self._failed: dict[str, str] = {}
        self._codes: set[int] = set()
        """Exit codes of what kept sessions from being had."""
        self._done = self._started = 0

    def run(self) -> int:
        """Ask what is to be asked, then run all."""
        sys.stdout.flush()
        sys.stderr.flush()
        if not self._found and os.sep not in self._words[0]:
            # Before a code is asked for.
            missing = programs.CannotRun(programs.NOT_FOUND, "command not found")
            complain(f"{programs.shown(self._words[0])}: {missing.reason}", missing.hint)
            return missing.status
        wanted = self._resolved()
        self._batch.ask(wanted)
        with self._jobs.signals():
            self._batch.start()
            try:
                self._run_all()
            except BrokenPipeError:
                self._jobs.end_all()
                raise
        self._settle()
        if self._jobs.received:
            return self._interrupted()
        self._say_summary()
        return self._exit_code()

    def _run_all(self) -> None:
        while self._count() < len(self._names) or len(self._jobs):
            self._take_in()
            if self._jobs.received and not len(self._jobs):
                break
            self._start_some()
            self._screen.show(self._progress())
            for name, code in self._jobs.wait(_TICK):
                if code == 0:
                    self._done += 1
                else:
                    self._failed[name] = f"exit {code}" if code > 0 else f"signal {-code}"
        self._screen.end()

    def _count(self) -> int:
        """How many have ended, one way or the other."""
        return self._done + len(self._failed)

    def _hear(self, profile: "Profile", outcome: "Session | MfaSessionError") -> None:
        self._heard.append((profile, outcome))
        self._jobs.wake()

    def _take_in(self) -> None:
        while self._heard:
            profile, outcome = self._heard.popleft()
            if isinstance(outcome, MfaSessionError):
                self._fail(profile.name, outcome)
            else:
                self._ready.append((profile, outcome))
                if is_chained(profile) and self._batch.is_fresh(profile, outcome):
                    self._renewable.add(profile.name)

    def _start_some(self) -> None:
        while self._ready and len(self._jobs) < (self._context.options.jobs or JOBS) and not self._jobs.received:
            profile, session = self._ready.popleft()
            if profile.name in self._renewable and not self._batch.is_fresh(profile, session):
                # Once for each time that it came fresh: what cannot be renewed comes back as it is.
                self._renewable.discard(profile.name)
                self._batch.renew(profile, session)
                continue
            if not session.is_alive(time.time()):
                self._fail(profile.name, InputNeeded("the session expired while other commands ran", "run it again"))
                continue
            self._started += 1
            try:
                settings = environment.settings_of(self._context.aws_files, profile, profile.name, self._environ)
                self._screen.end()
                environment.warn_of_region(self._context.aws_files, profile, self._environ)
                self._jobs.start(
                    profile.name,
                    environment.child(
                        self._environ, session, profile.name, settings, region=self._context.request.region
                    ),
                )
            except programs.CannotRun as failure:
                self._failed[profile.name] = failure.reason
            except ConfigurationError as error:
                self._fail(profile.name, error)

    def _fail(self, name: str, error: MfaSessionError) -> None:
        from mfasession import exit_codes

        self._failed[name] = "no session"
        self._codes.add(exit_codes.of(error))
        if (error.message, error.hint) not in self._complaints:
            self._complaints.add((error.message, error.hint))
            self._screen.end()
            complain(f"{name}: {error.message}", error.hint)
            sys.stderr.flush()

    def _resolved(self) -> "list[Profile]":
        """The profiles of the names, each once; a wrong one is reported and the others run."""
        found = several.resolved(self._context, self._names, self._fail)
        self._names = [name for name, _ in found]
        return [profile for _, profile in found if profile is not None]

    def _settle(self) -> None:
        try:
            self._batch.forget_stale()
        except MfaSessionError as error:
            complain(error.message, error.hint)

    def _progress(self) -> str:
        left = len(self._names) - self._count() - len(self._jobs)
        parts = ((self._done, "done"), (len(self._failed), "failed"), (len(self._jobs), "running"), (left, "to come"))
        return f"mfasession: {join_counts(parts)}"

    def _say_summary(self) -> None:
        failed = [f"{name} ({reason})" for name, reason in self._failed.items()]
        more = [f"{len(failed) - NAMED_AT_MOST} more"] if len(failed) > NAMED_AT_MOST else []
        named = f": {', '.join([*failed[:NAMED_AT_MOST], *more])}" if failed else ""
        left = len(self._names) - self._count()
        parts = ((self._done, "done"), (left, "not run"), (len(failed), "failed"))
        say(f"{counted(len(self._names), 'profile')}: {join_counts(parts)}{named}")

    def _interrupted(self) -> int:
        self._say_summary()
        number = self._jobs.received
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.stderr.flush()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        return 128 + number

    def _exit_code(self) -> int:
        if not self._failed:
            return 0
        # Nothing has run and all for one reason: as when there is one profile.
        return next(iter(self._codes)) if not self._started and len(self._codes) == 1 else 1


def _options(names: "Sequence[str]") -> "list[str]":
    """The -p of each name, for a hint."""
    return [word for name in names for word in ("-p", name)]


def _words(context: "CommandContext") -> tuple[str, ...]:
    options = context.options
    named = _options(several.named(options))
    if not options.profiles and not options.all_matching:
        raise UsageError("--jobs needs several profiles", "name them with -p, or with --all-matching 'prod-*'")
    if options.server:
        serving = hints.command_line("serve", *(named or _options(["NAME"])))
        raise UsageError("--server takes one profile", f"{serving} has an endpoint for many")
    if not options.words:
        again = hints.command_line(*options.typed, *named, "--", "aws", "s3", "ls")
        raise UsageError("no command to run", f"put it behind --: {again}")
    return options.words
