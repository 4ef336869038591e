"""A keyring that fails, hangs or dies at any call: the old session, the new one or none, and `logout` finds it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import keyring
import pytest
from keyring.errors import KeyringLocked, PasswordDeleteError, PasswordSetError

from mfasession.errors import StoreError
from mfasession.sandbox import SandboxUser
from mfasession.stores.keyring import KeyringStore
from mfasession.values import Secret, Session
from tests.helpers.checks import have_session
from tests.helpers.faults import races
from tests.helpers.memory_keyring import FailingKeyring
from tests.helpers.patience import promised, scaled
from tests.helpers.secret_service import SecretService
from tests.helpers.support import Home, made_session, need

NO_KEYRING = "keyring.backends.fail.Keyring"
SECTION = "default-mfa"
SHORT, LONG, LONGER = (
    made_session(session_token=Secret(letter * size)) for letter, size in (("a", 1), ("b", 3000), ("c", 6000))
)
FAILURES = (KeyringLocked("locked"), PasswordSetError("no"), PasswordDeleteError("no"), OSError("broken pipe"))
TWO_WAITS = 6.0
"""Seconds that a command takes which waits twice for a keyring that does not answer, on an idle machine."""
STILL_THERE = "default-mfa may still be in the keyring, and is not used any more: "
KILLS = 200 if races.IS_LONG else 12


@pytest.fixture
def ring() -> Iterator[FailingKeyring]:
    """A keyring in memory that fails on demand, with the small items of Windows."""
    made = FailingKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(keyring.core.load_keyring(NO_KEYRING))


def failing(ring: FailingKeyring, failure: Exception, action: Callable[[], object], *, late: bool) -> Iterator[int]:
    """Let an action fail at its first call, its second and so on; yield until it no longer comes to its failure."""
    for number in range(1000):
        ring.failure, ring.calls_left, ring.is_late = failure, number, late
        with suppress(StoreError):
            action()
        came_to_it = ring.calls_left < 0
        ring.failure = None
        if not came_to_it:
            return
        yield number + 1


@pytest.mark.parametrize("late", [False, True], ids=["not done", "done all the same"])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize("old", [None, SHORT, LONG, LONGER], ids=["none", "short", "long", "longer"])
@pytest.mark.parametrize("action", ["save short", "save long", "save longer", "load", "load broken", "forget"])
def test_a_failure_at_every_call(
    ring: FailingKeyring, tmp_path: Path, old: Session | None, action: str, failure: Exception, *, late: bool
) -> None:
    """jaraco/keyring#540: the old session, the new one or none, whatever fails; never a mixture, never out of sight."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    new = {"save short": SHORT, "save long": LONG, "save longer": LONGER}.get(action)

    def prepare() -> None:
        ring.items.clear()
        store.forget(SECTION)
        if old is not None:
            store.save(SECTION, old)
        if action == "load broken":
            ring.items.pop(("mfasession", f"part/2/session/{SECTION}"), None)

    def act() -> None:
        if new is not None:
            store.save(SECTION, new)
        elif action == "forget":
            store.forget(SECTION)
        else:
            store.load(SECTION)

    prepare()
    points = 0
    for points in failing(ring, failure, act, late=late):  # noqa: B007
        loaded = store.load(SECTION)
        assert loaded in (None, old, new)
        assert SECTION in (*store.sections(), *store.left()) or not ring.items
        store.forget(SECTION)
        assert ring.items == {}
        prepare()
    assert points


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_check_that_fails_leaves_nothing(ring: FailingKeyring, tmp_path: Path, failure: Exception) -> None:
    """The item that tries the keyring out before a code is spent goes with the next `logout` at the latest."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    for late in (False, True):
        for _ in failing(ring, failure, lambda: store.check(SECTION), late=late):
            assert store.load(SECTION) is None
            store.forget(SECTION)
            assert ring.items == {}


SAVE = """
import sys
from mfasession.stores.keyring import KeyringStore
from mfasession.values import Secret
from tests.helpers.support import made_session
store = KeyringStore(sys.argv[1])
while True:
    for letter, size in ("a", 1), ("b", 3000), ("c", 6000):
        store.save("default-mfa", made_session(session_token=Secret(letter * size)))
        print("saved", flush=True)
"""


def environment(service: SecretService) -> dict[str, str]:
    """Return what a program needs to reach a keyring and the code under test."""
    return {**os.environ, **service.environ, "PYTHONPATH": str(races.ROOT)}


def test_killed_in_the_middle_of_a_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL anywhere in a save to a real Secret Service: a whole session or none, and `forget` leaves no item."""
    need("gnome-keyring-daemon")
    index = str(tmp_path / "keyring.sessions")
    with SecretService() as service:
        for name, value in service.environ.items():
            monkeypatch.setenv(name, value)
        keyring.set_keyring(keyring.core.load_keyring("keyring.backends.SecretService.Keyring"))
        store = KeyringStore(index)
        for number in range(KILLS):
            command = [sys.executable, "-c", SAVE, index]
            with subprocess.Popen(command, env=environment(service), stdout=subprocess.PIPE) as saving:
                assert saving.stdout is not None
                saving.stdout.readline()
                time.sleep(0.003 * (number % 40))
                saving.kill()
            assert store.load(SECTION) in (None, SHORT, LONG, LONGER)
            assert store.forget(SECTION) in (True, False)
            assert left_in(service) == []
    keyring.set_keyring(keyring.core.load_keyring(NO_KEYRING))


def left_in(service: SecretService) -> list[str]:
    """Return the names of our items in the keyring, as another program sees them."""
    words = [need("secret-tool"), "search", "--all", "service", "mfasession"]
    done = subprocess.run(
        words, env=environment(service), capture_output=True, text=True, timeout=scaled(30), check=False
    )
    lines = (done.stdout + done.stderr).splitlines()
    return [line.partition(" = ")[2] for line in lines if line.startswith("attribute.username = ")]


COMMANDS = {"process": 7, "env": 7, "exec -- true": 7, "status": 0, "logout": 7, "logout --all": 7, "login": 7}
"""Commands that come to the session, and how each ends."""


@pytest.mark.parametrize(
    ("command", "how"),
    # Keys are listed without the keyring where there is none.
    [("keys list", "hung"), *((command, how) for command in COMMANDS for how in ("hung", "killed"))],
)
def test_a_daemon_that_hangs_or_is_killed(alices_home: Home, alice: SandboxUser, command: str, how: str) -> None:
    """python-poetry/poetry#8623: one wait of 3 s for all questions of a command, and it ends with the error."""
    need("gnome-keyring-daemon")
    with SecretService() as service:
        alices_home.environ["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
        alices_home.write_settings('store = "keyring"\n')
        have_session(alices_home, alice.devices[0])
        if how == "hung":
            service.stop()
        else:
            service.kill()
        began = time.monotonic()
        done = alices_home.run(*command.split())
        took = time.monotonic() - began
        assert done.returncode == COMMANDS.get(command, 7), done.stderr
        why = "the keyring did not answer within 3 s" if how == "hung" else "there is no keyring here"
        assert done.stderr.splitlines()[0].removeprefix("mfasession: ").removeprefix(STILL_THERE) == why
        assert took < promised(TWO_WAITS)
        service.go_on()
