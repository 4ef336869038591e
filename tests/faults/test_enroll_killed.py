"""`mfasession mfa enroll`, killed wherever it touches the user's files, the keyring or AWS: the next run ends it.

Not in the table of commands: a device whose seed was on its way when we were killed costs its name, so what the next
run leaves is not the same to the byte.
"""

import json
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox
from tests.helpers.faults.file_keyring import item_path
from tests.helpers.faults.injection import IS_LONG, KILL, VISIBLE, Command, Trial
from tests.helpers.faults.points import CALLS, TALK, Point, points
from tests.helpers.patience import scaled
from tests.helpers.support import Home

SHORT = 8
"""Points that are tried in the short form."""


def without_device(trial: Trial) -> None:
    """The user has a key, and no device yet."""
    trial.user.remove_device(trial.device.serial)


ENROLL = Command("mfa enroll", ("mfa", "enroll", "--to", "keyring"), without_device)


@pytest.fixture
def found(aws: Sandbox, tmp_path: Path) -> list[Point]:
    """The points of a healthy run. The first one compiles what Python has not yet."""
    assert Trial(ENROLL, aws, tmp_path).run(0).returncode == 0
    trial = Trial(ENROLL, aws, tmp_path)
    done, log = trial.traced("-e", f"trace={','.join([*CALLS, *TALK])}", *VISIBLE)
    assert done.returncode == 0, done.stderr
    return points(log, str(trial.home.folder), trial.user.name)


@pytest.mark.timeout(scaled(3600))
def test_killed_at_any_point(aws: Sandbox, tmp_path: Path, found: list[Point]) -> None:
    """One device, enabled; a session; its seed where it was wanted and nowhere else: at most a name is lost."""
    chosen = found if IS_LONG else found[:: max(len(found) // SHORT, 1)]
    hits = 0
    for point in chosen:
        trial = Trial(ENROLL, aws, tmp_path)
        killed, _ = trial.run_into(point, KILL)
        if killed.returncode != -9:
            continue
        hits += 1
        trial.assert_sound()
        trial.let_time_pass()
        again = trial.run(0)
        assert again.returncode == 0, f"{point}: {again.stderr}"
        check_enrolled(trial, str(point))
    assert hits > len(chosen) // 2


def check_enrolled(trial: Trial, point: str) -> None:
    """Nothing is missing, and nothing is left over here."""
    name = trial.user.name
    (serial,) = trial.user.device_serials
    assert serial.rpartition("/")[2] in (name, f"{name}-2"), point
    assert item_path(trial.home.folder, f"seed/{serial}").exists(), point
    assert not item_path(trial.home.folder, f"enrolment/{trial.user.arn}").exists(), point
    assert in_use(trial.home) == [serial], point
    shown = trial.home.run("status", "-p", "default")
    assert shown.returncode == 0, f"{point}: {shown.stderr}"


def in_use(home: Home) -> list[str]:
    """The devices that are used here."""
    done = home.run("mfa", "list", "--json")
    return [row["serial"] for row in json.loads(done.stdout) if row["in_use"]]
