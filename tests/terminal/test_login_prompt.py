"""`mfasession login` asks on the terminal, wherever its streams lead, and leaves terminal and files in order."""

import os
import re
import signal
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import wait_for
from tests.helpers.seat import APART, CLOCK, expired, outcome, question, seat, shell
from tests.helpers.support import MFASESSION, Home

DUMB = {"TERM": "dumb"}
SESSION = "mfasession: session for default until "


def test_asks_though_both_streams_are_files(alices_home: Home, alice: SandboxUser) -> None:
    """The question names user, account and device and shows how long the code lives; `123 456` is fine."""
    with seat(alices_home, *APART, MFASESSION, "login") as sitting:
        sitting.see(question(alice))
        code = alice.devices[0].code()
        sitting.type(f"{code[:3]} {code[3:]}\r")
        status, said = outcome(sitting)
    assert status == 0
    assert said.startswith(SESSION)
    assert said.count("\n") == 1


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_the_user_is_named_once_aws_has_answered(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str
) -> None:
    """The question does not wait for AWS: the profile stands in for the user until the answer is there."""
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    aws.forget_calls()
    aws.faults.add("GetCallerIdentity", "delay", seconds=1)
    with seat(alices_home, MFASESSION, "login", environ={"TERM": term}) as sitting:
        sitting.see("MFA code for profile default in 123456789012")
        assert aws.calls() == []
        # A plain line shows it when it asks again.
        while alice.name not in sitting.see("MFA code for profile|default|a code is six digits|" + alice.name)[0]:
            sitting.type("1\r")
        sitting.type("\x15" + alice.devices[0].code() + "\r")
        assert sitting.end() == 0


