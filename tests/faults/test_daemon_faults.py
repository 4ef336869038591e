"""A real keyring daemon that dies or stands still at its own system calls, while a command changes what it keeps."""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from mfasession.sandbox import Sandbox
from tests.faults.test_keyring_faults import left_in
from tests.helpers.faults.commands import CODE, KEYRING, Preparation, a_key_works, all_of, logged_in, settings
from tests.helpers.faults.injection import IS_LONG, Command, Trial, assert_one_message
from tests.helpers.patience import scaled, wait_for
from tests.helpers.secret_service import SecretService
from tests.helpers.support import need

TRIES = 10 if IS_LONG else 2
"""Points of each command, from the first to the last."""
CALLS = ("sendmsg", "link", "fsync", "rename")
"""What the daemon answers with, and how it replaces its file."""
Result = TypeVar("Result")
FAULTS = {"killed": "KILL", "stopped": "STOP"}
_calls: dict[str, list[tuple[str, int]]] = {}
"""The daemon's calls in a healthy run of each command: the same for every fault."""


def protected(trial: Trial) -> None:
    """The long-term key in the keyring, and in no file."""
    done = trial.home.run("keys", "protect")
    assert done.returncode == 0, done.stderr


COMMANDS = (
    Command("login", ("login", "--force", *CODE), logged_in),
    Command("logout", ("logout", "--all"), logged_in),
    Command("keys rotate", ("keys", "rotate", "--force", *CODE), all_of(logged_in, protected), steps=a_key_works),
)


@contextmanager
def traced(service: SecretService, log: Path, *injecting: str) -> Iterator[None]:
    """Have strace at the daemon for as long as the block takes."""
    words = (need("strace"), "-f", "-qq", "-o", str(log), "-e", f"trace={','.join(CALLS)}", *injecting)
    with subprocess.Popen([*words, "-p", str(service.daemon)], stderr=subprocess.DEVNULL) as strace:
        status = Path(f"/proc/{service.daemon}/status")
        wait_for(lambda: "TracerPid:\t0\n" not in status.read_text())
        yield
        strace.terminate()


def few(able: list[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """Return a few of the calls, from the first to the last."""
    stride = max((len(able) - 1) / (most - 1), 1)
    return [able[int(number * stride)] for number in range(min(most, len(able)))]


def calls_of(log: Path) -> list[tuple[str, int]]:
    """The daemon's calls, each with its number among those of its name in its thread."""
    counts: Counter[tuple[str, ...]] = Counter()
    found = []
    for thread, call in re.findall(r"^(\d+) +(\w+)\(", log.read_text(), re.MULTILINE):
        counts[thread, call] += 1
        found.append((call, counts[thread, call]))
    return found


def on_the_bus(service: SecretService) -> Preparation:
    """A home whose sessions go to that daemon."""

    def prepare(trial: Trial) -> None:
        del trial.home.environ["PYTHON_KEYRING_BACKEND"]
        trial.home.environ["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
        settings(KEYRING)(trial)

    return prepare


def assert_whole(trial: Trial, service: SecretService) -> None:
    """Each item is listed, as a session or as one to remove; every file can be read, and no half a session is taken."""
    trial.assert_sound()
    state = trial.home.folder / ".local/state/mfasession"
    index, left = state / "keyring.sessions", state / "keyring-forgotten"
    listed = [name for path in (index, left) if path.exists() for name in path.read_text().splitlines()]
    kept = {item.rpartition("session/")[2] for item in left_in(service) if "session/" in item}
    assert kept <= set(listed)
    assert trial.home.run("status").returncode == 0
    assert trial.home.run("process", "--no-input").returncode in (0, 6)
    if trial.command.steps:
        trial.command.steps(trial)


def assert_goes_on(trial: Trial, service: SecretService) -> None:
    """The same command does it all, and nothing stays when all is forgotten."""
    done = trial.run(1)
    assert done.returncode == 0, done.stderr
    assert trial.home.run("logout", "--all").returncode == 0
    assert trial.home.run("keys", "remove", "--yes").returncode == 0
    assert left_in(service) == []


def disturb(trial: Trial, service: SecretService, fault: str, log: Path, call: str, number: int) -> bool:
    """Run the command with a fault at one call of the daemon, let it be there again, and return whether it was hit."""
    with traced(service, log, "-e", f"inject={call}:signal={FAULTS[fault]}:when={number}"):
        done = trial.run(0)
    if done.returncode != 0:
        assert_one_message(done, exits=(7,))
    if fault == "killed":
        service.kill()
        service.start_daemon(unlocked=True)
    else:
        service.go_on()
    return f"SIG{FAULTS[fault]}" in log.read_text()


def unless_it_ends_by_itself(attempt: Callable[[SecretService], Result]) -> Result:
    """Try with a daemon of its own, and again with another when that one has failed at an assertion of its own.

    A daemon that strace slows down does so now and then: gnome-keyring#195.
    """
    for tries_left in (3, 2, 1, 0):
        with SecretService() as service:
            try:
                return attempt(service)
            except AssertionError:
                if not service.has_aborted or not tries_left:
                    raise
    raise AssertionError("not reached: the last try returns or raises")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root looks into another program")
@pytest.mark.timeout(scaled(1800))
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_at_any_call_of_the_daemon(aws: Sandbox, tmp_path: Path, command: Command, fault: str) -> None:
    """python-poetry/poetry#8623: reported as it is, with the old session, the new one or none, and none out of sight.

    The key that is in place is always one that AWS takes.
    """
    need("gnome-keyring-daemon")
    log = tmp_path / "strace"

    def attempt(service: SecretService, faulty: tuple[str, int] | None) -> bool:
        on_it = replace(command, prepare=all_of(on_the_bus(service), command.prepare))
        trial = Trial(on_it, aws, tmp_path)
        was_hit = faulty is not None and disturb(trial, service, fault, log, *faulty)
        if faulty is None:
            with traced(service, log):
                assert trial.run(0).returncode == 0
        else:
            assert_whole(trial, service)
        assert_goes_on(trial, service)
        return was_hit

    if command.name not in _calls:
        unless_it_ends_by_itself(lambda service: attempt(service, None))
        _calls[command.name] = calls_of(log)
    points = few(_calls[command.name], TRIES)
    assert sum(unless_it_ends_by_itself(partial(attempt, faulty=point)) for point in points)
