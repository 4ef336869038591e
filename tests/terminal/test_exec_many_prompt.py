"""`exec` for many profiles at a terminal: the question first, then the progress."""

from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked
from tests.helpers.patience import wait_for
from tests.helpers.seat import CLOCK, seat, shell
from tests.helpers.support import Home


@pytest.fixture
def fleet(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> Home:
    """Alice's home with two role profiles and no session."""
    roles = [aws.add_role(f"{name}-{alice.name}", trusted=[alice.arn]) for name in ("one", "two")]
    alices_home.config.write_text(
        "".join(
            f"[profile prod-{number}]\nrole_arn = {role.arn}\nsource_profile = default\n"
            for number, role in enumerate(roles)
        )
    )
    return alices_home


def test_one_question_before_any_command(fleet: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Nothing runs while the question stands; the progress is drawn on the terminal and gone in the end."""
    words = ("mfasession", "exec", "--all-matching", "prod-*", "--", "sh", "-c", "touch ran; sleep 0.5; echo fine")
    with seat(fleet, *words) as sitting:
        sitting.see(CLOCK)
        assert not Path(fleet.folder, "ran").exists()
        sitting.line(alice.devices[0].code())
        sitting.see("2 running")
        sitting.see("fine")
        sitting.see("mfasession: 2 profiles: 2 done")
        assert sitting.end() == 0
        assert "prod-0: fine\r\n" in sitting.shown
        assert "prod-1: fine\r\n" in sitting.shown
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_a_no_runs_nothing(fleet: Home) -> None:
    """Ctrl-C at the question: 130, and no command has begun."""
    words = ("mfasession", "exec", "--all-matching", "prod-*", "--", "touch", "ran")
    with seat(fleet, *words) as sitting:
        sitting.see(CLOCK)
        sitting.type("\x03")
        assert sitting.end() == 130
    assert not Path(fleet.folder, "ran").exists()


def test_ctrl_c_at_the_terminal_ends_all(fleet: Home, alice: SandboxUser) -> None:
    """The commands have no terminal of their own; it reaches them through us."""
    script = "trap 'echo ended >>ended; exit 1' INT; echo begun; while :; do sleep 0.1; done"
    with seat(fleet, "mfasession", "exec", "--all-matching", "prod-*", "--", "bash", "-c", script) as sitting:
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        sitting.see("begun")
        sitting.see("begun")
        sitting.type("\x03")
        sitting.see("2 profiles: 2 failed")
        assert sitting.end() == 130
    assert Path(fleet.folder, "ended").read_text() == "ended\n" * 2


def states(pids: Path) -> set[str]:
    """Return the states of the noted processes, as proc_pid_stat(5) has them: T is stopped."""
    stats = (Path(f"/proc/{pid}/stat").read_text() for pid in pids.read_text().split())
    return {stat.rpartition(")")[2].split()[0] for stat in stats}


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_ctrl_z_and_fg(fleet: Home, alice: SandboxUser, name: str) -> None:
    """All commands stop with us and what they have started too, and go on with `fg`; twice."""
    done = fleet.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    (fleet.folder / "job").write_text(
        "sleep 600 & echo $! $$ >>pids; echo begun; until test -e stop; do sleep 0.1; done; kill $!"
    )
    pids = fleet.folder / "pids"
    with shell(fleet, name) as terminal:
        terminal.line("mfasession exec --all-matching 'prod-*' -- bash job")
        for _ in range(2):
            terminal.see("begun")
        for _ in range(2):
            terminal.type("\x1a")
            terminal.see("(?i)stopped|suspended")
            wait_for(lambda: states(pids) == {"T"})
            terminal.line("fg")
            wait_for(lambda: "T" not in states(pids))
        (fleet.folder / "stop").touch()
        terminal.see("2 profiles: 2 done")
