"""Codes that are typed into a real window, by a command without a terminal."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.display import Display, display
from tests.helpers.support import Home, need

if TYPE_CHECKING:
    from subprocess import CompletedProcess

TITLE = "mfasession"


@pytest.fixture
def screen() -> Iterator[Display]:
    """A display on which zenity can show its window."""
    need("zenity")
    with display() as shown:
        yield shown


@pytest.fixture
def home(alices_home: Home, screen: Display) -> Home:
    """Alice's home, with zenity as the source of codes."""
    alices_home.write_settings('code = "zenity"\n')
    alices_home.environ |= {"DISPLAY": screen.name, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"}
    return alices_home


@pytest.fixture
def login(home: Home, screen: Display) -> Iterator["Future[CompletedProcess[str]]"]:
    """`mfasession login` while it runs."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(home.run, "login")
        # A question that a failed test has left open ends with its display.
        screen.close()


def test_a_code_typed_into_zenity(
    home: Home, screen: Display, login: "Future[CompletedProcess[str]]", alice: SandboxUser
) -> None:
    """The window comes again after five digits; six, with the space that devices show, make a session."""
    first = screen.window(TITLE)
    screen.type("12345")
    screen.press("Return")
    screen.window(TITLE, but=first)
    code = alice.devices[0].code()
    screen.type(f"{code[:3]} {code[3:]}")
    screen.press("Return")
    done = login.result()
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert code not in done.stderr
    assert home.run("process", "--no-input").returncode == 0


def test_zenity_closed_without_a_code(
    aws: Sandbox, screen: Display, login: "Future[CompletedProcess[str]]", alice: SandboxUser
) -> None:
    """Escape cancels, and AWS is not asked for a session."""
    screen.window(TITLE)
    screen.press("Escape")
    done = login.result()
    assert (done.returncode, done.stderr) == (130, "mfasession: cancelled\n")
    assert not [call for call in aws.calls("GetSessionToken") if call.user == alice.arn]
