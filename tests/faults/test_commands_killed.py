"""Every command, killed wherever it touches the person's files: nothing is lost, and the next run goes on."""

from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox
from tests.faults.commands import COMMANDS, REMOVE
from tests.faults.injection import Command, Survey


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_killed_at_any_point(aws: Sandbox, tmp_path: Path, command: Command) -> None:
    """aws/aws-cli#10648: each file is the old or the new one, whole and private; the next run does it all."""
    row = Survey(command, aws, tmp_path).killed()
    assert row.failures == ()
    assert row.points > 0


@pytest.mark.timeout(600)
def test_no_session_outlives_its_key(aws: Sandbox, tmp_path: Path) -> None:
    """`keys remove` is killed before and after each change: the next one forgets the sessions all the same."""
    survey = Survey(REMOVE, aws, tmp_path)
    row = survey.killed_at([point for point in survey.points if point.call in ("flock", "renameat", "unlink")])
    assert row.failures == ()
    assert row.points > 0
