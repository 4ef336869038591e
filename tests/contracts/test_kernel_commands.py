"""Every command with the kernel's keyring as the store: kept there and nowhere else, moved, and forgotten."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import have_session
from tests.helpers.support import MFASESSION, Home, missing
from tests.helpers.switching import places, switch

LIMITED = (sys.executable, "-m", "tests.helpers.key_limits")
FORGOTTEN = "mfasession: forgot default-mfa (kernel); AWS honours a copy elsewhere until it expires\n"
ROOT = str(Path(__file__).parents[2])


def keys(home: Home) -> list[str]:
    """Return the lines of /proc/keys that have a session of this home: only its possessor sees them."""
    code = "from mfasession.stores import keyctl; keyctl._keyctl(8, -4, -2); print(open('/proc/keys').read())"
    done = home.run_program(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if f"mfasession:{home.folder}" in line]


@pytest.fixture
def home(alices_home: Home) -> Iterator[Home]:
    """Alice's home with the kernel's keyring as the store, from which all is removed in the end."""
    if not Path("/proc/keys").exists():
        missing("a kernel with keyrings")
    alices_home.environ["PYTHONPATH"] = ROOT
    alices_home.write_settings('store = "kernel"\n')
    yield alices_home
    alices_home.run("logout", "--all")
    assert keys(alices_home) == []


@pytest.mark.parametrize("how", ["configured", "asked for"])
def test_a_day_with_the_kernels_keyring(home: Home, alice: SandboxUser, how: str) -> None:
    """`store = "kernel"` or `--store kernel`: every command finds it, and no file holds any of it."""
    before = home.credentials.read_bytes()
    if how == "asked for":
        home.settings.unlink()
    have_session(home, alice, *(["--store", "kernel"] if how == "asked for" else []))
    (line,) = keys(home)
    assert " 3f000000 " in line
    printed = json.loads(home.run("process").stdout)
    assert f"AWS_ACCESS_KEY_ID='{printed['AccessKeyId']}'" in home.run("env").stdout
    done = home.run("exec", "--", "sh", "-c", 'echo "$AWS_SESSION_TOKEN"')
    assert done.stdout == printed["SessionToken"] + "\n"
    assert places(home) == {"default-mfa": "kernel"}
    assert home.run("status", "-p", "default").returncode == 0
    assert home.run("login").returncode == 0
    done = home.run("logout")
    assert (done.returncode, done.stderr) == (0, FORGOTTEN)
    assert keys(home) == []
    assert home.run("process").returncode == 6
    assert home.run("status", "-p", "default").returncode == 1
    assert home.credentials.read_bytes() == before
    written = "".join(path.read_text() for path in home.folder.rglob("*") if path.is_file())
    assert printed["SecretAccessKey"] not in written
    assert printed["SessionToken"] not in written


@pytest.mark.parametrize("forced", [False, True], ids=["as it is", "anew"])
@pytest.mark.parametrize("how", ["configured", "asked for"])
def test_switching_the_store_leaves_nothing_behind(
    home: Home, aws: Sandbox, alice: SandboxUser, how: str, *, forced: bool
) -> None:
    """From file to the kernel and back: one login moves the session, and to plain text only by `--store file`."""
    switch(home, aws, alice, "kernel", how, forced=forced, kept=lambda: len(keys(home)))


def test_between_the_keyring_and_the_kernel(home: Home, alice: SandboxUser, keyring_home: Home) -> None:
    """`login --store` moves a session from one to the other, without a code, in both directions."""
    assert keyring_home is home
    have_session(home, alice)
    for store in ("keyring", "kernel", "keyring"):
        done = home.run("login", "--store", store, "--no-input")
        assert done.returncode == 0, done.stderr
        assert places(home) == {"default-mfa": store}
        assert len(keys(home)) == (store == "kernel")


def test_a_login_that_does_not_lead_to_the_users_keyring(home: Home, alice: SandboxUser) -> None:
    """systemd/systemd#5522, KeyringMode=private, ssh without pam_keyinit: the session is found there, too."""
    have_session(home, alice)
    words = ("process", "--no-input")
    expected = home.run(*words)
    done = home.run_program(*LIMITED, "alone", MFASESSION, *words)
    assert (done.returncode, done.stdout) == (0, expected.stdout), done.stderr
    assert home.run_program(*LIMITED, "alone", MFASESSION, "logout").stderr == FORGOTTEN


def test_another_home_of_the_same_user(home: Home, alice: SandboxUser, tmp_path: Path) -> None:
    """The keyring is the user's, and the sessions are those of one home: the sandbox's do not replace the real ones."""
    have_session(home, alice)
    other = {"XDG_STATE_HOME": str(tmp_path / "state")}
    assert home.run("process", "--no-input", environ=other).returncode == 6
    assert home.run("logout", environ=other).stderr.startswith("mfasession: no session to forget")
    assert home.run("process", "--no-input").returncode == 0
