"""The kernel's keyring forbidden, full, emptied, revoked, expired or cut off in the middle of a change."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.stores.kernel import KernelStore
from mfasession.values import Secret, Session
from tests.helpers.faults.canaries import Canaries, Run
from tests.helpers.other_users import as_user, give, open_folder
from tests.helpers.patience import scaled
from tests.helpers.support import MFASESSION, Home, made_session

pytestmark = pytest.mark.usefixtures("device_known")

LIMITED = (sys.executable, "-m", "tests.helpers.key_limits")
ROOT = str(Path(__file__).parents[2])
FORBIDDEN = {
    "EPERM": "mfasession: the kernel's keyring is forbidden here: a seccomp filter blocks it, as in most containers\n",
    "ENOSYS": "mfasession: this kernel has no keyring for us, or a seccomp filter hides it\n",
}
HINT = '  hint: keep sessions elsewhere: --store file, or store = "file" or "keyring" in config.toml\n'
STILL_THERE = "mfasession: default-mfa may still be in the kernel's keyring, and is not used any more: "
SECTION = "default-mfa"
SAVE = """
import sys
from mfasession.stores.kernel import KernelStore
from mfasession.values import Secret
from tests.helpers.support import made_session
store = KernelStore(sys.argv[1])
store.save("default-mfa", made_session(expires=int(sys.argv[2]), session_token=Secret("new")))
"""
SET_TIMEOUT, SETPERM, LINK, UNLINK = 15, 5, 8, 9
"""Operations of keyctl(2)."""
SOMEBODY = 54322
"""A user of whom no other test has keys."""


@pytest.fixture
def home(alices_home: Home) -> Iterator[Home]:
    """Alice's home with the kernel's keyring as the store."""
    alices_home.environ["PYTHONPATH"] = ROOT
    alices_home.write_settings('store = "kernel"\n')
    yield alices_home
    alices_home.run("logout", "--all")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KernelStore]:
    """A store, emptied in the end."""
    made = KernelStore(str(tmp_path / "kernel.sessions"))
    yield made
    made.forget(SECTION)


def session(seconds: float, token: str) -> Session:
    """Return a session that ends so many seconds from now."""
    return made_session(expires=int(time.time() + seconds), session_token=Secret(token))


@pytest.mark.parametrize("how", FORBIDDEN)
@pytest.mark.parametrize(
    "words", [("login",), ("process",), ("env",), ("exec", "--", "true"), ("status",)], ids=" ".join
)
def test_a_seccomp_filter(home: Home, aws: Sandbox, alice: SandboxUser, how: str, words: tuple[str, ...]) -> None:
    """Docker's default profile: one line and the other stores, before a code is spent; nothing goes to a file."""
    before = home.credentials.read_bytes()
    code = ("--code", alice.devices[0].code()) if words == ("login",) else ()
    done = home.run_program(*LIMITED, how, MFASESSION, *words, *code)
    if words == ("status",):
        # Nothing was ever kept there, and the index alone says so.
        assert (done.returncode, done.stdout) == (0, "")
    else:
        assert (done.returncode, done.stderr) == (7, FORBIDDEN[how] + HINT)
        assert done.stdout in ("", "(exit 7)\n")
    assert home.credentials.read_bytes() == before
    assert not [call for call in aws.calls("GetSessionToken") if call.user == alice.arn]


@pytest.mark.parametrize("how", FORBIDDEN)
def test_a_logout_behind_a_seccomp_filter(home: Home, alice: SandboxUser, how: str) -> None:
    """What cannot be removed is reported, is not used any more, and is removed by the next logout outside."""
    assert home.run("login", "--code", alice.devices[0].code()).returncode == 0
    done = home.run_program(*LIMITED, how, MFASESSION, "status")
    assert done.stderr == FORBIDDEN[how] + HINT
    done = home.run_program(*LIMITED, how, MFASESSION, "logout")
    assert (done.returncode, done.stderr) == (7, STILL_THERE + FORBIDDEN[how].removeprefix("mfasession: ") + HINT)
    assert home.run("process", "--no-input").returncode == 6
    assert home.run("logout").stderr.startswith("mfasession: forgot default-mfa (kernel)")
    assert home.run("logout").stderr == "mfasession: no session to forget\n"


