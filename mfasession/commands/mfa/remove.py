"""`mfasession mfa remove`: a device taken away, with a session that MFA has made."""

from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.aws.model import Device
from mfasession.commands.mfa.asking import choose
from mfasession.errors import Cancelled, InputNeeded
from mfasession.keys import locate
from mfasession.messages import complain, say
from mfasession.mfa import list as list_devices
from mfasession.mfa.remove import Removal
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext
    from mfasession.mfa.list import Listing

SUMMARY = "Remove a device; needs a session with MFA"


class Flags(Value):
    """The flags of `mfa remove`."""

    serial: str = ""
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--serial", metavar="S", help="serial number, ARN or name of the device")
    parser.add_argument("--yes", action="store_true", default=None, help="do not ask for confirmation")


def run(context: "CommandContext", flags: Flags) -> int:
    """Remove the device, once that is agreed to."""
    profile = locate.owner(context)
    listed = list_devices.listing(context, profile)
    has_person = not context.options.no_input and terminal.is_ours()
    device = _left_over(listed, flags.serial) or list_devices.chosen(
        context, listed, flags.serial, choose if has_person else None
    )
    removal = Removal(context, profile, listed, device, flags.serial)
    what = _question(removal, listed)
    if not flags.yes:
        if not has_person:
            raise InputNeeded(
                f"there is no terminal to confirm: {what}",
                context.command_line("mfa", "remove", "--serial", device.serial, "--yes"),
            )
        if not terminal.agrees(f"{what}?"):
            raise Cancelled("cancelled, and nothing was changed")
    elif removal.is_last:
        say(what)
    failures = removal.run()
    say(f"device {device.name} is removed" + (f" from {listed.user} in {listed.account}" if removal.is_own else ""))
    if removal.is_last:
        say(f"sessions that live go on until they end; then: {context.command_line('mfa', 'enroll')}")
    if profile.mfa_serial == device.serial:
        complain(f"profile {profile.name} still names it", f"remove mfa_serial = {device.serial}")
    if failures:
        raise failures[0]
    return 0


def _left_over(listed: "Listing", serial: str) -> Device | None:
    """A virtual device that belongs to no user, when its ARN is given."""
    device = Device(serial=serial)
    if not device.is_virtual or listed.own(serial) or serial not in listed.aws.unassigned():
        return None
    return device


def _question(removal: Removal, listed: "Listing") -> str:
    name, user = removal.device.name, listed.user
    if not removal.is_own:
        return f"delete device {name}, which belongs to no user"
    if removal.is_last:
        return (
            f"remove device {name}, the last of {user} that gives codes: no session can be made without one, and "
            "the key is then good for nothing but mfasession mfa enroll"
        )
    return f"remove device {name} of {user}"
