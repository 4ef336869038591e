"""`mfasession login`: log in, with one MFA code unless a session is still valid. On the path of every command."""

import sys
import time

from mfasession import sessions
from mfasession.messages import complain, say, until

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.values import Session

SUMMARY = "Log in: ask for one MFA code unless a session is still valid"
EXAMPLES = (
    ("mfasession login", "log in with the default profile"),
    ("mfasession login -p work --duration 1h", "log in with another profile, for one hour"),
    ("mfasession login --all-matching 'prod-*'", "log in with several profiles, with one code for each key"),
)
TAKES_PROFILES = True


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession import plugins
    from mfasession.commands import session_flags, several
    from mfasession.commands.argument_types import code, min_ttl

    parser.add_argument(
        "--code", metavar="C", type=code, help="the MFA code; - reads it from stdin, so that other users cannot see it"
    )
    parser.add_argument("--serial", metavar="S", help="serial number or ARN of the MFA device")
    session_flags.add(parser, region_is="the region whose STS is asked; what is stored keeps the profile's")
    parser.add_argument("--store", choices=plugins.names("stores"), help="where to keep the session")
    parser.add_argument("--force", action="store_true", help="replace the session even if it is still valid")
    parser.add_argument("--min-ttl", metavar="D", type=min_ttl, help="renew if less than this is left")
    several.add_matching(parser)


def run(context: "CommandContext") -> int:
    """Say until when the session is valid; make it first when it must be made."""
    options = context.options
    context.request = context.request.as_login(*(options.typed or ("login",)))
    if options.profiles or options.all_matching:
        from mfasession.commands import login_many

        return login_many.run(context)
    profile = context.profile()
    is_first = sys.stderr.isatty() and _is_first(context, profile)
    session = sessions.session(context, profile)
    sessions.move_to_store(context, profile, session)
    who = f"{context.request.role.arn} from {profile.name}" if context.request.role else profile.name
    say(f"session for {who} until {until(session.expires, time.time())}")
    if not _say_what_wins(context, profile, session) and is_first:
        from mfasession.commands import next_step

        next_step.say_it(context, profile)
    return 0


def _is_first(context: "CommandContext", profile: "Profile") -> bool:
    """Whether no store has a session of this profile, not even one that is over."""
    return all(profile.session_section not in store.sections() for store in context.stores())


def _say_what_wins(context: "CommandContext", profile: "Profile", session: "Session") -> bool:
    """Every SDK takes keys in the environment first, then a key pair in the profile, and says nothing about it.

    Return whether there was such a key.
    """
    wins = False
    if context.environ.get("AWS_ACCESS_KEY_ID", session.access_key_id) != session.access_key_id:
        from mfasession import shells

        wins = True
        shell = shells.calling(context.environ, reads_stdout=False)
        complain(
            "AWS_ACCESS_KEY_ID is set here, and programs take it before the session",
            shells.how_to(shell, context.command_line("env", *context.request.role_flags())),
        )
    if profile.key is not None and profile.serves_itself:
        from mfasession import hints

        name, wins = profile.key_section, True
        complain(
            f"programs take the key pair of profile {name} before its credential_process",
            f"move the key pair to [{name}-key], and let it run: "
            f"{hints.command_line('process', profile=name + '-key')}",
        )
    return wins
