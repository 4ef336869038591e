"""Any number of processes that want a session at once: one question, one exchange, an answer for each."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import promised, wait_for
from tests.helpers.seat import CLOCK, aging, expired, question, seat
from tests.helpers.support import MFASESSION, Home, key_pair

pytestmark = pytest.mark.usefixtures("device_known")

MANY = 50
COMMANDS = ("process", "env", "exec -- printenv AWS_ACCESS_KEY_ID")


def all_at_once(many: int = MANY, commands: tuple[str, ...] = COMMANDS) -> tuple[str, ...]:
    """Return a shell's words that start so many of the commands in turn, as one foreground job without a stdin."""
    script = f"""
    mkdir ended
    commands=({" ".join(f"'{command}'" for command in commands)})
    for ((number = 0; number < {many}; number++)); do
      {{ {MFASESSION} ${{commands[number % {len(commands)}]}} >out$number 2>err$number
        echo $? >code$number; mv code$number ended; }} &
    done
    wait
    """
    return ("bash", "--norc", "-c", script)


def codes(home: Home) -> list[int]:
    """Return the exit codes of those that have ended."""
    return [int(path.read_text()) for path in (home.folder / "ended").glob("code*")]


def at_the_lock(home: Home) -> int:
    """Return how many processes hold the lock of a question, or wait for it."""
    lock = str(home.folder / ".local" / "state" / "mfasession" / "locks" / "login-")
    found = set()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(descriptor).startswith(lock):
                found.add(descriptor.parts[2])
    return len(found)


def keys(home: Home, many: int = MANY) -> set[str]:
    """Return the IDs of the keys that the commands were given, each read as its reader would."""
    found = set()
    for number in range(many):
        out = (home.folder / f"out{number}").read_text()
        if out.startswith("{"):
            found.add(json.loads(out)["AccessKeyId"])
        else:
            found.add(out.partition("AWS_ACCESS_KEY_ID='")[2].partition("'")[0] or out.strip())
    return found


