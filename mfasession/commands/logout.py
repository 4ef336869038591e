"""`mfasession logout`: forget sessions, in every store."""

from typing import TYPE_CHECKING

from mfasession.errors import MfaSessionError
from mfasession.messages import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from mfasession.context import Context

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


def _forgotten(context: "Context", failures: list[MfaSessionError]) -> "Iterator[str]":
    """Forget in one store after the other; one that fails does not keep the next from it."""
    only = None if context.options.all else context.profile()
    for store in context.stores():
        try:
            for section in context.sections(store, only):
                if store.forget(section):
                    yield f"{section} ({store.name})"
        except MfaSessionError as failure:
            failures.append(failure)
