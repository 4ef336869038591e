"""What AWS refuses: each with a message and a hint of its own, exit code 4, and the files as they were."""

import re

import pytest

from mfasession.policy import rule
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, log_in, section
from tests.helpers.sandbox_clients import in_mid_step, session
from tests.helpers.support import Home, key_pair

WRONG_CODE = complaint(
    "AWS refused that code: it is wrong, too old, or was used before",
    "wait for the next code on the device, then run it again",
)
UNCHECKED = complaint(
    "AWS could not check the code: the serial number is wrong, the device belongs to another user, it was enabled a "
    "moment ago, or too many codes were tried",
    "compare the serial with mfasession mfa list -p default; else wait 3 minutes and run it again",
)


def refused(home: Home, *words: str, code: int = 4) -> str:
    """What a login says that is refused: nothing on stdout, no traceback, every byte of the file as it was."""
    before = home.credentials.read_bytes()
    done = home.run("login", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert home.credentials.read_bytes() == before
    return done.stderr


def not_this_code(alice: SandboxUser) -> str:
    """Six digits that none of the device's codes of these minutes is."""
    good = {alice.devices[0].code(step) for step in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)


def unknown(key_id: str) -> str:
    """What is said of a key that AWS does not know."""
    return complaint(
        f"AWS does not know key {key_id}: it is deleted, inactive, mistyped or of another partition",
        "look at your access keys in the IAM console; in China and GovCloud the profile needs its region",
    )


def test_a_wrong_code(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Asked once: a code that was given is not tried again."""
    assert refused(alices_home, "--code", not_this_code(alice)) == WRONG_CODE
    assert asked(aws, alice).count("GetSessionToken") == 1
    log_in(alices_home, alice.devices[0])


def test_a_code_that_another_tool_has_used(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Noovolari/leapp#317: AWS takes each only once, whoever sent it."""
    session(aws, alice, alice.devices[0])
    assert refused(alices_home, "--code", alice.devices[0].code()) == WRONG_CODE


def test_a_code_that_is_too_old(alices_home: Home, alice: SandboxUser) -> None:
    """Two minutes are too long."""
    assert refused(alices_home, "--code", alice.devices[0].code(-4)) == WRONG_CODE


def test_a_serial_of_another_user(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#676: AWS's one sentence for four causes becomes four."""
    other = aws.add_user(f"bob-{alice.name}").add_device(f"bobs-{alice.name}")
    assert refused(alices_home, "--serial", other.serial, "--code", other.code()) == UNCHECKED
    unowned = other.serial.replace("bobs-", "unowned-")
    assert refused(alices_home, "--serial", unowned, "--code", "123456") == UNCHECKED


def test_too_many_tries(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Nine in three minutes, and even a good code is not looked at: the hint says how long to wait."""
    in_mid_step(aws)
    sent = not_this_code(alice)
    for _ in range(9):
        with pytest.raises(Exception, match="MultiFactorAuthentication failed"):
            session(aws, alice, SerialNumber=alice.devices[0].serial, TokenCode=sent)
    assert refused(alices_home, "--code", alice.devices[0].code()) == UNCHECKED


def test_an_inactive_key(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Reported before the code is sent, which can be used once the key is active again."""
    alice.set_key_status(alice.key.access_key_id, "Inactive")
    code = alice.devices[0].code()
    assert refused(alices_home, "--code", code) == unknown(alice.key.access_key_id)
    assert "GetSessionToken" not in asked(aws, alice)
    alice.set_key_status(alice.key.access_key_id, "Active")
    assert alices_home.run("login", "--code", code).returncode == 0


def test_a_deleted_key(alices_home: Home, alice: SandboxUser) -> None:
    """The same words: AWS does not distinguish them."""
    alice.delete_key(alice.key.access_key_id)
    assert refused(alices_home, "--code", alice.devices[0].code()) == unknown(alice.key.access_key_id)


def test_a_wrong_secret(alices_home: Home, alice: SandboxUser) -> None:
    """A slip of the clipboard; the secret is not shown, nor is AWS's long text."""
    alices_home.write_credentials(key_pair("default", alice.key.access_key_id, "not/the/secret"))
    assert refused(alices_home, "--code", alice.devices[0].code()) == complaint(
        f"the secret of key {alice.key.access_key_id} is wrong: AWS could not verify the signature",
        "aws configure --profile default, to type the key pair again",
    )


@pytest.mark.parametrize(("seconds", "side"), [(3600, "behind"), (-3600, "ahead of")])
def test_a_wrong_clock(aws: Sandbox, alices_home: Home, alice: SandboxUser, seconds: int, side: str) -> None:
    """99designs/aws-vault#1049, aws/aws-cli#6676: by how much and to which side, from the time in AWS's own answer."""
    aws.clock.move(seconds)
    assert re.fullmatch(
        rf"mfasession: this computer's clock is (59 min|1 h|1 h 1 min) {side} AWS's\n"
        r"  hint: set the clock \(on systemd: timedatectl set-ntp true\), then run it again\n",
        refused(alices_home, "--code", alice.devices[0].code()),
    )
    assert "GetSessionToken" not in asked(aws, alice)


def test_a_clock_that_is_five_minutes_off_is_accepted(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """AWS lets 15 minutes pass, and so do we."""
    aws.clock.move(300)
    log_in(alices_home, alice.devices[0])
    assert aws.calls("GetSessionToken")[-1].outcome == "ok"


def test_list_mfa_devices_denied(aws: Sandbox, home: Home, alice: SandboxUser) -> None:
    """An administrator forbids the look-up: name the device, and it works."""
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:ListMFADevices", "Resource": "*"}]}
    dan = aws.add_user(f"dan-{alice.name}", [rule.ALLOW_ALL, deny])
    device = dan.add_device(f"dans-{alice.name}")
    home.write_credentials(key_pair("default", dan.key.access_key_id, dan.key.secret_access_key.reveal()))
    home.environ["AWS_ENDPOINT_URL"] = aws.url
    assert refused(home, "--code", device.code()) == complaint(
        f"AWS denied ListMFADevices: User: {dan.arn} is not authorized to perform: iam:ListMFADevices on resource: "
        f"{dan.arn} with an explicit deny in an identity-based policy",
        "name your device instead: mfa_serial = arn:aws:iam::ACCOUNT:mfa/NAME in the AWS configuration file",
    )
    log_in(home, device, "--serial", device.serial)


def test_the_root_user(aws: Sandbox, home: Home) -> None:
    """A root key with a device has its session too, of one hour at most (GetSessionToken, STS API reference)."""
    root = aws.root_key()
    device = aws.add_root_device()
    home.write_credentials(key_pair("default", root.access_key_id, root.secret_access_key.reveal()))
    home.environ["AWS_ENDPOINT_URL"] = aws.url
    assert refused(home, "--code", device.code(), code=3) == complaint(
        "AWS does not list the MFA devices of the root user",
        f"name it: mfa_serial = {device.serial} in the profile; better, use the key of an IAM user",
    )
    aws.forget_calls()
    log_in(home, device, "--serial", device.serial)
    assert aws.calls("GetSessionToken")[0].params["DurationSeconds"] == "3600"
    assert section(home.credentials, "default-mfa")["mfasession_identity"] == "arn:aws:iam::123456789012:root"
    shown = home.run("status").stdout
    assert "arn:aws:iam::123456789012:root" in shown


def role_profile(aws: Sandbox, home: Home, alice: SandboxUser, more: str = "", **role: object) -> str:
    """Make a role and write the profile `admin` for it; return the role's ARN."""
    trusted = role.pop("trusted", [alice.arn])
    arn = aws.add_role(f"admin-{alice.name}", trusted=trusted, **role).arn  # type: ignore[arg-type]
    home.config.write_text(f"[profile admin]\nrole_arn = {arn}\nsource_profile = default\n{more}")
    return arn


def test_a_role_that_does_not_trust_you(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The session of the user stays: only the role was refused."""
    arn = role_profile(aws, alices_home, alice, trusted=["arn:aws:iam::123456789012:user/nobody"])
    done = alices_home.run("login", "-p", "admin", "--code", alice.devices[0].code())
    assert (done.returncode, done.stderr) == (
        4,
        complaint(
            f"AWS denied AssumeRole: User: {alice.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            "the role's trust policy must name you, your external_id and your MFA as they are",
        ),
    )
    assert "[admin-mfa]" not in alices_home.credentials.read_text()
    assert alices_home.run("process").returncode == 0


def test_an_external_id(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Wrong: refused as AWS does. Right: assumed."""
    role_profile(aws, alices_home, alice, "external_id = wrong\n", external_id="right")
    log_in(alices_home, alice.devices[0])
    assert alices_home.run("process", "-p", "admin").returncode == 4
    alices_home.config.write_text(alices_home.config.read_text().replace("wrong", "right"))
    assert alices_home.run("process", "-p", "admin").returncode == 0


def test_a_role_session_that_is_too_long(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#263: the role's own limit is named; the code that was spent is not sent again."""
    role_profile(aws, alices_home, alice, "duration_seconds = 7200\n", max_session_duration=3600)
    code = alice.devices[0].code()
    assert refused(alices_home, "-p", "admin", "--code", code) == complaint(
        "the role does not allow sessions that long (its MaxSessionDuration)",
        "duration_seconds = 3600 always goes, without a code of its own; else the role's owner must raise it",
    )
    assert "was sent to AWS before" in refused(alices_home, "-p", "admin", "--code", code)
    alices_home.config.write_text(alices_home.config.read_text().replace("7200", "3600"))
    log_in(alices_home, alice.devices[0], "-p", "admin", steps=1)


def test_a_long_role_takes_a_code_of_its_own(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """trek10inc/awsume#73, #114: more than one hour straight from the key, as the role allows it."""
    role_profile(aws, alices_home, alice, "duration_seconds = 7200\n", max_session_duration=43200, require_mfa=True)
    log_in(alices_home, alice.devices[0], "-p", "admin")
    assert asked(aws, alice)[-1] == "AssumeRole"
    assert "[default-mfa]" not in alices_home.credentials.read_text()
    assert alices_home.run("exec", "-p", "admin", "--min-ttl", "110m", "--", "true").returncode == 0
