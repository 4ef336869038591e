"""A session in the Secret Service is read without the `keyring` package, and only where that would find it too."""

import json
import re
import sys
import time
from pathlib import Path

import pytest

from mfasession.sandbox import SandboxUser
from mfasession.stores.keyrings import secret_service
from tests.helpers.patience import promised
from tests.helpers.secret_service import SecretService
from tests.helpers.support import SECRET, Home, imported

pytestmark = pytest.mark.usefixtures("device_known")

RC = "[backend]\ndefault-keyring=keyring.backends.SecretService.Keyring\n"


@pytest.fixture
def home(keyring_home: Home, alice: SandboxUser) -> Home:
    """Alice's home with a session that a login has put into the keyring."""
    keyring_home.write_settings('store = "keyring"\n')
    done = keyring_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    return keyring_home


@pytest.mark.parametrize(
    "words", [("process",), ("env",), ("exec", "--", "true"), ("status",), ("login",)], ids=" ".join
)
def test_a_hit_imports_no_keyring(home: Home, words: tuple[str, ...]) -> None:
    """The package costs several times a whole hit (jaraco/keyring imports urllib, ssl and importlib.metadata)."""
    assert home.run(*words).returncode == 0
    modules = imported(home, *words)
    assert "_socket" in modules
    assert not {"keyring", "secretstorage", "cryptography", "jeepney", "tomllib", "json", "hashlib"} & modules
    # What they would import, each of which costs more than all of our own code.
    assert not {"enum", "functools", "re", "socket", "threading", "typing"} & modules


def test_the_client_says_hello_before_it_opens_a_session(home: Home, service: SecretService) -> None:
    """gnome-keyring#195, basecamp/hey-cli#352: an OpenSession that comes first may end the daemon of the desktop.

    Without this, reading by four processes at once ended it once in 4,000 reads.
    """
    with service.watched() as requests:
        assert home.run("process").returncode == 0
        assert home.run("process").returncode == 0
        first = dict(reversed(requests()))
    assert list(first.values()) == ["ReadAlias", "ReadAlias"]


@pytest.mark.parametrize(
    "words", [("login", "--force"), ("keys", "protect"), ("keys", "list"), ("logout",)], ids=" ".join
)
def test_the_package_asks_in_the_same_order(
    home: Home, alice: SandboxUser, service: SecretService, words: tuple[str, ...]
) -> None:
    """The `keyring` package opens a connection for each item, and on every one of them says who asks first."""
    code = ("--code", alice.devices[0].code(1)) if words[0] == "login" else ()
    with service.watched() as requests:
        assert home.run(*words, *code).returncode == 0
        made = requests()
    assert "OpenSession" in [method for _, method in made] or words == ("keys", "list")
    assert set(dict(reversed(made)).values()) == {"ReadAlias"}


CHOICES = {
    "a backend named": ({"PYTHON_KEYRING_BACKEND": secret_service.TAKER}, ""),
    "a property set": ({"KEYRING_PROPERTY_APPID": "other"}, ""),
    "a configuration file": ({}, RC),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_the_users_choice_of_a_keyring_is_used(home: Home, choice: str) -> None:
    """What the user has said about keyrings is the package's to understand: it is asked, and finds the session."""
    environ, settings = CHOICES[choice]
    direct = home.run("process").stdout
    home.environ |= environ
    if settings:
        (home.folder / ".config/python_keyring").mkdir(parents=True)
        (home.folder / ".config/python_keyring/keyringrc.cfg").write_text(settings)
    assert home.run("process").stdout == direct
    assert "keyring" in imported(home, "process")


def test_another_keyring_took_the_last_session(home: Home) -> None:
    """Whoever has moved to another keyring is not given what the old one still has."""
    kept = home.folder / ".local/state/mfasession/keyring-backend"
    assert kept.read_text() == f"{secret_service.TAKER}\n"
    kept.write_text("keyring.backends.kwallet.DBusKeyring\n")
    assert "keyring" in imported(home, "process")


@pytest.mark.parametrize("kept", [None, "folder"], ids=["nothing noted", "a folder in its place"])
def test_without_a_noted_backend_the_package_decides(home: Home, kept: str | None) -> None:
    """Then the package is asked, as ever."""
    note = home.folder / ".local/state/mfasession/keyring-backend"
    note.unlink()
    if kept:
        note.mkdir()
    assert json.loads(home.run("process").stdout)["Version"] == 1


LONG = """
import sys
from mfasession.stores.keyring import KeyringStore
from mfasession.stores.keyrings.secret_service import SecretService
from mfasession.values import Secret
from tests.helpers.support import made_session
session = made_session(session_token=Secret("t" * 4000))
store = KeyringStore(sys.argv[1])
store.save("default-mfa", session)
with SecretService() as service:
    print(service.get_password("mfasession", "session/default-mfa")[:24])
print(store.load("default-mfa") == session)
"""


def test_a_long_session_is_read_in_its_parts(keyring_home: Home, tmp_path: Path) -> None:
    """AWS promises no length of a token: items over 1,280 characters are split, and come back whole."""
    root = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = keyring_home.run_program(sys.executable, "-c", LONG, str(tmp_path / "keyring.sessions"), environ=root)
    assert done.stderr == ""
    assert re.fullmatch(r"mfasession-split:1:\d:.*\nTrue\n", done.stdout)


def test_an_uncertain_keyring_is_not_read(service: SecretService, monkeypatch: pytest.MonkeyPatch) -> None:
    """No item, no bus, a locked keyring: no secret and no guess, and nothing is started and no unlock is asked for."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.environ["DBUS_SESSION_BUS_ADDRESS"])
    with secret_service.SecretService() as ring:
        assert ring.get_password("mfasession", "session/nobody") is None
    service.end_daemon()
    with secret_service.SecretService() as ring, pytest.raises(secret_service.NotRead):
        ring.get_password("mfasession", "session/nobody")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    with secret_service.SecretService() as ring, pytest.raises(secret_service.NotRead):
        ring.get_password("mfasession", "session/nobody")


def test_a_locked_keyring_says_so(home: Home, service: SecretService) -> None:
    """The words and the exit code are those that the package's own failure has, and no secret is in them."""
    service.end_daemon()
    service.start_daemon(unlocked=False)
    done = home.run("process")
    assert (done.returncode, done.stdout) == (7, "")
    assert "the keyring" in done.stderr
    assert SECRET not in done.stderr


def test_a_keyring_that_hangs_ends_in_time(home: Home, service: SecretService) -> None:
    """3 s for both ways together, and a busy machine's time to start Python."""
    service.stop()
    began = time.monotonic()
    done = home.run("process")
    took = time.monotonic() - began
    service.go_on()
    assert done.returncode == 7
    assert "did not answer within 3 s" in done.stderr
    assert took < promised(3.0 + 5.0)


def test_a_session_that_is_forgotten_is_not_found(home: Home) -> None:
    """`logout` is the end of it on this way too."""
    assert home.run("logout").returncode == 0
    assert home.run("process").returncode == 6
