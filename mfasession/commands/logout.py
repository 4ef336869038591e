"""`mfasession logout`: forget sessions, in every store."""

from typing import TYPE_CHECKING

from mfasession import profiles
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.messages import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from mfasession.context import Context
    from mfasession.profiles import Profile

HELP = "forget the session in every store"


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--all", action="store_true", help="the sessions of all profiles")


def run(context: "Context") -> int:
    """Forget the profile's session, or all of them, and say which."""
    failures: list[MfaSessionError] = []
    forgotten = list(_forgotten(context, failures))
    if forgotten:
        say(f"forgot {', '.join(forgotten)}; AWS honours a copy elsewhere until it expires")
    if failures:
        raise failures[0]
    if not forgotten:
        say("there was no session to forget")
    return 0


def _profile(context: "Context") -> "Profile":
    """The profile, or what its name tells when it is gone or its key is wrong and a session is still kept for it."""
    try:
        return context.profile()
    except ConfigurationError:
        name = profiles.chosen(context.options.profile, context.environ, context.config)
        left = profiles.unresolved(name, context.aws_files, context.config)
        if not any(left.session_section in store.sections() for store in context.stores()):
            raise
        return left


def _forgotten(context: "Context", failures: list[MfaSessionError]) -> "Iterator[str]":
    """Forget in one store after the other; one that fails does not keep the next from it."""
    wanted = [None] if context.options.all else _with_its_own_source(_profile(context))
    for store in context.stores():
        try:
            _wait_for_writers(context, store.name)
            for only in wanted:
                for section in context.sections(store, only):
                    if store.forget(section):
                        yield f"{section} ({store.name})"
        except MfaSessionError as failure:
            failures.append(failure)


def _wait_for_writers(context: "Context", store: str) -> None:
    """Half a file, which another tool is writing, would hide a session."""
    if store == "file":
        from mfasession import editing

        editing.wait(context.aws_files.credentials_path)
        context.aws_files.reread()


def _with_its_own_source(profile: "Profile") -> "list[Profile]":
    """A role that is its own source profile has two sessions: the role's, and the user's that assumed it."""
    source = profile.source
    return [profile, source] if source is not None and source.name == profile.name else [profile]