def test_a_session_in_the_file_is_used_behind_a_filter(home: Home, alice: SandboxUser) -> None:
    """`login --store file` is what the hint says, and it works there."""
    words = ("login", "--store", "file", "--code", alice.devices[0].code())
    done = home.run_program(*LIMITED, "EPERM", MFASESSION, *words)
    assert done.returncode == 0, done.stderr
    assert home.run_program(*LIMITED, "EPERM", MFASESSION, "process", "--no-input").returncode == 0


@pytest.fixture(params=[SOMEBODY])
def others_home(request: pytest.FixtureRequest, alices_home: Home) -> Iterator[tuple[Home, tuple[str, ...]]]:
    """A home like alice's with the kernel's keyring as the store, and the words that run a program as its owner.

    root has another quota, and its keyring is that of other tests, too.
    """
    with open_folder() as folder:
        home = Home(folder / "home", {**alices_home.environ, "PYTHONPATH": ROOT, "HOME": str(folder / "home")})
        home.write_credentials(alices_home.credentials.read_text())
        home.write_settings('store = "kernel"\n')
        give(folder / "home", request.param)
        user = tuple(as_user(request.param))
        yield home, user
        home.run_program(*user, *LIMITED, "clear", "/bin/true")


def test_a_quota_that_is_used_up(aws: Sandbox, others_home: tuple[Home, tuple[str, ...]], alice: SandboxUser) -> None:
    """20,000 bytes for each user but root: found before a code is spent, and the session that is there still serves."""
    home, user = others_home
    done = home.run_program(*user, MFASESSION, "login", "--code", alice.devices[0].code(-1))
    assert done.returncode == 0, done.stderr
    calls = len(aws.calls("GetSessionToken"))
    words = ("login", "--force", "--code", alice.devices[0].code())
    assert home.run_program(*user, *LIMITED, "full", "/bin/true").returncode == 0
    done = home.run_program(*user, MFASESSION, *words)
    assert done.returncode == 7
    assert done.stderr.startswith("mfasession: your quota in the kernel's keyring is used up\n  hint: ")
    assert len(aws.calls("GetSessionToken")) == calls
    assert home.run_program(*user, MFASESSION, "process", "--no-input").returncode == 0
    done = home.run_program(*user, MFASESSION, "logout")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("others_home", [SOMEBODY + 2], indirect=True)
