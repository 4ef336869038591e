"""Which profile, which key, which device, which section: as the AWS files and the environment say."""

import json
import tomllib
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, keys_of, log_in, section
from tests.helpers.support import Home, key_pair, session_section

NOBODY = "and there is no terminal to ask for a code"


def chosen(home: Home, *words: str, **environ: str) -> str:
    """The profile that `env` takes."""
    done = home.run("env", "--shell", "json", *words, environ=environ)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["MFASESSION_PROFILE"])


def state_of(home: Home) -> Path:
    """Where the devices are remembered."""
    return home.folder / ".local" / "state" / "mfasession" / "state.toml"


def test_the_order_of_choice(home: Home) -> None:
    """-p, MFASESSION_PROFILE, AWS_PROFILE or AWS_DEFAULT_PROFILE, default_profile, default; empty is not set."""
    names = ("default", "flag", "ours", "aws", "configured")
    home.write_credentials("".join(key_pair(name) + session_section(f"{name}-mfa") for name in names))
    assert chosen(home) == "default"
    home.write_settings('default_profile = "configured"\n')
    assert chosen(home) == "configured"
    assert chosen(home, AWS_PROFILE="aws") == "aws"
    assert chosen(home, AWS_PROFILE="aws", MFASESSION_PROFILE="ours") == "ours"
    assert chosen(home, "-p", "flag", AWS_PROFILE="aws", MFASESSION_PROFILE="ours") == "flag"
    assert chosen(home, AWS_PROFILE="", MFASESSION_PROFILE="") == "configured"
    assert chosen(home, AWS_DEFAULT_PROFILE="aws") == "aws"


@pytest.mark.parametrize(
    ("words", "environ", "hint"),
    [
        (("-p", "prodution"), {}, "did you mean production?"),
        (("-p", "PRODUCTION"), {}, "did you mean production?"),
        ((), {"AWS_PROFILE": "prodution"}, "did you mean production?"),
        (("-p", "zzz"), {}, "profiles: work, production"),
        (("-p", "production-mfa-2"), {}, "did you mean production?"),
    ],
)
def test_a_profile_that_does_not_exist(home: Home, words: tuple[str, ...], environ: dict[str, str], hint: str) -> None:
    """broamski/aws-mfa#30: no crash; the nearest name is offered, else those there are."""
    (home.aws / "config").write_text("[profile work]\nregion = eu-west-1\n")
    home.write_credentials(key_pair("production") + session_section("production-mfa"))
    name = words[1] if words else environ["AWS_PROFILE"]
    for command in ("login", "env", "process", "exec", "logout"):
        done = home.run(command, *words, environ=environ)
        assert (done.returncode, done.stderr) == (3, complaint(f"there is no profile {name}", hint))


def test_no_files_at_all(home: Home) -> None:
    """A first run: what to type is said."""
    done = home.run("login")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == complaint("there is no profile default", "mfasession init -p default")


def test_zero_configuration(alices_home: Home, alice: SandboxUser) -> None:
    """A `[default]` key pair and nothing else: no region, no configuration, no serial; and none is made up."""
    del alices_home.environ["AWS_REGION"]
    log_in(alices_home, alice.devices[0])
    values = json.loads(alices_home.run("env", "--shell", "json").stdout)
    assert "AWS_REGION" not in values
    shown = alices_home.run("exec", "--", "sh", "-c", "echo $AWS_DEFAULT_REGION$AWS_REGION")
    assert (shown.returncode, shown.stdout) == (0, "\n")
    assert not alices_home.settings.exists()
    assert not alices_home.config.exists()


def test_the_only_device_is_taken_and_remembered(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """broamski/aws-mfa#41: found once with ListMFADevices, then known; nothing secret is written for it."""
    log_in(alices_home, alice.devices[0])
    log_in(alices_home, alice.devices[0], "--force", steps=1)
    assert asked(aws, alice).count("ListMFADevices") == 1
    known = tomllib.loads(state_of(alices_home).read_text())
    assert known["devices"] == {alice.key.access_key_id: {"serial": alice.devices[0].serial, "user": alice.name}}
    assert state_of(alices_home).stat().st_mode & 0o777 == 0o600
    assert alice.devices[0].code(1) not in state_of(alices_home).read_text()
    assert alice.key.secret_access_key.reveal() not in state_of(alices_home).read_text()


def test_a_new_phone_is_found(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The remembered device is no longer hers: reported, forgotten, and the next login finds the one she has."""
    log_in(alices_home, alice.devices[0])
    old = aws._state.devices.get(alice.devices[0].serial)
    assert old is not None
    old.take_back()
    new = alice.add_device(f"new-phone-{alice.name}")
    refused = alices_home.run("login", "--force", "--code", new.code())
    assert (refused.returncode, refused.stderr) == (
        4,
        complaint(
            "AWS could not check the code: the serial number is wrong, the device belongs to another user, it was "
            "enabled a moment ago, or too many codes were tried",
            "compare the serial with mfasession mfa list -p default; else wait 3 minutes and run it again",
        ),
    )
    assert alices_home.run("process").returncode == 0
    log_in(alices_home, new, "--force", steps=1)
    assert section(alices_home.credentials, "default-mfa")["mfasession_mfa_serial"] == new.serial


def test_several_devices_without_a_terminal(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#1100: all are named, with how to choose, and no code is spent."""
    backup = alice.add_device(f"backup-{alice.name}")
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", "--code", backup.code())
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == complaint(
        "profile default has 2 MFA devices and none is chosen",
        f"name one as mfa_serial in the profile, or with --serial: {alice.devices[0].serial}, {backup.serial}",
    )
    assert "GetSessionToken" not in asked(aws, alice)
    assert alices_home.credentials.read_bytes() == before
    log_in(alices_home, backup, "--serial", backup.serial)
    log_in(alices_home, backup, "--force", steps=1)


def test_fido_devices_are_left_out(alices_home: Home, alice: SandboxUser) -> None:
    """aws/aws-cli#3607: a security key beside the phone is not offered."""
    alice.add_fido_device("yubikey")
    log_in(alices_home, alice.devices[0])
    assert section(alices_home.credentials, "default-mfa")["mfasession_mfa_serial"] == alice.devices[0].serial


def test_fido_devices_alone(aws: Sandbox, home: Home, alice: SandboxUser) -> None:
    """dcoker/awsmfa#15: said clearly, with what to do."""
    fay = aws.add_user(f"fay-{alice.name}")
    fay.add_fido_device("yubikey")
    home.write_credentials(keys_of(fay))
    done = home.run("login", "--code", "123456", environ={"AWS_ENDPOINT_URL": aws.url})
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"user {fay.name} has only FIDO devices (security keys, passkeys), and AWS takes no FIDO answer for an API "
            "call",
            "aws login --profile NAME, with a new NAME, signs in with one in the browser (AWS CLI 2.32 or later); or "
            "add an authenticator app in the console: IAM, Security credentials, MFA",
        ),
    )


