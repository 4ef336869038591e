"""Which devices can give a code for an API call."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.aws.model import Device
from mfasession.errors import ConfigurationError
from mfasession.sessions.devices import check_serial, usable, with_device
from tests.helpers.support import made_profile

PHONE = Device(serial="arn:aws:iam::123456789012:mfa/phone", user="alice")
TOKEN = Device(serial="GAHT12345678", user="alice")
FIDO = Device(serial="arn:aws:iam::123456789012:u2f/user/alice/key-ABCDEFGHIJKLMNOPQRSTUVWXYZ", user="alice")
PASSKEY = Device(serial="arn:aws:iam::123456789012:fido/user/alice/passkey-ABCDEFGHIJKLMNOPQRSTUVWXYZ", user="alice")


@pytest.mark.parametrize(
    ("devices", "able"),
    [([PHONE], [PHONE]), ([FIDO, PHONE], [PHONE]), ([TOKEN, FIDO, PHONE, PASSKEY], [TOKEN, PHONE])],
)
def test_fido_devices_are_left_out(devices: list[Device], able: list[Device]) -> None:
    """dcoker/awsmfa#15, aws/aws-cli#3607: AWS takes no FIDO answer for GetSessionToken; the order stays."""
    assert usable(devices, "alice") == able


@pytest.mark.parametrize("user", ["alice", ""])
@pytest.mark.parametrize(
    ("devices", "part"), [([], "has no MFA device"), ([FIDO], "has only FIDO devices"), ([FIDO, PASSKEY], "only FIDO")]
)
def test_without_a_usable_device_it_says_why(devices: list[Device], part: str, user: str) -> None:
    """And what to do: add an authenticator app."""
    with pytest.raises(ConfigurationError) as caught:
        usable(devices, user)
    assert caught.value.message.startswith(f"user {user} " if user else "the user ")
    assert part in caught.value.message
    assert re.search("adds? an authenticator app", caught.value.hint)


@pytest.mark.parametrize(
    "serial",
    [
        "arn:aws:iam::123456789012:mfa/phone",
        "arn:aws:iam::123456789012:mfa/team/a.b-c_d@e,f+g=h",
        "arn:aws-cn:iam::123456789012:mfa/phone",
        "arn:aws-us-gov:iam::123456789012:mfa/phone",
        "arn:aws:iam::123456789012:mfa/" + "x" * 226,
        "GAHT12345678",
        "123456789",
    ],
)
def test_serials_that_aws_could_take(serial: str) -> None:
    """Virtual devices of every partition, and hardware tokens."""
    check_serial(serial)


@pytest.mark.parametrize(
    ("serial", "part"),
    [
        ("", "not the serial number"),
        ("12345678", "not the serial number"),
        ("x" * 257, "not the serial number"),
        ("phone number", "not the serial number"),
        ("arn:aws:iam::123456789012:mfa/phone\n", "not the serial number"),
        ("arn:aws:iam::123456789012:mfa/t\xe9l\xe9phone", "not the serial number"),
        ("arn:aws:iam::123456789012:mfa/phone; rm", "not the serial number"),
        ("\x1b[2Jphone123", "not the serial number"),
        ("arn:aws:iam::123456789012:user/alice", "not the ARN of an MFA device"),
        ("arn:aws:iam::123456789012:role/Admin", "not the ARN of an MFA device"),
        (FIDO.serial, "is a FIDO device"),
        (PASSKEY.serial, "is a FIDO device"),
    ],
)
def test_serials_that_aws_could_not_take(serial: str, part: str) -> None:
    """Reported before a code is asked for, with what one looks like, and nothing raw for the terminal."""
    with pytest.raises(ConfigurationError) as caught:
        check_serial(serial)
    assert part in caught.value.message
    assert caught.value.message.isprintable()
    assert caught.value.hint


@given(
    st.from_regex(r"[A-Za-z0-9_+=/:,.@-]{9,37}|arn:aws:iam::[0-9]{12}:mfa/[A-Za-z0-9_+=/,.@-]{1,200}", fullmatch=True)
)
def test_serials_that_sts_takes_are_taken(serial: str) -> None:
    """The pattern of the STS API reference, but for ARNs of other things and for what may be a secret (40)."""
    if not serial.startswith("arn:") or ":mfa/" in serial:
        check_serial(serial)


@pytest.mark.parametrize(
    ("device", "name", "account", "is_fido"),
    [
        (PHONE, "phone", "123456789012", False),
        (Device(serial="arn:aws:iam::123456789012:mfa/team/phone"), "phone", "123456789012", False),
        (TOKEN, "GAHT12345678", "", False),
        (FIDO, "key-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "123456789012", True),
        (Device(serial="arn:aws:iam"), "arn:aws:iam", "", False),
    ],
)
def test_the_kind_of_a_device_follows_from_its_serial_number(
    device: Device, name: str, account: str, *, is_fido: bool
) -> None:
    """The name that users gave the device, and the account, as far as it is an ARN."""
    assert (device.name, device.account, device.is_fido) == (name, account, is_fido)


def test_another_device_for_a_profile_and_its_source() -> None:
    """`login --serial`: a role takes the code of its source's device."""
    source = made_profile()
    role = made_profile(name="admin", source=source)
    changed = with_device(role, TOKEN.serial)
    assert changed.source is not None
    assert [each.mfa_serial for each in (changed, changed.source)] == [TOKEN.serial] * 2
    assert changed.instead_of == source.mfa_serial
    assert with_device(source, source.mfa_serial).instead_of == ""
