"""`mfasession doctor` asks AWS about clock, key, device, and whether MFA is enforced; it changes nothing there."""

import re
import time

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import have_session, keys_of
from tests.helpers.doctoring import found, found_online, records
from tests.helpers.listener import dripping, listening
from tests.helpers.patience import scaled
from tests.helpers.support import Home, key_pair

DAY = 86_400
ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
READ_ONLY = {"GetCallerIdentity", "ListMFADevices", "ListAccountAliases", "DescribeRegions", "ListAccessKeys"}


def home_of(home: Home, user: SandboxUser) -> Home:
    """The home with the key of another user."""
    home.write_credentials(keys_of(user))
    return home


def test_a_set_up_that_works(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """Nothing is found before and after a login: exit code 0, `[]`, and what was looked at for people."""
    assert found_online(alices_home) == []
    have_session(alices_home, alice.devices[0])
    assert found_online(alices_home) == []
    done = alices_home.run("doctor")
    assert done.returncode == 0
    assert re.fullmatch(r"mfasession: nothing found by \d+ checks\n", done.stderr)
    seen = dict(re.findall(r"^(\S+(?: \S+)*)  +(\S.*)$", done.stdout, re.MULTILINE))
    assert seen["MFA devices"] == alice.devices[0].serial
    assert seen["clock"] in ("0 s from AWS's", "1 s from AWS's")
    assert seen["key's age"] == "0 days"
    assert alice.arn in done.stdout
    # A path is not broken.
    assert all(len(line) <= 80 or "/" in line for line in done.stdout.splitlines())
    assert {call.action for call in aws.calls()} <= {*READ_ONLY, "GetSessionToken"}


@pytest.mark.parametrize(("seconds", "side"), [(-400, "ahead of"), (400, "behind"), (3600, "behind")])
def test_a_wrong_clock(alices_home: Home, aws: Sandbox, seconds: int, side: str) -> None:
    """99designs/aws-vault#1049: found before AWS refuses requests, and after; the message has the seconds."""
    aws.clock.move(seconds)
    listed = {each["name"]: each["message"] for each in records(alices_home)}
    assert listed.keys() == {"clock-off"}
    shown = re.fullmatch(rf"this computer's clock is (\d+) s {side} AWS's", listed["clock-off"])
    assert shown is not None
    assert abs(int(shown[1]) - abs(seconds)) <= 5


def test_a_clock_that_is_a_little_off(alices_home: Home, aws: Sandbox) -> None:
    """AWS accepts it."""
    aws.clock.move(-200)
    assert found_online(alices_home) == []


def test_no_network(home: Home) -> None:
    """One finding, not one for each call, and soon."""
    home.write_credentials(key_pair())
    began = time.monotonic()
    assert found_online(home) == ["aws-unreachable"]
    assert time.monotonic() - began < scaled(20)


@pytest.mark.parametrize("place", ["proxy", "TLS", "server"])
def test_something_on_the_way_that_is_not_aws(home: Home, place: str) -> None:
    """A closed proxy, a server without TLS, a byte a second: one finding, soon, in the words for it."""
    home.write_credentials(key_pair())
    with dripping() as slow, listening() as (plain, _):
        url = {
            "proxy": "https://sts.example",
            "TLS": f"https://127.0.0.1:{plain}",
            "server": f"http://127.0.0.1:{slow}",
        }
        proxy = {"HTTPS_PROXY": "http://127.0.0.1:9"} if place == "proxy" else {}
        began = time.monotonic()
        (finding,) = records(home, environ={"AWS_ENDPOINT_URL": url[place], **proxy})
        # Twice, as the helper does: for scripts and for people.
        assert time.monotonic() - began < scaled(2 * 20)
    words = {"proxy": "the proxy did not let", "TLS": "127.0.0.1", "server": "127.0.0.1 did not answer"}
    assert finding["name"] == "aws-unreachable"
    assert words[place] in finding["message"]


@pytest.mark.parametrize("kind", ["throttle", "error500", "hang_up"])
def test_an_aws_that_fails(alices_home: Home, aws: Sandbox, kind: str) -> None:
    """As one that cannot be reached."""
    aws.faults.add("*", kind, times=99)
    assert found_online(alices_home) == ["aws-unreachable"]


@pytest.mark.parametrize("state", ["deleted", "inactive", "wrong secret"])
def test_a_key_that_aws_refuses(alices_home: Home, alice: SandboxUser, state: str) -> None:
    """99designs/aws-vault#455: InvalidClientTokenId, in words."""
    key_id = alice.key.access_key_id
    if state == "deleted":
        alice.delete_key(key_id)
    elif state == "inactive":
        alice.set_key_status(key_id, "Inactive")
    else:
        alices_home.write_credentials(key_pair("default", key_id, "x" * 40))
    (finding,) = records(alices_home)
    assert (finding["name"], finding["severity"], finding["profile"]) == ("key-refused", "error", "default")
    assert key_id in finding["message"]


def test_a_user_without_a_device(alices_home: Home, alice: SandboxUser) -> None:
    """The hint makes one."""
    alice.remove_device(alice.devices[0].serial)
    (finding,) = records(alices_home)
    assert (finding["name"], finding["hint"]) == ("no-usable-device", "mfasession mfa enroll adds an authenticator app")


def test_a_user_with_fido_devices_alone(alices_home: Home, alice: SandboxUser) -> None:
    """aws/aws-cli#3607: they give no codes."""
    alice.remove_device(alice.devices[0].serial)
    alice.add_fido_device("key")
    (finding,) = records(alices_home)
    assert finding["name"] == "no-usable-device"
    assert "FIDO" in finding["message"]


def test_a_device_that_the_user_does_not_have(alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#676: AWS says only that it cannot validate the code."""
    alices_home.config.write_text("[default]\nmfa_serial = arn:aws:iam::123456789012:mfa/old-phone\n")
    (finding,) = records(alices_home)
    assert finding["name"] == "device-of-another"
    assert f"arn:aws:iam::123456789012:mfa/old-phone, which user {alice.name} does not have" in finding["message"]


def test_a_device_that_the_user_has(alices_home: Home, alice: SandboxUser) -> None:
    """Nothing is found."""
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    assert found_online(alices_home) == []


def test_devices_that_may_not_be_listed(alices_home: Home, aws: Sandbox) -> None:
    """Then the profile has to name one."""
    statement = {"Effect": "Deny", "Action": "iam:ListMFADevices", "Resource": "*"}
    user = aws.add_user("no-list", [ALLOW, {"Version": "2012-10-17", "Statement": statement}])
    home_of(alices_home, user)
    assert found_online(alices_home) == ["device-unknown", "mfa-not-enforced"]
    alices_home.config.write_text("[default]\nmfa_serial = arn:aws:iam::123456789012:mfa/phone\n")
    assert found_online(alices_home) == ["mfa-not-enforced"]


def test_a_user_who_needs_no_mfa(alices_home: Home, aws: Sandbox) -> None:
    """The key alone may do what the rule denies."""
    user = aws.add_user("free", [ALLOW])
    user.add_device("phone-of-free")
    (finding,) = records(home_of(alices_home, user))
    assert (finding["name"], finding["severity"]) == ("mfa-not-enforced", "warning")
    assert finding["message"] == "AWS lets user free do iam:ListAccountAliases without MFA"


def test_a_user_who_may_do_nothing(alices_home: Home, aws: Sandbox) -> None:
    """It is not known whether MFA would be needed, and nothing is found."""
    allow = {"Effect": "Allow", "Action": "iam:ListMFADevices", "Resource": "*"}
    user = aws.add_user("poor", [{"Version": "2012-10-17", "Statement": allow}])
    user.add_device("phone-of-poor")
    assert found_online(home_of(alices_home, user)) == []


def test_an_old_key(alices_home: Home, alice: SandboxUser) -> None:
    """AWS shows its age to a session alone."""
    alice.age_key(alice.key.access_key_id, 91 * DAY)
    assert found_online(alices_home) == []
    have_session(alices_home, alice.devices[0])
    (finding,) = records(alices_home)
    assert (finding["name"], finding["severity"], finding["hint"]) == ("old-key", "warning", "mfasession keys rotate")
    assert finding["message"] == "the long-term key of profile default is 91 days old"


def test_a_session_that_aws_refuses(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """It lives by its expiry, and AWS says no."""
    have_session(alices_home, alice.devices[0])
    aws.faults.add("ListAccessKeys", "unknown_key", times=99)
    (finding,) = records(alices_home)
    assert (finding["name"], finding["hint"]) == ("session-refused", "mfasession login --force")


def test_a_role_is_checked_by_its_source(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """The key and the device are the source profile's."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    assert found_online(alices_home, "-p", "admin") == []
    alice.delete_key(alice.key.access_key_id)
    assert found_online(alices_home, "-p", "admin") == ["key-refused"]


def test_offline(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """AWS is not asked."""
    alice.delete_key(alice.key.access_key_id)
    assert found(alices_home) == []
    assert alice.key.access_key_id not in [call.access_key_id for call in aws.calls()]


def test_unsafe_files_are_not_acted_on(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """The other checks go on, but no key goes out that others may have put there."""
    alices_home.write_credentials(keys_of(alice) + "[profile work]\nregion = eu-west-1\n", 0o666)
    assert found_online(alices_home) == ["file-open-to-others", "wrong-header"]
    assert alice.key.access_key_id not in [call.access_key_id for call in aws.calls()]
