"""What happens to the terminal itself while a question stands: it hangs up, it changes its size."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import wait_for
from tests.helpers.seat import CLOCK, Seat, expired, seat, shell
from tests.helpers.support import MFASESSION, Home

pytestmark = pytest.mark.usefixtures("device_known")


def processes_of(sitting: Seat) -> list[str]:
    """Return the programs that still run in a terminal's session (proc(5): /proc/PID/stat, fields 2, 3 and 6)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = stat.read_text().rpartition(") ")
            state, _, _, session = rest.split()[:4]
            if session == str(sitting.tty.pid) and state != "Z":
                found.append(name)
    return found


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
@pytest.mark.parametrize(
    "line",
    [
        "mfasession login",
        "eval $(mfasession env)",
        "mfasession exec -- touch ran",
        "nohup mfasession login",
        "(trap '' HUP; mfasession process)",
    ],
    ids=["login", "env", "exec", "nohup", "no HUP"],
)
def test_a_closed_window_leaves_nothing_behind(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, line: str, term: str
) -> None:
    """No process that reads a dead terminal for ever, nothing written, and the next login is free to ask."""
    alices_home.write_credentials(expired(alice))
    before = alices_home.credentials.read_bytes()
    aws.forget_calls()
    with shell(alices_home, "bash", environ={"TERM": term}) as sitting:
        sitting.line(line)
        sitting.see(CLOCK)
        sitting.type("12")
        sitting.hang_up()
        wait_for(lambda: processes_of(sitting) == [])
    assert alices_home.credentials.read_bytes() == before
    assert not (alices_home.folder / "ran").exists()
    assert aws.calls("GetSessionToken") == []
    with seat(alices_home, MFASESSION, "login") as sitting:
        sitting.see(CLOCK)


def test_a_window_closed_while_aws_answers(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The credentials file is as it was or whole, and the code counts as sent."""
    alices_home.write_credentials(expired(alice))
    before = alices_home.credentials.read_bytes()
    aws.forget_calls()
    aws.faults.add("GetSessionToken", "delay", seconds=1)
    with shell(alices_home, "bash") as sitting:
        sitting.line("mfasession login")
        sitting.see(CLOCK)
        code = alice.devices[0].code()
        sitting.line(code)
        wait_for(lambda: not aws.faults.pending())
        sitting.hang_up()
        wait_for(lambda: processes_of(sitting) == [])
    wait_for(lambda: aws.calls("GetSessionToken"))
    assert alices_home.credentials.read_bytes() == before
    assert os.listdir(alices_home.aws) == ["credentials"]
    with seat(alices_home, MFASESSION, "login") as sitting:
        sitting.see(CLOCK)
        sitting.line(code)
        sitting.see("that code was sent to AWS before")


def test_a_window_that_changes_its_size(alices_home: Home, alice: SandboxUser) -> None:
    """Narrower and wider while half of the code is typed: the question is drawn anew and the digits stay."""
    with seat(alices_home, MFASESSION, "login", columns=100) as sitting:
        sitting.see(CLOCK)
        code = alice.devices[0].code()
        sitting.type(code[:3])
        for columns in (30, 12, 120):
            sitting.tty.setwinsize(24, columns)
            sitting.see(code[:3])
        sitting.type(f"{code[3:]}\r")
        sitting.see("mfasession: session for default until")
        assert sitting.end() == 0
