"""Every command, killed and with a disk that fails wherever it touches the user's files: nothing is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox
from tests.helpers.faults.commands import COMMANDS, REMOVE
from tests.helpers.faults.injection import Command, Survey
from tests.helpers.patience import scaled


@pytest.mark.timeout(scaled(7200))
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_disturbed_at_any_point(
    aws: Sandbox, tmp_path: Path, command: Command, record_property: Callable[[str, object], None]
) -> None:
    """aws/aws-cli#10648: each file is the old or the new one, whole and private; the next run does it all.

    Killed, and full, quota, I/O error, no permission, read-only, no memory: reported with its exit code and one hint.
    """
    survey = Survey(command, aws, tmp_path)
    killed, failing = survey.killed(), survey.failing()
    record_property("killed", killed.points)
    record_property("failing", sum(row.points for row in failing))
    assert [failure for row in (killed, *failing) for failure in row.failures] == []
    assert killed.points > 0
    assert sum(row.points for row in failing) > 0


@pytest.mark.timeout(scaled(600))
def test_no_session_outlives_its_key(aws: Sandbox, tmp_path: Path) -> None:
    """`keys remove` is killed before and after each change: the next one forgets the sessions all the same."""
    survey = Survey(REMOVE, aws, tmp_path)
    row = survey.killed_at([point for point in survey.points if point.call in ("flock", "renameat", "unlink")])
    assert row.failures == ()
    assert row.points > 0
