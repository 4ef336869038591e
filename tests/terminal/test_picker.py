"""`-p` without a name: a list of profiles on the terminal."""

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.checks import complaint
from tests.helpers.seat import CLOCK, Seat, seat
from tests.helpers.support import MFASESSION, Home, in_seconds, key_pair, session_section

NEEDS_A_NAME = "-p/--profile needs a value"


@pytest.fixture
def some(home: Home) -> Home:
    """Three profiles; that of `b` has the newest session, and `c` an older one."""
    home.write_credentials(
        key_pair("a")
        + key_pair("b")
        + session_section("b-mfa", extra=f"mfasession_issued = {in_seconds(-60)}\n")
        + key_pair("work-c")
        + session_section("work-c-mfa", extra=f"mfasession_issued = {in_seconds(-600)}\n")
    )
    return home


def listed(sitting: Seat) -> None:
    """Wait until the list stands."""
    sitting.see("profile:")
    sitting.see("> ")


def test_the_last_used_is_first(some: Home) -> None:
    """Enter takes it; the list is gone then, and the command runs with it."""
    with seat(some, MFASESSION, "status", "-p") as sitting:
        sitting.see(r"profile:[\s\S]*> b [\s\S]*work-c [\s\S]*a ")
        sitting.type("\r")
        assert sitting.end() == 0
    assert "profile: b" in sitting.shown


@pytest.mark.parametrize("typed", ["wc\r", "\x1b[B\r", "\x0e\r", "xx\x15c\r", "wcx\x7f\r", "\t\r"])
def test_letters_and_arrows_choose(some: Home, typed: str) -> None:
    """Letters of the name in their order, arrows, ctrl-N, Tab; ctrl-U and backspace correct."""
    with seat(some, MFASESSION, "exec", "-p", "--", "sh", "-c", "echo it is $MFASESSION_PROFILE") as sitting:
        listed(sitting)
        sitting.type(typed)
        sitting.see("it is work-c")
        assert sitting.end() == 0


@pytest.mark.parametrize("key", ["\x03", "\x04", "\x1b"], ids=["ctrl-C", "ctrl-D", "Esc"])
def test_cancelled(some: Home, key: str) -> None:
    """Exit code 130, and the terminal reads lines again."""
    with seat(some, MFASESSION, "status", "-p") as sitting:
        listed(sitting)
        sitting.type(key)
        assert sitting.end() == 130


@pytest.mark.parametrize("columns", [12, 20, 40])
def test_a_narrow_terminal(some: Home, columns: int) -> None:
    """Each profile has one line, which is cut."""
    with seat(
        some, MFASESSION, "exec", "--profile", "--", "sh", "-c", "echo $MFASESSION_PROFILE", columns=columns
    ) as it:
        listed(it)
        it.type("work\r")
        it.see("work-c")
        assert it.end() == 0


def test_a_login_with_it(alices_home: Home, alice: SandboxUser) -> None:
    """The question for the code comes on the same terminal, and the hint names the profile."""
    with seat(alices_home, MFASESSION, "login", "-p") as sitting:
        listed(sitting)
        sitting.type("\r")
        sitting.see(CLOCK)
        sitting.type(alice.devices[0].code() + "\r")
        assert sitting.end() == 0
    assert "session for default until" in sitting.shown


def test_a_terminal_that_cannot_draw(some: Home) -> None:
    """TERM=dumb: numbers."""
    with seat(
        some, MFASESSION, "exec", "-p", "--", "sh", "-c", "echo it is $MFASESSION_PROFILE", environ={"TERM": "dumb"}
    ) as it:
        it.see("which profile")
        it.line("2")
        it.see("it is work-c")
        assert it.end() == 0


def test_nothing_to_choose(home: Home) -> None:
    """Exit code 3 and the command that makes a profile."""
    with seat(home, MFASESSION, "status", "-p") as sitting:
        assert sitting.end() == 3
    assert "there is no profile to choose" in sitting.shown


def test_without_a_terminal(some: Home) -> None:
    """Exit code 2, as for any flag without its value; with --no-input at a terminal, too."""
    done = some.run("status", "-p")
    assert (done.returncode, done.stderr) == (2, complaint(NEEDS_A_NAME, "see mfasession status --help"))
    done = some.run("exec", "-p", "--", "true")
    assert (done.returncode, done.stderr) == (2, complaint(NEEDS_A_NAME, "see mfasession exec --help"))
    with seat(some, MFASESSION, "status", "--no-input", "-p") as sitting:
        assert sitting.end() == 2
    assert NEEDS_A_NAME in sitting.shown


def test_the_words_of_a_command_are_its_own(some: Home) -> None:
    """`exec mkdir -p` makes a folder."""
    with seat(some, MFASESSION, "exec", "-p", "b", "sh", "-c", "echo $1", "-", "-p") as sitting:
        sitting.see("-p\r")
        assert sitting.end() == 0
