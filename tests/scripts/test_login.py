"""`mfasession login`: one code, one session, and nothing asked while there is one."""

import re
import signal
import subprocess
import time

import pytest

from mfasession import timestamps
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, log_in, section, valid
from tests.helpers.patience import scaled
from tests.helpers.support import MFASESSION, Home, key_pair, session_section

FULL = r"(12 h|11 h 59 min)"
SENT = complaint(
    "that code was sent to AWS before, and AWS takes each only once",
    "wait for the next code on the device, then run it again",
)
NO_FIDO = "AWS takes no FIDO answer for an API call"
NO_CODE = complaint("the given code is not six digits", "as in --code 123456, or leave --code out to be asked")


def durations_asked(aws: Sandbox, user: SandboxUser) -> list[str]:
    """The DurationSeconds of a user's requests for a session."""
    calls = aws.calls("GetSessionToken")
    return [call.params["DurationSeconds"] for call in calls if call.access_key_id == user.key.access_key_id]


def test_one_code_makes_a_session_of_twelve_hours(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The first habit: who it is, which device, one exchange; one line on stderr and nothing on stdout."""
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert (done.returncode, done.stdout) == (0, "")
    assert valid("default", FULL).match(done.stderr), done.stderr
    assert asked(aws, alice) == ["GetCallerIdentity", "ListMFADevices", "GetSessionToken"]
    assert durations_asked(aws, alice) == ["43200"]


def test_the_section_is_the_contracts(alices_home: Home, alice: SandboxUser) -> None:
    """aws/aws-cli#1985, aws/aws-cli#2807: every SDK reads the section, and its expiry stands in it."""
    (alices_home.aws / "config").write_text("[default]\nregion = eu-north-1\n")
    log_in(alices_home, alice.devices[0])
    kept = section(alices_home.credentials, "default-mfa")
    assert list(kept) == [
        "manager", "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region",
        "x_security_token_expires", "mfasession_key_id", "mfasession_mfa_serial", "mfasession_identity",
        "mfasession_issued",
    ]  # fmt: skip
    assert kept["manager"] == "mfasession"
    assert kept["aws_access_key_id"].startswith("ASIA")
    assert kept["region"] == "eu-north-1"
    assert kept["mfasession_key_id"] == alice.key.access_key_id
    assert kept["mfasession_mfa_serial"] == alice.devices[0].serial
    assert kept["mfasession_identity"] == alice.arn
    life = timestamps.parse(kept["x_security_token_expires"]) - timestamps.parse(kept["mfasession_issued"])
    assert 43195 <= life <= 43200


def test_a_valid_session_asks_nothing(home: Home) -> None:
    """No AWS call (none would answer here), no terminal, no network: until when, and 0."""
    home.write_credentials(key_pair() + session_section())
    before = home.credentials.read_bytes()
    done = home.run("login", "--no-input")
    assert (done.returncode, done.stdout) == (0, "")
    assert valid("default", r"\d+ h( \d+ min)?").match(done.stderr), done.stderr
    assert home.credentials.read_bytes() == before


def test_a_second_login_makes_no_call(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Noovolari/leapp#317: no question again while the session lives, and the code stays unused."""
    log_in(alices_home, alice.devices[0])
    count, code = len(asked(aws, alice)), alice.devices[0].code(1)
    assert alices_home.run("login", "--code", code).returncode == 0
    assert len(asked(aws, alice)) == count
    assert alices_home.run("login", "--force", "--code", code).returncode == 0


@pytest.mark.parametrize("line", ["{}\n", "{} \r\nmore\n", "{}"], ids=["line", "crlf", "no line end"])
def test_a_code_comes_through_stdin(alices_home: Home, alice: SandboxUser, line: str) -> None:
    """99designs/aws-vault#1169: a script pipes the code, which then stands in no process list."""
    code = alice.devices[0].code()
    done = alices_home.run("login", "--code", "-", stdin=line.format(f"{code[:3]} {code[3:]}"))
    assert done.returncode == 0, done.stderr
    assert "aws_session_token" in section(alices_home.credentials, "default-mfa")


@pytest.mark.parametrize("stdin", ["", "\n", "12345\n", "no code\n", "\udcff\n"], ids=repr)
def test_a_stdin_without_a_code(aws: Sandbox, alices_home: Home, alice: SandboxUser, stdin: str) -> None:
    """What is not six digits is refused before any question."""
    done = subprocess.run(
        [MFASESSION, "login", "--code", "-"],
        input=stdin.encode("utf-8", "surrogateescape"),
        env=alices_home.environ,
        capture_output=True,
        timeout=scaled(60),
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", NO_CODE)
    assert asked(aws, alice) == []


def test_a_closed_stdin_holds_no_code(alices_home: Home) -> None:
    """`<&-` gives no traceback."""
    done = alices_home.run_program("sh", "-c", f"exec {MFASESSION} login --code - <&-")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", NO_CODE)


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "-123456"], ids=repr
)
def test_an_invalid_code(aws: Sandbox, alices_home: Home, alice: SandboxUser, code: str) -> None:
    """Letters, five digits, none at all: reported at once, and AWS is not asked."""
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", f"--code={code}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", NO_CODE)
    assert asked(aws, alice) == []
    assert alices_home.credentials.read_bytes() == before


@pytest.mark.parametrize(
    ("duration", "seconds"), [("15m", "900"), ("36h", "129600"), ("1h30m", "5400"), ("1d", "86400")]
)
def test_the_duration_that_is_asked_for(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, duration: str, seconds: str
) -> None:
    """99designs/aws-vault#263: from 15 minutes to 36 hours, as GetSessionToken takes it."""
    log_in(alices_home, alice.devices[0], "--duration", duration)
    assert durations_asked(aws, alice) == [seconds]
    kept = section(alices_home.credentials, "default-mfa")
    life = timestamps.parse(kept["x_security_token_expires"]) - timestamps.parse(kept["mfasession_issued"])
    assert int(seconds) - 5 <= life <= int(seconds)
    done = alices_home.run("login", "--no-input")
    assert done.returncode == 0, done.stderr


def test_the_duration_of_the_configuration(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """A profile's own over the common one, the flag over both."""
    alices_home.write_settings('duration = "2h"\n')
    log_in(alices_home, alice.devices[0])
    alices_home.write_settings('duration = "2h"\n[profiles.default]\nduration = "3h"\n')
    log_in(alices_home, alice.devices[0], "--force", steps=1)
    log_in(alices_home, alice.devices[0], "--force", "--duration", "4h", steps=2)
    assert durations_asked(aws, alice) == ["7200", "10800", "14400"]


def test_the_duration_of_the_environment(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """MFASESSION_DURATION over both configurations, the flag over it; a longer --min-ttl over it, too."""
    alices_home.write_settings('duration = "2h"\n[profiles.default]\nduration = "3h"\n')
    alices_home.environ["MFASESSION_DURATION"] = "5h"
    log_in(alices_home, alice.devices[0])
    log_in(alices_home, alice.devices[0], "--force", "--duration", "4h", steps=1)
    log_in(alices_home, alice.devices[0], "--force", "--min-ttl", "6h", steps=2)
    assert durations_asked(aws, alice) == ["18000", "14400", "21600"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("14m", "'14m' is out of range: from 15 min to 36 h"),
        ("37h", "'37h' is out of range: from 15 min to 36 h"),
        ("soon", "'soon' is not a duration: write it as 12h, 90m or 3600"),
        ("492039", "'***' is out of range: from 15 min to 36 h"),
    ],
)
def test_a_wrong_duration_of_the_environment(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, text: str, why: str
) -> None:
    """Exit code 3 before the code is sent; what is not asked of it works on."""
    before = alices_home.credentials.read_bytes()
    alices_home.environ["MFASESSION_DURATION"] = text
    code = alice.devices[0].code()
    done = alices_home.run("login", "--code", code)
    expected = complaint(f"MFASESSION_DURATION: {why}", "export MFASESSION_DURATION=12h, or unset it")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", expected)
    assert "GetSessionToken" not in asked(aws, alice)
    assert alices_home.credentials.read_bytes() == before
    assert alices_home.run("login", "--code", code, "--duration", "1h").returncode == 0
    assert alices_home.run("process").returncode == 0


@pytest.mark.parametrize("words", [("env",), ("exec", "--", "true"), ("process",)], ids=lambda words: words[0])
def test_the_duration_of_a_session_that_another_command_makes(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """99designs/aws-vault's `exec --duration`: as `login` takes it; without a code, the hint is the login with it."""
    script = alices_home.folder / "code"
    alices_home.write_settings(f'code = {{ command = ["cat", "{script}"] }}\n')
    script.write_text(alice.devices[0].code())
    command, *behind = words
    done = alices_home.run(command, "--duration", "2h", *behind)
    assert done.returncode == 0, done.stderr
    assert durations_asked(aws, alice) == ["7200"]
    alices_home.settings.unlink()
    alices_home.run("logout")
    done = alices_home.run(command, "--duration", "2h", *behind)
    missing = "there is no session for profile default, and there is no terminal to ask for a code"
    assert (done.returncode, done.stderr) == (6, complaint(missing, "mfasession login --duration 7200"))


def test_force_makes_a_new_session(alices_home: Home, alice: SandboxUser) -> None:
    """`--force` with a code replaces a session that is still good; without a terminal it stays as it is."""
    log_in(alices_home, alice.devices[0])
    first = section(alices_home.credentials, "default-mfa")["aws_access_key_id"]
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", "--force")
    assert (done.returncode, done.stderr) == (
        6,
        complaint(
            "a new session for profile default is wanted, and there is no terminal to ask for a code",
            "run it in a terminal, or with the code on stdin: mfasession login --force --code -",
        ),
    )
    assert alices_home.credentials.read_bytes() == before
    log_in(alices_home, alice.devices[0], "--force", steps=1)
    assert section(alices_home.credentials, "default-mfa")["aws_access_key_id"] != first


def test_min_ttl_renews_what_is_too_short(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#469: enough life for the long job, or a new session before it starts."""
    log_in(alices_home, alice.devices[0], "--duration", "1h")
    assert alices_home.run("login", "--min-ttl", "30m").returncode == 0
    assert durations_asked(aws, alice) == ["3600"]
    done = alices_home.run("login", "--min-ttl", "2h")
    assert done.returncode == 6
    assert re.fullmatch(
        r"mfasession: the session of profile default has only (1 h|59 min) left, "
        r"and there is no terminal to ask for a code\n"
        r"  hint: run it in a terminal, or with the code on stdin: mfasession login --min-ttl 2h --code -\n",
        done.stderr,
    ), done.stderr
    log_in(alices_home, alice.devices[0], "--min-ttl", "2h", steps=1)
    assert durations_asked(aws, alice) == ["3600", "43200"]


def test_a_new_session_lasts_as_long_as_is_asked_for(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """`--min-ttl 20h` with sessions of 12 h: the new one is made longer, or the job would start on too little."""
    log_in(alices_home, alice.devices[0], "--min-ttl", "20h")
    assert durations_asked(aws, alice) == ["72000"]
    assert alices_home.run("exec", "--min-ttl", "19h", "--", "true").returncode == 0


def test_a_min_ttl_that_no_session_has(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """A shorter `--duration` beside it, or a role's one hour: reported, and the long job does not start."""
    done = alices_home.run("login", "--duration", "1h", "--min-ttl", "2h", "--code", "123456")
    assert (done.returncode, done.stderr) == (
        2,
        complaint("a session of 1 h never has 2 h left", "raise --duration, or lower --min-ttl"),
    )
    assert asked(aws, alice) == []
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    log_in(alices_home, alice.devices[0])
    done = alices_home.run("exec", "-p", "admin", "--min-ttl", "2h", "--", "touch", "started")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            "a new session of profile admin lasts 1 h, and --min-ttl wants 2 h",
            "lower --min-ttl; a role lasts longer with its duration_seconds",
        ),
    )
    assert not (alices_home.folder / "started").exists()


def test_a_code_that_was_sent_is_never_sent_again(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Noovolari/leapp#317: AWS takes each code once, so the second try fails here and costs none of the nine tries."""
    code = alice.devices[0].code()
    assert alices_home.run("login", "--code", code).returncode == 0
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", "--force", "--code", code)
    assert (done.returncode, done.stdout, done.stderr) == (4, "", SENT)
    asked = [call.outcome for call in aws.calls("GetSessionToken") if call.access_key_id == alice.key.access_key_id]
    assert asked == ["ok"]
    assert durations_asked(aws, alice) == ["43200"]
    assert alices_home.credentials.read_bytes() == before


def test_a_login_that_is_interrupted_has_used_its_code_up(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Ctrl-C while AWS looks at the code: it may count there, so it is not sent again."""
    code = alice.devices[0].code()
    aws.faults.add("GetSessionToken", "delay", seconds=2)
    login = subprocess.Popen(
        [MFASESSION, "login", "--code", code], env=alices_home.environ, stderr=subprocess.PIPE, text=True
    )
    while aws.faults.pending():
        assert login.poll() is None
        time.sleep(0.01)
    login.send_signal(signal.SIGINT)
    assert login.communicate(timeout=scaled(30))[1] == "mfasession: interrupted\n"
    assert login.returncode == 130
    done = alices_home.run("login", "--code", code)
    assert (done.returncode, done.stderr) == (4, SENT)


def test_a_serial_on_the_command_line(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """`--serial` names the device, a hardware token by its number, and asks IAM nothing."""
    token = alice.add_hardware_device(f"GAHT{alice.unique_id[-8:]}")
    log_in(alices_home, token, "--serial", token.serial)
    assert asked(aws, alice) == ["GetCallerIdentity", "GetSessionToken"]
    assert section(alices_home.credentials, "default-mfa")["mfasession_mfa_serial"] == token.serial
    assert alices_home.run("process").returncode == 0


@pytest.mark.parametrize(
    ("serial", "what", "hint"),
    [
        (
            "phone",
            "phone is not the serial number of an MFA device",
            "it looks like arn:aws:iam::123456789012:mfa/NAME, or GAHT12345678 for a hardware token",
        ),
        (
            "arn:aws:iam::123456789012:user/alice",
            "arn:aws:iam::123456789012:user/alice is not the ARN of an MFA device",
            "it looks like arn:aws:iam::123456789012:mfa/NAME",
        ),
        (
            "arn:aws:iam::123456789012:mfa/a b\x1b[2J",
            "arn:aws:iam::123456789012:mfa/a b?[2J is not the serial number of an MFA device",
            "it looks like arn:aws:iam::123456789012:mfa/NAME, or GAHT12345678 for a hardware token",
        ),
        (
            "arn:aws:iam::123456789012:u2f/user/alice/key-ABC",
            "arn:aws:iam::123456789012:u2f/user/alice/key-ABC is a FIDO device, and " + NO_FIDO,
            "name an authenticator app's serial number instead",
        ),
    ],
    ids=["name", "user", "escape", "fido"],
)
def test_an_invalid_serial(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, serial: str, what: str, hint: str
) -> None:
    """99designs/aws-vault#676, aws/aws-cli#3607: reported here, before a code is spent on what AWS cannot take."""
    done = alices_home.run("login", "--serial", serial, "--code", "123456")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", complaint(what, hint))
    assert asked(aws, alice) == []


@pytest.mark.parametrize("mode", [0o600, 0o660])
def test_in_a_folder_that_is_gone(alices_home: Home, alice: SandboxUser, mode: int) -> None:
    """Removed by another shell: it has nothing to do with the session."""
    alices_home.config.touch()
    alices_home.config.chmod(mode)
    line = 'mkdir gone && cd gone && rmdir ../gone && exec mfasession login --code "$0"'
    done = alices_home.run_program("sh", "-c", line, alice.devices[0].code())
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.startswith("mfasession: session for default until ")
