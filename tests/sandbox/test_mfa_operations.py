"""IAM's operations on MFA devices, under the rule, with AWS's texts."""

from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL
from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.totp import code_at, secret_of
from tests.helpers.sandbox_clients import client, in_mid_step, refusal, session

INVALID_CODES = ("InvalidAuthenticationCode", 403, "Authentication code for device is not valid.")
MFA_FIRST_TEXT = (
    "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for "
    "this user."
)
MFA_FIRST = ("AccessDenied", 403, MFA_FIRST_TEXT)


class Enrolment:
    """A user without a device, and an authenticator that has read the seed of one."""

    def __init__(self, aws: Sandbox, alice: SandboxUser) -> None:
        self.aws = aws
        self.user = aws.add_user(f"new-{alice.name}")
        self.iam = client(aws, "iam", self.user.key)
        self.name = f"new-phone-{alice.name}"
        made = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=self.name)["VirtualMFADevice"]
        self.serial, self.seed, self.picture = made["SerialNumber"], made["Base32StringSeed"], made["QRCodePNG"]

    def code(self, steps: int = 0) -> str:
        """The code that the authenticator shows, so many steps from now."""
        return code_at(secret_of(self.seed.decode()), self.aws.clock.now() + steps * 30)

    def codes(self, first: str, second: str, serial: str = "") -> dict[str, str]:
        """The parameters of enabling and of resynchronising."""
        return {
            "UserName": self.user.name,
            "SerialNumber": serial or self.serial,
            "AuthenticationCode1": first,
            "AuthenticationCode2": second,
        }


@pytest.fixture
def new(aws: Sandbox, alice: SandboxUser) -> Enrolment:
    """A virtual device made by a user whose key alone is good for exactly that."""
    in_mid_step(aws)
    return Enrolment(aws, alice)


def test_enrolment_under_the_rule(new: Enrolment) -> None:
    """Create, enable on two codes, log in with the second of them: enrolment uses no code up."""
    assert new.serial == f"arn:aws:iam::123456789012:mfa/{new.name}"
    assert len(new.seed) == 64
    assert new.picture.startswith(b"\x89PNG\r\n")
    assert new.iam.list_mfa_devices()["MFADevices"] == []
    new.iam.enable_mfa_device(**new.codes(new.code(-1), new.code()))
    assert [device["SerialNumber"] for device in new.iam.list_mfa_devices()["MFADevices"]] == [new.serial]
    sts = client(new.aws, "sts", new.user.key)
    assert sts.get_session_token(SerialNumber=new.serial, TokenCode=new.code())


@pytest.mark.parametrize("pair", [(0, -1), (0, 0), (-2, 0), (0, 2)])
def test_codes_that_do_not_follow_each_other(new: Enrolment, pair: tuple[int, int]) -> None:
    """Two in a row, in this order."""
    assert refusal(new.iam.enable_mfa_device, **new.codes(new.code(pair[0]), new.code(pair[1]))) == INVALID_CODES


def test_a_phone_that_is_hours_off_enrols_and_works(new: Enrolment) -> None:
    """AWS searches some 1,000 steps either way and remembers the drift."""
    new.iam.enable_mfa_device(**new.codes(new.code(900), new.code(901)))
    sts = client(new.aws, "sts", new.user.key)
    assert refusal(sts.get_session_token, SerialNumber=new.serial, TokenCode=new.code())[0] == "AccessDenied"
    assert sts.get_session_token(SerialNumber=new.serial, TokenCode=new.code(901))


def test_a_phone_that_is_half_a_day_off_does_not(new: Enrolment) -> None:
    """Beyond the search there is no drift to learn."""
    assert refusal(new.iam.enable_mfa_device, **new.codes(new.code(1440), new.code(1441))) == INVALID_CODES


def test_names_that_are_taken_or_missing(new: Enrolment, alice: SandboxUser) -> None:
    """A name twice, a device in use, one that does not exist, a user who does not."""
    assert refusal(new.iam.create_virtual_mfa_device, VirtualMFADeviceName=new.name) == (
        "EntityAlreadyExists",
        409,
        "MFADevice entity at the same path and name already exists.",
    )
    codes = new.codes(new.code(-1), new.code(), serial=alice.devices[0].serial)
    assert refusal(new.iam.enable_mfa_device, **codes) == ("EntityAlreadyExists", 409, "MFA Device is already in use.")
    nowhere = new.codes(new.code(-1), new.code(), serial=f"{new.serial}-x")
    assert refusal(new.iam.enable_mfa_device, **nowhere) == (
        "NoSuchEntity",
        404,
        f"VirtualMFADevice with serial number {new.serial}-x doesn't exist.",
    )
    unknown = {**new.codes(new.code(-1), new.code()), "UserName": "nobody"}
    assert refusal(new.iam.enable_mfa_device, **unknown)[0] == "NoSuchEntity"


def test_a_key_alone_adds_no_second_device(new: Enrolment, aws: Sandbox, alice: SandboxUser) -> None:
    """AWS-2023-001: EnableMFADevice is exempt in the rule, and AWS asks for MFA once there is a device."""
    alices = client(aws, "iam", alice.key)
    codes = {**new.codes(new.code(-1), new.code()), "UserName": alice.name}
    assert refusal(alices.enable_mfa_device, **codes) == MFA_FIRST
    client(aws, "iam", session(aws, alice, alice.devices[0])).enable_mfa_device(**codes)
    assert len(alices.list_mfa_devices()["MFADevices"]) == 2