def test_no_device(aws: Sandbox, home: Home, alice: SandboxUser) -> None:
    """A new user learns where to get one."""
    ned = aws.add_user(f"ned-{alice.name}")
    home.write_credentials(keys_of(ned))
    done = home.run("login", "--code", "123456", environ={"AWS_ENDPOINT_URL": aws.url})
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"user {ned.name} has no MFA device",
            "mfasession mfa enroll adds an authenticator app",
        ),
    )


@pytest.mark.parametrize("place", ["credentials", "config", "settings", "settings over files"])
def test_places_of_mfa_serial(aws: Sandbox, alices_home: Home, alice: SandboxUser, place: str) -> None:
    """broamski/aws-mfa#63: the standard key in either AWS file, or ours; then IAM is not asked."""
    backup = alice.add_device(f"backup-{alice.name}")
    line = f"mfa_serial = {backup.serial}\n"
    other = f"mfa_serial = {alice.devices[0].serial}\n"
    if place == "credentials":
        alices_home.write_credentials(keys_of(alice) + line)
    elif place == "config":
        alices_home.config.write_text(f"[default]\n{line}")
    else:
        alices_home.write_settings(f'[profiles.default]\nmfa_serial = "{backup.serial}"\n')
    if place == "settings over files":
        alices_home.write_credentials(keys_of(alice) + other)
        alices_home.config.write_text(f"[default]\n{other}")
    log_in(alices_home, backup)
    assert asked(aws, alice) == ["GetCallerIdentity", "GetSessionToken"]
    assert section(alices_home.credentials, "default-mfa")["mfasession_mfa_serial"] == backup.serial


def test_only_the_profiles_own_key_is_used(alices_home: Home, alice: SandboxUser) -> None:
    """broamski/aws-mfa#44: stale AWS_* variables and an AWS_PROFILE that is gone take no part in a login."""
    stale = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "stale")
    shadows = dict.fromkeys(("AWS_PROFILE", "AWS_DEFAULT_PROFILE"), "gone")
    code = alice.devices[0].code()
    done = alices_home.run("login", "-p", "default", "--code", code, environ={**stale, **shadows})
    assert done.returncode == 0, done.stderr
    assert section(alices_home.credentials, "default-mfa")["mfasession_key_id"] == alice.key.access_key_id


def test_a_managed_section_means_its_source(alices_home: Home, alice: SandboxUser) -> None:
    """AWS_PROFILE=default-mfa, which the SDKs read, is not a trap: the profile is default."""
    log_in(alices_home, alice.devices[0])
    assert chosen(alices_home, AWS_PROFILE="default-mfa") == "default"
    assert chosen(alices_home, "-p", "default-mfa") == "default"
    log_in(alices_home, alice.devices[0], "--force", "-p", "default-mfa", steps=1)
    assert "[default-mfa-mfa]" not in alices_home.credentials.read_text()
    assert alices_home.run("status", "-p", "default-mfa").returncode == 0
    assert alices_home.run("logout", "-p", "default-mfa").returncode == 0
    assert "default-mfa" not in alices_home.credentials.read_text()


def test_the_layout_of_aws_mfa(alices_home: Home, alice: SandboxUser) -> None:
    """`source` and `session_profile`: `[work-long-term]` holds the key, `[work]` becomes the session for every SDK."""
    alices_home.write_credentials(keys_of(alice, "work-long-term"))
    alices_home.config.write_text("[profile work]\nregion = eu-north-1\n")
    alices_home.write_settings('[profiles.work]\nsource = "work-long-term"\nsession_profile = "work"\n')
    log_in(alices_home, alice.devices[0], "-p", "work")
    kept = section(alices_home.credentials, "work")
    assert (kept["manager"], kept["region"]) == ("mfasession", "eu-north-1")
    assert chosen(alices_home, "-p", "work") == "work"
    assert chosen(alices_home, AWS_PROFILE="work") == "work"
    log_in(alices_home, alice.devices[0], "-p", "work", "--force", steps=1)
    assert section(alices_home.credentials, "work")["region"] == "eu-north-1"
