"""`mfasession keys protect`: move a long-term key from plain text into the keyring."""

from shlex import quote
from typing import TYPE_CHECKING

from mfasession.commands.keys.common import exit_code, show_line_for_sdks
from mfasession.keys import locate, protect
from mfasession.messages import complain, say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Move your key from plain text into the keyring"


class Flags(Value):
    """`keys protect` has no flags but those that it shares with other commands."""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--force", action="store_true", help="replace another key in the keyring without asking")


def run(context: "CommandContext", _flags: Flags) -> int:
    """Move the key and report where it is."""
    profile = locate.owner(context)
    protected = protect.protect(context, profile)
    of = f"key {protected.key_id} of profile {profile.key_section}"
    if protected.out_of:
        say(f"{of} is in the keyring, and no longer in {protected.out_of}")
    else:
        say(f"{of} is in the keyring already")
    for name in protected.also:
        complain(f"profile {name} has the same key in plain text", f"mfasession keys protect -p {quote(name)}")
    show_line_for_sdks(context, profile)
    return exit_code(protected.failures)