def test_fifty_ask_once(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """ByteNess/aws-vault#337: ten parallel runs of others ask ten times, and all codes but one are refused."""
    alices_home.write_credentials(expired(alice))
    aws.forget_calls()
    with seat(alices_home, *all_at_once()) as sitting:
        sitting.see(question(alice))
        wait_for(lambda: at_the_lock(alices_home) == MANY)
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
    assert codes(alices_home) == [0] * MANY
    assert len(aws.calls("GetSessionToken")) == 1
    (key,) = keys(alices_home)
    assert f"aws_access_key_id = {key}\n" in alices_home.credentials.read_text()
    assert "waiting" not in sitting.shown


def test_fifty_take_one_no(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """ctrl-C is meant for all that wait for the same question: one press is enough."""
    alices_home.write_credentials(expired(alice))
    aws.forget_calls()
    before = alices_home.credentials.read_bytes()
    with seat(alices_home, *all_at_once()) as sitting:
        sitting.see(CLOCK)
        # Those that begin after the no would ask again, and should.
        wait_for(lambda: at_the_lock(alices_home) == MANY)
        sitting.type("\x03")
        assert sitting.end() == 0
    assert codes(alices_home) == [130] * MANY
    assert aws.calls("GetSessionToken") == []
    assert alices_home.credentials.read_bytes() == before


def test_forty_nine_do_not_wait_while_the_old_session_lives(alices_home: Home, alice: SandboxUser) -> None:
    """One asks ahead of time; the others work with what is there instead of waiting for a user."""
    alices_home.write_credentials(aging(alice))
    with seat(alices_home, *all_at_once()) as sitting:
        sitting.see(CLOCK)
        wait_for(lambda: len(codes(alices_home)) == MANY - 1)
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
    assert codes(alices_home) == [0] * MANY
    assert len(keys(alices_home)) == 2


def test_fifty_without_a_terminal_fail_soon(alices_home: Home, alice: SandboxUser) -> None:
    """ByteNess/aws-vault#1169: exit 6 in 2 s each, measured from its own start, four at a time."""
    alices_home.write_credentials(expired(alice))

    def one(number: int) -> tuple[int, float]:
        began = time.monotonic()
        done = alices_home.run(*COMMANDS[number % len(COMMANDS)].split())
        return done.returncode, time.monotonic() - began

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(one, range(MANY)))
    assert {code for code, _ in ended} == {6}
    assert max(seconds for _, seconds in ended) < promised(2)


def test_processes_without_a_terminal_wait_for_the_open_question(
    alices_home: Home, aws: Sandbox, alice: SandboxUser
) -> None:
    """A question is open: what runs beside it without a terminal waits for the answer instead of failing."""
    alices_home.write_credentials(expired(alice))
    with seat(alices_home, MFASESSION, "login") as sitting, ThreadPoolExecutor(4) as pool:
        sitting.see(CLOCK)
        running = [pool.submit(alices_home.run, "process") for _ in range(4)]
        wait_for(lambda: at_the_lock(alices_home) == 5)
        aws.forget_calls()
        assert not any(each.done() for each in running)
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
        assert {each.result().returncode for each in running} == {0}
    assert len(aws.calls("GetSessionToken")) == 1


def test_the_next_one_asks_when_the_one_who_asks_is_killed(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """SIGKILL leaves no lock behind, and no process waits for the dead one."""
    alices_home.write_credentials(expired(alice))
    script = f"""
    {MFASESSION} env >out 2>&1 &
    echo $! >pid
    until test -e asked; do sleep 0.05; done
    {MFASESSION} exec -- echo SERVED
    """
    aws.forget_calls()
    with seat(alices_home, "bash", "--norc", "-c", script) as sitting:
        sitting.see(CLOCK)
        (alices_home.folder / "asked").touch()
        os.kill(int((alices_home.folder / "pid").read_text()), signal.SIGKILL)
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        sitting.see("SERVED")
        assert sitting.end() == 0
    assert (alices_home.folder / "out").read_text() == ""
    assert len(aws.calls("GetSessionToken")) == 1


def test_two_profiles_at_one_terminal_ask_in_turn(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Two questions at once on one terminal would be garbled, and each would steal the other's keys."""
    bob = aws.add_user(f"bob-{alice.name}")
    bob.add_device(f"t-{alice.name}")  # Short: the whole question stands in one line of the window.
    secret = bob.key.secret_access_key.reveal()
    alices_home.write_credentials(expired(alice) + key_pair("bob", bob.key.access_key_id, secret))
    waiting = {alice.name: alice, bob.name: bob}
    with seat(alices_home, *all_at_once(4, ("process -p default", "process -p bob"))) as sitting:
        while waiting:
            asked = sitting.see(rf"MFA code for (\S+) in 123456789012 \(device \S+\): +\({CLOCK}\)")
            sitting.line(waiting.pop(asked[1]).devices[0].code())
        assert sitting.end() == 0
    assert codes(alices_home) == [0] * 4
    assert len(keys(alices_home, 4)) == 2


@pytest.mark.parametrize("answer", ["a code", "a no"])
def test_all_roles_take_one_answer(alices_home: Home, aws: Sandbox, alice: SandboxUser, answer: str) -> None:
    """fwdcloudsec/granted#768: the session of the source profile serves every role, and a no is a no to them all."""
    roles = [aws.add_role(f"{name}-of-{alice.name}", trusted=[alice.arn]) for name in ("reader", "writer")]
    alices_home.write_credentials(expired(alice))
    sections = (f"[profile {role.name}]\nrole_arn = {role.arn}\nsource_profile = default\n" for role in roles)
    alices_home.config.write_text("".join(sections))
    aws.forget_calls()
    with seat(alices_home, *all_at_once(10, tuple(f"process -p {role.name}" for role in roles))) as sitting:
        sitting.see(question(alice))
        # The first of each role holds the role's lock and wants the source's; the others wait for the role's.
        wait_for(lambda: at_the_lock(alices_home) == 10)
        sitting.type(alice.devices[0].code() + "\r" if answer == "a code" else "\x03")
        assert sitting.end() == 0
    assert codes(alices_home) == [0 if answer == "a code" else 130] * 10
    assert len(aws.calls("GetSessionToken")) == (1 if answer == "a code" else 0)
    assert len(aws.calls("AssumeRole")) == (2 if answer == "a code" else 0)


@pytest.mark.parametrize("answer", ["a code", "a no"])
def test_a_second_terminal_says_that_it_waits(alices_home: Home, aws: Sandbox, alice: SandboxUser, answer: str) -> None:
    """It is served by the answer at the first one; a refusal there does not count here, and it asks in its turn."""
    alices_home.write_credentials(expired(alice))
    aws.forget_calls()
    line = (MFASESSION, "exec", "--", "echo", "SERVED")
    with seat(alices_home, *line) as first:
        first.see(CLOCK)
        with seat(alices_home, *line) as second:
            second.see(
                rf"mfasession: waiting for process {first.tty.pid} \(mfasession exec\), "
                r"which logs in for profile default\r\n"
            )
            if answer == "a code":
                first.line(alice.devices[0].code())
                first.see("SERVED")
            else:
                first.type("\x03")
                second.see(CLOCK)
                second.line(alice.devices[0].code())
            second.see("SERVED")
            assert (first.end(), second.end()) == (0 if answer == "a code" else 130, 0)
    assert len(aws.calls("GetSessionToken")) == 1
