"""`mfasession logout`: forget sessions, in every store."""

from typing import TYPE_CHECKING

from mfasession.messages import say

if TYPE_CHECKING:
    import argparse

    from mfasession.context import Context

HELP = "forget the session in every store"


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--all", action="store_true", help="the sessions of all profiles")


def run(context: "Context") -> int:
    """Forget the profile's session, or all of them, and say which."""
    wanted = None if context.options.all else context.profile().session_section
    forgotten = [
        f"{section} ({store.name})"
        for store in context.stores()
        for section in store.sections()
        if wanted in (None, section) and store.forget(section)
    ]
    if forgotten:
        say(f"forgot {', '.join(forgotten)}; AWS honours a copy elsewhere until it expires")
    else:
        say("there was no session to forget")
    return 0
