"""Names of devices: checks a new one, and finds a device by its name. No I/O."""

from collections.abc import Sequence

from mfasession.aws.model import Device
from mfasession.errors import ConfigurationError, UsageError
from mfasession.text import printable
from mfasession.values import Value

_SIGNS = "_+=,.@-"


class Name(Value):
    """A device's name, with the path before it in its ARN."""

    name: str
    path: str = "/"

    def numbered(self, number: int) -> "Name":
        """Return the name for another try: `phone`, `phone-2`, `phone-3`."""
        return self if number == 1 else self.replace(name=f"{self.name}-{number}")

    def serial(self, user_arn: str) -> str:
        """Return the ARN of a virtual device of that name in the user's account and partition."""
        return f"{user_arn.partition(':user/')[0]}:mfa{self.path}{self.name}"


def read(text: str) -> Name:
    """Parse `phone` or `/team/phone`. Raises UsageError for names that IAM refuses.

    Letters, digits and _+=,.@- (VirtualMFADeviceName, IAM API Reference); an ARN has 256 characters at most.
    """
    folders, _, name = text.rpartition("/")
    path = f"/{folders.strip('/')}/" if folders.strip("/") else "/"
    is_name = bool(name) and all(char.isascii() and (char.isalnum() or char in _SIGNS) for char in name)
    is_path = all("!" <= char <= "~" for char in path)
    if not is_name or not is_path or len(text) > 200:
        raise UsageError(
            f"{printable(text[:40])!r} is not a valid device name",
            f"letters, digits and {_SIGNS}, as in phone or /team/phone",
        )
    return Name(name=name, path=path)


def meant(text: str, devices: Sequence[Device], user: str, enroll: str = "") -> Device:
    """Return the device with this serial number, ARN or name. Raises ConfigurationError unless there is one.

    `enroll` is the command for a user without devices.
    """
    found = [device for device in devices if text in (device.serial, device.name)]
    if len(found) == 1:
        return found[0]
    if found:
        serials = ", ".join(device.serial for device in found)
        raise ConfigurationError(f"{user} has {len(found)} devices named {printable(text)}", f"one of {serials}")
    known = ", ".join(device.name for device in devices)
    raise ConfigurationError(
        f"{user} has no MFA device {printable(text)}",
        f"one of {printable(known)}" if known else f"{enroll} adds one",
    )