def test_letters_and_five_digits_are_refused(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Nothing but six digits is sent to AWS."""
    code = alice.devices[0].code()
    aws.forget_calls()
    with seat(alices_home, MFASESSION, "login") as sitting:
        sitting.see(CLOCK)
        sitting.type(f"a{code[0]}b-{code[1:5]}é\r")
        sitting.see("a code is six digits")
        sitting.type(f"{code[5]}\r")
        assert sitting.end() == 0
    assert SESSION in sitting.shown
    assert len(aws.calls("GetSessionToken")) == 1


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_wrong_code_is_asked_for_again_three_times_at_most(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str
) -> None:
    """AWS's reason in plain words each time; then exit 4 and the files as they were."""
    before = alices_home.credentials.read_bytes()
    real = {alice.devices[0].code(step) for step in range(-3, 4)}
    wrong = [code for code in ("000000", "111111", "222222", "333333", "444444") if code not in real]
    aws.forget_calls()
    with seat(alices_home, *APART, MFASESSION, "login", environ={"TERM": term}) as sitting:
        for number, code in enumerate(wrong[:3]):
            if number > 0:
                sitting.see("AWS refused that code: it is wrong, too old, or was used before")
            sitting.see(CLOCK)
            sitting.type(f"{code}\r")
        status, said = outcome(sitting)
    assert status == 4
    assert said.startswith("mfasession: AWS refused 3 codes\n  hint: ")
    assert [call.outcome for call in aws.calls("GetSessionToken")] == ["AccessDenied"] * 3
    assert alices_home.credentials.read_bytes() == before


def test_a_wrong_code_then_the_right_one(alices_home: Home, alice: SandboxUser) -> None:
    """After one mistake the question goes on."""
    device = alice.devices[0]
    wrong = next(code for code in ("000000", "111111") if code not in {device.code(step) for step in range(-3, 4)})
    with seat(alices_home, MFASESSION, "login") as sitting:
        sitting.see(CLOCK)
        sitting.type(f"{wrong}\r")
        sitting.see("AWS refused that code")
        sitting.see(CLOCK)
        sitting.type(f"{device.code()}\r")
        assert sitting.end() == 0
    assert SESSION in sitting.shown


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_good_code_is_taken_after_a_wrong_one_typed_twice(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str
) -> None:
    """The wrong one is sent once and said to be refused; the right one is new to AWS, and is sent at once."""
    device = alice.devices[0]
    wrong = next(code for code in ("000000", "111111") if code not in {device.code(step) for step in range(-3, 4)})
    aws.forget_calls()
    with seat(alices_home, MFASESSION, "login", environ={"TERM": term}) as sitting:
        sitting.see(CLOCK)
        sitting.type(f"{wrong}\r")
        sitting.see("AWS refused that code: ")
        sitting.see(CLOCK)
        sitting.type(f"{wrong}\r")
        sitting.see("AWS refused that code before, so it was not sent again")
        sitting.see(CLOCK)
        sitting.type(f"{device.code()}\r")
        assert sitting.end() == 0
    assert [call.outcome for call in aws.calls("GetSessionToken")] == ["AccessDenied", "ok"]


def test_a_good_code_is_taken_after_an_old_one(alices_home: Home, alice: SandboxUser) -> None:
    """A code that another run has sent does not stand in the way of a new one."""
    device = alice.devices[0]
    old = device.code()
    assert alices_home.run("login", "--code", old).returncode == 0
    with seat(alices_home, MFASESSION, "login", "--force") as sitting:
        sitting.see(CLOCK)
        sitting.type(f"{old}\r")
        sitting.see("that code was sent to AWS before, and AWS takes each only once")
        sitting.see(r"the next code comes in \d+ s")
        sitting.type(f"{device.code(1)}\r")
        assert sitting.end() == 0


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_code_is_never_sent_twice(alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str) -> None:
    """Noovolari/leapp#317: a reused code is not worth one of nine tries; the prompt says when the next one comes."""
    code = alice.devices[0].code()
    assert alices_home.run("login", "--code", code).returncode == 0
    aws.forget_calls()
    kept = alices_home.credentials.read_bytes()
    with seat(alices_home, *APART, MFASESSION, "login", "--force", environ={"TERM": term}) as sitting:
        sitting.see(CLOCK)
        sitting.type(f"{code}\r")
        sitting.see("that code was sent to AWS before, and AWS takes each only once")
        sitting.see(r"the next code comes in \d+ s")
        sitting.type("\x03")
        status, said = outcome(sitting)
    assert (status, said) == (130, "mfasession: interrupted\n")
    assert aws.calls("GetSessionToken") == []
    assert alices_home.credentials.read_bytes() == kept


@pytest.mark.parametrize("fault", ["delay", "lose_answer"])
def test_a_code_whose_answer_was_lost_counts_as_sent(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, fault: str
) -> None:
    """ctrl-C while AWS is answering, or a lost answer: the code may be used up, and is not sent again."""
    code = alice.devices[0].code()
    aws.forget_calls()
    aws.faults.add("GetSessionToken", fault, seconds=2)
    with shell(alices_home, "bash") as sitting:
        sitting.line("mfasession login")
        sitting.see(CLOCK)
        sitting.type(f"{code}\r")
        sitting.see("\r\n")
        wait_for(lambda: not aws.faults.pending())
        sitting.type("\x03")
        sitting.see("mfasession: (interrupted|127.0.0.1 did not answer GetSessionToken)")
        sitting.line("mfasession login")
        sitting.see(CLOCK)
        sitting.type(f"{code}\r")
        sitting.see("that code was sent to AWS before")
        wait_for(lambda: aws.calls("GetSessionToken") != [])
    assert len(aws.calls("GetSessionToken")) == 1


@pytest.mark.parametrize(("key", "word"), [("\x03", "interrupted"), ("\x04", "cancelled")])
@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_no_is_an_answer(alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str, key: str, word: str) -> None:
    """ctrl-C and ctrl-D are 130: nothing was written, nothing was sent, and the terminal is as it was."""
    alices_home.write_credentials(expired(alice) + "\r\n; the last line, without an end")
    before = alices_home.credentials.read_bytes()
    aws.forget_calls()
    with seat(alices_home, *APART, MFASESSION, "login", environ={"TERM": term}) as sitting:
        sitting.see(CLOCK)
        sitting.type("123" + "\x15" * (key == "\x04") + key)
        assert outcome(sitting) == (130, f"mfasession: {word}\n")
    assert alices_home.credentials.read_bytes() == before
    assert [path.name for path in alices_home.aws.iterdir()] == ["credentials"]
    assert aws.calls("GetSessionToken") == []


@pytest.mark.parametrize("action", ["ListMFADevices", "GetSessionToken"])
def test_ctrl_c_while_aws_answers(alices_home: Home, aws: Sandbox, alice: SandboxUser, action: str) -> None:
    """Before the question and behind it: 130 at once, one word, nothing written."""
    before = alices_home.credentials.read_bytes()
    aws.faults.add(action, "delay", seconds=2)
    with seat(alices_home, *APART, MFASESSION, "login") as sitting:
        if action == "GetSessionToken":
            sitting.see(CLOCK)
            sitting.line(alice.devices[0].code())
        wait_for(lambda: not aws.faults.pending())
        aws.forget_calls()
        sitting.type("\x03")
        assert outcome(sitting) == (130, "mfasession: interrupted\n")
    assert alices_home.credentials.read_bytes() == before
    wait_for(lambda: aws.calls(action))


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_typing_before_the_question_answers_it(alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str) -> None:
    """Who knows what comes need not wait, and the shell does not take the code for a command."""
    aws.faults.add("ListMFADevices", "delay", seconds=1)
    with shell(alices_home, "bash", environ={"TERM": term}) as sitting:
        sitting.line("mfasession login")
        sitting.line(alice.devices[0].code())
        sitting.see(SESSION)
        sitting.line('echo "END="$?')
        sitting.see("END=0")
    assert "not found" not in sitting.shown


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_digits_of_a_question_that_ended_do_not_reach_the_shell(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str
) -> None:
    """A key that AWS does not know ends the question in the middle of a code: the shell goes on with an empty line."""
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    alice.delete_key(alice.key.access_key_id)
    aws.faults.add("GetCallerIdentity", "delay", seconds=1)
    with shell(alices_home, "bash", environ={"TERM": term}) as sitting:
        sitting.line("mfasession login")
        sitting.see(CLOCK)
        sitting.type("1234")
        sitting.see(r"mfasession: AWS does not know key AKIA\w+: ")
        sitting.line('echo "END="$?')
        sitting.see("END=4")
    assert "not found" not in sitting.shown


def test_a_terminal_of_40_columns(alices_home: Home, alice: SandboxUser) -> None:
    """Words stay whole, and nothing is wider than the window."""
    with seat(alices_home, MFASESSION, "login", columns=40) as sitting:
        sitting.see(CLOCK)
        sitting.type(alice.devices[0].code() + "\r")
        assert sitting.end() == 0
    asked = sitting.shown[: sitting.shown.index("(this code")]
    assert asked.split() == f"MFA code for {alice.name} in 123456789012 (device {alice.devices[0].name}):".split()
    assert max(len(line.rstrip()) for line in asked.splitlines()) < 40


def test_a_dumb_terminal(alices_home: Home, alice: SandboxUser) -> None:
    """The question is a plain line, and no escape sequence is written."""
    with seat(alices_home, MFASESSION, "login", environ=DUMB) as sitting:
        sitting.see(CLOCK)
        sitting.type(alice.devices[0].code() + "\r")
        assert sitting.end() == 0
    assert "\x1b" not in sitting.seen
    assert re.search(SESSION, sitting.seen)


def test_a_live_session_asks_nothing(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The second login of a day says until when the session is good, without a request to AWS."""
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    aws.forget_calls()
    with seat(alices_home, MFASESSION, "login") as sitting:
        assert sitting.end() == 0
    assert re.fullmatch(rf"{SESSION}\d\d:\d\d( tomorrow)? \((12 h|11 h 59 min) left\)\r\n", sitting.seen)
    assert aws.calls() == []


ENDING = ("QUIT", "USR1", "USR2", "ALRM", "XCPU", "VTALRM", "PROF", "IO", "RTMIN", "HUP", "TERM")


@pytest.mark.parametrize("name", ENDING)
def test_a_signal_at_the_prompt_leaves_the_terminal_as_it_was(alices_home: Home, name: str) -> None:
    """Whatever ends it: the echo is back, and the shell sees that signal."""
    number = getattr(signal, f"SIG{name}")
    words = ("bash", "--norc", "-c", f"stty -g >before; {MFASESSION} login; echo $? >code; stty -g >after")
    with seat(alices_home, *words) as sitting:
        sitting.see(CLOCK)
        (child,) = Path(f"/proc/{sitting.process}/task/{sitting.process}/children").read_text().split()
        os.kill(int(child), number)
        sitting.end()
    folder = alices_home.folder
    assert (folder / "after").read_text() == (folder / "before").read_text()
    assert (folder / "code").read_text() in (f"{128 + number}\n", "130\n")


def test_a_program_that_keeps_it_from_the_terminal_is_named(alices_home: Home) -> None:
    """In a script `timeout` makes a process group of its own, which is not the terminal's foreground one."""
    with seat(alices_home, "bash", "-c", f"timeout 30 {MFASESSION} login; exit $?") as sitting:
        sitting.see("runs in the background of its terminal, where it cannot ask")
        sitting.see(r"timeout --foreground 30 mfasession login")
