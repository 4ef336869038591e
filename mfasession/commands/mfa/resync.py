"""`mfasession mfa resync`: a device whose clock has run away, back in step with AWS."""

from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.commands.mfa.asking import choose, codes_of
from mfasession.errors import ConfigurationError
from mfasession.keys import locate
from mfasession.messages import say
from mfasession.mfa import code_pair
from mfasession.mfa import list as list_devices
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Resync a device whose codes AWS refuses, with two codes"


class Flags(Value):
    """The flags of `mfa resync`."""

    serial: str = ""
    codes: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    from mfasession.commands.argument_types import stdin_codes

    parser.add_argument("--serial", metavar="S", help="serial number, ARN or name of the device")
    parser.add_argument("--codes", metavar="-", type=stdin_codes, help="read the two codes from stdin, one per line")


def run(context: "CommandContext", flags: Flags) -> int:
    """Let AWS learn how far the device's clock is off. The key alone is enough."""
    profile, no_input = locate.owner(context), context.options.no_input
    source: code_pair.PairSource = (
        code_pair.StdinPair()
        if flags.codes
        else code_pair.AskedPair(codes_of(context, profile.settings.code, profile.settings.keys_in))
    )
    source.check(no_input=no_input)
    listed = list_devices.listing(context, profile)
    named = flags.serial or (listed.in_use if listed.own(listed.in_use) else "")
    device = list_devices.chosen(context, listed, named, None if no_input or not terminal.is_ours() else choose)
    if device.is_fido:
        raise ConfigurationError(
            f"{device.name} is a FIDO device, which has no clock", context.command_line("mfa", "list")
        )
    code_pair.until_taken(source, device, lambda codes: listed.aws.resync(listed.user, device.serial, codes))
    say(f"device {device.name} of {listed.user} in {listed.account} is in step with AWS again")
    return 0
