"""`mfasession keys passphrase`: change the passphrase of the encrypted file."""

from typing import TYPE_CHECKING

from mfasession.messages import complain, say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Change the passphrase of the encrypted file"
EXAMPLES = (("mfasession keys passphrase", "type the old passphrase, and the new one twice"),)


class Flags(Value):
    """The flags of `keys passphrase`."""

    new_command: tuple[str, ...] = ()


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    from mfasession.commands.argument_types import command

    parser.add_argument(
        "--new-command", metavar="CMD", type=command, help="run CMD, which prints the new passphrase on its first line"
    )


def run(context: "CommandContext", flags: Flags) -> int:
    """Encrypt the file with another passphrase."""
    from mfasession.stores.encrypted import EncryptedFile
    from mfasession.stores.encrypted.passphrase import VARIABLE, from_command

    file = EncryptedFile(context.environ, no_input=context.options.no_input)
    words = flags.new_command
    file.change_passphrase((lambda _: from_command(words)) if words else None)
    say(f"the passphrase of {file.path} was changed; copies of the file from before still have the old one")
    if context.environ.get(VARIABLE):
        complain(f"{VARIABLE} must print the new passphrase from now on", f"change the command, or unset {VARIABLE}")
    return 0
