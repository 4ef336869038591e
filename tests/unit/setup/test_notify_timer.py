"""The launchd agent of `notify --install`, with a program in place of launchctl: there is no macOS here."""

import os
from pathlib import Path

import pytest

from mfasession.errors import ConfigurationError
from mfasession.setup import notify_timer

LAUNCHCTL = """#!/bin/sh
echo "$1 $2" >>"$0.log"
case $1 in
bootstrap) if [ -e "$0.busy" ]; then rm "$0.busy"; else [ -e "$0.loaded" ] || { : >"$0.loaded"; exit 0; }; fi
  echo 'Bootstrap failed: 5: Input/output error' >&2; exit 5;;
bootout) [ -e "$0.loaded" ] && { rm "$0.loaded"; exit 0; }
  echo 'Boot-out failed: 3: No such process' >&2; exit 3;;
esac
"""
"""Refuses as launchctl does: to load an agent that is loaded, and to unload one that is not."""
DOMAIN = f"gui/{os.getuid()}"
LOAD, UNLOAD = f"bootstrap {DOMAIN}", f"bootout {DOMAIN}/local.mfasession-notify"


@pytest.fixture
def launchctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program; what it keeps lies beside it."""
    program = tmp_path / "launchctl"
    program.write_text(LAUNCHCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


@pytest.fixture
def timer(tmp_path: Path) -> notify_timer.Timer:
    """The agent of a user of macOS."""
    return notify_timer.of({"HOME": str(tmp_path)}, ("/bin/mfasession", "notify"), "darwin")


def log(launchctl: Path) -> list[str]:
    """What the program was asked for, in order."""
    return Path(f"{launchctl}.log").read_text().splitlines()


def test_a_loaded_agent_is_loaded_again(launchctl: Path, timer: notify_timer.Timer) -> None:
    """An agent cannot be loaded twice, and the file would not count as it is now."""
    notify_timer.run(timer.starting)
    notify_timer.run(timer.starting)
    assert log(launchctl) == [UNLOAD, LOAD, UNLOAD, LOAD]
    notify_timer.run(timer.stopping)
    assert not Path(f"{launchctl}.loaded").exists()


def test_an_agent_that_is_not_loaded_is_stopped_already(launchctl: Path, timer: notify_timer.Timer) -> None:
    """As after a login over SSH, where launchctl could not load it."""
    notify_timer.run(timer.stopping)
    assert log(launchctl) == [UNLOAD]


def test_an_agent_that_has_not_ended_yet(launchctl: Path, timer: notify_timer.Timer) -> None:
    """The agent is unloaded after it has ended, and cannot be loaded until then."""
    Path(f"{launchctl}.busy").touch()
    notify_timer.run(timer.starting)
    assert log(launchctl) == [UNLOAD, LOAD, LOAD]


def test_launchctl_fails(launchctl: Path, timer: notify_timer.Timer) -> None:
    """Its reason, and the command to run later."""
    launchctl.write_text("#!/bin/sh\necho 'Bootstrap failed: 125: Domain does not support this' >&2; exit 125\n")
    with pytest.raises(ConfigurationError, match="launchctl failed: Bootstrap failed: 125") as failure:
        notify_timer.run(timer.starting[1:])
    assert failure.value.hint.startswith(f"when you are logged in: launchctl bootstrap {DOMAIN} ")
