"""`mfasession mfa list, resync, remove`: one's own devices, with the key alone as far as the rule lets it."""

import json
import time
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, have_session
from tests.helpers.enrolling import bare_user, home_of
from tests.helpers.secret_service import SecretService
from tests.helpers.support import BIN, Home


def token_of(user: SandboxUser) -> str:
    """Give a user a hardware token; its serial number."""
    return user.add_hardware_device(f"GAHT{user.name.removeprefix('alice').zfill(8)}").serial


def test_list(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Kind, since when, which one is used here; FIDO devices give no codes, and that is said (aws/aws-cli#3607)."""
    phone, token, fido = alice.devices[0].serial, token_of(alice), alice.add_fido_device("yubi").serial
    aws.forget_calls()
    done = alices_home.run("mfa", "list")
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = (line.split(maxsplit=5) for line in done.stdout.splitlines())
    assert head == ["DEVICE", "KIND", "SINCE", "IN", "USE", "HERE  SERIAL"]
    today = time.strftime("%Y-%m-%d")
    assert [row[:5] for row in rows] == [
        [alice.devices[0].name, "app", today, "-", phone],
        [token, "hardware", today, "-", token],
        [fido.rpartition("/")[2], "FIDO", today, "-", fido],
    ]
    assert [row[5:] for row in rows] == [[], [], ["gives no codes: AWS takes no FIDO answer for an API call"]]
    assert asked(aws, alice) == ["GetCallerIdentity", "ListMFADevices"]


def test_list_shows_which_one_is_used(alices_home: Home, alice: SandboxUser) -> None:
    """The one that the key has used last, or that the profile names."""
    token = token_of(alice)
    have_session(alices_home, alice.devices[0])
    assert in_use(alices_home) == [alice.devices[0].serial]
    alices_home.config.write_text(f"[default]\nmfa_serial = {token}\n")
    assert in_use(alices_home) == [token]


def in_use(home: Home) -> list[str]:
    """The devices in use here."""
    done = home.run("mfa", "list", "--json")
    assert done.returncode == 0, done.stderr
    return [row["serial"] for row in json.loads(done.stdout) if row["in_use"]]


def test_list_for_scripts(alices_home: Home, alice: SandboxUser) -> None:
    """`--json`: every field of the page."""
    alice.add_fido_device("yubi")
    done = alices_home.run("mfa", "list", "--json")
    phone, fido = json.loads(done.stdout)
    assert phone == {
        "name": alice.devices[0].name,
        "kind": "app",
        "serial": alice.devices[0].serial,
        "user": alice.name,
        "account": "123456789012",
        "enabled": phone["enabled"],
        "in_use": False,
        "usable": True,
    }
    assert phone["enabled"].startswith(time.strftime("%Y-%m-%dT", time.gmtime()))
    assert (fido["kind"], fido["usable"]) == ("fido", False)
    page = (Path(__file__).parents[2] / "docs" / "mfa.md").read_text()
    assert all(f"`{name}`" in page for name in phone)


def test_list_of_nothing(aws: Sandbox, tmp_path: Path) -> None:
    """Exit 0, and where to get one."""
    user = bare_user(aws)
    home = home_of(user, aws, tmp_path)
    done = home.run("mfa", "list")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "",
        complaint(f"user {user.name} in 123456789012 has no MFA device", "mfasession mfa enroll adds one"),
    )
    assert home.run("mfa", "list", "--json").stdout == "[]\n"


def test_a_login_without_a_device_leads_here(aws: Sandbox, tmp_path: Path) -> None:
    """No console is needed."""
    user = bare_user(aws)
    done = home_of(user, aws, tmp_path).run("login", "--code", "123456")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"user {user.name} has no MFA device", "mfasession mfa enroll adds an authenticator app"),
    )


def two_lines(*codes: str) -> str:
    """Codes as `--codes -` reads them."""
    return "".join(f"{code}\n" for code in codes)