def test_taking_a_device_away(new: Enrolment, aws: Sandbox, alice: SandboxUser) -> None:
    """Denied by the rule without MFA, and by AWS itself where no rule is; deactivate, then delete."""
    iam, device = client(aws, "iam", alice.key), alice.devices[0]
    assert "explicit deny" in refusal(iam.deactivate_mfa_device, SerialNumber=device.serial)[2]
    unruled = aws.add_user(f"unruled-{alice.name}", policies=[ALLOW_ALL])
    own = unruled.add_device(f"phone-{unruled.name}")
    assert refusal(client(aws, "iam", unruled.key).deactivate_mfa_device, SerialNumber=own.serial) == MFA_FIRST

    iam = client(aws, "iam", session(aws, alice, device))
    assert refusal(iam.delete_virtual_mfa_device, SerialNumber=device.serial) == (
        "DeleteConflict",
        409,
        "MFA VirtualDevice in use. Must deactivate first.",
    )
    assert refusal(iam.deactivate_mfa_device, SerialNumber=new.serial) == (
        "NoSuchEntity",
        404,
        "MFA Device invalid for user.",
    )
    assert refusal(iam.delete_user, UserName=alice.name)[:2] == ("DeleteConflict", 409)
    iam.deactivate_mfa_device(SerialNumber=device.serial)
    assert iam.list_mfa_devices()["MFADevices"] == []
    unassigned = iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
    assert device.serial in [each["SerialNumber"] for each in unassigned]
    iam.delete_virtual_mfa_device(SerialNumber=device.serial)
    with pytest.raises(ValueError, match="deleted"):
        device.code()


def test_a_hardware_token_is_gone_once_deactivated(aws: Sandbox, alice: SandboxUser) -> None:
    """Only virtual devices stay behind, unassigned."""
    serial = f"GAHX{alice.name.removeprefix('alice').zfill(8)}"
    alice.add_hardware_device(serial)
    iam = client(aws, "iam", session(aws, alice, alice.devices[0]))
    iam.deactivate_mfa_device(SerialNumber=serial)
    assert refusal(iam.deactivate_mfa_device, SerialNumber=serial)[0] == "NoSuchEntity"


def test_resync(new: Enrolment, aws: Sandbox, alice: SandboxUser) -> None:
    """With a key alone; two codes in a row, newer than the last such pair; one's own device only."""
    iam, device = client(aws, "iam", alice.key), alice.devices[0]
    own = {"UserName": alice.name, "SerialNumber": device.serial}
    codes = {"AuthenticationCode1": device.code(-1), "AuthenticationCode2": device.code()}
    iam.resync_mfa_device(**own, **codes)
    assert refusal(iam.resync_mfa_device, **own, **codes) == INVALID_CODES
    iam.resync_mfa_device(**own, AuthenticationCode1=device.code(1), AuthenticationCode2=device.code(2))
    foreign = {"UserName": alice.name, "SerialNumber": new.serial}
    said = refusal(iam.resync_mfa_device, **foreign, AuthenticationCode1=new.code(), AuthenticationCode2=new.code(1))
    assert said == ("NoSuchEntity", 404, "MFA Device invalid for user.")


def test_eight_devices_a_user(aws: Sandbox, alice: SandboxUser, new: Enrolment) -> None:
    """IAM quotas."""
    for number in range(7):
        alice.add_device(f"extra{number}-{alice.name}")
    iam = client(aws, "iam", session(aws, alice, alice.devices[0]))
    codes = {**new.codes(new.code(-1), new.code()), "UserName": alice.name}
    assert refusal(iam.enable_mfa_device, **codes) == (
        "LimitExceeded",
        409,
        "Cannot exceed quota for MFADevicesPerUser: 8",
    )


def test_lists(aws: Sandbox, alice: SandboxUser) -> None:
    """A user's devices of all kinds; the account's virtual ones, in pages, never with a seed."""
    fido, token = alice.add_fido_device("yubi"), alice.add_hardware_device(f"GAHL{alice.name[5:].zfill(8)}")
    iam = client(aws, "iam", alice.key)
    listed = iam.list_mfa_devices(UserName=alice.name)["MFADevices"]
    assert [each["SerialNumber"] for each in listed] == [alice.devices[0].serial, fido.serial, token.serial]
    assert ":u2f/user/" in fido.serial
    pages = iam.get_paginator("list_virtual_mfa_devices").paginate(PaginationConfig={"PageSize": 2})
    everything: list[dict[str, Any]] = [device for page in pages for device in page["VirtualMFADevices"]]
    mine = [each for each in everything if each["SerialNumber"] == alice.devices[0].serial]
    assert mine[0]["User"]["UserName"] == alice.name
    assert not [each for each in everything if "Base32StringSeed" in each]
    assert not [each for each in everything if each["SerialNumber"] == token.serial]


@pytest.mark.parametrize("code", ["12345", "12345a"])
def test_codes_that_are_none(new: Enrolment, code: str) -> None:
    """A validation error, before anything is looked at."""
    iam = client(new.aws, "iam", new.user.key, parameter_validation=False)
    said = refusal(iam.enable_mfa_device, **new.codes(code, new.code()))
    assert said[0] == "ValidationError"
    assert f"Value '{code}' at 'authenticationCode1' failed to satisfy constraint" in said[2]
