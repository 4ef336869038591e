"""`mfasession doctor --fix` at a terminal: what it will do, and one question."""

import pytest

from tests.helpers.seat import APART, outcome, seat
from tests.helpers.support import MFASESSION, Home, key_pair

FIX = (MFASESSION, "doctor", "--offline", "--fix")


@pytest.fixture
def home(home: Home) -> Home:
    """A home whose credentials file others may read."""
    home.write_credentials(key_pair(), 0o644)
    return home


def test_a_yes(home: Home) -> None:
    """It is done, and nothing is found afterwards."""
    with seat(home, *APART, *FIX) as sitting:
        sitting.see(r"do that\? \[y/N\] ")
        sitting.line("y")
        sitting.end()
    left = {name: (home.folder / name).read_text() for name in ("before", "after", "code", "err")}
    assert (left["after"], left["code"]) == (left["before"], "0\n")
    assert f"{home.credentials} is open to other users:\n  mode of {home.credentials}: 0644 -> 0600\n" in left["err"]
    assert home.credentials.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("answer", ["n\r", "\r", "\x03", "\x04"], ids=["no", "enter", "ctrl-c", "ctrl-d"])
def test_only_yes_is_yes(home: Home, answer: str) -> None:
    """Nothing is changed, and the exit code says so."""
    with seat(home, *APART, *FIX) as sitting:
        sitting.see(r"do that\? \[y/N\] ")
        sitting.type(answer)
        assert outcome(sitting)[0] == 130
    assert home.credentials.stat().st_mode & 0o777 == 0o644
    assert home.credentials.read_text() == key_pair()
