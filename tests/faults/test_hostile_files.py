"""Files in strange places and of strange kinds: done, or reported in one line with a hint, and nothing else is changed.

The kinds that stand for the credentials file itself are in tests/scripts/test_bad_files.py.
"""

import os
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.helpers.checks import complaint
from tests.helpers.support import MFASESSION, Home, key_pair, missing, need, session_section

NOBODY = 65534
COMMANDS = [("process",), ("status",), ("login", "--code", "123456"), ("logout", "--all")]
FILES = ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "MFASESSION_CONFIG"]
FOLDERS = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HOME"]
CODES = (0, 3, 7)


def binary(path: Path) -> None:
    """Make a private binary file."""
    path.write_bytes(bytes(range(256)) * 20)
    path.chmod(0o600)


KINDS: Mapping[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(os.path.relpath(path)),
    "folder": lambda path: path.mkdir(mode=0o700),
    "empty": lambda path: path.touch(mode=0o600),
    "binary": binary,
    "nothing": lambda _: None,
    "dangling": lambda path: path.symlink_to(path.parent / "no" / "where"),
    "circle": lambda path: path.symlink_to(path),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "full": lambda path: path.symlink_to("/dev/full"),
    "null": lambda path: path.symlink_to("/dev/null"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "memory": lambda path: path.symlink_to("/proc/self/mem"),
}


class Account:
    """Who runs mfasession: ourselves, or a user without any right."""

    def __init__(self, home: Home, *, rights: bool) -> None:
        self.home = home
        self.rights = rights

    def run(self, *words: str, environ: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        """Run mfasession as this account, who owns the home."""
        if self.rights:
            return self.home.run(*words, environ=environ)
        for path in [self.home.folder, *self.home.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return self.home.run_program(*as_unprivileged_user(), MFASESSION, *words, environ=environ)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside pytest's: it closes its own to other users at each start, also of a run beside ours."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(params=["ourselves", "nobody"])
def account(request: pytest.FixtureRequest, home: Home) -> Account:
    """Both of them, one after the other, with a live session."""
    if request.param == "nobody":
        if os.geteuid() != 0:
            pytest.skip("only root can be somebody else")
        _let_through(home.folder)
    home.write_credentials(key_pair() + session_section())
    return Account(home, rights=request.param == "ourselves")


@cache
def as_unprivileged_user() -> tuple[str, ...]:
    """What runs a program without any right; reported as skipped where that user cannot read the interpreter."""
    words = (need("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    if subprocess.run([*words, MFASESSION, "--version"], capture_output=True, check=False).returncode:
        missing("a virtual environment that every user can read")
    return words


def entries(folder: Path) -> dict[str, tuple[int, int, str | bytes]]:
    """Everything below a folder: what kind it is, where a link leads, what a file holds."""
    found: dict[str, tuple[int, int, str | bytes]] = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        kind = stat.S_IFMT(status.st_mode)
        what = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (kind, status.st_mode & 0o777, what)
    return found


def check_reported(done: "subprocess.CompletedProcess[str]") -> None:
    """One line and its hint when it fails, and an exit code that says who must act."""
    assert done.returncode in CODES, done.stderr
    if done.returncode:
        what, hint, *more = done.stderr.split("\n")
        assert (what[:12], hint[:8], more) == ("mfasession: ", "  hint: ", [""]), done.stderr
        assert "unexpected" not in what


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variable", [*FILES, *FOLDERS])
def test_a_variable_that_leads_to(account: Account, variable: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait, nothing is moved, nothing is written through it; a session that needs none of it is served."""
    home = account.home
    odd = home.folder / "odd"
    monkeypatch.chdir(home.folder)
    KINDS[kind](odd)
    before = entries(home.folder)
    for words in COMMANDS:
        done = account.run(*words, environ={variable: str(odd)})
        check_reported(done)
        if variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME") and words[0] in ("process", "status"):
            assert done.returncode == 0
    after = entries(home.folder)
    ours = (".aws/credentials", ".local", ".cache", "odd/", "no")
    assert {name for name in before | after if before.get(name) != after.get(name) and not name.startswith(ours)} <= (
        {"odd"} if kind == "nothing" else set()
    )
    if "odd" in before and "odd" in after:
        assert after["odd"][:2] == before["odd"][:2]
    else:
        assert "odd" not in before


@pytest.mark.parametrize("device", ["/dev/tty", "/dev/zero", "/dev/full"])
@pytest.mark.parametrize("variable", FILES)
def test_no_hint_moves_a_device(home: Home, variable: str, device: str) -> None:
    """Root may do what a hint says: it never takes /dev/tty away from everybody."""
    home.write_credentials(key_pair() + session_section())
    done = home.run("process", environ={variable: device})
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{device} is not a regular file", "name a regular file instead"),
    )


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o027])
def test_any_umask(account: Account, umask: int) -> None:
    """What we make is its owner's alone, whatever the shell's umask."""
    home = account.home
    account.run("status")
    around = () if account.rights else as_unprivileged_user()
    line = f'umask {umask:03o}; exec "$@"'
    done = home.run_program("sh", "-c", line, "sh", *around, MFASESSION, "logout", "--all")
    assert done.returncode == 0, done.stderr
    for name, made in entries(home.folder).items():
        assert isinstance(made, tuple)
        assert not made[1] & 0o077 or name in (".aws", "odd"), name


def test_a_home_that_does_not_exist(account: Account) -> None:
    """Nothing there, nothing made: no profile."""
    nowhere = account.home.folder / "nowhere"
    for words in COMMANDS[:3]:
        check_reported(account.run(*words, environ={"HOME": str(nowhere)}))
    assert not nowhere.exists()


def test_a_relative_home(account: Account) -> None:
    """As in every AWS tool, it is looked for from where one stands."""
    done = account.run("process", environ={"HOME": "."})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_user_without_a_home(home: Home, words: tuple[str, ...]) -> None:
    """A container's user without a line in passwd: no folder called ~ is made where one stands."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    _let_through(home.folder)
    as_unprivileged_user()
    home.folder.chmod(0o777)
    environ = {name: value for name, value in home.environ.items() if name != "HOME"}
    before = entries(home.folder)
    for more in ({}, {"MFASESSION_CONFIG": "/dev/null"}):
        done = subprocess.run(
            [need("setpriv"), "--reuid=54321", "--regid=54321", "--clear-groups", MFASESSION, *words],
            env={**environ, **more},
            cwd=home.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (
            3,
            complaint("HOME is not set, and the user has no home folder", "export HOME=FOLDER"),
        )
    assert entries(home.folder) == before


@pytest.mark.parametrize("variable", FILES)
def test_a_path_of_4096_bytes(home: Home, variable: str) -> None:
    """The system takes none that long, and says so."""
    home.write_credentials(key_pair() + session_section())
    path = "/" + "/".join(["x" * 200] * 21)[:4095]
    done = home.run("login", "--code", "123456", environ={variable: path})
    assert done.returncode == 3
    assert done.stderr.startswith(f"mfasession: {path} cannot be read: file name too long\n  hint: ls -ld /x")


def test_a_configuration_that_others_can_change(home: Home) -> None:
    """It names the command that gives codes: whoever writes it would have us run theirs."""
    home.write_credentials(key_pair() + session_section())
    home.write_settings('duration = "8h"\n')
    assert home.run("process").returncode == 0
    home.settings.chmod(0o666)
    for words in COMMANDS:
        done = home.run(*words)
        assert (done.returncode, done.stderr) == (
            3,
            complaint(f"{home.settings} can be changed by other users", f"chmod o-w {home.settings}"),
        )
    home.settings.chmod(0o664)
    assert home.run("process").returncode == 0


@pytest.mark.parametrize("variable", ["AWS_SHARED_CREDENTIALS_FILE", "MFASESSION_CONFIG"])
def test_a_file_of_another_user(home: Home, variable: str) -> None:
    """Its owner could change it at any time; root acts for the user who owns the credentials, and for no other."""
    account = Account(home, rights=False)
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    _let_through(home.folder)
    home.write_credentials(key_pair() + session_section())
    odd = home.folder / "odd"
    odd.write_text("")
    account.run("status")
    os.chown(odd, 12345, 12345)
    odd.chmod(0o644 if variable == "MFASESSION_CONFIG" else 0o600)
    done = home.run_program(*as_unprivileged_user(), MFASESSION, "process", environ={variable: str(odd)})
    assert done.returncode == 3
    assert f"{odd} " in done.stderr
    assert home.run("status", environ={variable: str(odd)}).returncode == (3 if variable == "MFASESSION_CONFIG" else 0)


def test_hard_links_part(home: Home) -> None:
    """The other name keeps the old text, as with every replacement."""
    home.write_credentials(key_pair() + session_section())
    other = home.folder / "other"
    other.hardlink_to(home.credentials)
    assert home.run("logout").returncode == 0
    assert "[default-mfa]" in other.read_text()
    assert "[default-mfa]" not in home.credentials.read_text()


@pytest.mark.parametrize(("mode", "code"), [(0o777, 3), (0o1777, 0)])
def test_a_link_into_a_folder_that_others_can_write(home: Home, mode: int, code: int) -> None:
    """The link stays; it is not followed to where others may put files, unless the sticky bit keeps ours ours."""
    shared = home.folder / "shared"
    shared.mkdir()
    target = shared / "credentials"
    target.write_text(key_pair() + session_section())
    target.chmod(0o600)
    shared.chmod(mode)
    home.credentials.symlink_to(target)
    before = target.read_text()
    done = home.run("logout")
    assert done.returncode == code, done.stderr
    assert home.credentials.is_symlink()
    assert (target.read_text() == before) == bool(code)


def test_ten_thousand_sections(home: Home) -> None:
    """Read, edited and left as they are."""
    many = "".join(f"[s{number}]\nregion = eu-west-1\n" for number in range(10_000))
    home.write_credentials(key_pair() + many + session_section())
    for words in COMMANDS:
        assert home.run(*words).returncode == 0
    assert home.credentials.read_text() == key_pair() + many


def test_more_than_is_read(home: Home) -> None:
    """What is larger than 64 MB is not an AWS file, and is refused without reading it to its end."""
    home.write_credentials(key_pair())
    os.truncate(home.credentials, 65 * 1024 * 1024)
    done = home.run("process")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{home.credentials} is larger than 64 MB", f"see what it is: ls -l {home.credentials}"),
    )


def test_7_megabytes(home: Home) -> None:
    """A live session is served from a file of any size that is read."""
    home.write_credentials(key_pair() + session_section() + ("# " + "x" * 61 + "\n") * 110_000)
    assert home.run("process").returncode == 0


def _let_through(folder: Path) -> None:
    """Let another user reach a folder."""
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
