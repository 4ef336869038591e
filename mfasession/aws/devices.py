"""IAM calls that create, list and change a user's MFA devices."""

from typing import Any

from mfasession.aws import answers
from mfasession.aws.client import Aws
from mfasession.aws.model import Device
from mfasession.totp import secret_of
from mfasession.values import Secret, Value

LIMIT = 8
"""MFA devices that a user may have, of any kind (IAM quotas)."""

LONGEST_SEED = 256
"""The longest seed that is accepted, in characters; AWS's have 64, and no QR code holds thousands."""


class OwnDevice(Value):
    """An enabled device as IAM lists it."""

    device: Device
    enabled: int
    """Epoch seconds."""


class NewDevice(Value):
    """A new virtual device, not yet assigned to a user."""

    serial: str
    seed: Secret
    """Base32; AWS shows it only once."""


class AwsDevices(Aws):
    """IAM's calls about MFA devices.

    Under the rule a long-term key may create, enable, list and resynchronise devices; removing one, or enabling a
    second one, needs a session with MFA. Every call raises AwsRefused, AwsUnreachable or ConfigurationError.
    """

    def own(self, user: str) -> list[OwnDevice]:
        """Return the user's devices, in AWS's order."""

        def send() -> list[OwnDevice]:
            listed = self._client("iam").list_mfa_devices(UserName=user)["MFADevices"]
            return [_own(each, user) for each in listed]

        return self._call("ListMFADevices", send)

    def unassigned(self) -> set[str]:
        """Return the serial numbers of the account's unassigned virtual devices."""

        def send() -> set[str]:
            pages = self._client("iam").get_paginator("list_virtual_mfa_devices")
            listed = pages.paginate(AssignmentStatus="Unassigned")
            return {answers.serial(each) for page in listed for each in page["VirtualMFADevices"]}

        return self._call("ListVirtualMFADevices", send)

    def create(self, name: str, path: str) -> NewDevice:
        """Create a virtual device. Raises AlreadyThere when the account has one of that path and name.

        The request is sent once: without an answer, AWS may have a device whose seed is lost.
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
        """Enable a device for a user with two consecutive codes. Raises CodeRefused; AlreadyThere if assigned."""
        self._call(
            "EnableMFADevice",
            lambda: self._client("iam").enable_mfa_device(**_pair(user, serial, codes)),
            retry=False,
        )

    def resync(self, user: str, serial: str, codes: tuple[str, str]) -> None:
        """Resynchronise a device with two consecutive codes. Raises CodeRefused, NotFound."""
        self._call(
            "ResyncMFADevice",
            lambda: self._client("iam").resync_mfa_device(**_pair(user, serial, codes)),
            retry=False,
        )

    def deactivate(self, user: str, serial: str) -> None:
        """Deactivate a user's device. Raises NotFound when the user does not have it."""
        self._call(
            "DeactivateMFADevice",
            lambda: self._client("iam").deactivate_mfa_device(UserName=user, SerialNumber=serial),
        )

    def delete(self, serial: str) -> None:
        """Delete an unassigned virtual device. Raises NotFound."""
        self._call("DeleteVirtualMFADevice", lambda: self._client("iam").delete_virtual_mfa_device(SerialNumber=serial))


def _own(listed: Any, user: str) -> OwnDevice:
    device = Device(serial=answers.serial(listed), user=user)
    return OwnDevice(device=device, enabled=int(listed["EnableDate"].timestamp()))


def _pair(user: str, serial: str, codes: tuple[str, str]) -> dict[str, str]:
    first, second = codes
    return {"UserName": user, "SerialNumber": serial, "AuthenticationCode1": first, "AuthenticationCode2": second}
