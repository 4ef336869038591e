"""A user's own MFA devices as IAM makes, lists and changes them."""

from typing import Any

from mfasession.aws import answers
from mfasession.aws.client import Aws
from mfasession.aws.model import Device
from mfasession.totp import secret_of
from mfasession.values import Secret, Value

LIMIT = 8
"""MFA devices that a user may have, of any kind (IAM quotas)."""

LONGEST_SEED = 256
"""Characters of a seed that are still taken; AWS's have 64, and no QR code holds thousands."""


class OwnDevice(Value):
    """What IAM tells of a device that is enabled."""

    device: Device
    enabled: int
    """Epoch seconds."""


class NewDevice(Value):
    """A virtual device that nobody has yet."""

    serial: str
    seed: Secret
    """Base32; AWS shows it this once."""


class AwsDevices(Aws):
    """IAM's calls about MFA devices.

    Under the rule a long-term key may make, enable, list and resynchronise; to take a device away, or to enable a
    second one, takes a session with MFA. Every call raises AwsRefused, AwsUnreachable or ConfigurationError.
    """

    def own(self, user: str) -> list[OwnDevice]:
        """Return the user's devices, in AWS's order."""

        def send() -> list[OwnDevice]:
            listed = self._client("iam").list_mfa_devices(UserName=user)["MFADevices"]
            return [_own(each, user) for each in listed]

        return self._call("ListMFADevices", send)

    def unassigned(self) -> set[str]:
        """Return the serial numbers of the account's virtual devices that nobody has."""

        def send() -> set[str]:
            pages = self._client("iam").get_paginator("list_virtual_mfa_devices")
            listed = pages.paginate(AssignmentStatus="Unassigned")
            return {answers.serial(each) for page in listed for each in page["VirtualMFADevices"]}

        return self._call("ListVirtualMFADevices", send)

    def create(self, name: str, path: str) -> NewDevice:
        """Make a virtual device. Raises AlreadyThere when the account has one of that path and name.

        The request is sent once: when its answer is lost, AWS may have a device whose seed nobody has.
        """

        def send() -> NewDevice:
            made = self._client("iam").create_virtual_mfa_device(VirtualMFADeviceName=name, Path=path)
            made_device = made["VirtualMFADevice"]
            seed = made_device["Base32StringSeed"].decode("ascii")
            if not seed.isalnum() or len(seed) > LONGEST_SEED:
                raise ValueError("Base32StringSeed")
            secret_of(seed)
            serial = answers.serial(made_device, self._account)
            if not serial.endswith(f":mfa{path}{name}"):
                raise ValueError("SerialNumber")
            return NewDevice(serial=serial, seed=Secret(seed))

        return self._call("CreateVirtualMFADevice", send, retry=False)

    def enable(self, user: str, serial: str, codes: tuple[str, str]) -> None:
        """Give a device to a user, on two codes in a row. Raises CodeRefused, AlreadyThere when somebody has it."""
        self._call(
            "EnableMFADevice",
            lambda: self._client("iam").enable_mfa_device(**_pair(user, serial, codes)),
            retry=False,
        )

    def resync(self, user: str, serial: str, codes: tuple[str, str]) -> None:
        """Let AWS learn how far the device's clock is off, from two codes in a row. Raises CodeRefused, NotFound."""
        self._call(
            "ResyncMFADevice",
            lambda: self._client("iam").resync_mfa_device(**_pair(user, serial, codes)),
            retry=False,
        )

    def deactivate(self, user: str, serial: str) -> None:
        """Take a device from a user. Raises NotFound when it is not theirs."""
        self._call(
            "DeactivateMFADevice",
            lambda: self._client("iam").deactivate_mfa_device(UserName=user, SerialNumber=serial),
        )

    def delete(self, serial: str) -> None:
        """Delete a virtual device that nobody has. Raises NotFound."""
        self._call("DeleteVirtualMFADevice", lambda: self._client("iam").delete_virtual_mfa_device(SerialNumber=serial))


def _own(listed: Any, user: str) -> OwnDevice:
    device = Device(serial=answers.serial(listed), user=user)
    return OwnDevice(device=device, enabled=int(listed["EnableDate"].timestamp()))


def _pair(user: str, serial: str, codes: tuple[str, str]) -> dict[str, str]:
    first, second = codes
    return {"UserName": user, "SerialNumber": serial, "AuthenticationCode1": first, "AuthenticationCode2": second}