@pytest.mark.parametrize("words", [("login",), ("exec", "--", "true"), ("process",)], ids=" ".join)
def test_a_quota_that_is_used_up_during_the_question(
    aws: Sandbox, others_home: tuple[Home, tuple[str, ...]], alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """Another program fills the keyring before the code is given: the session that it made has its space."""
    home, user = others_home
    fifo = home.folder / "code"
    os.mkfifo(fifo, 0o644)
    home.write_settings(f'store = "kernel"\ncode = {{ command = ["cat", "{fifo}"] }}\n')

    def fill_and_give() -> None:
        with fifo.open("w") as file:
            assert home.run_program(*user, *LIMITED, "full", "/bin/true").returncode == 0
            file.write(alice.devices[0].code() + "\n")

    threading.Thread(target=fill_and_give, daemon=True).start()
    done = home.run_program(*user, MFASESSION, *words)
    assert (done.returncode, done.stderr.count("used up")) == (0, 0), done.stderr
    assert len([call for call in aws.calls("GetSessionToken") if call.user == alice.arn]) == 1
    assert home.run_program(*user, MFASESSION, "process", "--no-input").returncode == 0
    assert home.run_program(*user, MFASESSION, "logout").returncode == 0


@pytest.mark.parametrize("others_home", [SOMEBODY + 1], indirect=True)
def test_a_key_that_another_program_revoked(others_home: tuple[Home, tuple[str, ...]], alice: SandboxUser) -> None:
    """`keyctl revoke`, or pam_keyinit at the end of a login: there is no session, and a login makes the next."""
    home, user = others_home
    for step, how in ((-1, "revoke"), (0, "clear")):
        done = home.run_program(*user, MFASESSION, "login", "--code", alice.devices[0].code(step))
        assert done.returncode == 0, done.stderr
        assert home.run_program(*user, MFASESSION, "process", "--no-input").returncode == 0
        assert home.run_program(*user, *LIMITED, how, "/bin/true").returncode == 0
        assert home.run_program(*user, MFASESSION, "process", "--no-input").returncode == 6
        assert home.run_program(*user, MFASESSION, "status").stdout == ""
    assert home.run_program(*user, MFASESSION, "logout").stderr == "mfasession: no session to forget\n"


def test_the_kernel_ends_a_session(store: KernelStore) -> None:
    """A key is gone when its session expires, and a newer session can take its place."""
    ending = session(2, "short")
    store.save(SECTION, ending)
    assert store.load(SECTION) == ending
    time.sleep(max(ending.expires - time.time(), 0) + 1.5)
    assert store.load(SECTION) is None
    assert store.forget(SECTION) is False
    after = session(3600, "next")
    store.save(SECTION, after)
    assert store.load(SECTION) == after


@pytest.mark.parametrize("old", [False, True], ids=["none", "old"])
@pytest.mark.parametrize("operation", [SET_TIMEOUT, SETPERM, LINK, UNLINK])
def test_killed_at_every_call(store: KernelStore, tmp_path: Path, operation: int, *, old: bool) -> None:
    """The old session or the new one is there, whole and with its end; never one without an end."""
    before = session(3600, "old") if old else None
    if before:
        store.save(SECTION, before)
    expires = int(time.time()) + 7200
    words = [f"kill:{operation}", sys.executable, "-c", SAVE, str(tmp_path / "kernel.sessions"), str(expires)]
    done = subprocess.run([*LIMITED, *words], cwd=ROOT, capture_output=True, text=True, timeout=scaled(60), check=False)
    assert done.returncode == -31, done.stderr  # SIGSYS
    new = made_session(expires=expires, session_token=Secret("new"))
    assert store.load(SECTION) == (new if operation == UNLINK else before)
    assert store.sections() == [SECTION]


def test_what_is_not_whole_is_no_session(store: KernelStore) -> None:
    """A text that another program has put there."""
    from mfasession.stores import keyctl

    key = f"mfasession:{Path(store._index_path).parent}:{SECTION}"
    store.save(SECTION, session(3600, "t"))
    whole = keyctl.read(key)
    assert whole
    for text in (b"x", b"\xff\xfe", whole[:-20], whole.replace(b"expires=", b"expires=9" * 9), whole + b"\na=b"):
        keyctl.keep(key, text, 60)
        assert store.load(SECTION) is None
    assert store.forget(SECTION) is True


def test_no_secret_outside_the_keyring(home: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """No file of the home, no message and no argument holds the session; `env` and `process` print it."""
    made = Run(home, "login", "--code", "-", stdin=f"{alice.devices[0].code()}\n")
    printed = json.loads(home.run("process").stdout)
    canaries.plant(
        key=alice.key.secret_access_key.reveal(),
        session_secret=printed["SecretAccessKey"],
        session_token=printed["SessionToken"],
    )
    canaries.search_run(made)
    shown = ("session_secret", "session_token")
    for words in (("env",), ("process",), ("status",), ("status", "--json"), ("exec", "--", "true"), ("logout",)):
        for debug in ((), ("--debug",)):
            canaries.search_run(Run(home, *debug, *words), stdout=shown if words in (("env",), ("process",)) else ())
    canaries.search_folder(home.folder, but={"credentials": ("key",)})
    assert canaries.found == []
