"""`mfasession keys rotate`: replace a long-term key by a new one, with a session or one code."""

from shlex import quote
from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.commands.keys.common import day, exit_code, status_of
from mfasession.errors import InputNeeded
from mfasession.keys import locate, rotate
from mfasession.messages import say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext
    from mfasession.keys.rotate import Surplus

SUMMARY = "Replace your key by a new one, with a session or one MFA code"


class Flags(Value):
    """`keys rotate` has no flags but those that it shares with other commands."""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    from mfasession.commands.argument_types import code

    parser.add_argument("--code", metavar="C", type=code, help="the MFA code; - reads it from stdin")
    parser.add_argument("--serial", metavar="S", help="serial number or ARN of the MFA device")
    parser.add_argument("--force", action="store_true", help="delete a second, unused key without asking")


def run(context: "CommandContext", _flags: Flags) -> int:
    """Rotate the key and report what is where."""
    profile = locate.owner(context)
    rotated = rotate.Rotation(context, profile, _Listener(context)).run()
    say(f"profile {profile.name} has the new key {rotated.new}, in {rotated.where}; {rotated.old} is deleted at AWS")
    if rotated.also:
        say(f"the new key is in place for {', '.join(rotated.also)} too")
    say(f"sessions of the old key are forgotten: mfasession login -p {quote(profile.name)} makes one of the new")
    return exit_code(rotated.failures)


class _Listener:
    """Reports to the person who rotates a key, and asks."""

    def __init__(self, context: "CommandContext") -> None:
        self._context = context
        self._options = context.options

    def notify(self, text: str) -> None:
        """Print it on stderr."""
        say(text)

    def may_delete(self, surplus: "Surplus") -> bool:
        """Ask, unless `--force` was given and the key is probably unused."""
        key = surplus.key
        used = {None: "last use not known", 0: "never used"}.get(
            surplus.last_used, f"last used {day(surplus.last_used or 0)}"
        )
        two = (
            f"{surplus.user} has two keys, which is all that AWS allows: {surplus.ours} is in place here, "
            f"{key.access_key_id} is {status_of(key)}, made {day(key.created)}, {used}"
        )
        if self._options.force and surplus.is_unneeded:
            say(two)
            return True
        if self._options.no_input or not terminal.is_ours():
            hint = f"{self._context.again('--force')} deletes {key.access_key_id}"
            if not surplus.is_unneeded:
                hint = f"see who uses {key.access_key_id} and delete it in the IAM console, or answer at a terminal"
            raise InputNeeded(f"{two}, and a third cannot be made", hint)
        terminal.say(f"mfasession: {two}")
        return terminal.agrees(f"delete {key.access_key_id} at AWS, to make room for a new one?")
