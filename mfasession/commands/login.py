"""`mfasession login`: have a valid session, with one code when there is none."""

import time
from typing import TYPE_CHECKING

from mfasession.messages import say, until

if TYPE_CHECKING:
    import argparse

    from mfasession.context import Context

HELP = "have a valid session: one code when there is none"


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.arguments import code, min_ttl, session_duration

    parser.add_argument("--code", metavar="C", type=code, help="the six digits, or - to read one line from stdin")
    parser.add_argument("--serial", metavar="S", help="serial number or ARN of the MFA device")
    parser.add_argument(
        "--duration", metavar="D", type=session_duration, help="life of a new session: 15m to 36h (12h)"
    )
    parser.add_argument("--store", choices=("file", "keyring"), help="where to keep the session")
    parser.add_argument("--force", action="store_true", help="make a new session though the old one is valid")
    parser.add_argument("--min-ttl", metavar="D", type=min_ttl, help="renew when less than this is left")


def run(context: "Context") -> int:
    """Say until when the session is valid; make it first when it must be made."""
    profile = context.profile()
    session = context.session(profile)
    say(f"session for {profile.name} until {until(session.expires, time.time())}")
    return 0
