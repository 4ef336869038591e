"""The keyring store where the contract of all stores ends: keyrings that are locked, absent, silent, or forget."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import keyring
import pytest

from mfasession.errors import StoreError
from mfasession.stores.keyring import KeyringStore
from mfasession.values import Session
from tests.helpers.patience import scaled, wait_for
from tests.helpers.secret_service import SecretService

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
STILL_THERE = "default-mfa may still be in the keyring, and is not used any more: "
SECRET_SERVICE = "keyring.backends.SecretService.Keyring"

DRIVER = """
import json, sys
from mfasession.errors import MfaSessionError
from mfasession.values import LongTermKey, Session
from mfasession.stores import keyring as keyring_store
from mfasession.stores.keyrings import keys as keyring_keys
from mfasession.values import Secret

index, action, section, secret = sys.argv[1:]
store = keyring_store.KeyringStore(index)
token = Secret("t" * 3000)
kept = {"secret_access_key": Secret(secret), "session_token": token, "expires": 1}
session = Session(access_key_id="ASIAIOSFODNN7EXAMPLE", key_id="AKIAIOSFODNN7EXAMPLE", **kept)
key = LongTermKey(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret(secret))
actions = {
    "load": lambda: store.load(section) == session,
    "save": lambda: store.save(section, session),
    "check": lambda: store.check(section),
    "forget": lambda: store.forget(section),
    "read key": lambda: keyring_keys.read_long_term_key(section) == key,
    "save key": lambda: keyring_keys.save_long_term_key(section, key),
}
try:
    print(json.dumps({"result": actions[action]()}))
except MfaSessionError as error:
    print(json.dumps({"error": type(error).__name__, "message": error.message, "hint": error.hint}))
"""


class Elsewhere:
    """The store in another process, whose keyring is chosen anew from its environment."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """`folder` holds the index; `environ` is what chooses the keyring."""
        self._index = str(folder / "keyring.sessions")
        names = ("PATH", "HOME", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        self.environ = {**kept, "XDG_CONFIG_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), **environ}

    def run(self, action: str, section: str = "default-mfa", **environ: str) -> "dict[str, object]":
        """Run one action; the keyring package may write nothing to stderr, where the program's own messages go."""
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, self._index, action, section, SECRET],
            cwd=Path(__file__).parents[2],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=scaled(60),
            check=False,
        )
        # On a busy machine a process may have to say for whom it waits.
        others = [line for line in done.stderr.splitlines() if not line.startswith("mfasession: waiting for process")]
        assert others == []
        assert SECRET not in done.stdout
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def fails(self, action: str, **environ: str) -> str:
        """Run one action that must fail as a store, with a hint; return its message."""
        answer = self.run(action, **environ)
        assert answer.get("error") in ("StoreError", "KeyringAbsent"), answer
        assert answer["hint"]
        return str(answer["message"])


@pytest.fixture(scope="module")
def service() -> Iterator[SecretService]:
    """One unlocked Secret Service for the tests that leave it as it is."""
    with SecretService() as started:
        yield started


def test_the_secret_service_is_found_by_itself(service: SecretService, tmp_path: Path) -> None:
    """With no setting at all, one process saves and another loads."""
    store = Elsewhere(tmp_path, service.environ)
    assert store.run("check") == {"result": None}
    assert store.run("save") == {"result": None}
    assert store.run("load") == {"result": True}
    assert store.run("forget") == {"result": True}
    assert store.run("load") == {"result": False}


@pytest.mark.parametrize("action", ["load", "save", "check", "forget", "read key"])
def test_a_locked_keyring(action: str, tmp_path: Path) -> None:
    """A keyring that is on the disk and locked is distinguished from a missing one."""
    with SecretService() as locked:
        store = Elsewhere(tmp_path, locked.environ)
        store.run("save")
        locked.end_daemon()
        locked.start_daemon(unlocked=False)
        assert store.fails(action) == (STILL_THERE if action == "forget" else "") + "the keyring is locked"
        locked.end_daemon()
        locked.start_daemon(unlocked=True)
        # What was forgotten stays forgotten.
        assert store.run("load") == {"result": action != "forget"}


