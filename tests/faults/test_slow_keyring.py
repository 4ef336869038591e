"""A keyring on a machine that has other work: slow is not broken, and one that stands still is reported."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mfasession.sandbox import SandboxUser
from tests.faults.test_daemon_faults import unless_it_ends_by_itself
from tests.helpers.checks import complaint, keys_of
from tests.helpers.patience import scaled
from tests.helpers.secret_service import SecretService
from tests.helpers.support import MFASESSION, Home, need

BUSY = 10
"""Programs that never stop computing."""
SILENT = complaint(
    "the keyring did not answer within 3 s",
    "see whether it asks for its password in a window, unlock it, and try again",
)


@contextmanager
def busy_machine() -> Iterator[None]:
    """More work than processors, for as long as the block takes; it ends by itself after some minutes, too."""
    words = [need("timeout"), "240", "sh", "-c", "while :; do :; done"]
    programs = [subprocess.Popen(words, start_new_session=True) for _ in range(BUSY)]
    try:
        yield
    finally:
        for program in programs:
            # Sent on to its child by timeout(1).
            program.terminate()
        for program in programs:
            program.wait()


@contextmanager
def halting(service: SecretService) -> Iterator[None]:
    """Let the daemon stand still but for a fiftieth of a second now and then."""
    ended = threading.Event()

    def halt() -> None:
        while not ended.wait(0.02):
            service.stop()
            ended.wait(0.6)
            service.resume()

    thread = threading.Thread(target=halt)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def on(service: SecretService, home: Home) -> None:
    """Put a home on the bus of a service, and its sessions into that keyring."""
    home.environ["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
    home.write_settings('store = "keyring"\n')


def test_a_daemon_that_answers_late(alices_home: Home, alice: SandboxUser) -> None:
    """Login, a key's move and logout take many answers, and many of them are half a second late: all is done."""
    steps = iter(range(-1, 3))

    def attempt(service: SecretService) -> None:
        on(service, alices_home)
        alices_home.write_credentials(keys_of(alice))
        code = alice.devices[0].code(next(steps))
        with halting(service):
            began = time.monotonic()
            for words in (("login", "--force", "--code", code), ("keys", "protect"), ("keys", "list"), ("logout",)):
                done = alices_home.run(*words)
                assert done.returncode == 0, (words, done.stderr)
            # Else it would not have been late.
            assert time.monotonic() - began > 3.0

    unless_it_ends_by_itself(attempt)


@pytest.mark.timeout(scaled(600))
def test_a_busy_machine(alices_home: Home, alice: SandboxUser) -> None:
    """A user who builds in the background: commands that ask the keyring at once, and ten programs that compute."""
    need("gnome-keyring-daemon")

    def attempt(service: SecretService) -> None:
        on(service, alices_home)
        alices_home.write_credentials("".join(keys_of(alice, f"p{number}") for number in range(6)))
        with busy_machine():
            programs = [
                subprocess.Popen(
                    [MFASESSION, "keys", "protect", "-p", f"p{number}"],
                    env=alices_home.environ,
                    cwd=alices_home.folder,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
                for number in range(6)
            ]
            ended = [(program.communicate()[1], program.returncode) for program in programs]
        assert [code for _, code in ended] == [0] * 6, ended

    unless_it_ends_by_itself(attempt)


def test_a_daemon_that_stands_still_on_a_busy_machine(alices_home: Home, alice: SandboxUser) -> None:
    """The other work is not an excuse for a daemon that never answers: exit 7."""
    with SecretService() as service, busy_machine():
        on(service, alices_home)
        service.stop()
        done = alices_home.run("login", "--code", alice.devices[0].code())
        assert (done.returncode, done.stderr) == (7, SILENT)
        service.go_on()
