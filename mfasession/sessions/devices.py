"""Which of a user's devices can give a code for an API call. Values in, an answer out."""

from collections.abc import Sequence

from mfasession.aws.model import Device
from mfasession.errors import ConfigurationError
from mfasession.redaction import redacted
from mfasession.text import printable
from mfasession.values import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.profiles import Profile


def with_device(profile: "Profile", serial: str) -> "Profile":
    """Return the profile with another device than it names, and its source likewise: theirs is the code of a role."""
    return profile.replace(
        mfa_serial=serial,
        suggested_serial="",
        instead_of="" if profile.mfa_serial == serial else profile.mfa_serial,
        source=with_device(profile.source, serial) if profile.source else None,
    )


def usable(devices: Sequence[Device], user: str, enroll: str = "mfasession mfa enroll") -> list[Device]:
    """Return the devices whose codes GetSessionToken takes. Raises ConfigurationError when there are none.

    `enroll` is the command that makes one, for the hint.

    FIDO keys and passkeys are left out: they "cannot be used with MFA-protected API access" (IAM User Guide).
    """
    of = f"user {user}" if user else "the user"
    if not devices:
        raise ConfigurationError(f"{of} has no MFA device", f"{enroll} adds an authenticator app")
    able = [device for device in devices if not device.is_fido]
    if not able:
        raise ConfigurationError(
            f"{of} has only FIDO devices (security keys, passkeys), and AWS takes no FIDO answer for an API call",
            "aws login --profile NAME, with a new NAME, signs in with one in the browser (AWS CLI 2.32 or later); or "
            "add an authenticator app in the console: IAM, Security credentials, MFA",
        )
    return able


def root_devices_unknown(root: str) -> ConfigurationError:
    """Return the error for a root user (its ARN), whose devices ListMFADevices does not return."""
    serial = f"{root.removesuffix(':root')}:mfa/root-account-mfa-device"
    return ConfigurationError(
        "AWS does not list the MFA devices of the root user",
        f"name it: mfa_serial = {serial} in the profile; better, use the key of an IAM user",
    )


def check_serial(serial: str) -> None:
    """Raise ConfigurationError unless AWS could take this serial number (9..256 characters, STS API reference)."""
    if Device(serial=serial).is_fido and is_name(serial):
        raise ConfigurationError(
            f"{printable(serial)} is a FIDO device, and AWS takes no FIDO answer for an API call",
            "name an authenticator app's serial number instead",
        )
    if (
        not 9 <= len(serial) <= 256
        or not is_name(serial)
        or not all(char.isascii() and (char.isalnum() or char in "_+=/:,.@-") for char in serial)
    ):
        raise ConfigurationError(
            f"{shown(serial)} is not the serial number of an MFA device",
            "it looks like arn:aws:iam::123456789012:mfa/NAME, or GAHT12345678 for a hardware token",
        )
    if serial.startswith("arn:") and ":mfa/" not in serial:
        raise ConfigurationError(
            f"{shown(serial)} is not the ARN of an MFA device", "it looks like arn:aws:iam::123456789012:mfa/NAME"
        )


def shown(serial: str) -> str:
    """Return a serial number as it may be shown, whatever stands in its place."""
    return printable(redacted(serial)) if is_name(serial) else "what is given as mfa_serial"