def test_a_keyring_that_was_never_made(tmp_path: Path) -> None:
    """The daemon would ask for a new password and the question cannot be seen (keyring's InitError)."""
    with SecretService(unlocked=False) as new:
        message = Elsewhere(tmp_path, new.environ).fails("save")
    assert message == "the keyring cannot be opened: its dialog was dismissed or could not be shown"


def test_a_service_that_ends_before_it_answers(tmp_path: Path) -> None:
    """gnome-keyring#195: it can end by itself, and then no question was dismissed."""
    with SecretService() as service, service.watched() as requests, ThreadPoolExecutor(1) as beside:
        service.stop()
        message = beside.submit(Elsewhere(tmp_path, service.environ).fails, "load")
        wait_for(requests)
        service.kill()
        assert message.result() == "the keyring's service ended before it answered"


@pytest.mark.parametrize("action", ["load", "save", "forget"])
def test_a_service_that_ends_and_is_started_anew(tmp_path: Path, action: str) -> None:
    """gnome-keyring#195: as on a desktop, whose bus starts another daemon; the question is asked once more."""
    with SecretService(starts_another=True) as service, ThreadPoolExecutor(1) as beside:
        store = Elsewhere(tmp_path, service.environ)
        assert store.run("save") == {"result": None}
        with service.watched() as requests:
            service.stop()
            answer = beside.submit(store.run, action)
            wait_for(requests)
            service.kill()
            assert answer.result() == {"result": None if action == "save" else True}
        assert store.run("load") == {"result": action != "forget"}


@pytest.mark.parametrize("address", [{}, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}])
@pytest.mark.parametrize("action", ["load", "save", "check", "forget", "read key", "save key"])
def test_no_keyring(action: str, address: dict[str, str], tmp_path: Path) -> None:
    """No bus, or the stale address that ssh and tmux leave (jaraco/keyring#566): never plain text instead."""
    message = Elsewhere(tmp_path, address).fails(action)
    assert message == (STILL_THERE if action == "forget" else "") + "there is no keyring here"
    assert SECRET not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_a_bus_without_a_daemon(tmp_path: Path) -> None:
    """A bus on which nothing serves secrets does not count as a keyring."""
    with SecretService(daemon=False) as bus:
        assert Elsewhere(tmp_path, bus.environ).fails("load") == "there is no keyring here"


def test_a_chosen_backend_that_cannot_work(tmp_path: Path) -> None:
    """The Secret Service asked for by name, and no bus: keyring raises a plain RuntimeError."""
    message = Elsewhere(tmp_path, {"PYTHON_KEYRING_BACKEND": SECRET_SERVICE}).fails("load")
    assert message == f"the keyring backend '{SECRET_SERVICE}' cannot work here"


@pytest.mark.parametrize(
    "name", ["no.such.Backend", "nodots", "", "keyring.backends.SecretService.Nope", "json.dumps", "os.path"]
)
def test_a_backend_that_does_not_exist(name: str, tmp_path: Path) -> None:
    """A name in PYTHON_KEYRING_BACKEND that is not a class of a backend is named in the message."""
    message = Elsewhere(tmp_path, {"PYTHON_KEYRING_BACKEND": name}).fails("load")
    assert message == f"the keyring backend {name!r} cannot be loaded"


@pytest.mark.parametrize("settings_text", ["[backend]\ndefault-keyring=no.such.Backend\n", "no section\n"])
def test_a_wrong_keyringrc(settings_text: str, tmp_path: Path) -> None:
    """A keyringrc.cfg that names nothing or is not an ini file is what the message names."""
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text(settings_text)
    message = Elsewhere(tmp_path, {}).fails("load")
    assert message == "the keyring backend named in keyringrc.cfg cannot be loaded"


