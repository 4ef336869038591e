"""The flags of every command that hands out a session, for a session other than the one that the profile describes."""

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    from mfasession.commands.argument_types import session_duration

    parser.add_argument(
        "--duration", metavar="D", type=session_duration, help="how long a new session lasts: 15m to 36h (12h)"
    )
