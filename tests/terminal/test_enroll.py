"""`mfasession mfa enroll` at a terminal: the QR code is scanned, two codes are typed, and the session is there."""

import re
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.enrolling import DARK_TERMINAL, LIGHT_TERMINAL, App, bare_user, home_of, scanned
from tests.support import MFASESSION, Home
from tests.terminal.seat import APART, Seat, outcome, seat

ENROLL = (MFASESSION, "mfa", "enroll")
FIRST, SECOND = r"first code of device [^:]+: +\(", r"second code of device [^:]+: +\("


@pytest.fixture
def bare(aws: Sandbox) -> SandboxUser:
    """A user with a key pair and nothing else."""
    return bare_user(aws)


@pytest.fixture
def home(bare: SandboxUser, aws: Sandbox, tmp_path: Path) -> Home:
    """The home of that user."""
    return home_of(bare, aws, tmp_path)


def scanning(sitting: Seat, aws: Sandbox, colours: tuple[int, int] = DARK_TERMINAL) -> App:
    """Wait for the first question and scan what stands above it."""
    sitting.see(FIRST)
    return App(aws, scanned(sitting.seen, sitting.home.folder, colours))


@pytest.mark.parametrize("colours", [DARK_TERMINAL, LIGHT_TERMINAL], ids=["dark", "light"])
def test_from_a_bare_key_to_a_session(home: Home, aws: Sandbox, bare: SandboxUser, colours: tuple[int, int]) -> None:
    """No administrator, no console: scan, two codes, and the whole day; stdout and stderr show nothing of the seed."""
    aws.forget_calls()
    with seat(home, *APART, *ENROLL) as sitting:
        app = scanning(sitting, aws, colours)
        assert app.label == f"AWS:{bare.name}@123456789012"
        first, second = app.pair()
        sitting.line(first)
        sitting.see(SECOND)
        sitting.see(r"the next code comes in \d+ s")
        sitting.line(second)
        status, said = outcome(sitting)
    assert status == 0
    assert f"device {bare.name} of {bare.name} in 123456789012 is enabled\n" in said
    assert re.search(r"session for default until .* \(12 h left\)\n$", said)
    assert app.seed not in said
    assert home.run("exec", "--", "true").returncode == 0
    serial = f"arn:aws:iam::123456789012:mfa/{bare.name}"
    assert home.credentials.read_text().count(serial) == 1
    assert [path.name for path in home.folder.rglob("enrolment-*") if path.suffix != ".lock"] == []