def test_warnings_of_keyring_stay_off_the_terminal(tmp_path: Path) -> None:
    """A keyringrc.cfg without a backend makes keyring log a warning; stderr is for our own messages."""
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text("[backend]\n")
    assert Elsewhere(tmp_path, {}).fails("load") == "there is no keyring here"


@pytest.mark.parametrize("action", ["save", "check", "save key"])
@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "keyring.backends.chainer.ChainerBackend"])
def test_backends_that_drop_what_they_are_given(action: str, backend: str, tmp_path: Path) -> None:
    """The null backend and an empty chainer say nothing when they drop a write: reading back finds out."""
    message = Elsewhere(tmp_path, {"PYTHON_KEYRING_BACKEND": backend}).fails(action)
    assert message == f"the keyring did not keep what was written ({backend})"


def test_a_chainer_that_has_something_to_chain(service: SecretService, tmp_path: Path) -> None:
    """A chainer over the Secret Service keeps, loads and forgets."""
    chain = {"PYTHON_KEYRING_BACKEND": "keyring.backends.chainer.ChainerBackend"}
    store = Elsewhere(tmp_path, {**service.environ, **chain})
    assert store.run("save", "chained") == {"result": None}
    assert store.run("load", "chained") == {"result": True}
    assert store.run("forget", "chained") == {"result": True}


@pytest.mark.parametrize("action", ["load", "save"])
def test_a_keyring_that_hangs(action: str, tmp_path: Path) -> None:
    """A daemon that never answers ends in an error, and works again when it goes on (python-poetry/poetry#8623)."""
    with SecretService() as hanging:
        store = Elsewhere(tmp_path, {**hanging.environ, "PYTHON_KEYRING_BACKEND": SECRET_SERVICE})
        hanging.stop()
        assert store.fails(action) == "the keyring did not answer within 3 s"
        hanging.go_on()
        assert store.run("save") == {"result": None}
        assert store.run("load") == {"result": True}


def test_one_wait_for_a_keyring_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a question hangs the next one fails at once instead of queueing behind it; later questions are served."""
    store = KeyringStore(str(tmp_path / "keyring.sessions"))
    with SecretService() as hanging:
        for name, value in hanging.environ.items():
            monkeypatch.setenv(name, value)
        keyring.set_keyring(keyring.core.load_keyring(SECRET_SERVICE))
        hanging.stop()
        for _ in range(20):
            # Twenty waits of 3 s would be a minute.
            with pytest.raises(StoreError, match="did not answer within 3 s"):
                store.load("default-mfa")
        hanging.go_on()
        assert _when_answered(store) is None
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.fail.Keyring"))


def _when_answered(store: KeyringStore) -> Session | None:
    answers: list[Session | None] = []

    def is_answered() -> bool:
        with suppress(StoreError):
            answers.append(store.load("default-mfa"))
        return bool(answers)

    wait_for(is_answered, why=lambda: "the keyring did not come back")
    return answers[0]


def test_processes_that_save_at_once_are_all_listed(service: SecretService, tmp_path: Path) -> None:
    """The index is changed under a lock: no section is lost between readers and writers."""
    store = Elsewhere(tmp_path, service.environ)
    names = [f"at-once-{number}" for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda name: store.run("save", name), names)) == [{"result": None}] * 6
    assert sorted(KeyringStore(str(tmp_path / "keyring.sessions")).sections()) == names


def test_keyring_missing_from_the_installation(tmp_path: Path) -> None:
    """An installation without the keyring package says so."""
    hidden = "import sys; sys.modules['keyring'] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", hidden + DRIVER, str(tmp_path / "i"), "load", "x", "y"],
        capture_output=True,
        text=True,
        timeout=scaled(60),
        check=False,
    )
    assert json.loads(done.stdout)["message"] == "the package keyring is not installed"
