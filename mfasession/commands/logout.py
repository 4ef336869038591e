"""`mfasession logout`: forget sessions, in every store."""

from contextlib import suppress
from typing import TYPE_CHECKING

from mfasession import profiles
from mfasession.errors import ConfigurationError, MfaSessionError, StoreError
from mfasession.messages import complain, say
from mfasession.profiles import listing
from mfasession.values import Value, held_profile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.stores import SessionStore

SUMMARY = "Forget a session in every store"
EXAMPLES = (
    ("mfasession logout", "forget the session of the default profile"),
    ("mfasession logout --all", "forget all sessions"),
)


class Flags(Value):
    """The flags of `logout`."""

    all: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--all", action="store_true", help="forget the sessions of all profiles")


class _Outcome:
    """What was forgotten, and what was not."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.failures: list[MfaSessionError] = []
        """Of what is known to be there."""
        self.remarks: list[MfaSessionError] = []
        """Of what may be there, or of which a logout has said so before."""


def run(context: "CommandContext", flags: Flags) -> int:
    """Forget the profile's session, or all of them, and say which; and what a store could not remove."""
    outcome = _Outcome()
    profile = None if flags.all else _profile(context)
    wanted = _with_its_own_source(profile) if profile else [None]
    for store in context.stores():
        # One that fails does not keep the next from it.
        try:
            _forget_in(context, store, wanted, outcome)
        except MfaSessionError as failure:
            outcome.failures.append(failure)
    if outcome.forgotten:
        say(f"forgot {', '.join(outcome.forgotten)}; AWS honours a copy elsewhere until it expires")
    elif not outcome.failures:
        say("no session to forget")
    for problem in [*outcome.remarks, *outcome.failures[1:]]:
        complain(problem.message, problem.hint)
    _show_what_stays_here(context, profile)
    if outcome.failures:
        raise outcome.failures[0]
    return 0


def _show_what_stays_here(context: "CommandContext", profile: "Profile | None") -> None:
    """Say that the shell that runs us still has the session, and the line that takes it back: we cannot."""
    held = held_profile(context.environ)
    if not context.environ.get("AWS_SESSION_TOKEN") or not held or (profile and held != profile.name):
        return
    from mfasession import hints, shells

    line = shells.how_to(shells.calling(context.environ, reads_stdout=False), hints.command_line("env", "--unset"))
    complain(f"this shell still holds the session of profile {held}", line)


def _profile(context: "CommandContext") -> "Profile":
    """The profile; what is known from its name alone when it is gone or broken but still has a session."""
    try:
        return context.profile()
    except ConfigurationError:
        name = profiles.chosen(context.options.profile, context.environ, context.config)
        left = listing.unresolved(name, context.aws_files, context.config)
        if not any(left.session_section in store.sections() for store in context.stores()):
            raise
        return left


def _forget_in(
    context: "CommandContext", store: "SessionStore", wanted: "Sequence[Profile | None]", outcome: _Outcome
) -> None:
    store.wait_for_writers()
    left = store.left()
    sections = [section for only in wanted for section in _sections(context, store, only)]
    listed = set(store.sections()).intersection(sections)
    for section in dict.fromkeys([*sections, *left]):
        try:
            if store.forget(section):
                outcome.forgotten.append(f"{section} ({store.name})")
        except StoreError as failure:
            (outcome.failures if section in listed else outcome.remarks).append(failure)


def _sections(context: "CommandContext", store: "SessionStore", only: "Profile | None") -> list[str]:
    """The sections of a profile, or of all: its own, and those of roles that it has assumed without a profile."""
    sections = context.sections(store, only)
    if only is None:
        return sections
    with suppress(StoreError):
        # A damaged list is reported with the profile's own.
        begins = f"{only.name}{profiles.AD_HOC}"
        return sections + [section for section in store.sections() if section.startswith(begins)]
    return sections


def _with_its_own_source(profile: "Profile") -> "list[Profile]":
    """A role that is its own source profile has two sessions: the role's, and the user's that assumed it."""
    source = profile.source
    return [profile, source] if source is not None and source.name == profile.name else [profile]
