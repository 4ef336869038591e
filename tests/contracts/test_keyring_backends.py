"""Which backends of the `keyring` package count as a keyring: those that it recommends, and one that the user named.

keyrings.alt keeps plain text in a file, at a priority of 0.5, and is taken by `keyring` where there is nothing better.
"""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session
from tests.helpers.kept_keys import Files, listed, two_lines
from tests.helpers.secret_service import SecretService
from tests.helpers.support import Home, missing

PLAIN = "keyrings.alt.file.PlaintextKeyring"
CHAINER = "keyring.backends.chainer.ChainerBackend"
SECRET_SERVICE = "keyring.backends.SecretService.Keyring"
CHOOSE = "choose another backend (PYTHON_KEYRING_BACKEND, keyringrc.cfg)"
WARNING = complaint(f"the keyring that you have named, {PLAIN}, keeps plain text", CHOOSE)
NONE = complaint(
    "there is no keyring here",
    f"start one (gnome-keyring, KWallet), or use --store file; {PLAIN} is not one that keyring recommends",
)


@pytest.fixture(autouse=True)
def _keyrings_alt() -> None:
    """The package itself, not one like it."""
    if importlib.util.find_spec("keyrings") is None or importlib.util.find_spec("keyrings.alt") is None:
        missing("the Python package keyrings.alt")


@pytest.fixture
def home(alices_home: Home) -> Home:
    """Alice's home, where there is no Secret Service and nothing was chosen."""
    alices_home.environ["PYTHONPATH"] = str(Path(importlib.util.find_spec("keyrings.alt").origin).parents[2])  # type: ignore[union-attr, arg-type]  # found above
    done = alices_home.run_program("keyring", "--list-backends")
    assert f"{PLAIN} (priority: 0.5)" in done.stdout
    return alices_home


def plain_file(home: Home) -> Path:
    """The file that keyrings.alt keeps its passwords in."""
    return home.folder / ".local/share/python_keyring/keyring_pass.cfg"


def by_environment(home: Home, backend: str) -> None:
    """Name a backend as keyring's own documentation says."""
    home.environ["PYTHON_KEYRING_BACKEND"] = backend


def by_file(home: Home, backend: str) -> None:
    """Name it in keyringrc.cfg."""
    folder = home.folder / ".config/python_keyring"
    folder.mkdir(parents=True)
    (folder / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring={backend}\n")


NAMED = pytest.mark.parametrize("name", [by_environment, by_file], ids=["environment", "keyringrc.cfg"])


def test_a_plain_text_backend_must_be_named(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """jaraco/keyring recommends a priority of 1: exit 7 before a code is spent, and nothing anywhere in plain text."""
    files = Files(home)
    code = ("--code", alice.devices[0].code())
    done = home.run("login", "--store", "keyring", *code)
    assert (done.returncode, done.stderr) == (7, NONE)
    done = home.run("keys", "add", "-", "-p", "work", stdin=two_lines(alice))
    assert (done.returncode, done.stderr) == (7, NONE)
    assert home.run("keys", "protect").returncode == 7
    home.write_settings('store = "keyring"\n')
    assert home.run("login", *code).returncode == 7
    home.write_settings('code = "totp"\n')
    assert home.run("login").returncode == 7
    files.assert_same()
    assert [call for call in aws.calls("GetSessionToken") if call.user == alice.arn] == []
    assert not plain_file(home).exists()


def test_no_seed_goes_to_plain_text(home: Home, aws: Sandbox) -> None:
    """`mfa enroll --to keyring` is refused; without it the seed waits in a private file, as without a keyring."""
    bare = aws.add_user(f"bare-{home.folder.name}")
    home.write_credentials("")
    assert home.run("keys", "add", "-", "--store", "file", stdin=two_lines(bare)).returncode == 0
    done = home.run("mfa", "enroll", "--to", "keyring", "--no-input")
    assert done.returncode == 7, done.stderr
    done = home.run("mfa", "enroll", "--png", "code.png", "--codes", "-", stdin="000000\n000001\n")
    assert done.returncode == 4, done.stderr
    assert [path.name for path in (home.folder / ".local/state/mfasession").glob("enrolment-*")] != []
    assert not plain_file(home).exists()


@NAMED
def test_plain_text_that_the_user_named_is_taken(
    home: Home, alice: SandboxUser, name: Callable[[Home, str], None]
) -> None:
    """And said, once a command; `keys list` and `status` say what it is."""
    name(home, PLAIN)
    done = home.run("login", "--store", "keyring", "--code", alice.devices[0].code())
    assert done.returncode == 0
    assert done.stderr.count(WARNING) == done.stderr.count(PLAIN) == 1
    done = home.run("keys", "protect")
    assert done.returncode == 0
    assert done.stderr.count(WARNING) == done.stderr.count(PLAIN) == 1
    assert plain_file(home).exists()
    shown = home.run("status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[-1] == f"the keyring is {PLAIN}"
    assert [row["backend"] for row in json.loads(home.run("status", "--json").stdout)] == [PLAIN]
    assert home.run("keys", "list").stdout.splitlines()[-1] == f"the keyring is {PLAIN}"
    assert [row["backend"] for row in listed(home)] == [PLAIN]
    for command in ("env", "process", "status", "keys list", "logout"):
        assert PLAIN not in home.run(*command.split()).stderr


def test_a_chainer_asks_none_but_the_recommended(home: Home, alice: SandboxUser, service: SecretService) -> None:
    """Members of a chainer count as any backend does: what was kept in plain text before is not found by it."""
    by_environment(home, PLAIN)
    assert home.run("login", "--store", "keyring", "--code", alice.devices[0].code()).returncode == 0
    before = plain_file(home).read_bytes()
    home.environ["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
    by_environment(home, CHAINER)
    assert home.run("process", "--no-input").returncode == 6
    have_session(home, alice.devices[0], "--store", "keyring", steps=1)
    assert plain_file(home).read_bytes() == before
    assert home.run("status").stdout.splitlines()[-1] == f"the keyring is {SECRET_SERVICE}"
    assert home.run("keys", "protect").returncode == 0
    assert [row["backend"] for row in listed(home)] == [SECRET_SERVICE]
    assert plain_file(home).read_bytes() == before


def test_a_chainer_of_nothing_but_plain_text(home: Home, alice: SandboxUser) -> None:
    """Naming the chainer names none of its members."""
    by_environment(home, CHAINER)
    done = home.run("login", "--store", "keyring", "--code", alice.devices[0].code())
    assert (done.returncode, done.stderr) == (
        7,
        complaint(f"the keyring did not keep what was written ({CHAINER})", f"{CHOOSE}, or use --store file"),
    )
    assert not plain_file(home).exists()


def test_a_backend_that_a_program_named() -> None:
    """`keyring` keeps it where we look whether there is one."""
    before = keyring.get_keyring()
    assert keyring.core._keyring_backend is before  # the name that our choice rests on
