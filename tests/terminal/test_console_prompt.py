"""The console at a terminal: whose code it wants, and why."""

import re

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.browsing import program
from tests.helpers.patience import wait_for
from tests.helpers.seat import question, seat
from tests.helpers.support import Home


@pytest.fixture
def home_with_a_role(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> Home:
    """Alice's home, without a session, with a profile for a role."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    return alices_home


def test_the_first_console_of_a_day(home_with_a_role: Home, alice: SandboxUser) -> None:
    """One code, as for any other command; then the browser is there."""
    record = home_with_a_role.folder / "record"
    with seat(
        home_with_a_role, "mfasession", "console", "-p", "admin", environ={"BROWSER": program(record)}
    ) as terminal:
        terminal.see(question(alice))
        terminal.line(alice.devices[0].code())
        terminal.see(r"console for admin until .* \(1 h left\)")
        assert terminal.end() == 0
    wait_for(record.exists)


def test_twelve_hours_say_why_they_ask(home_with_a_role: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#77: before the question it says what the code is for."""
    words = ("mfasession", "console", "-p", "admin", "--print", "--duration", "12h")
    with seat(home_with_a_role, *words, columns=200) as terminal:
        terminal.see(re.escape("mfasession: 12 h of the console take a code of their own"))
        terminal.see(question(alice))
        terminal.line(alice.devices[0].code())
        terminal.see(r"console for admin until .* \(12 h left\)")
        assert terminal.end() == 0
