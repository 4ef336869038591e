"""`mfasession mfa enroll` without a terminal: what AWS is asked, what is kept, and how it goes on after anything."""

import base64
import json
import re
import stat
import sys
from pathlib import Path

import pytest

from mfasession.mfa.enroll import SETTLED
from mfasession.policy.rule import DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, have_session
from tests.helpers.enrolling import App, bare_user, begun, go_on, home_of, kept_seeds, scan
from tests.helpers.faults import hostile_aws
from tests.helpers.secret_service import SecretService
from tests.helpers.support import BIN, Home, in_a_process, key_pair, need

EXEMPT = set(DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"])
NEVER_DENIED = {"sts:GetCallerIdentity"}


@pytest.fixture
def bare(aws: Sandbox) -> SandboxUser:
    """A user with a key pair and nothing else."""
    return bare_user(aws)


@pytest.fixture
def home(bare: SandboxUser, aws: Sandbox, tmp_path: Path) -> Home:
    """The home of that user."""
    return home_of(bare, aws, tmp_path)


@pytest.fixture
def keyring(home: Home, service: SecretService) -> Home:
    """That home with a keyring."""
    home.environ["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
    return home


def serial_of(user: SandboxUser, name: str = "") -> str:
    """The ARN of a device."""
    return f"arn:aws:iam::123456789012:mfa/{name or user.name}"


def done_with(home: Home, user: SandboxUser, name: str = "") -> None:
    """A device is enabled, a session is there that was made with it, and the seed is kept nowhere."""
    assert user.device_serials == [serial_of(user, name)]
    assert home.run("status", "-p", "default").returncode == 0
    assert serial_of(user, name) in home.credentials.read_text()
    assert kept_seeds(home) == []


def test_exactly_the_exempt_actions(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """The key alone, and nothing that the rule denies: 99designs/aws-vault has no enrolment, and scripts use more."""
    aws.forget_calls()
    app = begun(home, aws)
    done = go_on(home, app.pair())
    assert done.returncode == 0, done.stderr
    calls = [call for call in aws.calls() if call.user == bare.arn]
    assert {call.access_key_id for call in calls} == {bare.key.access_key_id}
    assert {call.outcome for call in calls} == {"ok"}
    permissions = {call.permission for call in calls}
    assert permissions - NEVER_DENIED < EXEMPT
    assert permissions - NEVER_DENIED == {
        "iam:ListMFADevices",
        "iam:ListVirtualMFADevices",
        "iam:CreateVirtualMFADevice",
        "iam:EnableMFADevice",
        "sts:GetSessionToken",
    }
    done_with(home, bare)


def test_the_messages_of_an_enrolment(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """Where the seed is meanwhile, that the device waits, and the words of `login` in the end; stdout stays empty."""
    png = home.folder / "code.png"
    first = home.run("mfa", "enroll", "--png", str(png), "--codes", "-")
    (kept,) = kept_seeds(home)
    assert (first.returncode, first.stdout) == (2, "")
    assert first.stderr == (
        f"mfasession: device {bare.name} was created for {bare.name} in 123456789012; its seed is stored in {kept} "
        "until it is enabled\n"
        + complaint(
            f"stdin did not give two codes; device {bare.name} waits for its codes",
            "two lines of six digits, in the order in which the device shows them; then run it again: it "
            "continues with this device",
        )
    )
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    app = App(aws, scan(png))
    done = go_on(home, app.pair())
    assert (done.returncode, done.stdout) == (0, "")
    assert re.fullmatch(
        rf"mfasession: continuing with device {bare.name}, which waits for its codes\n"
        rf"mfasession: device {bare.name} of {bare.name} in 123456789012 is enabled\n"
        rf"mfasession: {png} holds the seed\n  hint: rm {png}, once the app has it\n"
        r"mfasession: session for default until \d\d:\d\d.* \(12 h left\)\n",
        done.stderr,
    )
    assert app.seed not in first.stderr + done.stderr


def test_a_user_who_has_a_device(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Exit 0, as with `login`: nothing is made, and how to get another one."""
    aws.forget_calls()
    done = alices_home.run("mfa", "enroll", "--png", "code.png", "--codes", "-")
    assert (done.returncode, done.stderr) == (
        0,
        complaint(
            f"{alice.name} in 123456789012 has device {alice.devices[0].name} already",
            "mfasession mfa enroll --name NAME adds another",
        ),
    )
    assert asked(aws, alice) == ["GetCallerIdentity", "ListMFADevices"]
    assert not (alices_home.folder / "code.png").exists()


def test_a_second_device_takes_a_session(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """AWS-2023-001: a key alone may not add one. The session that is there is used; without one, exit 6 and a hint."""
    name = f"second-{alice.name}"
    png = str(alices_home.folder / "code.png")
    done = alices_home.run("mfa", "enroll", "--name", name, "--png", png, "--codes", "-", "--no-input")
    assert done.returncode == 6
    assert done.stderr.endswith("  hint: mfasession login\n")
    assert "CreateVirtualMFADevice" not in asked(aws, alice)
    have_session(alices_home, alice.devices[0])
    before = alices_home.credentials.read_bytes()
    app = begun(alices_home, aws, "--name", name)
    done = go_on(alices_home, app.pair(), "--name", name)
    assert done.returncode == 0, done.stderr
    assert f"mfasession: to use it: mfasession login --serial {serial_of(alice, name)}\n" in done.stderr
    assert alice.device_serials == [alice.devices[0].serial, serial_of(alice, name)]
    assert alices_home.credentials.read_bytes() == before
    again = alices_home.run("mfa", "enroll", "--name", name)
    assert (again.returncode, f"has device {name} already" in again.stderr) == (0, True)


def test_wrong_codes(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """Exit 4 with AWS's reason in plain words; the device waits, and right ones enable it."""
    app = begun(home, aws)
    for wrong in ((app.code(), app.code()), (app.code(), app.code(-1)), ("000000", "000001")):
        done = go_on(home, wrong)
        assert done.returncode == 4
        assert f"they must be consecutive codes of this device; device {bare.name}" in done.stderr
        assert bare.device_serials == []
    assert go_on(home, app.pair()).returncode == 0
    done_with(home, bare)


@pytest.mark.parametrize("hours", [-7, 7])
def test_a_phone_that_is_hours_off(home: Home, aws: Sandbox, bare: SandboxUser, hours: int) -> None:
    """AWS learns how far; the first login takes the code that was typed."""
    app = begun(home, aws)
    assert go_on(home, app.pair(hours * 120)).returncode == 0
    done_with(home, bare)


def test_patience_with_aws(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """STS hears of a device some seconds later than IAM: the same code is sent again, not a new one asked for."""
    app = begun(home, aws)
    aws.set_enrolment_lag(3)
    done = go_on(home, app.pair())
    assert done.returncode == 0, done.stderr
    assert "AWS does not know the new device everywhere yet, which takes 8 to 14 s: again in 5 s\n" in done.stderr
    assert [call.outcome for call in aws.calls("GetSessionToken") if call.user == bare.arn] == ["AccessDenied", "ok"]
    done_with(home, bare)


def test_a_left_over_device_of_that_name(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """IAM User Guide, "Troubleshooting IAM": its user cannot delete it. Another name, and why."""
    aws.add_leftover_device(bare.name)
    taken = f"{bare.name}-2"
    aws.add_user(f"somebody-{bare.name}").add_device(taken)
    app = begun(home, aws)
    assert app.label == f"AWS:{bare.name}-3@123456789012"
    done = go_on(home, app.pair())
    assert done.returncode == 0
    done_with(home, bare, f"{bare.name}-3")


def test_why_it_takes_another_name(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """Left over, or in use: each in its own words."""
    aws.add_leftover_device(bare.name)
    said = home.run("mfa", "enroll", "--png", "code.png", "--codes", "-").stderr
    assert (
        f"AWS has a device {bare.name} already, left over from an unfinished enrolment, and deleting it needs MFA: "
        f"the new one is {bare.name}-2\n"
    ) in said


@pytest.mark.parametrize("kind", ["lose_answer", "cut_answer"])
def test_the_answer_with_the_seed_is_lost(home: Home, aws: Sandbox, bare: SandboxUser, kind: str) -> None:
    """That seed is lost: exit 5 says so, and the next run takes another name."""
    aws.faults.add("CreateVirtualMFADevice", kind)
    done = home.run("mfa", "enroll", "--png", "code.png", "--codes", "-")
    assert done.returncode == 5
    assert f"AWS may have a device {bare.name} now, but its seed is lost\n" in done.stderr
    assert go_on(home, begun(home, aws).pair()).returncode == 0
    done_with(home, bare, f"{bare.name}-2")


@pytest.mark.parametrize("kind", ["lose_answer", "cut_answer"])
def test_the_answer_to_the_codes_is_lost(home: Home, aws: Sandbox, bare: SandboxUser, kind: str) -> None:
    """AWS is asked whether it has enabled the device, and the user is not asked again."""
    app = begun(home, aws)
    aws.faults.add("EnableMFADevice", kind)
    done = go_on(home, app.pair())
    assert done.returncode == 0, done.stderr
    done_with(home, bare)


def test_enabled_and_not_heard(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """Killed while AWS's answer was on its way: the next run sees that the device is enabled, and wants one code."""
    app = begun(home, aws)
    (kept,) = kept_seeds(home)
    text = kept.read_text()
    assert go_on(home, app.pair()).returncode == 0
    home.run("logout")
    kept.write_text(text)
    kept.chmod(0o600)
    done = go_on(home, ())
    assert done.returncode == 6
    assert f"device {bare.name} was already enabled by the last run\n" in done.stderr
    assert done.stderr.endswith("  hint: mfasession login\n")
    assert kept_seeds(home) == []
    assert home.run("login", "--code", app.code(1)).returncode == 0
    done_with(home, bare)


def test_a_device_deleted_meanwhile(home: Home, aws: Sandbox, bare: SandboxUser, alice: SandboxUser) -> None:
    """Said, and a new one is made."""
    begun(home, aws)
    (home.folder / "code.png").unlink()
    (kept,) = kept_seeds(home)
    serial, seed, made = kept.read_text().splitlines()
    kept.write_text(f"{serial}\n{seed}\n{int(made) - SETTLED}\n")
    admins = home_of(alice, aws, home.folder / "admin")
    have_session(admins, alice.devices[0])
    gone = admins.run("mfa", "remove", "--serial", serial_of(bare), "--yes")
    assert gone.returncode == 0, gone.stderr
    app = begun(home, aws)
    done = go_on(home, app.pair())
    assert done.returncode == 0, done.stderr
    done_with(home, bare)


def test_a_part_of_aws_that_has_not_heard_of_it(keyring: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """IAM is eventually consistent, and computed codes are there at once: it is asked again, and no seed is lost."""
    aws.faults.add("EnableMFADevice", "not_there", times=2)
    done = keyring.run("mfa", "enroll", "--to", "keyring")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("waiting until AWS knows the new device everywhere\n") == 1
    done_with(keyring, bare)


def test_a_device_that_aws_never_hears_of(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """Exit 4 in the end, and the seed is still kept: it may come."""
    app = begun(home, aws)
    aws.faults.add("EnableMFADevice", "not_there", times=5)
    done = go_on(home, app.pair())
    assert (done.returncode, len(kept_seeds(home))) == (4, 1)
    assert go_on(home, app.pair()).returncode == 0
    done_with(home, bare)


def test_the_first_login_fails(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """The device is enabled all the same, which is said first; the code of the error, and `login` is the way on."""
    app = begun(home, aws)
    aws.faults.add("GetSessionToken", "error500", times=9)
    done = go_on(home, app.pair())
    assert done.returncode == 5
    assert f"device {bare.name} of {bare.name} in 123456789012 is enabled\n" in done.stderr
    assert bare.device_serials == [serial_of(bare)]
    assert kept_seeds(home) == []
    aws.faults.clear()
    assert home.run("login", "--code", app.code(1)).returncode == 0


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        ((), "two codes are needed, and there is no terminal", "--codes - reads them from stdin, one per line"),
        (
            ("--codes", "-"),
            "no terminal to show the seed of a new device on",
            "choose another place: --png FILE, --to PLACE or --to-command",
        ),
        (
            ("--png", "x.png", "--no-input"),
            "two codes are needed, and --no-input was given",
            "--codes - reads them from stdin, one per line",
        ),
        (
            ("--png", "x.png", "--secret", "--codes", "-"),
            "no terminal to show the seed of a new device on",
            "choose another place: --png FILE, --to PLACE or --to-command",
        ),
    ],
    ids=["bare", "codes", "no-input", "secret"],
)
def test_without_a_terminal(
    home: Home, aws: Sandbox, bare: SandboxUser, words: tuple[str, ...], what: str, hint: str
) -> None:
    """Exit 6 before AWS makes a device that could not be deleted."""
    done = home.run("mfa", "enroll", *words)
    assert (done.returncode, done.stderr) == (6, complaint(what, hint))
    assert "CreateVirtualMFADevice" not in asked(aws, bare)


def test_a_picture_is_never_overwritten(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """Nor written through a link; refused before AWS is asked for a device."""
    (home.folder / "mine").write_text("mine")
    (home.folder / "link").symlink_to("nowhere")
    for name in ("mine", "link"):
        path = home.folder / name
        done = home.run("mfa", "enroll", "--png", str(path), "--codes", "-")
        assert (done.returncode, done.stderr) == (
            3,
            complaint(f"{path} exists already", "name a new file"),
        )
    assert (home.folder / "mine").read_text() == "mine"
    assert not (home.folder / "nowhere").exists()
    assert "CreateVirtualMFADevice" not in asked(aws, bare)


def test_a_picture_in_no_folder(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """Refused before AWS is asked for a device."""
    done = home.run("mfa", "enroll", "--png", "no/where.png", "--codes", "-")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"there is no folder {home.folder}/no", f"mkdir -p {home.folder}/no"),
    )
    assert "CreateVirtualMFADevice" not in asked(aws, bare)


def test_a_picture_is_private_from_its_first_byte(home: Home) -> None:
    """Made with mode 0600 whatever the umask, and by no other process before."""
    strace, trace = need("strace"), home.folder / "trace"
    line = 'umask 000; "$@"'
    words = ("-f", "-qq", "-o", str(trace), "-e", "trace=openat", "mfasession", "mfa", "enroll", "--png", "a.png")
    done = home.run_program("sh", "-c", line, "-", strace, *words, "--codes", "-")
    assert done.returncode == 2
    calls = [each for each in trace.read_text().splitlines() if '"a.png"' in each and "O_CREAT" in each]
    assert len(calls) == 1
    assert "O_EXCL" in calls[0]
    assert ", 0600)" in calls[0]


def test_into_the_keyring(keyring: Home, aws: Sandbox, bare: SandboxUser, service: SecretService) -> None:
    """`--to keyring`: no question is asked, and `code = "totp"` works at once; no file has held the seed."""
    done = keyring.run("mfa", "enroll", "--to", "keyring", "--no-input")
    assert done.returncode == 0, done.stderr
    assert "its seed is stored in the keyring until it is enabled\n" in done.stderr
    assert 'its seed is in the keyring; with code = "totp" in the configuration' in done.stderr
    done_with(keyring, bare)
    assert service is not None
    items = keyring.run_program(str(BIN / "keyring"), "get", "mfasession", f"seed/{serial_of(bare)}").stdout.strip()
    assert len(items) == 64
    assert items not in "".join(path.read_text("latin-1") for path in keyring.folder.rglob("*") if path.is_file())
    assert items not in done.stderr + done.stdout
    gone = keyring.run_program(str(BIN / "keyring"), "get", "mfasession", f"enrolment/{bare.arn}")
    assert (gone.returncode, gone.stdout) == (1, "")
    keyring.write_settings('code = "totp"\n')
    aws.clock.move(60, clients_follow=True)
    assert keyring.run("login", "--force", "--no-input").returncode in (0, 4)


def test_with_a_key_that_only_the_keyring_has(keyring: Home, bare: SandboxUser) -> None:
    """`keys protect` first, as a careful new user does."""
    assert keyring.run("keys", "protect").returncode == 0
    done = keyring.run("mfa", "enroll", "--to", "keyring")
    assert done.returncode == 0, done.stderr
    done_with(keyring, bare)


def test_without_a_keyring_none_is_promised(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """`--to keyring` without a keyring: exit 7, and no device is made."""
    done = home.run("mfa", "enroll", "--to", "keyring")
    assert done.returncode == 7
    assert done.stderr.startswith("mfasession: there is no keyring here\n")
    assert "CreateVirtualMFADevice" not in asked(aws, bare)


def test_a_locked_keyring(keyring: Home, aws: Sandbox, bare: SandboxUser, service: SecretService) -> None:
    """Exit 7 before a device is made: its seed never goes to a file because the keyring is locked."""
    service.end_daemon()
    service.start_daemon(unlocked=False)
    done = keyring.run("mfa", "enroll", "--png", "code.png", "--codes", "-")
    assert done.returncode == 7
    assert "and the seed of a new device has to be stored in it\n  hint: unlock it" in done.stderr
    assert "CreateVirtualMFADevice" not in asked(aws, bare)
    assert kept_seeds(keyring) == []


TAKER = "import sys; open('taken', 'w').write(sys.stdin.read()); open('argv', 'w').write(repr(sys.argv)); print(1)"


def test_to_a_program(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """The address is one line on its stdin, and in no argument; what it prints goes nowhere."""
    (home.folder / "taker.py").write_text(TAKER)
    command = f"{sys.executable} taker.py 'two words'"
    done = home.run("mfa", "enroll", "--to-command", command, "--codes", "-")
    assert (done.returncode, done.stdout) == (2, "")
    taken = (home.folder / "taken").read_text()
    assert taken.endswith("\n")
    app = App(aws, taken.strip())
    assert (home.folder / "argv").read_text() == "['taker.py', 'two words']"
    codes = "".join(f"{code}\n" for code in app.pair())
    done = home.run("mfa", "enroll", "--to-command", command, "--codes", "-", stdin=codes)
    assert done.returncode == 0, done.stderr
    done_with(home, bare)


def test_codes_of_the_configured_program(home: Home, bare: SandboxUser) -> None:
    """A seed that was handed to a program: the command of the configuration is asked, the second time a step later."""
    oathtool = need("oathtool")
    (home.folder / "taker.py").write_text(TAKER)
    get = f"sed 's/.*secret=\\([A-Z2-7]*\\).*/\\1/' taken | {oathtool} --totp -b -"
    home.write_settings(f"code = {{ command = {json.dumps(['sh', '-c', get])} }}\n")
    done = home.run("mfa", "enroll", "--no-input", "--to-command", f"{sys.executable} taker.py")
    assert done.returncode == 0, done.stderr
    done_with(home, bare)


def test_codes_of_a_preset(home: Home, bare: SandboxUser) -> None:
    """As with any other program: given the seed, it gives the two codes and that of the first login."""
    need("oathtool")
    keep = "import re, sys; open('seed', 'w').write(re.search('secret=([A-Z2-7]+)', sys.stdin.read())[1])"
    (home.folder / "keep.py").write_text(f"import os; os.umask(0o077)\n{keep}")
    home.write_settings(f'code = {{ preset = "oathtool", file = "{home.folder}/seed" }}\n')
    done = home.run("mfa", "enroll", "--no-input", "--to-command", f"{sys.executable} keep.py")
    assert (done.returncode, "has no seed" in done.stderr) == (0, False), done.stderr
    done_with(home, bare)


@pytest.mark.parametrize(
    ("code", "program"),
    [
        ('{ preset = "pass", account = "aws/phone" }', "pass"),
        ('"ykman"', "ykman"),
        ('{ command = ["my-codes", "--aws"] }', "my-codes"),
        ('"prompt"', ""),
        ('"totp"', ""),
        ('"zenity"', ""),
    ],
)
def test_a_program_that_will_need_the_seed(home: Home, bare: SandboxUser, code: str, program: str) -> None:
    """The seed is shown once: that the configured program needs it is reported before, with what gives it."""
    home.write_settings(f"code = {code}\n")
    done = home.run("mfa", "enroll", "--png", "code.png", "--codes", "-")
    said = complaint(
        f"logins take their codes from {program}, which has no seed of device {bare.name}",
        "run mfasession mfa enroll --to-command CMD before you give the codes: it gives the seed to CMD",
    )
    assert (said in done.stderr, "has no seed" in done.stderr) == (bool(program), bool(program)), done.stderr


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("no-such-program", "there is no program no-such-program"),
        ("false", "false failed (exit code 1) and did not take the seed"),
        ("/etc/passwd", "/etc/passwd cannot be run: permission denied"),
    ],
)
def test_a_program_that_does_not_take_it(home: Home, bare: SandboxUser, command: str, what: str) -> None:
    """Exit 3; the device waits, and the next run hands its seed to another one."""
    done = home.run("mfa", "enroll", "--to-command", command, "--codes", "-")
    assert done.returncode == 3
    assert f"{what}; device {bare.name} waits for its codes\n" in done.stderr
    assert len(kept_seeds(home)) == 1


def test_the_root_user(home: Home, aws: Sandbox) -> None:
    """No rule binds root, and IAM enrols no device of root's by a key."""
    key = aws.root_key()
    home.write_credentials(key_pair("default", key.access_key_id, key.secret_access_key.reveal()))
    done = home.run("mfa", "enroll", "--png", "x.png", "--codes", "-")
    assert done.returncode == 3
    assert "that is the key of the account's root user" in done.stderr


def test_a_user_with_only_a_fido_key(home: Home, bare: SandboxUser) -> None:
    """AWS wants MFA before a second device, and takes no FIDO answer for an API call: the console is the only way."""
    bare.add_fido_device("yubikey")
    done = home.run("mfa", "enroll", "--png", "x.png", "--codes", "-")
    assert done.returncode == 3
    assert "has only FIDO devices" in done.stderr
    assert "in the console" in done.stderr


def test_eight_devices(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """IAM quotas: reported before a device is made."""
    for number in range(7):
        alice.add_device(f"more{number}-{alice.name}")
    aws.forget_calls()
    done = alices_home.run("mfa", "enroll", "--name", "ninth", "--png", "x.png", "--codes", "-")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{alice.name} has 8 MFA devices, the most that AWS allows", "mfasession mfa remove"),
    )
    assert "CreateVirtualMFADevice" not in asked(aws, alice)


def test_a_rule_that_does_not_exempt_it(aws: Sandbox, tmp_path: Path) -> None:
    """Exit 4, and what the administrator has to fix."""
    strict = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:Create*", "Resource": "*"},
                                                     {"Effect": "Allow", "Action": "*", "Resource": "*"}]}  # fmt: skip
    user = aws.add_user(f"strict-{bare_user(aws).name}", [strict])
    done = home_of(user, aws, tmp_path).run("mfa", "enroll", "--png", "x.png", "--codes", "-")
    assert done.returncode == 4
    assert "the rule must exempt it, as mfasession policy show prints it: ask your administrator\n" in done.stderr


def test_a_role_profile_means_its_user(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """The device is the user's, whose key the role's source profile holds."""
    home.config.write_text(
        "[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = default\n"
    )
    app = begun(home, aws, "-p", "admin")
    waits = go_on(home, (), "-p", "admin")
    assert waits.stderr.endswith("; then run it again: it continues with this device\n")
    assert go_on(home, app.pair(), "-p", "admin").returncode == 0
    done_with(home, bare)


def test_a_profile_that_names_another_device(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """The first login takes the new one; what to write instead is said."""
    old = "arn:aws:iam::123456789012:mfa/lost"
    home.config.write_text(f"[default]\nmfa_serial = {old}\n")
    app = begun(home, aws)
    done = go_on(home, app.pair())
    assert done.returncode == 0, done.stderr
    serial = serial_of(bare)
    assert (
        complaint(
            f"profile default names another device, {old}",
            f"mfasession login --serial {serial}, or set mfa_serial = {serial} in the profile",
        )
        in done.stderr
    )
    done_with(home, bare)


@pytest.mark.parametrize(
    "words", [("--codes", "123456"), ("--to-command", ""), ("--to-command", "'"), ("--name", "a b")]
)
def test_usage(home: Home, words: tuple[str, ...]) -> None:
    """Exit 2, and no code is quoted."""
    done = home.run("mfa", "enroll", *words)
    assert done.returncode == 2
    assert "123456" not in done.stderr


PARTITION = """
import sys
from pathlib import Path
from mfasession.sandbox import Sandbox
from tests.helpers.enrolling import bare_user, begun, go_on, home_of
with Sandbox(partition=sys.argv[1]) as aws:
    user = bare_user(aws)
    home = home_of(user, aws, Path(sys.argv[2]))
    home.environ["AWS_REGION"] = aws.region
    done = go_on(home, begun(home, aws).pair())
    assert done.returncode == 0, done.stderr
    print(*user.device_serials)
"""


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "aws-eusc"])
def test_other_partitions(tmp_path: Path, partition: str) -> None:
    """The device's ARN is of the partition that the user is in."""
    root = str(Path(__file__).parents[2])
    done = in_a_process(PARTITION, partition, str(tmp_path), environ={"PYTHONPATH": root})
    assert done.stdout.startswith(f"arn:{partition}:iam::123456789012:mfa/bare"), done.stderr


@pytest.mark.parametrize("seed", ["", "not base32!", "\x1b[2JAAAAAAAAAAAA", "GEZDGNBVGY3TQOJQ\nGEZDGNBVGY3TQOJQ"])
def test_an_invalid_seed(home: Home, seed: str) -> None:
    """Whoever answers in the place of AWS shows nothing on the terminal and has nothing kept."""
    shown = base64.b64encode(seed.encode())
    made = b"<VirtualMFADevice><SerialNumber>arn:aws:iam::123456789012:mfa/alice</SerialNumber><Base32StringSeed>"
    made += shown + b"</Base32StringSeed></VirtualMFADevice>"
    answer = hostile_aws.made(b"CreateVirtualMFADevice", made)
    with hostile_aws.answering(CreateVirtualMFADevice=answer, ListMFADevices=hostile_aws.devices()) as url:
        done = home.run("mfa", "enroll", "--png", "x.png", "--codes", "-", environ={"AWS_ENDPOINT_URL": url})
    assert done.returncode == 5
    assert done.stderr.startswith(
        "mfasession: something other than AWS answered CreateVirtualMFADevice; AWS may have a"
    )
    assert kept_seeds(home) == []
    assert not (home.folder / "x.png").exists()


def test_one_at_a_time(home: Home, aws: Sandbox) -> None:
    """Two enrolments of one user at once would make two devices."""
    begun(home, aws)
    (lock,) = (home.folder / ".local/state/mfasession/locks").glob("enrolment-*.lock")
    done = home.run_program(
        need("flock"), str(lock), "mfasession", "mfa", "enroll", "--png", "code.png", "--codes", "-"
    )
    assert done.returncode == 7
    assert "another mfasession is busy" in done.stderr
