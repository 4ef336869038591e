"""The second habit, typed at real interactive shells: the session is over, and the line asks for a code."""

import re

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.values import Value
from tests.helpers.patience import wait_for
from tests.helpers.seat import CLOCK, Seat, expired, question, shell
from tests.helpers.support import Home, key_pair

pytestmark = pytest.mark.usefixtures("device_known")


class Habit(Value):
    """What a user types at one shell. `probe` writes `KEY=` and the key's ID, once the shell has them."""

    shell: str
    line: str
    status: str = 'echo "END="$?'
    probe: str = r"""sh -c 'echo "KEY="$AWS_ACCESS_KEY_ID/$AWS_SESSION_TOKEN/$MFASESSION_PROFILE/'"""
    failure: int = 130


BOURNE = 'eval "$(mfasession env)"'
HABITS = (
    Habit(shell="bash", line=BOURNE),
    Habit(shell="zsh", line=BOURNE),
    Habit(shell="dash", line=BOURNE),
    Habit(shell="ksh", line=BOURNE),
    Habit(shell="mksh", line=BOURNE),
    Habit(shell="fish", line="mfasession env | source", status='echo "END="$status', failure=1),
    Habit(shell="tcsh", line='eval "`mfasession env`"', status='echo "END="$status'),
    Habit(shell="elvish", line="eval (mfasession env | slurp)", status="echo 'END='0"),
)
PRINTS_STATUS = tuple(habit for habit in HABITS if habit.shell != "elvish")


def name(habit: Habit) -> str:
    """Name a test after its shell."""
    return habit.shell


def has_session(sitting: Seat, habit: Habit) -> bool:
    """Return whether the programs that the shell starts have a session."""
    sitting.line(habit.probe)
    key = sitting.see(r"KEY=(\w*)/(\S*)/(\w*)/")
    assert bool(key[1]) == bool(key[2]) == bool(key[3])
    return key[1].startswith("ASIA")


@pytest.mark.parametrize("habit", HABITS, ids=name)
def test_the_line_asks_and_the_shell_has_the_session(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, habit: Habit
) -> None:
    """What is printed is the shell's; the question is on the terminal all the same, and one code is all it takes."""
    alices_home.write_credentials(expired(alice))
    aws.forget_calls()
    with shell(alices_home, habit.shell) as sitting:
        assert not has_session(sitting, habit)
        sitting.line(habit.line)
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        # Typed with the code, it would be taken for a part of the answer and dropped.
        wait_for(lambda: aws.calls("GetSessionToken"))
        sitting.line(habit.status)
        sitting.see("END=0")
        assert has_session(sitting, habit)
        sitting.line(habit.line)
        assert has_session(sitting, habit)
    assert len(aws.calls("GetSessionToken")) == 1


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-C", "ctrl-D"])
@pytest.mark.parametrize("habit", PRINTS_STATUS, ids=name)
def test_no_fails_the_line_and_the_shell_goes_on(alices_home: Home, alice: SandboxUser, habit: Habit, key: str) -> None:
    """130, as of any other command that ctrl-C ended; fish has no code for an evaluation, and just fails."""
    alices_home.write_credentials(expired(alice))
    before = alices_home.credentials.read_bytes()
    with shell(alices_home, habit.shell) as sitting:
        sitting.line(habit.line)
        sitting.see(CLOCK)
        sitting.type(key)
        sitting.see("mfasession: (interrupted|cancelled)")
        sitting.line(habit.status)
        sitting.see(f"END={habit.failure}\r")
        assert not has_session(sitting, habit)
    assert alices_home.credentials.read_bytes() == before


@pytest.mark.parametrize("habit", HABITS, ids=name)
def test_typed_by_hand_it_shows_the_line_that_works(alices_home: Home, alice: SandboxUser, habit: Habit) -> None:
    """On a terminal it shows no secret and asks for no code, but the line to type, with the profile; and that works."""
    key = alice.key
    alices_home.write_credentials(key_pair("work", key.access_key_id, key.secret_access_key.reveal()))
    with shell(alices_home, habit.shell, environ={"SHELL": "/bin/bash"}) as sitting:
        sitting.line("mfasession env -p work")
        shown = sitting.see(
            r"mfasession: env prints lines for a shell to evaluate[^\r\n]+\r\n  hint: ([^\r\n]+-p work[^\r\n]*)"
        )
        assert "AWS_SECRET_ACCESS_KEY" not in sitting.shown
        assert alices_home.run("login", "-p", "work", "--code", alice.devices[0].code()).returncode == 0
        sitting.line(shown[1])
        assert has_session(sitting, habit)


@pytest.mark.parametrize("words", ["--unset", "--shell json", "--shell fish", "--no-input"])
def test_on_a_terminal_nothing_is_data(alices_home: Home, alice: SandboxUser, words: str) -> None:
    """Exit code 2, whatever is asked for; who wants to look at it adds `| cat`."""
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    with shell(alices_home, "bash") as sitting:
        sitting.line(f'mfasession env {words}; echo "END="$?')
        sitting.see("END=2")
        assert not re.search("AWS_|exit 2|false", sitting.shown)
        sitting.line(f"mfasession env {words} | cat")
        sitting.see("AWS_ACCESS_KEY_ID")


def test_captured_text_is_for_the_shell_only(alices_home: Home, alice: SandboxUser) -> None:
    """Not a character of the question lands in the text that is evaluated."""
    alices_home.write_credentials(expired(alice))
    with shell(alices_home, "bash") as sitting:
        sitting.line(
            'text=$(mfasession env); wc -l <<<"$text"; printf "%s\\n" "${text//[^A-Z_a-z]*= /}" >captured; echo "E"ND'
        )
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        sitting.see("END")
    lines = (alices_home.folder / "captured").read_text().splitlines()
    assert all(re.fullmatch(r"\\(export \w+='[^']*'|unset \w+);", line) for line in lines[1:]), "a foreign line"
