"""MFA codes as AWS takes them: the window, used once, nine tries, whose device, and AWS's two texts to the letter."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, in_mid_step, refusal

WRONG = ("AccessDenied", 403, "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
UNABLE_TEXT = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)
UNABLE = ("AccessDenied", 403, UNABLE_TEXT)


@pytest.mark.parametrize("steps", [-2, -1, 0, 1, 2])
def test_two_steps_either_way_are_good(aws: Sandbox, alice: SandboxUser, steps: int) -> None:
    """A phone that is a minute off still works."""
    in_mid_step(aws)
    device = alice.devices[0]
    answer = client(aws, "sts", alice.key).get_session_token(SerialNumber=device.serial, TokenCode=device.code(steps))
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")


@pytest.mark.parametrize("steps", [-3, 3])
def test_three_steps_are_too_many(aws: Sandbox, alice: SandboxUser, steps: int) -> None:
    """The code is right for its time, and its time is not now."""
    in_mid_step(aws)
    device, sts = alice.devices[0], client(aws, "sts", alice.key)
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=device.code(steps)) == WRONG


def test_a_code_works_once(aws: Sandbox, alice: SandboxUser) -> None:
    """A used code is refused like a wrong one; older and newer unused ones still work."""
    in_mid_step(aws)
    device, sts = alice.devices[0], client(aws, "sts", alice.key)
    used = device.code()
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=used)
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=used) == WRONG
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=device.next_code())
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code(-1))
    aws.clock.move(30)
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=used) == WRONG


def test_one_code_for_many_at_once(aws: Sandbox, alice: SandboxUser) -> None:
    """Eight requests with one code at the same moment: one session, seven refusals."""
    in_mid_step(aws)
    device, sts = alice.devices[0], client(aws, "sts", alice.key)
    code = device.code()

    def ask(_: int) -> str:
        try:
            sts.get_session_token(SerialNumber=device.serial, TokenCode=code)
        except ClientError as error:
            return str(error.response["Error"]["Message"])
        return "ok"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == [WRONG[2]] * 7 + ["ok"]


def test_nine_tries_in_three_minutes_the_good_ones_included(aws: Sandbox, alice: SandboxUser) -> None:
    """The tenth cannot be validated even when it is right; the next window of three minutes starts anew."""
    in_mid_step(aws)
    device, sts = alice.devices[0], client(aws, "sts", alice.key)
    wrong = f"{(int(device.code(50)) + 1) % 1000000:06}"
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())
    for _ in range(8):
        assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=wrong) == WRONG
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=device.next_code()) == UNABLE
    aws.clock.move(180)
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())


def test_the_budget_is_the_devices_own(aws: Sandbox, alice: SandboxUser) -> None:
    """A second device has nine tries of its own."""
    in_mid_step(aws)
    second, sts = alice.add_device(f"second-{alice.name}"), client(aws, "sts", alice.key)
    for _ in range(9):
        refusal(sts.get_session_token, SerialNumber=alice.devices[0].serial, TokenCode="000000")
    assert sts.get_session_token(SerialNumber=second.serial, TokenCode=second.code())


def test_devices_that_cannot_be_validated(aws: Sandbox, alice: SandboxUser) -> None:
    """Another user's device, one that is not there, and a FIDO key: one text for all."""
    bob = aws.add_user(f"bob-of-{alice.name}")
    bobs = bob.add_device(f"phone-{bob.name}")
    fido = alice.add_fido_device(f"yubi-{alice.name}")
    sts = client(aws, "sts", alice.key)
    for serial in (bobs.serial, "arn:aws:iam::123456789012:mfa/nobody", fido.serial):
        assert refusal(sts.get_session_token, SerialNumber=serial, TokenCode=bobs.code()) == UNABLE
    with pytest.raises(ValueError, match="gives no codes"):
        fido.code()


def test_a_hardware_token_works_by_its_serial_number(aws: Sandbox, alice: SandboxUser) -> None:
    """A serial number that is not an ARN."""
    token = alice.add_hardware_device(f"GAHT{alice.name.removeprefix('alice').zfill(8)}")
    answer = client(aws, "sts", alice.key).get_session_token(SerialNumber=token.serial, TokenCode=token.code())
    assert answer["Credentials"]["SessionToken"]


def test_serial_number_and_code_come_together(aws: Sandbox, alice: SandboxUser) -> None:
    """One without the other is not an authentication."""
    device, sts = alice.devices[0], client(aws, "sts", alice.key)
    for parameters in ({"SerialNumber": device.serial}, {"TokenCode": device.code()}):
        code, status, text = refusal(sts.get_session_token, **parameters)
        assert (code, status) == ("AccessDenied", 403)
        assert "must provide both MFA serial number and one time pass code" in text


@pytest.mark.parametrize(
    ("code", "problems"),
    [
        ("12345a", ["satisfy regular expression pattern: [\\d]*"]),
        ("1234567", ["have length less than or equal to 6"]),
        ("ab", ["satisfy regular expression pattern: [\\d]*", "have length greater than or equal to 6"]),
        ("", ["have length greater than or equal to 6"]),
    ],
)
def test_an_invalid_code(aws: Sandbox, alice: SandboxUser, code: str, problems: list[str]) -> None:
    """fog/granted #108: a validation error that quotes the value, not a refused code."""
    sts = client(aws, "sts", alice.key, parameter_validation=False)
    listed = "; ".join(
        f"Value '{code}' at 'tokenCode' failed to satisfy constraint: Member must {problem}" for problem in problems
    )
    count = f"{len(problems)} validation error{'s' * (len(problems) > 1)} detected: "
    said = refusal(sts.get_session_token, SerialNumber=alice.devices[0].serial, TokenCode=code)
    assert said == ("ValidationError", 400, count + listed)
    assert not [call for call in aws.calls() if code and code in call.params.values()]


def test_a_phone_whose_clock_is_far_off(aws: Sandbox, alice: SandboxUser) -> None:
    """Its codes are wrong until AWS learns its drift by a resync, and then they are good."""
    in_mid_step(aws)
    device, sts = alice.devices[0], client(aws, "sts", alice.key)
    device.drift = 40 * 60
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=device.code()) == WRONG
    client(aws, "iam", alice.key).resync_mfa_device(
        UserName=alice.name,
        SerialNumber=device.serial,
        AuthenticationCode1=device.code(-1),
        AuthenticationCode2=device.code(),
    )
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())


def test_no_code_and_no_secret_in_the_calls(aws: Sandbox, alice: SandboxUser) -> None:
    """What is kept of a call may be shown to anyone."""
    device = alice.devices[0]
    code = device.code()
    client(aws, "sts", alice.key).get_session_token(SerialNumber=device.serial, TokenCode=code)
    call = aws.calls("GetSessionToken")[-1]
    assert (call.service, call.user, call.outcome, call.status) == ("sts", alice.arn, "ok", 200)
    assert call.access_key_id == alice.key.access_key_id
    assert call.params["SerialNumber"] == device.serial
    assert code not in repr(call)
    assert alice.key.secret_access_key.reveal() not in repr(aws.calls())
