"""No answer, or a refusal: jobs in the background, without a terminal, and sessions that still live."""

import re

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import wait_for
from tests.helpers.seat import CLOCK, aging, expired, seat, shell
from tests.helpers.support import MFASESSION, SESSION_ID, Home, need

pytestmark = pytest.mark.usefixtures("device_known")

COMMANDS = {
    "env": ("env",),
    "process": ("process",),
    "exec": ("exec", "--", "printenv", "AWS_ACCESS_KEY_ID"),
}
ON_EVERY_COMMAND = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
NOBODY = (
    "mfasession: the session of profile default has expired, and there is no terminal to ask for a code\n"
    "  hint: mfasession login\n"
)
BEHIND = (
    "mfasession: the session of profile default has expired, and this runs in the background of its terminal, where it "
    "cannot ask\n"
    "  hint: mfasession login\n"
)


def read(home: Home, name: str) -> str:
    """Return what a stream received."""
    return (home.folder / name).read_text()


@ON_EVERY_COMMAND
def test_a_background_job_fails_at_once(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, command: tuple[str, ...]
) -> None:
    """It would be stopped for reading the terminal, or would take keys that are typed for another program."""
    alices_home.write_credentials(expired(alice))
    aws.forget_calls()
    with shell(alices_home, "bash") as sitting:
        sitting.line(f"mfasession {' '.join(command)} >out 2>err & wait $!; echo 'END='$?")
        sitting.see("END=6\r")
    assert read(alices_home, "err") == BEHIND
    assert read(alices_home, "out") == ("(exit 6)\n" if command == ("env",) else "")
    assert aws.calls() == []
    assert "MFA" not in sitting.shown


@pytest.mark.parametrize("name", ["zsh", "fish", "tcsh", "ksh"])
def test_in_the_background_of_other_shells(alices_home: Home, alice: SandboxUser, name: str) -> None:
    """Each makes its jobs in its own way, and all of them are known for what they are."""
    alices_home.write_credentials(expired(alice))
    with shell(alices_home, name) as sitting:
        sitting.line("mfasession process &")
        sitting.see("the session of profile default has expired, and this runs in the background of its terminal")
        sitting.line("echo 'END='")
        sitting.see("END=\r")
    assert re.search("(?i)stopped|suspended", sitting.shown) is None


@ON_EVERY_COMMAND
def test_a_background_job_takes_the_session_that_lives(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, command: tuple[str, ...]
) -> None:
    """Though it would be renewed if there were a terminal: it works until it really ends."""
    alices_home.write_credentials(aging(alice))
    aws.forget_calls()
    with shell(alices_home, "bash") as sitting:
        sitting.line(f"mfasession {' '.join(command)} >out 2>err & wait $!; echo 'END='$?")
        sitting.see("END=0\r")
    assert SESSION_ID in read(alices_home, "out")
    assert read(alices_home, "err") == ""
    assert aws.calls() == []


@ON_EVERY_COMMAND
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-C", "ctrl-D"])
@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_no_keeps_the_session_that_lives(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, command: tuple[str, ...], key: str, term: str
) -> None:
    """The phone is in the other room, and there are ten minutes left: ctrl-C is the way to go on."""
    alices_home.write_credentials(aging(alice))
    before = alices_home.credentials.read_bytes()
    aws.forget_calls()
    words = (MFASESSION, *command)
    if command == COMMANDS["env"]:
        # Its lines are for a shell to read: on a terminal it prints none.
        words = ("bash", "-c", 'trap : INT; lines=$("$@") && echo "$lines"', "bash", *words)
    with seat(alices_home, *words, environ={"TERM": term}) as sitting:
        sitting.see(CLOCK)
        sitting.type(key)
        sitting.see("mfasession: going on with the old session, which has \\d min left\r\n")
        sitting.see(SESSION_ID)
        assert sitting.end() == 0
    assert "interrupted" not in sitting.shown
    assert aws.calls("GetSessionToken") == []
    assert alices_home.credentials.read_bytes() == before


@ON_EVERY_COMMAND
def test_a_no_holds_while_the_old_session_lives(
    alices_home: Home, alice: SandboxUser, command: tuple[str, ...]
) -> None:
    """The commands of the next minutes ask nothing; a login does, and whoever has no session any more."""
    alices_home.write_credentials(aging(alice))
    with shell(alices_home, "bash") as sitting:
        sitting.line(f"mfasession {' '.join(command)} >out; echo 'NO='$?")
        sitting.see(CLOCK)
        sitting.type("\x03")
        sitting.see("NO=0\r")
        sitting.line(f"mfasession {' '.join(command)} >out; echo 'END='$?")
        assert "MFA" not in sitting.see("END=0\r|MFA code")[0]
        sitting.line("mfasession login")
        sitting.see(CLOCK)
        sitting.type("\x03")
        sitting.see("mfasession: interrupted")
        alices_home.write_credentials(expired(alice))
        sitting.line(f"mfasession {' '.join(command)} >out")
        sitting.see(CLOCK)
        sitting.type("\x03")
        sitting.see("mfasession: interrupted")


def test_nohup_in_the_foreground_asks(alices_home: Home, alice: SandboxUser) -> None:
    """The terminal is there, though the job is to outlive the terminal."""
    alices_home.write_credentials(expired(alice))
    with shell(alices_home, "bash") as sitting:
        sitting.line("nohup mfasession login; echo 'END='$?")
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        sitting.see("END=0\r")
    assert "mfasession: session for default until" in read(alices_home, "nohup.out")


@pytest.mark.parametrize(
    "line",
    [
        "nohup mfasession process >out 2>err & wait $!",
        "setsid -w mfasession process >out 2>err",
        "env -i PATH=$PATH HOME=$HOME setsid -w mfasession process >out 2>err </dev/null",
    ],
    ids=["nohup", "setsid", "cron"],
)
def test_away_from_the_terminal_it_fails_at_once(alices_home: Home, alice: SandboxUser, line: str) -> None:
    """No question where it cannot be seen: exit 6 and the command to type."""
    need("setsid")
    alices_home.write_credentials(expired(alice))
    with shell(alices_home, "bash") as sitting:
        sitting.line(f"{line}; echo 'END='$?")
        sitting.see("END=6\r")
    # nohup leaves it on its terminal, behind the shell.
    assert read(alices_home, "err").endswith(BEHIND if line.startswith("nohup") else NOBODY)
    assert read(alices_home, "out") == ""


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_ctrl_z_at_the_question(alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str) -> None:
    """A question with a clock takes no notice; a plain one is stopped like any program, and goes on with fg."""
    alices_home.write_credentials(expired(alice))
    aws.forget_calls()
    with shell(alices_home, "bash", environ={"TERM": term}) as sitting:
        sitting.line("mfasession login")
        sitting.see(CLOCK)
        sitting.type("\x1a")
        if term == "dumb":
            sitting.see("Stopped")
            sitting.line("fg")
            wait_for(sitting.reads_lines)
        sitting.line(alice.devices[0].code())
        sitting.see("mfasession: session for default until")
    assert len(aws.calls("GetSessionToken")) == 1
