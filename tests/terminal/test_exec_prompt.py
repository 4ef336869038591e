"""The third habit on a terminal: the question first, then the command alone, as if we had never been there."""

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.seat import CLOCK, PROMPT, STOPPED_JOB, expired, question, seat, shell
from tests.helpers.support import MFASESSION, Home

pytestmark = pytest.mark.usefixtures("device_known")

LOOK = "test -t 0 && test -t 1 && test -t 2 && echo KEY=$AWS_ACCESS_KEY_ID"


def test_the_command_has_the_terminal(alices_home: Home, alice: SandboxUser) -> None:
    """All three streams, the session, the settings that the terminal had, and what is typed."""
    alices_home.write_credentials(expired(alice))
    with shell(alices_home, "bash") as sitting:
        sitting.line(
            f"stty -g >before; mfasession exec -- sh -c '{LOOK}; stty -g >after; read -r word; echo GOT=$word'"
        )
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        sitting.see(r"KEY=ASIA\w+")
        sitting.line("typed to the command")
        sitting.see("GOT=typed to the command")
    assert (alices_home.folder / "after").read_text() == (alices_home.folder / "before").read_text()


@pytest.mark.parametrize(("command", "code"), [("exit 3", 3), ("kill -TERM $$", 143), ("kill -INT $$", 130)])
def test_the_exit_code_is_the_commands(alices_home: Home, alice: SandboxUser, command: str, code: int) -> None:
    """Signals too: the process is the command itself."""
    alices_home.write_credentials(expired(alice))
    with seat(alices_home, MFASESSION, "exec", "--", "sh", "-c", command) as sitting:
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        assert sitting.end() == code


def test_ctrl_c_is_for_the_command_alone(alices_home: Home, alice: SandboxUser) -> None:
    """A command that handles ctrl-C does as it likes; nothing of ours stands between it and the terminal."""
    alices_home.write_credentials(expired(alice))
    (alices_home.folder / "job").write_text(
        "trap 'echo \"CAUGHT\"IT; exit 7' INT; echo READY; while :; do sleep 0.1; done"
    )
    with shell(alices_home, "bash") as sitting:
        sitting.line("mfasession exec -- bash job")
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        sitting.see("READY")
        sitting.type("\x03")
        sitting.see("CAUGHTIT")
        sitting.line('echo "END="$?')
        sitting.see("END=7")
    assert "interrupted" not in sitting.shown


@pytest.mark.parametrize("name", ["bash", "zsh", "fish", "tcsh"])
def test_ctrl_z_and_fg(alices_home: Home, alice: SandboxUser, name: str) -> None:
    """The command is stopped as any other, and goes on in the foreground with the terminal."""
    alices_home.write_credentials(expired(alice))
    (alices_home.folder / "job").write_text(STOPPED_JOB)
    with shell(alices_home, name) as sitting:
        sitting.line("mfasession exec -- python3 job")
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        sitting.see("READY")
        sitting.type("\x1a")
        sitting.see("(?i)stopped|suspended")
        # What is typed before fish has its prompt back is lost.
        sitting.see(PROMPT)
        sitting.line("fg")
        sitting.see("BACK")
        sitting.line("afterwards")
        sitting.see("GOT=afterwards")
        sitting.see(PROMPT)
        sitting.line("exit")
        assert sitting.end() == 0


def test_no_means_that_nothing_is_run(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """ctrl-C at the question is 130, and the command was never there."""
    alices_home.write_credentials(expired(alice))
    aws.forget_calls()
    with seat(alices_home, MFASESSION, "exec", "--", "touch", "ran") as sitting:
        sitting.see(CLOCK)
        sitting.type("\x03")
        assert sitting.end() == 130
    assert aws.calls("GetSessionToken") == []
    assert not (alices_home.folder / "ran").exists()


def test_without_a_command_it_is_a_shell(alices_home: Home, alice: SandboxUser) -> None:
    """The user's own, interactive, with job control, and back to the first one at its end."""
    alices_home.write_credentials(expired(alice))
    with shell(alices_home, "bash") as sitting:
        sitting.line("mfasession exec")
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        sitting.see(r"[$#] ")
        sitting.line('echo "KEY="$AWS_ACCESS_KEY_ID "LEVEL="$SHLVL "MODE="$-')
        sitting.see(r"KEY=ASIA\w+ LEVEL=2 MODE=\w*i\w*m")
        sitting.line("exit 5")
        sitting.line('echo "END="$? "KEY="$AWS_ACCESS_KEY_ID.')
        sitting.see(r"END=5 KEY=\.")
        sitting.line("exit")
        assert sitting.end() == 0
