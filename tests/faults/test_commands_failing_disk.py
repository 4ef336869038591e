"""Commands on a disk that is full, or that fails where others have left files: reported, and nothing is lost."""

from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox
from tests.helpers.faults.commands import COMMANDS, Preparation, in_file, nothing_more
from tests.helpers.faults.injection import Command, Trial, assert_one_message
from tests.helpers.support import MFASESSION
from tests.scripts.test_full_disk import FILL, on_a_small_disk

LIVE = 3600
WRITERS: dict[str, tuple[Preparation, str]] = {
    "login": (nothing_more, "login --code {code}"),
    "login --force": (in_file(LIVE), "login --force --code {code}"),
    "logout": (in_file(LIVE), "logout"),
    "keys protect": (nothing_more, "keys protect"),
    "keys rotate": (nothing_more, "keys rotate --code {code}"),
    "keys remove": (in_file(LIVE), "keys remove --yes"),
}
"""Commands that write the credentials file, and what they find."""


def test_leftovers_that_cannot_be_listed(aws: Sandbox, tmp_path: Path) -> None:
    """A `serve` that cannot look for the tokens of killed ones serves all the same."""
    trial = Trial(next(each for each in COMMANDS if each.name == "serve"), aws, tmp_path)
    folder = trial.home.folder / ".local/state/mfasession"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    done, log = trial.traced("-e", "trace=getdents64", "-P", str(folder), "-e", "inject=getdents64:error=EIO:when=1")
    assert "(INJECTED)" in log
    assert (done.returncode, done.stderr.count("hint")) == (0, 0), done.stderr


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk(aws: Sandbox, tmp_path: Path, writer: str) -> None:
    """A disk without one byte of room: exit code 7, the words for it, and no byte of the file is lost."""
    prepare, line = WRITERS[writer]
    trial = Trial(Command(writer, (), prepare), aws, tmp_path)
    fill = FILL.format(folder=trial.home.aws, kilobytes=64)
    said = on_a_small_disk(
        trial.home, trial.home.aws, f"{MFASESSION} {line.format(code=trial.device.code())}", fill=fill
    )
    assert "was not written: no space is left on the disk" in said
    assert said.count("\n") == 2 + said.count("forgot"), said
    assert Path(f"{trial.home.aws}.code").read_text() == "7\n"
    assert Path(f"{trial.home.aws}.left").read_text().split() == ["ballast", "credentials", "same"]


@pytest.mark.parametrize("writer", WRITERS)
def test_files_that_may_not_grow(aws: Sandbox, tmp_path: Path, writer: str) -> None:
    """`ulimit -f 0`: no signal ends it half-way, and every file is as it was."""
    prepare, line = WRITERS[writer]
    trial = Trial(Command(writer, (), prepare), aws, tmp_path)
    before = trial.shapes()
    words = f"ulimit -f 0; exec {MFASESSION} {line.format(code=trial.device.code())}"
    done = trial.home.run_program("bash", "-c", words)
    assert done.returncode == 7, done.stderr
    assert_one_message(done)
    assert trial.shapes() == before
    assert trial.strays() == []
