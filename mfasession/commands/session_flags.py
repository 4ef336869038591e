"""The flags of every command that hands out a session, for a session other than the one that the profile describes."""

import argparse
from typing import TYPE_CHECKING

from mfasession.durations import show
from mfasession.errors import UsageError
from mfasession.profiles import ad_hoc
from mfasession.values import Role

if TYPE_CHECKING:
    from mfasession.commands import Options


def add(parser: argparse.ArgumentParser, *, region_is: str) -> None:
    """Add the flags; `region_is` says what the command does with the region."""
    from mfasession.commands.argument_types import region, session_duration

    parser.add_argument(
        "--duration",
        metavar="D",
        type=session_duration,
        help="how long a new session lasts: 15m to 36h (12h); with --role-arn the role's: 15m to 12h (1h)",
    )
    parser.add_argument("--region", metavar="NAME", type=region, help=region_is)
    add_role(parser)


def add_role(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a role without a profile."""
    from mfasession.commands.argument_types import external_id, role_arn, role_session_name

    parser.add_argument(
        "--role-arn", metavar="ARN", type=role_arn, help="assume this role with the profile's session, and use it"
    )
    parser.add_argument("--external-id", metavar="ID", type=external_id, help="what the role's account asks for")
    parser.add_argument(
        "--role-session-name", metavar="NAME", type=role_session_name, help="the name in AWS's logs (the user's)"
    )


def role(options: "Options") -> Role:
    """Return the role that the flags name. Raises UsageError for flags that have no role, or no such one."""
    if not options.role_arn:
        flag = "--external-id" if options.external_id else "--role-session-name"
        raise UsageError(f"{flag} is for a role", "name it: --role-arn ARN")
    if options.profiles or options.all_matching:
        raise UsageError("--role-arn takes one profile, whose session assumes the role", "name one with -p")
    if options.duration > ad_hoc.MAXIMUM:
        raise UsageError(
            f"--duration {show(options.duration)} is more than AWS gives a role, {show(ad_hoc.MAXIMUM)} at most",
            "lower --duration",
        )
    return Role(
        arn=options.role_arn,
        external_id=options.external_id,
        session_name=options.role_session_name,
        duration=options.duration or ad_hoc.LIFE,
    )
