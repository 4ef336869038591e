"""One MFA device as a frozen value. Apart from `model`, because a hit asks no device for anything."""

from mfasession.model import account_of
from mfasession.values import Value


class Device(Value):
    """One MFA device of a user, as `iam:ListMFADevices` tells it."""

    serial: str
    user: str = ""

    @property
    def is_fido(self) -> bool:
        """A FIDO key or passkey cannot answer an API call (IAM User Guide, MFA-protected API access)."""
        return ":u2f/" in self.serial or ":fido/" in self.serial

    @property
    def is_virtual(self) -> bool:
        """An authenticator app, or a program that plays one."""
        return ":mfa/" in self.serial

    @property
    def name(self) -> str:
        """The name people gave the device: the last part of its ARN, or a hardware serial number as it is."""
        return self.serial.rpartition("/")[2]

    @property
    def account(self) -> str:
        """Twelve digits from the ARN; empty for a hardware serial number."""
        return account_of(self.serial)
