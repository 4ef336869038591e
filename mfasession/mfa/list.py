"""A user's devices, with our data about them."""

from typing import TYPE_CHECKING

from mfasession.aws.devices import AwsDevices, OwnDevice
from mfasession.aws.model import Device
from mfasession.errors import ConfigurationError, InputNeeded
from mfasession.keys import issued
from mfasession.mfa import names
from mfasession.sessions.connection import Connection
from mfasession.sessions.state import State
from mfasession.values import Value, account_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mfasession.profiles import Profile
    from mfasession.sessions import Context


class Listing(Value):
    """The devices of one profile's user."""

    user: str
    arn: str
    devices: tuple[OwnDevice, ...]
    in_use: str
    """Serial number of the device that the profile uses; empty when none is chosen."""
    key_id: str
    aws: AwsDevices
    """The long-term key's connection."""

    @property
    def account(self) -> str:
        """Twelve digits."""
        return account_of(self.arn)

    def own(self, serial: str) -> bool:
        """Return whether the user has this device."""
        return any(each.device.serial == serial for each in self.devices)


def listing(context: "Context", profile: "Profile") -> Listing:
    """Ask AWS for the devices of a profile's user, with the key alone. Raises as AWS's calls do.

    Raises ConfigurationError without a key, or for a root user's.
    """
    connection = Connection(context.environ, profile, no_input=context.request.no_input)
    aws = AwsDevices(profile, connection.key, context.environ)
    arn = aws.identity().arn
    user = issued.user_of(arn)
    known = State(context.environ).device(connection.key.access_key_id)
    devices = tuple(aws.own(user))
    in_use = profile.mfa_serial or (known.serial if known else "")
    return Listing(user=user, arn=arn, devices=devices, in_use=in_use, key_id=connection.key.access_key_id, aws=aws)


def kind_of(device: Device) -> str:
    """Return the device's kind: `app`, `hardware` or `FIDO`."""
    if device.is_fido:
        return "FIDO"
    return "app" if device.is_virtual else "hardware"


def chosen(context: "Context", listed: Listing, named: str, choose: "Callable[[Sequence[str]], int] | None") -> Device:
    """Return the named device, else the only one, else the one that the person chooses.

    `choose` takes serial numbers and returns an index; None without a terminal. Raises ConfigurationError (no such
    device, or none), InputNeeded.
    """
    devices, enroll = [each.device for each in listed.devices], context.command_line("mfa", "enroll")
    if named:
        return names.meant(named, devices, listed.user, enroll)
    if not devices:
        raise ConfigurationError(f"user {listed.user} has no MFA device", f"{enroll} adds one")
    if len(devices) == 1:
        return devices[0]
    if choose is None:
        serials = ", ".join(device.serial for device in devices)
        raise InputNeeded(f"{listed.user} has {len(devices)} MFA devices and none is named", f"--serial: {serials}")
    return devices[choose([device.serial for device in devices])]