@pytest.mark.parametrize("named", [True, False], ids=["named", "the only one"])
def test_resync(alices_home: Home, aws: Sandbox, alice: SandboxUser, *, named: bool) -> None:
    """A phone that is hours off is refused at a login; two codes of it, with the key alone, and it is not."""
    device = alice.devices[0]
    device.drift = 7200
    assert alices_home.run("login", "--code", device.code()).returncode == 4
    aws.forget_calls()
    words = ("--serial", device.name) if named else ()
    done = alices_home.run("mfa", "resync", *words, "--codes", "-", stdin=two_lines(device.code(1), device.code(2)))
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "",
        f"mfasession: device {device.name} of {alice.name} in 123456789012 is in step with AWS again\n",
    )
    assert asked(aws, alice) == ["GetCallerIdentity", "ListMFADevices", "ResyncMFADevice"]
    have_session(alices_home, device, steps=1)


def test_resync_wants_newer_codes(alices_home: Home, alice: SandboxUser) -> None:
    """AWS takes no pair twice: exit 4, in plain words."""
    device = alice.devices[0]
    stdin = two_lines(device.code(-1), device.code())
    assert alices_home.run("mfa", "resync", "--codes", "-", stdin=stdin).returncode == 0
    done = alices_home.run("mfa", "resync", "--codes", "-", stdin=stdin)
    assert done.returncode == 4
    assert "AWS refused the two codes" in done.stderr
    assert not [code for code in stdin.split() if code in done.stderr]


def test_resync_of_one_of_several(alices_home: Home, alice: SandboxUser) -> None:
    """The one in use here; when none is, a script names it, and exit 6 lists them."""
    token = token_of(alice)
    stdin = two_lines(alice.devices[0].code(-1), alice.devices[0].code())
    done = alices_home.run("mfa", "resync", "--codes", "-", stdin=stdin)
    assert (done.returncode, done.stderr) == (
        6,
        complaint(f"{alice.name} has 2 MFA devices and none is named", f"--serial: {alice.devices[0].serial}, {token}"),
    )
    have_session(alices_home, alice.devices[0])
    assert alices_home.run("mfa", "resync", "--codes", "-", stdin=stdin).returncode == 0


def test_resync_of_what_has_no_clock(alices_home: Home, alice: SandboxUser) -> None:
    """A FIDO key, an unknown name, no codes, no terminal."""
    fido = alice.add_fido_device("yubi")
    done = alices_home.run("mfa", "resync", "--serial", fido.serial, "--codes", "-", stdin=two_lines("1" * 6, "2" * 6))
    assert (done.returncode, "is a FIDO device, which has no clock" in done.stderr) == (3, True)
    done = alices_home.run("mfa", "resync", "--serial", "nothing", "--codes", "-")
    assert (done.returncode, f"{alice.name} has no MFA device nothing\n" in done.stderr) == (3, True)
    done = alices_home.run("mfa", "resync", "--serial", alice.devices[0].name, "--codes", "-", stdin="12345\n")
    assert (done.returncode, "stdin did not give two codes" in done.stderr, "12345\n" in done.stderr) == (
        2,
        True,
        False,
    )
    done = alices_home.run("mfa", "resync")
    assert (done.returncode, done.stderr) == (
        6,
        complaint("two codes are needed, and there is no terminal", "--codes - reads them from stdin, one per line"),
    )


def test_remove(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """With the session that is there: taken from the user, deleted, and forgotten here."""
    phone = alice.devices[0]
    token = token_of(alice)
    have_session(alices_home, phone)
    aws.forget_calls()
    done = alices_home.run("mfa", "remove", "--serial", phone.name, "--yes")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "",
        f"mfasession: device {phone.name} is removed from {alice.name} in 123456789012\n",
    )
    assert alice.device_serials == [token]
    with pytest.raises(ValueError, match="deleted"):
        phone.code()
    actions = [call.action for call in aws.calls() if call.user == alice.arn]
    assert actions == ["GetCallerIdentity", "ListMFADevices", "DeactivateMFADevice", "DeleteVirtualMFADevice"]
    assert in_use(alices_home) == []


def test_remove_the_last(alices_home: Home, alice: SandboxUser) -> None:
    """What it means is said, and what comes then; the session that lives goes on."""
    phone = alice.devices[0]
    have_session(alices_home, phone)
    done = alices_home.run("mfa", "remove", "--yes")
    assert done.returncode == 0
    assert done.stderr == (
        f"mfasession: remove device {phone.name}, the last of {alice.name} that gives codes: no session can be made "
        "without one, and the key is then good for nothing but mfasession mfa enroll\n"
        f"mfasession: device {phone.name} is removed from {alice.name} in 123456789012\n"
        "mfasession: sessions that live go on until they end; then: mfasession mfa enroll\n"
    )
    assert alice.device_serials == []
    assert alices_home.run("process").returncode == 0


