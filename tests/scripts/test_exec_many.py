"""`mfasession exec -p a -p b -- CMD`: CMD for each profile, in parallel, from one code."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, have_session, keys_of, section
from tests.helpers.patience import promised, scaled, wait_for
from tests.helpers.support import MFASESSION, Home, key_pair, session_section

SHOW = 'echo "$MFASESSION_PROFILE $AWS_ACCESS_KEY_ID"; echo oops >&2; cat'


@pytest.fixture
def live(home: Home) -> Home:
    """Three users' profiles with sessions that live until 2099."""
    home.write_credentials("\n".join(key_pair(name) + session_section(f"{name}-mfa") for name in "abc"))
    return home


def role_profiles(aws: Sandbox, user: SandboxUser, *names: str, source: str = "default") -> str:
    """Profiles `prod-NAME` of roles that a user may assume."""
    made = {name: aws.add_role(f"{name}-{user.name}", trusted=[user.arn]) for name in names}
    return "".join(
        f"[profile prod-{name}]\nrole_arn = {role.arn}\nsource_profile = {source}\n" for name, role in made.items()
    )


def profile_flags(*names: str) -> list[str]:
    """The flags that name profiles."""
    return [word for name in names for word in ("-p", name)]


def waited_for(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    wait_for(holds)


def is_running(process: int) -> bool:
    """Return whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.fixture
def started(live: Home) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start mfasession for the three profiles, and end it with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(script: str, *flags: str) -> "subprocess.Popen[bytes]":
        words = [MFASESSION, "exec", *profile_flags(*"abc"), *flags, "--", "sh", "-c", script]
        running.append(
            subprocess.Popen(
                words,
                env=live.environ,
                cwd=live.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_one_code_for_all_roles(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """fwdcloudsec/granted#768: each profile's command has its own session; streams stay apart; stdin is empty."""
    alices_home.config.write_text(role_profiles(aws, alice, "a", "b", "c"))
    before = "# mine\n" + alices_home.credentials.read_text()
    alices_home.write_credentials(before)
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("exec", "--all-matching", "prod-*", "--no-input", "--", "sh", "-c", SHOW, stdin="typed")
    kept = {name: section(alices_home.credentials, f"prod-{name}-mfa") for name in "abc"}
    lines = [f"prod-{name}: prod-{name} {kept[name]['aws_access_key_id']}" for name in "abc"]
    assert sorted(done.stdout.splitlines()) == lines
    assert sorted(done.stderr.splitlines()) == [
        "mfasession: 3 profiles: 3 done",
        *(f"prod-{name}: oops" for name in "abc"),
    ]
    assert done.returncode == 0
    assert asked(aws, alice).count("GetSessionToken") == 1
    assert alices_home.credentials.read_text().startswith(before)
    aws.forget_calls()
    again = alices_home.run("exec", "--all-matching", "prod-*", "--no-input", "--", "sh", "-c", SHOW)
    assert sorted(again.stdout.splitlines()) == lines
    assert aws.calls() == []


def test_hundred_roles_while_aws_throttles(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Rate exceeded, again and again: all are served in the end, and each role is kept."""
    alices_home.config.write_text(role_profiles(aws, alice, *map(str, range(100))))
    have_session(alices_home, alice.devices[0])
    aws.faults.add("AssumeRole", "throttle", times=20)
    done = alices_home.run("exec", "--all-matching", "prod-*", "--jobs", "8", "--", "true")
    assert (done.returncode, done.stderr) == (0, "mfasession: 100 profiles: 100 done\n")
    assert aws.faults.pending() == []
    assert alices_home.credentials.read_text().count("manager = mfasession\n") == 101


def test_a_failing_command_is_named(live: Home) -> None:
    """The others run, and the exit code is 1 whatever theirs was."""
    script = "case $MFASESSION_PROFILE in a) exit 3;; b) kill -9 $$;; esac; echo fine"
    done = live.run("exec", *profile_flags(*"abc"), "--jobs", "1", "--", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (1, "c: fine\n")
    assert done.stderr == "mfasession: 3 profiles: 1 done, 2 failed: a (exit 3), b (signal 9)\n"


def test_profiles_that_get_no_session_keep_none_from_theirs(
    aws: Sandbox, alices_home: Home, alice: SandboxUser
) -> None:
    """A refusing role, a wrong external ID, no such source, a circle, a wrong ARN: reported, and the good one runs."""
    strict = aws.add_role(f"strict-{alice.name}", trusted=[alice.arn], external_id="right")
    foreign = aws.add_role(f"foreign-{alice.name}", trusted=["arn:aws:iam::123456789012:user/nobody"])
    good = role_profiles(aws, alice, "good")
    alices_home.config.write_text(
        good
        + f"[profile prod-strict]\nrole_arn = {strict.arn}\nexternal_id = wrong\nsource_profile = default\n"
        + f"[profile prod-foreign]\nrole_arn = {foreign.arn}\nsource_profile = default\n"
        + f"[profile prod-lost]\nrole_arn = {foreign.arn}\nsource_profile = gone\n"
        + f"[profile prod-circle]\nrole_arn = {foreign.arn}\nsource_profile = prod-circle2\n"
        + f"[profile prod-circle2]\nrole_arn = {foreign.arn}\nsource_profile = prod-circle\n"
        + "[profile prod-wrong]\nrole_arn = Admin\nsource_profile = default\n"
    )
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("exec", "--all-matching", "prod-*", "--", "echo", "fine")
    assert (done.returncode, done.stdout) == (1, "prod-good: fine\n")
    for said in (
        r"prod-strict: AWS denied AssumeRole: .*\n  hint: the role's trust policy must name you, your external_id",
        r"prod-foreign: AWS denied AssumeRole: ",
        r"prod-lost: source of profile prod-lost: there is no profile gone\n",
        r"prod-circle: the source profiles form a loop: prod-circle -> prod-circle2 -> prod-circle\n",
        r"prod-wrong: profile prod-wrong: role_arn must be the ARN of a role, .*\n  hint: fix role_arn",
    ):
        assert re.search(f"^mfasession: {said}", done.stderr, re.MULTILINE), done.stderr
    assert "7 profiles: 1 done, 6 failed: " in done.stderr.splitlines()[-1]
    for name in ("strict", "foreign", "lost", "circle", "circle2", "wrong"):
        assert f"prod-{name} (no session)" in done.stderr


def test_an_expired_base_session_without_a_terminal(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The source is named once for all its roles; another source's roles run, and so does a role that lives still."""
    bob = aws.add_user(f"bob-{alice.name}")
    device = bob.add_device(f"phone-{bob.name}")
    alices_home.write_credentials(alices_home.credentials.read_text() + keys_of(bob, "bob"))
    alices_home.config.write_text(
        role_profiles(aws, alice, "a", "b", "live") + role_profiles(aws, bob, "c", source="bob")
    )
    have_session(alices_home, alice.devices[0], "-p", "prod-live")
    have_session(alices_home, device, "-p", "bob")
    alices_home.run("logout")
    done = alices_home.run("exec", "--all-matching", "prod-*", "--", "echo", "fine")
    assert sorted(done.stdout.splitlines()) == ["prod-c: fine", "prod-live: fine"]
    assert done.returncode == 1
    assert done.stderr.count("there is no session for profile default, and there is no terminal to ask for a code") == 1
    assert done.stderr.splitlines()[-1].endswith("2 done, 2 failed: prod-a (no session), prod-b (no session)")


def test_nothing_has_run_for_one_reason(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The exit code is that of the reason, as for one profile: 6 without a terminal."""
    alices_home.config.write_text(role_profiles(aws, alice, "a", "b"))
    done = alices_home.run("exec", "--all-matching", "prod-*", "--no-input", "--", "echo", "never")
    assert (done.returncode, done.stdout) == (6, "")
    assert "and --no-input was given\n  hint: mfasession login" in done.stderr


def test_a_chain_and_its_source_run_from_one_code(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The roles on the way are taken once and kept too."""
    first = aws.add_role(f"first-{alice.name}", trusted=[alice.arn])
    last = aws.add_role(f"last-{alice.name}", trusted=[first.arn])
    alices_home.config.write_text(
        f"[profile first]\nrole_arn = {first.arn}\nsource_profile = default\n"
        + "".join(f"[profile last{n}]\nrole_arn = {last.arn}\nsource_profile = first\n" for n in range(5))
    )
    have_session(alices_home, alice.devices[0])
    aws.forget_calls()
    names = ("default", "first", *(f"last{n}" for n in range(5)))
    done = alices_home.run("exec", *profile_flags(*names), "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    assert (done.returncode, done.stderr) == (0, "mfasession: 7 profiles: 7 done\n")
    shown = dict(line.split(": ") for line in done.stdout.splitlines())
    assert shown == {name: section(alices_home.credentials, f"{name}-mfa")["aws_access_key_id"] for name in names}
    assert len(aws.calls("AssumeRole")) == 6


def test_no_line_is_torn(live: Home) -> None:
    """Many small writes of three commands at once: every line is one command's, whole and in its order."""
    script = "import os, sys\nfor n in range(300):\n for c in str(n): os.write(1, c.encode())\n os.write(1, b'\\n')"
    done = live.run("exec", *profile_flags(*"abc"), "--", "python", "-c", script)
    for name in "abc":
        own = [line for line in done.stdout.splitlines() if line.startswith(f"{name}: ")]
        assert own == [f"{name}: {number}" for number in range(300)]


def test_output_is_bytes(live: Home, started: Callable[..., "subprocess.Popen[bytes]"]) -> None:
    """NUL, bytes that are no text, carriage returns, empty lines and a last line without an end; nothing is lost."""
    (live.folder / "data").write_bytes(b"\0\xff\xfe\r1\r2\n\n" + b"x" * 300_000 + b"\nend")
    out, err = started("cat data; cat data >&2", "--jobs", "1").communicate(timeout=scaled(60))
    expected = b"".join(
        b"".join(name + b": " + line + b"\n" for line in (live.folder / "data").read_bytes().split(b"\n"))
        for name in (b"a", b"b", b"c")
    )
    assert out == expected
    assert err == expected + b"mfasession: 3 profiles: 3 done\n"


@pytest.mark.parametrize(("jobs", "most"), [("1", 1), ("2", 2)])
def test_so_many_at_once(live: Home, jobs: str, most: int) -> None:
    """`--jobs` holds from the first to the last."""
    script = "echo + >>log; until [ -s log ]; do :; done; sleep 0.1; echo - >>log"
    assert live.run("exec", *profile_flags(*"abc"), "--jobs", jobs, "--", "sh", "-c", script).returncode == 0
    running = highest = 0
    for mark in (live.folder / "log").read_text().split():
        running += 1 if mark == "+" else -1
        highest = max(highest, running)
    assert highest <= most


def test_a_command_that_moves_while_it_runs(live: Home) -> None:
    """It is found once for all; where it is gone, it is found anew, as for each alone."""
    for name in ("first", "second"):
        folder = live.folder / name
        folder.mkdir()
        (folder / "tool").write_text(f'#!/bin/sh\necho {name}\nrm "$0"\n')
        (folder / "tool").chmod(0o755)
    live.environ["PATH"] = f"{live.folder / 'first'}:{live.folder / 'second'}:{live.environ['PATH']}"
    done = live.run("exec", *profile_flags(*"abc"), "--jobs", "1", "--", "tool")
    assert (done.returncode, done.stdout) == (1, "a: first\nb: second\n")
    assert "c (command not found)" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_all_commands(
    live: Home, started: Callable[..., "subprocess.Popen[bytes]"], number: signal.Signals, code: int
) -> None:
    """Ctrl-C ends them and all that they have started; the third never starts."""
    process = started("sh -c 'echo $$ >>pids; exec sleep 600' & wait", "--jobs", "2")
    pids = live.folder / "pids"
    waited_for(lambda: pids.exists() and pids.read_text().count("\n") == 2)
    process.send_signal(number)
    _, err = process.communicate(timeout=scaled(60))
    assert process.returncode == code, err
    assert b"1 not run, 2 failed" in err
    waited_for(lambda: not any(is_running(int(pid)) for pid in pids.read_text().split()))


def test_a_second_ctrl_c_kills(live: Home, started: Callable[..., "subprocess.Popen[bytes]"]) -> None:
    """Commands that go on after the first one: the second does not wait for the end of their five seconds."""
    begun, signals = live.folder / "begun", live.folder / "signals"
    process = started("trap 'echo >>signals' INT; echo >>begun; while :; do sleep 0.1; done")
    waited_for(lambda: begun.exists() and begun.read_text().count("\n") == 3)
    process.send_signal(signal.SIGINT)
    waited_for(lambda: signals.exists() and signals.read_text().count("\n") == 3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=promised(4))
    assert process.returncode == 130


def test_a_reader_that_goes_away_ends_all(live: Home, started: Callable[..., "subprocess.Popen[bytes]"]) -> None:
    """`mfasession exec … | head -1`: nothing runs on without a reader."""
    process = started("echo $$ >>pids; while :; do echo line; sleep 0.05; done")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 1
    waited_for(lambda: not any(is_running(int(pid)) for pid in (live.folder / "pids").read_text().split()))


def test_processes_left_running_are_not_waited_for(live: Home) -> None:
    """A daemon that keeps the output open: its command has ended."""
    done = live.run("exec", *profile_flags(*"ab"), "--", "sh", "-c", "sleep 30 & echo $! >>pids; echo fine")
    assert sorted(done.stdout.splitlines()) == ["a: fine", "b: fine"]
    left = [int(pid) for pid in (live.folder / "pids").read_text().split()]
    assert all(is_running(pid) for pid in left)
    for pid in left:
        os.kill(pid, signal.SIGTERM)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("-p", "a", "-p", "b", "--", "no-such-program"),
            127,
            complaint("no-such-program: command not found", "the command runs without a shell"),
        ),
        (
            ("-p", "a", "-p", "b"),
            2,
            complaint("no command to run", "put it behind --: mfasession exec -p a -p b -- aws s3 ls"),
        ),
        (
            ("--jobs", "2", "--", "true"),
            2,
            complaint("--jobs needs several profiles", "name them with -p, or with --all-matching 'prod-*'"),
        ),
        (
            ("-p", "a", "-p", "b", "--server", "--", "true"),
            2,
            complaint("--server takes one profile", "mfasession serve -p a -p b has an endpoint for many"),
        ),
        (
            ("--all-matching", "prod-*", "--", "true"),
            3,
            complaint("no profile matches prod-*", "put it in quotes, as in --all-matching 'prod-*'"),
        ),
    ],
)
def test_a_command_line_that_cannot_begin(live: Home, words: tuple[str, ...], code: int, said: str) -> None:
    """Reported before any question."""
    done = live.run("exec", *words)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.parametrize("text", ["0", "65", "many", "-1", "4.5"])
def test_a_number_of_jobs(live: Home, text: str) -> None:
    """From 1 to 64."""
    done = live.run("exec", "-p", "a", "-p", "b", f"--jobs={text}", "--", "true")
    assert done.returncode == 2
    assert "is not a number from 1 to 64" in done.stderr


def test_sessions_and_their_own_names_do_not_match(live: Home) -> None:
    """`--all-matching '*'` means profiles, not the sections where their sessions are; each is run once."""
    done = live.run("exec", "-p", "a-mfa", "-p", "a", "--all-matching", "*", "--", "echo", "fine")
    assert sorted(done.stdout.splitlines()) == ["a: fine", "b: fine", "c: fine"]


def test_an_aging_role_serves_when_it_cannot_be_renewed(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Ten minutes are left and AWS denies the role now: the command runs with what there is, as for one profile."""
    alices_home.config.write_text(role_profiles(aws, alice, "a", "b"))
    have_session(alices_home, alice.devices[0], "-p", "prod-a")
    text = alices_home.credentials.read_text()
    head, mark, tail = text.partition("[prod-a-mfa]\n")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    tail = re.sub(r"x_security_token_expires = \S+", f"x_security_token_expires = {soon}", tail, count=1)
    alices_home.write_credentials(head + mark + tail)
    key = section(alices_home.credentials, "prod-a-mfa")["aws_access_key_id"]
    aws.faults.add("AssumeRole", "unknown_key", times=2)
    done = alices_home.run("exec", *profile_flags("prod-a", "prod-b"), "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    assert done.stdout == f"prod-a: {key}\n"
    assert done.returncode == 1


WAITING = """
if [ $MFASESSION_PROFILE = default ]; then
    grep -A 2 prod-a-mfa .aws/credentials >before; sh -c "$1"
    until [ $(date +%s) -ge $(cat ages) ]; do sleep 0.1; done
fi
echo $AWS_ACCESS_KEY_ID
"""


@pytest.fixture
def ages_soon(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> str:
    """The key of the kept session of role profile `prod-a`, which is to be renewed in some seconds (file `ages`)."""
    alices_home.config.write_text(role_profiles(aws, alice, "a"))
    have_session(alices_home, alice.devices[0], "-p", "prod-a")
    end = int(time.time()) + 15 * 60 + 5
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
    head, mark, tail = alices_home.credentials.read_text().partition("[prod-a-mfa]\n")
    tail = re.sub(r"mfasession_issued = \S+\n", "", tail)
    tail = re.sub(r"x_security_token_expires = \S+", f"x_security_token_expires = {expires}", tail, count=1)
    alices_home.write_credentials(head + mark + tail)
    (alices_home.folder / "ages").write_text(str(end - 15 * 60))
    return section(alices_home.credentials, "prod-a-mfa")["aws_access_key_id"]


@pytest.mark.parametrize(
    ("meanwhile", "is_renewed"), [("true", True), (f"{MFASESSION} logout -p default", False)], ids=["base", "no base"]
)
def test_a_role_that_ages_in_the_queue_is_renewed(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, ages_soon: str, meanwhile: str, *, is_renewed: bool
) -> None:
    """Fresh at the start and not when its turn comes: a new one just before, without a code; else the old one."""
    words = (*profile_flags("default", "prod-a"), "--jobs", "1", "--", "sh", "-c", WAITING, "-", meanwhile)
    done = alices_home.run("exec", *words)
    assert done.returncode == 0, done.stderr
    assert ages_soon in (alices_home.folder / "before").read_text()
    used = done.stdout.splitlines()[-1].removeprefix("prod-a: ")
    assert (used != ages_soon) is is_renewed
    assert section(alices_home.credentials, "prod-a-mfa")["aws_access_key_id"] == used
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_the_keyring_keeps_them_all(keyring_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """With `store = "keyring"` no session reaches plain text, and the next run takes them from there."""
    keyring_home.write_settings('store = "keyring"\n')
    keyring_home.config.write_text(role_profiles(aws, alice, *map(str, range(12))))
    have_session(keyring_home, alice.devices[0])
    before = keyring_home.credentials.read_text()
    words = ("exec", "--all-matching", "prod-*", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    first = keyring_home.run(*words)
    assert (first.returncode, first.stderr) == (0, "mfasession: 12 profiles: 12 done\n")
    aws.forget_calls()
    assert sorted(keyring_home.run(*words).stdout.splitlines()) == sorted(first.stdout.splitlines())
    assert aws.calls() == []
    assert keyring_home.credentials.read_text() == before


def test_a_section_of_another_tool_fails_its_own_profile_only(
    aws: Sandbox, alices_home: Home, alice: SandboxUser
) -> None:
    """One cannot be kept where it belongs: its command does not run, and the others are kept."""
    alices_home.config.write_text(role_profiles(aws, alice, "a", "b", "c"))
    alices_home.write_credentials(alices_home.credentials.read_text() + "[prod-b-mfa]\nregion = theirs\n")
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("exec", "--all-matching", "prod-*", "--", "echo", "fine")
    assert (done.returncode, sorted(done.stdout.splitlines())) == (1, ["prod-a: fine", "prod-c: fine"])
    assert "prod-b: section [prod-b-mfa] of " in done.stderr
    assert section(alices_home.credentials, "prod-b-mfa") == {"region": "theirs"}


def test_without_a_writable_store_nothing_runs(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """A folder that cannot be written: no role is assumed for nothing, and the file is as it was."""
    alices_home.config.write_text(role_profiles(aws, alice, "a", "b"))
    have_session(alices_home, alice.devices[0])
    before = alices_home.credentials.read_bytes()
    alices_home.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(alices_home.folder / "open" / "credentials")
    (alices_home.folder / "open").mkdir()
    (alices_home.folder / "open" / "credentials").write_bytes(before)
    (alices_home.folder / "open" / "credentials").chmod(0o600)
    (alices_home.folder / "open").chmod(0o777)
    aws.forget_calls()
    done = alices_home.run("exec", "--all-matching", "prod-*", "--", "echo", "never")
    assert (done.returncode, done.stdout) == (3, "")
    assert "other users can write in" in done.stderr
    assert (alices_home.folder / "open" / "credentials").read_bytes() == before
    assert aws.calls("AssumeRole") == []
