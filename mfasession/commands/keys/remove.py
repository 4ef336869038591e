"""`mfasession keys remove`: forget a long-term key and its sessions; with `--in-aws`, delete it at AWS too."""

from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.commands.keys.common import exit_code
from mfasession.errors import Cancelled, InputNeeded
from mfasession.keys import locate, protect
from mfasession.messages import say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Remove your key and its sessions from this computer, with --in-aws from AWS too"


class Flags(Value):
    """The flags of `keys remove`."""

    in_aws: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    from mfasession.commands.argument_types import code

    parser.add_argument("--in-aws", action="store_true", help="delete the key at AWS too")
    parser.add_argument("--code", metavar="C", type=code, help="the MFA code; - reads it from stdin")
    parser.add_argument("--serial", metavar="S", help="serial number or ARN of the MFA device")
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def run(context: "CommandContext", flags: Flags) -> int:
    """Remove the key, once that is agreed to."""
    profile = locate.owner(context)
    removal = protect.Removal(context, profile)
    if not removal.held:
        say(f"profile {profile.key_section} has no long-term key here")
        return exit_code(removal.run())
    keys = ", ".join(f"{each.key_id} ({each.place.where})" for each in removal.held)
    fate = "delete it at AWS too" if flags.in_aws else "AWS honours it until it is deleted there: --in-aws does that"
    if not flags.yes:
        if context.options.no_input or not terminal.is_ours():
            raise InputNeeded(f"there is no terminal to confirm the removal of {keys}", context.again("--yes"))
        if not terminal.agrees(f"remove the key of profile {profile.key_section}, {keys}, and {fate}?"):
            raise Cancelled("cancelled, and nothing was changed")
    missing = removal.delete_in_aws() if flags.in_aws else []
    failures = removal.run()
    say(f"removed {keys} and its sessions")
    for key_id in removal.key_ids:
        if key_id in missing:
            say(f"{key_id} is not among the keys that AWS has of this user")
        elif flags.in_aws:
            say(f"{key_id} is deleted at AWS")
        else:
            say(f"AWS honours {key_id} until it is deleted there: IAM console, Security credentials")
    return exit_code(failures)