def test_remove_a_hardware_token_and_a_fido_key(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """They are gone once they are deactivated: nothing is left to delete."""
    others = [token_of(alice), alice.add_fido_device("yubi").serial]
    have_session(alices_home, alice.devices[0])
    aws.forget_calls()
    for serial in others:
        assert alices_home.run("mfa", "remove", "--serial", serial, "--yes").returncode == 0
    assert alice.device_serials == [alice.devices[0].serial]
    assert aws.calls("DeleteVirtualMFADevice") == []


def test_remove_without_a_terminal(alices_home: Home, alice: SandboxUser) -> None:
    """Exit 6: without --yes, without a session, without a choice."""
    done = alices_home.run("mfa", "remove")
    assert done.returncode == 6
    assert done.stderr.startswith(
        f"mfasession: there is no terminal to confirm: remove device {alice.devices[0].name}, the last"
    )
    assert done.stderr.endswith(f"  hint: mfasession mfa remove --serial {alice.devices[0].serial} --yes\n")
    done = alices_home.run("mfa", "remove", "--yes")
    assert (done.returncode, done.stderr.endswith("  hint: mfasession login\n")) == (6, True)
    token_of(alice)
    done = alices_home.run("mfa", "remove", "--yes")
    assert (done.returncode, "has 2 MFA devices and none is named" in done.stderr) == (6, True)
    assert len(alice.device_serials) == 2


def test_remove_that_ends_in_the_middle(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Taken from the user and not deleted: said with the way on, which frees its name."""
    phone = alice.devices[0]
    have_session(alices_home, phone)
    aws.faults.add("DeleteVirtualMFADevice", "error500", times=9)
    done = alices_home.run("mfa", "remove", "--yes")
    assert done.returncode == 5
    assert f"; device {phone.name} has no user now, but is still in the account\n" in done.stderr
    assert done.stderr.endswith(f"  hint: mfasession mfa remove --serial {phone.serial} deletes it\n")
    assert alice.device_serials == []
    aws.faults.clear()
    done = alices_home.run("mfa", "remove", "--serial", phone.serial, "--yes")
    assert (done.returncode, done.stderr) == (0, f"mfasession: device {phone.name} is removed\n")
    with pytest.raises(ValueError, match="deleted"):
        phone.code()


def test_remove_what_may_not_be_deleted(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """A policy that denies the second half: the administrator's work is named."""
    alice.put_policy(
        "no-deletes",
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": "iam:DeleteVirtualMFADevice", "Resource": "*"}],
        },
    )
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("mfa", "remove", "--yes")
    assert done.returncode == 4
    assert done.stderr.endswith(f"  hint: an administrator deletes it: {alice.devices[0].serial}\n")
    assert aws.calls("DeleteVirtualMFADevice")[-1].outcome == "AccessDenied"


def test_remove_reports_a_profile_that_names_it(alices_home: Home, alice: SandboxUser) -> None:
    """The next login would ask for the code of a device that is gone."""
    serial = alice.devices[0].serial
    alices_home.config.write_text(f"[default]\nmfa_serial = {serial}\n")
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("mfa", "remove", "--yes")
    assert complaint("profile default still names it", f"remove mfa_serial = {serial}") in done.stderr


def test_remove_forgets_the_seed(keyring_home: Home, alice: SandboxUser, service: SecretService) -> None:
    """A seed of no device is worth nothing, and still lies there."""
    assert service is not None
    words = (str(BIN / "keyring"), "set", "mfasession", f"seed/{alice.devices[0].serial}")
    assert keyring_home.run_program(*words, stdin=alice.devices[0].seed).returncode == 0
    have_session(keyring_home, alice.devices[0])
    assert keyring_home.run("mfa", "remove", "--yes").returncode == 0
    assert keyring_home.run_program(words[0], "get", *words[2:]).returncode == 1
