"""The flags of every command that hands out a session, for a session other than the one that the profile describes."""

import argparse


def add(parser: argparse.ArgumentParser, *, region_is: str) -> None:
    """Add the flags; `region_is` says what the command does with the region."""
    from mfasession.commands.argument_types import region, session_duration

    parser.add_argument(
        "--duration", metavar="D", type=session_duration, help="how long a new session lasts: 15m to 36h (12h)"
    )
    parser.add_argument("--region", metavar="NAME", type=region, help=region_is)
