"""`mfasession demo` shows what really happens: each step is a real command, and the tour stops where one differs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.sandbox.demo_terminal import Answer, DemoTerminal, StepDiffers
from tests.helpers.patience import scaled
from tests.helpers.support import BIN, MFASESSION, Home, need

DEMO_AS = "import sys; sys.executable = {!r}; from mfasession.cli import main; sys.exit(main(['demo']))"
"""The tour as an installation elsewhere would play it."""


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and what is in it."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def terminal(alices_home: Home, alice: SandboxUser) -> DemoTerminal:
    """Alice at her shell, her phone in her hand."""
    return DemoTerminal(alices_home.environ, alice.devices[0])


def test_the_tour_without_a_terminal(home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It ends well, shows what it promises, and leaves the home as it was and no folder of its own."""
    need("bash"), need("aws")
    home.write_credentials("[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = mine\n")
    temporary = tmp_path_factory.mktemp("temporary")
    before = files_in(home.folder)
    done = home.run(
        "demo", environ={"XDG_STATE_HOME": str(temporary), "AWS_PROFILE": "mine", "MFASESSION_PROFILE": "mine"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("AccessDenied", "session for default until", "['team-reports']", "ExpiredToken", "commands did what"):
        assert words in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    assert files_in(home.folder) == before
    assert not list(temporary.rglob("demo-*"))


def test_the_tour_on_a_terminal(home: Home) -> None:
    """The live prompt is shown as a user sees it, and ctrl-C ends the tour."""
    need("bash"), need("aws")
    tour = pexpect.spawn(
        MFASESSION, ["demo"], env=dict(home.environ), encoding="utf-8", timeout=scaled(60), dimensions=(30, 100)
    )
    tour.expect("phone: [0-9]{3} [0-9]{3}")
    tour.expect("this code lives")
    tour.expect(r"\(waiting")
    tour.sendintr()
    tour.expect(pexpect.EOF)
    tour.close()
    assert tour.exitstatus == 130


def test_the_tour_stops_where_a_command_differs(home: Home, tmp_path: Path) -> None:
    """An `aws` that is not refused is not under the rule: exit code 1, and the step is named."""
    need("bash")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("python", "python3"):
        (programs / name).symlink_to(sys.executable)
    aws = programs / "aws"
    aws.write_text("#!/bin/sh\nexit 0\n")
    aws.chmod(0o755)
    done = home.run_program(sys.executable, "-c", DEMO_AS.format(str(programs / "python")))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "mfasession: the tour stops here: `cp ~/.aws/credentials before; aws s3 ls` ended with exit code 0",
        "  hint: it should have been 254 or 255",
    ]


def test_a_tour_without_its_programs(home: Home) -> None:
    """It says which one to install, exit code 3."""
    done = home.run_program(sys.executable, "-c", DEMO_AS.format("/nowhere/python"), environ={"PATH": "/nowhere"})
    assert done.returncode == 3
    assert done.stderr.splitlines() == ["mfasession: the tour needs the program bash", "  hint: install bash"]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda terminal: terminal.run("exit 3", shows=""), "ended with exit code 3"),
        (lambda terminal: terminal.run("echo yes", shows="no"), "showed something else"),
        (lambda terminal: terminal.run("true", shows="", typing=[Answer(keys="x")]), "did not ask"),
        (lambda terminal: terminal.run("sleep 60", shows=""), "did not end within 0 s"),
    ],
    ids=["exit code", "output", "question", "time"],
)
def test_a_step_that_differs(
    terminal: DemoTerminal, act: Callable[[DemoTerminal], None], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal holds each command to its word."""
    if "within" in message:
        monkeypatch.setattr("mfasession.sandbox.demo_terminal.TIME_LIMIT", 0.2)
    with pytest.raises(StepDiffers, match=message):
        act(terminal)


def test_a_step_as_it_should_be(terminal: DemoTerminal, capsys: pytest.CaptureFixture[str]) -> None:
    """The command has a terminal of its own to ask on, and what is typed reaches it."""
    terminal.run(
        "read -p 'colour? ' x </dev/tty; echo got $x",
        shows="got green",
        typing=[Answer(question="colour?", keys="green\r")],
    )
    assert "got green" in capsys.readouterr().out
    assert terminal.commands == 1


def test_the_phone_is_never_read_twice_for_one_code(aws: Sandbox, terminal: DemoTerminal, alice: SandboxUser) -> None:
    """The demo waits for the next code; the wrong code is not one that the device shows."""
    first = terminal.code()
    aws.clock.move(30)
    second = terminal.code()
    assert first != second
    assert terminal.used_code() == second
    assert terminal.wrong_code() not in {alice.devices[0].code(step) for step in range(-2, 3)}


def test_make_demo_is_this_command() -> None:
    """The README's `make demo` runs the installed program."""
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "demo"], capture_output=True, text=True, check=True, cwd=BIN.parents[1]
    )
    assert "mfasession demo" in done.stdout
    assert os.access(MFASESSION, os.X_OK)
