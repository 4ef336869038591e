"""The seed of a new device: on the terminal, on the stdin of a program, where it waits; nowhere else, in no mode.

Counted as in `test_canaries.py`.
"""

from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.enrolling import App, bare_user, home_of, kept_seeds, scan, scanned
from tests.helpers.faults.canaries import Canaries, Run
from tests.helpers.seat import CLOCK, seat
from tests.helpers.secret_service import SecretService
from tests.helpers.support import BIN, MFASESSION, Home, need

PNG = ("mfa", "enroll", "--debug", "--png", "code.png", "--codes", "-")
LOUD = {"PYTHONDEVMODE": "1", "AWS_DEBUG": "true", "BOTO_DEBUG": "1", "DEBUG": "*", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def bare(aws: Sandbox) -> SandboxUser:
    """A user with a key pair and nothing else."""
    return bare_user(aws)


@pytest.fixture
def home(bare: SandboxUser, aws: Sandbox, tmp_path: Path, canaries: Canaries) -> Home:
    """The home of that user, where temporary files are inside too."""
    canaries.plant(key=bare.key.secret_access_key.reveal())
    home = home_of(bare, aws, tmp_path / "home")
    (home.folder / "tmp").mkdir()
    home.environ |= {"TMPDIR": str(home.folder / "tmp"), **LOUD}
    return home


def search_home(home: Home, canaries: Canaries) -> None:
    """The credentials file has the key, the file that waits has the seed, and no other file has either."""
    canaries.search_folder(
        home.folder, but={"credentials": ("key",), **{path.name: ("seed",) for path in kept_seeds(home)}}
    )


def test_without_a_terminal(home: Home, aws: Sandbox, canaries: Canaries) -> None:
    """Interrupted, refused, cut off and done, each with --debug."""
    run = Run(home, *PNG)
    assert (run.done.returncode, "Traceback" in run.done.stderr) == (2, True)
    app = App(aws, scan(home.folder / "code.png"))
    first, second = app.pair()
    canaries.plant(seed=app.seed, first=first, second=second)
    canaries.search_run(run)
    search_home(home, canaries)
    assert len(kept_seeds(home)) == 1
    for fault in ("error500", "lose_answer", "throttle", "hang_up"):
        if fault != "lose_answer":
            aws.faults.add("EnableMFADevice", fault, times=9)
        else:
            aws.faults.add("ListMFADevices", fault, times=9)
        run = Run(home, *PNG, stdin=f"{first}\n{second}\n")
        assert run.done.returncode == 5, run.done.stderr
        canaries.search_run(run)
        aws.faults.clear()
    run = Run(home, *PNG, stdin=f"{second}\n{first}\n")
    assert run.done.returncode == 4
    canaries.search_run(run)
    search_home(home, canaries)
    run = Run(home, *PNG, stdin=f"{first}\n{second}\n")
    assert run.done.returncode == 0, run.done.stderr
    canaries.search_run(run)
    assert kept_seeds(home) == []
    search_home(home, canaries)


def test_on_the_terminal_alone(home: Home, aws: Sandbox, canaries: Canaries) -> None:
    """At the question: nothing in /proc; in the window the picture, and in letters only when they were asked for."""
    with seat(home, MFASESSION, "mfa", "enroll", "--debug") as terminal:
        terminal.see("first code")
        terminal.see(CLOCK)
        app = App(aws, scanned(terminal.seen, home.folder))
        canaries.plant(seed=app.seed)
        canaries.search_process(terminal.process)
        terminal.type("\x03")
        assert terminal.end() == 130
        canaries.search("the terminal", terminal.seen)
    (home.folder / "screen.png").unlink()
    search_home(home, canaries)


def test_to_a_program(home: Home, aws: Sandbox, canaries: Canaries) -> None:
    """On its stdin: not in its arguments, not in its environment."""
    words = ("mfa", "enroll", "--debug", "--codes", "-", "--to-command", f"{need('tee')} taken")
    run = Run(home, *words)
    assert run.done.returncode == 2
    taken = home.folder / "taken"
    app = App(aws, taken.read_text().strip())
    taken.unlink()
    canaries.plant(seed=app.seed)
    assert any("tee" in arguments for arguments, _ in run.programs)
    canaries.search_run(run)
    search_home(home, canaries)


def test_into_the_keyring(home: Home, bare: SandboxUser, canaries: Canaries) -> None:
    """In its secrets: not in a file, and not in a label or an attribute, which are read while it is locked too."""
    need("gnome-keyring-daemon")
    with SecretService() as service:
        home.environ |= service.environ
        run = Run(home, "mfa", "enroll", "--debug", "--to", "keyring")
        assert run.done.returncode == 0, run.done.stderr
        (serial,) = bare.device_serials
        seed = home.run_program(str(BIN / "keyring"), "get", "mfasession", f"seed/{serial}").stdout.strip()
        canaries.plant(seed=seed)
        canaries.search_run(run)
        found = home.run_program(need("secret-tool"), "search", "--all", "--unlock", "service", "mfasession")
        lines = (found.stdout + found.stderr).splitlines()
        assert f"secret = {seed}" in lines
        canaries.search("labels and attributes", "\n".join(line for line in lines if not line.startswith("secret = ")))
    search_home(home, canaries)
