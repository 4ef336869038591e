"""The passphrase of the encrypted file at a terminal: never shown, typed twice when it is new, asked for again."""

from pathlib import Path

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.kept_keys import NO_KEYRING, Files
from tests.helpers.seat import APART, CLOCK, Seat, outcome, seat
from tests.helpers.support import MFASESSION, Home

MOVE = (MFASESSION, "keys", "move", "--to", "encrypted-file")
PASSPHRASE = "correct horse"
NEW, AGAIN = r"new passphrase for \S+keys\.encrypted: ", "the same again: "
KNOWN = r"passphrase of \S+keys\.encrypted: "


@pytest.fixture
def home(alices_home: Home) -> Home:
    """Alice's home on a server."""
    alices_home.environ |= NO_KEYRING
    return alices_home


@pytest.fixture
def moved(home: Home) -> Home:
    """Alice's home with her key in the encrypted file."""
    given = {"MFASESSION_PASSPHRASE_COMMAND": f"echo '{PASSPHRASE}'"}
    assert home.run(*MOVE[1:], environ=given).returncode == 0
    return home


def path_of(home: Home) -> Path:
    """The encrypted file of a home."""
    return home.folder / ".local" / "share" / "mfasession" / "keys.encrypted"


def answer(sitting: Seat, *answers: tuple[str, str]) -> None:
    """Type each answer when its question stands."""
    for question, text in answers:
        sitting.see(question)
        sitting.line(text)


def test_a_new_passphrase_is_typed_twice(home: Home, alice: SandboxUser) -> None:
    """What is empty or differs is asked for again; nothing that is typed is shown."""
    with seat(home, *APART, *MOVE) as sitting:
        answer(sitting, (NEW, ""))
        sitting.see("the passphrase cannot be empty")
        answer(sitting, (NEW, PASSPHRASE), (AGAIN, "correct hose"))
        sitting.see("the two differ")
        answer(sitting, (NEW, PASSPHRASE), (AGAIN, PASSPHRASE))
        status, said = outcome(sitting)
    assert status == 0
    assert f"key {alice.key.access_key_id} of profile default is in {path_of(home)}" in said
    assert "correct" not in sitting.seen


def test_no_passphrase_is_chosen(home: Home) -> None:
    """Three times two that differ: the key stays where it was, and the terminal is as before."""
    before = Files(home)
    with seat(home, *APART, *MOVE) as sitting:
        for _ in range(3):
            answer(sitting, (NEW, PASSPHRASE), (AGAIN, "x"))
        status, said = outcome(sitting)
    assert (status, "no passphrase was chosen" in said) == (7, True)
    before.assert_same()
    assert not path_of(home).exists()


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-C", "ctrl-D"])
def test_cancelled(home: Home, key: str) -> None:
    """Nothing is changed, and the terminal echoes again."""
    before = Files(home)
    with seat(home, *APART, *MOVE) as sitting:
        sitting.see(NEW)
        sitting.type(key)
        status, _ = outcome(sitting)
    assert status == 130
    before.assert_same()
    assert not path_of(home).exists()


def test_a_login_asks_for_the_passphrase_and_the_code(moved: Home, alice: SandboxUser) -> None:
    """A wrong answer is said and asked for again; then the code. The next login needs neither."""
    with seat(moved, *APART, MFASESSION, "login") as sitting:
        answer(sitting, (KNOWN, "battery"))
        sitting.see("the passphrase is wrong, or")
        answer(sitting, (KNOWN, PASSPHRASE))
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        status, said = outcome(sitting)
    assert (status, "session for default until" in said) == (0, True)
    assert PASSPHRASE not in sitting.seen
    assert moved.run("login").returncode == 0


def test_three_wrong_passphrases(moved: Home) -> None:
    """The login ends before a code is asked for."""
    with seat(moved, *APART, MFASESSION, "login") as sitting:
        answer(sitting, *((KNOWN, f"wrong {number}") for number in range(3)))
        status, said = outcome(sitting)
    assert status == 7
    assert said == (
        f"mfasession: the passphrase is wrong, or {path_of(moved)} is damaged\n"
        "  hint: run it again with the right one\n"
    )


def test_the_passphrase_is_changed(moved: Home, alice: SandboxUser) -> None:
    """The old one once, the new one twice; then the new one opens the file."""
    with seat(moved, *APART, MFASESSION, "keys", "passphrase") as sitting:
        answer(sitting, (KNOWN, PASSPHRASE), (NEW, "battery"), (AGAIN, "battery"))
        status, said = outcome(sitting)
    assert (status, "was changed" in said) == (0, True)
    given = {"MFASESSION_PASSPHRASE_COMMAND": "echo battery"}
    assert moved.run("login", "--code", alice.devices[0].code(), environ=given).returncode == 0


def test_an_answer_that_is_typed_ahead_is_not_shown(moved: Home, alice: SandboxUser) -> None:
    """While a wrong answer is tried, which takes its time, the next one is typed."""
    with seat(moved, *APART, MFASESSION, "login", "--code", alice.devices[0].code()) as sitting:
        sitting.see(KNOWN)
        sitting.line("wrong")
        # The line end is there at once, the answer is tried for tenths of a second then.
        sitting.see("\r\n")
        sitting.line(PASSPHRASE)
        status, said = outcome(sitting)
    assert status == 0, said
    assert PASSPHRASE not in sitting.seen
