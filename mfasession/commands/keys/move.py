"""`mfasession keys move`: move a long-term key from one place to another."""

from typing import TYPE_CHECKING

from mfasession.commands.keys.common import exit_code, show_line_for_sdks
from mfasession.errors import UsageError
from mfasession.keys import locate, protect
from mfasession.messages import complain, say
from mfasession.stores import keys as key_places
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Move your key to another place: the keyring, the encrypted file or the AWS credentials file"
EXAMPLES = (
    ("mfasession keys move --to encrypted-file", "move the key into the file that a passphrase opens"),
    ("mfasession keys move --to keyring -p work", "move the key of profile work into the keyring"),
)


class Flags(Value):
    """The flags of `keys move`."""

    to: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--to", choices=key_places.NAMES, help="the new place")
    parser.add_argument("--force", action="store_true", help="replace another key that is there")


def run(context: "CommandContext", flags: Flags) -> int:
    """Move the key and report where it is."""
    if not flags.to:
        raise UsageError("keys move needs a place", f"--to {', --to '.join(key_places.NAMES)}")
    profile = locate.owner(context)
    moved = protect.move(context, profile, flags.to)
    of = f"key {moved.key_id} of profile {profile.key_section}"
    if moved.out_of:
        say(f"{of} is in {moved.to}, and no longer in {moved.out_of}")
    else:
        say(f"{of} is in {moved.to} already")
    if flags.to == key_places.IN_FILES:
        complain(f"{moved.to} holds the key in plain text", context.command_line("keys", "protect"))
    else:
        show_line_for_sdks(context, profile)
    keys_in = context.config.of(profile.key_section).keys_in
    if keys_in not in ("", flags.to):
        complain(
            f'config.toml says keys_in = "{keys_in}" for profile {profile.key_section}',
            f'set keys_in = "{flags.to}", or leave it out',
        )
    return exit_code(moved.failures)
