"""A change looks once more after a moment only if another program may write what it has read (`files/readers`)."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mfasession.awsfiles import ini
from mfasession.files import shared_edit
from tests.helpers.faults import races
from tests.helpers.faults.writers import BYSTANDER
from tests.helpers.support import need

NOTHING_UNFINISHED = "/no/such/folder/unfinished"
Meanwhile = Callable[[Path], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A private file."""
    place = tmp_path / "credentials"
    place.write_text("[a]\n")
    place.chmod(0o600)
    return place


def looks_of_a_change(path: Path, meanwhile: Meanwhile, seconds: float = shared_edit.UNREAD + 0.05) -> int:
    """Reserve space, wait as for a code, change the file; return how often it was read for the change."""
    reserved = shared_edit.reserve(str(path), NOTHING_UNFINISHED)
    assert reserved is not None
    looks = []

    def read() -> str:
        looks.append(reserved.descriptor)
        return os.pread(reserved.descriptor, 4096, 0).decode()

    try:
        meanwhile(path)
        time.sleep(seconds)
        shared_edit.edit(
            str(path),
            read,
            lambda text: text if "[ours]" in text else f"{text}[ours]\n",
            NOTHING_UNFINISHED,
            reserved=reserved,
        )
    finally:
        reserved.close()
    assert path.read_text() == "[a]\n[ours]\n"
    return len(looks)


def run(*words: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a program."""
    return subprocess.run([need(words[0]), *words[1:]], check=True, stdout=subprocess.DEVNULL)


def hold_open(path: Path) -> None:
    """Have a program open the file for reading, until it is ended or some seconds are over."""
    with path.open() as file:
        subprocess.Popen(["sleep", "3"], stdin=file)


UNREAD: dict[str, Meanwhile] = {
    "nothing": lambda _: None,
    "its folder is read": lambda path: run("ls", str(path.parent)),
    "its state is read": lambda path: run("stat", str(path)),
    "another file is read": lambda path: run("cp", "/dev/null", str(path.parent / "config")),
}
READ: dict[str, Meanwhile] = {
    "it is read": lambda path: run("cat", str(path)),
    "it is open": hold_open,
    "it is read through a link": lambda path: run("cat", f"/proc/self/root{path}"),
    "it has another name": lambda path: os.link(path, path.with_name("hard link")),
    "it is read in a run": lambda path: [run("cat", str(path)) for _ in range(3)],
}


@pytest.mark.parametrize("meanwhile", UNREAD)
def test_nothing_to_wait_for(path: Path, meanwhile: str) -> None:
    """Who has not read the file cannot be about to write it: one look is enough."""
    assert looks_of_a_change(path, UNREAD[meanwhile]) == 1


@pytest.mark.parametrize("meanwhile", READ)
def test_a_reader_may_become_a_writer(path: Path, meanwhile: str) -> None:
    """Another program has read the file, or may have: what it writes within a moment must not hide ours."""
    assert looks_of_a_change(path, READ[meanwhile]) == 2


def test_too_short_to_know(path: Path) -> None:
    """What was read just before the space was reserved may be written just after the change."""
    assert looks_of_a_change(path, lambda _: None, seconds=0) == 2


SAVED = """
import os, sys, time
from mfasession.awsfiles import AwsFiles
from mfasession.files import shared_edit
from mfasession.stores.file import CredentialsFileStore
from tests.helpers.support import made_session
store = CredentialsFileStore(AwsFiles({"AWS_SHARED_CREDENTIALS_FILE": sys.argv[1]}), os.environ)
store.reserve("ours-mfa")
time.sleep(shared_edit.UNREAD + 0.05)
store.save("ours-mfa", made_session())
store.release()
"""


def test_a_session_is_saved_without_a_wait(path: Path, tmp_path: Path) -> None:
    """Nothing that the store itself does counts as another program's reading."""
    sleeps = tmp_path / "sleeps"
    words = ["strace", "-qq", "-o", str(sleeps), "-e", "trace=clock_nanosleep", sys.executable, "-c", SAVED, str(path)]
    environ = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(races.ROOT)}
    subprocess.run([need(words[0]), *words[1:]], check=True, env=environ)
    assert "[ours-mfa]" in path.read_text()
    # The one between the two calls.
    assert len(sleeps.read_text().splitlines()) == 1


@pytest.mark.parametrize("kind", ["in place", "beside", "configure set"])
def test_another_tool_writes_now_and_then(tmp_path: Path, kind: str) -> None:
    """As `test_races`, of sessions for which space was reserved: nothing of theirs is lost, and nothing of ours."""
    race = races.run(tmp_path, {"raced-mfa": "ours prepared", "theirs": f"now and then {kind}"})
    ours, theirs = race.writers
    assert (theirs.damaged, theirs.lost) == (0, 0), str(race)
    assert ours.lost + ours.refused <= ours.written // 100, str(race)
    assert ours.written
    assert theirs.written
    assert BYSTANDER in race.text
    assert {"theirs", "raced-mfa"} <= ini.parse(race.text).keys()
