"""Files that decide what runs and where codes go: one rule for all of them, whoever else can write."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mfasession.files import trust
from tests.helpers.checks import complaint
from tests.helpers.listener import listening
from tests.helpers.other_users import NOBODY, VICTIM, as_user, give, listed, open_folder
from tests.helpers.support import MFASESSION, Home, key_pair, session_section

FILES = ("config", "credentials", "config.toml", "state.toml")
LOGIN = ("login", "--force", "--code", "123456")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that other users can reach."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def victim(home: Home) -> Home:
    """The home of an ordinary user, with a live session and every file that is read."""
    home.folder = home.folder / "victim"
    home.folder.mkdir(0o700)
    victim = Home(home.folder, {**home.environ, "HOME": str(home.folder)})
    victim.write_credentials(key_pair() + session_section())
    victim.config.write_text("[default]\nregion = eu-west-1\n")
    victim.write_settings('duration = "8h"\n')
    state(victim).parent.mkdir(parents=True)
    state(victim).write_text("")
    for path in victim.folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    give(victim.folder, VICTIM)
    as_user(VICTIM)
    return victim


def state(home: Home) -> Path:
    """What is remembered of devices and codes."""
    return home.folder / ".local" / "state" / "mfasession" / "state.toml"


def file_of(home: Home, name: str) -> Path:
    """One of FILES."""
    return {"config": home.config, "credentials": home.credentials, "config.toml": home.settings}.get(name, state(home))


def words_for(name: str) -> tuple[str, ...]:
    """A command that reads the file."""
    return LOGIN if name == "state.toml" else ("process",)


def run(home: Home, *words: str, environ: dict[str, str] | None = None) -> tuple[int, str]:
    """Run mfasession as the victim: its exit code, and what it says."""
    done = home.run_program(*as_user(VICTIM), MFASESSION, *words, environ=environ)
    return done.returncode, done.stderr


def others_write(path: Path) -> str:
    """Return the fix of a fault, as each of these do."""
    path.chmod(path.stat().st_mode | 0o002)
    return f"chmod o-w {path}"


def a_group_writes(path: Path) -> str:
    """A group that is not the owner's private one."""
    os.chown(path, -1, 12345)
    path.chmod(path.stat().st_mode | 0o020)
    return f"chmod g-w {path}"


def all_write(path: Path) -> str:
    """A shared group and everybody."""
    os.chown(path, -1, 100)
    path.chmod(path.stat().st_mode | 0o022)
    return f"chmod go-w {path}"


def another_user_owns(path: Path) -> str:
    """Neither the user nor root."""
    os.chown(path, NOBODY, -1)
    # Readable for the victim, as it would be for him to fall for it.
    path.chmod(0o755 if path.is_dir() else 0o644)
    return f'sudo chown "$USER" {path}'


def a_list_lets_write(path: Path) -> str:
    """Behind the bits of a private group, another user."""
    listed(path, NOBODY, 7 if path.is_dir() else 6)
    return f"setfacl -b {path}"


FAULTS = (others_write, a_group_writes, all_write, another_user_owns, a_list_lets_write)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("name", ["config", "config.toml", "state.toml"])
def test_a_file_that_others_can_change(victim: Home, name: str, fault: Callable[[Path], str]) -> None:
    """Each is refused with the command that fixes exactly it."""
    path = file_of(victim, name)
    hint = fault(path)
    what = "belongs to another user" if "chown" in hint else "can be changed by other users"
    what += " (its access control list)" if "setfacl" in hint else ""
    assert run(victim, *words_for(name)) == (3, complaint(f"{path} {what}", hint))
    if "chmod" in hint:
        assert victim.run_program("sh", "-c", hint).returncode == 0
        assert run(victim, "process") == (0, "")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize(
    ("name", "above"),
    # Not the folder of state.toml itself, where the lock is made first: a fault there says so.
    [*((name, above) for name in FILES[:3] for above in (0, 1)), ("state.toml", 1)],
)
def test_a_folder_that_others_can_change(victim: Home, name: str, fault: Callable[[Path], str], above: int) -> None:
    """Whoever can write in a folder above a file can put his own in its place."""
    path = file_of(victim, name)
    folder = path.parents[above]
    hint = fault(folder)
    what = f"{folder} belongs to another user" if "chown" in hint else f"other users can write in {folder}"
    what += " (its access control list)" if "setfacl" in hint else ""
    code, said = run(victim, *words_for(name))
    assert code == 3
    # The home is above all of them: the first that is read says so.
    assert said.endswith(f" is not safe: {what}\n  hint: {hint}\n")
    assert said.startswith(f"mfasession: {victim.folder}/")
    if "chmod" in hint:
        assert victim.run_program("sh", "-c", hint).returncode == 0
        assert run(victim, "process") == (0, "")


@pytest.mark.parametrize("name", ["config", "credentials", "config.toml"])
def test_a_link_of_another_user(victim: Home, name: str, tmp_path: Path) -> None:
    """The target is as it should be; where it leads tomorrow is another user's choice."""
    path = file_of(victim, name)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "link").symlink_to(path)
    os.chown(shared / "link", NOBODY, NOBODY, follow_symlinks=False)
    variable = {"config": "AWS_CONFIG_FILE", "credentials": "AWS_SHARED_CREDENTIALS_FILE"}.get(
        name, "MFASESSION_CONFIG"
    )
    what = f"{shared}/link is not safe: the link {shared}/link belongs to another user"
    said = complaint(what, f'sudo chown -h "$USER" {shared}/link')
    assert run(victim, "process", environ={variable: f"{shared}/link"}) == (3, said)
    os.chown(shared / "link", VICTIM, VICTIM, follow_symlinks=False)
    assert run(victim, "process", environ={variable: f"{shared}/link"}) == (0, "")


def test_a_link_into_an_open_folder(victim: Home, tmp_path: Path) -> None:
    """The folders above the target count as those above the link do."""
    target = tmp_path / "open" / "config"
    target.parent.mkdir()
    victim.config.rename(target)
    victim.config.symlink_to(target)
    os.chown(victim.config, VICTIM, VICTIM, follow_symlinks=False)
    target.parent.chmod(0o777)
    what = f"{victim.config} is not safe: other users can write in {target.parent}"
    assert run(victim, "process") == (3, complaint(what, f"chmod o-w {target.parent}"))
    target.parent.chmod(0o1777)
    assert run(victim, "process") == (0, "")


@pytest.mark.parametrize("mode", [0o664, 0o660])
def test_a_private_group(victim: Home, mode: int) -> None:
    """With the umask 002, which gives each user a group of his own, nothing is wrong."""
    for path in (victim.config, victim.settings, state(victim)):
        path.chmod(mode)
    victim.aws.chmod(0o775)
    assert run(victim, "process") == (0, "")
    assert run(victim, "status", "-p", "default")[0] == 0


def test_no_code_goes_where_another_user_sends_it(victim: Home) -> None:
    """Another user's endpoint_url: nothing is sent, nothing is stored."""
    before = victim.credentials.read_bytes()
    with listening(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        victim.config.chmod(0o666)
        line = f"printf '[default]\\nendpoint_url = http://127.0.0.1:{port}\\n' >{victim.config}"
        victim.aws.chmod(0o711)
        victim.folder.chmod(0o711)
        attack = victim.run_program(*as_user(NOBODY), "sh", "-c", line)
        assert attack.returncode == 0, attack.stderr
        assert run(victim, *LOGIN)[0] == 3
        assert heard == []
    assert victim.credentials.read_bytes() == before


def test_no_program_of_another_user_is_run(victim: Home, tmp_path: Path) -> None:
    """A group that both are in could put a code command into config.toml."""
    victim.settings.write_text(f'code = {{ command = ["touch", "{tmp_path}/ran"] }}\n')
    tmp_path.chmod(0o1777)
    os.chown(victim.settings, -1, 12345)
    victim.settings.chmod(0o664)
    what = f"{victim.settings} can be changed by other users"
    assert run(victim, "login", "--force") == (3, complaint(what, f"chmod g-w {victim.settings}"))
    assert not (tmp_path / "ran").exists()


KEYRING = "mfasession.backend.Missing"
"""A backend that cannot be loaded: whoever gets so far has taken the file for trusted."""


@pytest.fixture
def chosen(victim: Home) -> Path:
    """The keyring package's own configuration, which names the module that it loads."""
    path = victim.folder / ".config" / "python_keyring" / "keyringrc.cfg"
    path.parent.mkdir(0o700)
    path.write_text(f"[backend]\ndefault-keyring = {KEYRING}\nkeyring-path = ~/backends\n")
    path.chmod(0o600)
    give(path.parent, VICTIM)
    return path


def choose(victim: Home) -> tuple[int, str]:
    """Run what loads that module."""
    return run(victim, *LOGIN, "--store", "keyring")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("above", [False, True])
def test_the_choice_of_a_keyring(victim: Home, chosen: Path, fault: Callable[[Path], str], *, above: bool) -> None:
    """Another user would name his own code in it, which keeps the long-term key and runs as the victim."""
    assert choose(victim)[0] == 7
    hint = fault(chosen.parent if above else chosen)
    code, said = choose(victim)
    assert code == 3
    assert said.startswith(f"mfasession: {chosen} ")
    assert said.endswith(f"\n  hint: {hint}\n")
    assert run(victim, *LOGIN, "--store", "keyring", environ={"PYTHON_KEYRING_BACKEND": KEYRING})[0] == 7


def test_the_folder_that_a_keyring_is_loaded_from(victim: Home, chosen: Path) -> None:
    """What keyring-path names comes before all other places of Python's modules."""
    folder = victim.folder / "backends"
    folder.mkdir()
    os.chown(folder, VICTIM, VICTIM)
    folder.chmod(0o755)
    assert choose(victim)[0] == 7
    folder.chmod(0o777)
    what = f"{folder} is not safe: other users can write in {folder}"
    assert choose(victim) == (3, complaint(what, f"chmod o-w {folder}"))
    assert chosen.exists()


def test_files_of_root(victim: Home) -> None:
    """As a container mounts them."""
    give(victim.aws, 0)
    victim.aws.chmod(0o755)
    victim.config.chmod(0o644)
    code, said = run(victim, "status", "-p", "default")
    assert (code, said) == (
        3,
        complaint(
            f"{victim.credentials} cannot be read: no permission",
            f"ls -ld {victim.credentials} {victim.aws}; chmod u+r {victim.credentials}",
        ),
    )
    os.chown(victim.credentials, VICTIM, -1)
    assert run(victim, "status", "-p", "default")[0] == 0


def test_root_in_the_home_of_a_user(victim: Home) -> None:
    """Sudo that keeps HOME, and a container's root with a mounted home: for one other user, and no third one."""
    assert victim.run("status", "-p", "default").returncode == 0
    assert victim.run("login").returncode == 0
    os.chown(victim.config, NOBODY, NOBODY)
    done = victim.run("status", "-p", "default")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{victim.config} belongs to another user", f"chown root {victim.config}"),
    )


def test_root_with_mounted_files(victim: Home, tmp_path: Path) -> None:
    """`-v ~/.aws:/root/.aws`: the home is root's, the files are those of the user who has the keys."""
    os.chown(victim.folder, 0, 0)
    for path in (victim.folder / ".config", *(victim.folder / ".config").rglob("*")):
        os.chown(path, 0, 0)
    give(victim.folder / ".local", 0)
    assert victim.run("status", "-p", "default").returncode == 0
    elsewhere = tmp_path / "config"
    elsewhere.write_text("")
    os.chown(elsewhere, NOBODY, -1)
    assert victim.run("process", environ={"AWS_CONFIG_FILE": str(elsewhere)}).returncode == 3


def test_a_folder_that_the_user_trusts(victim: Home) -> None:
    """A file system that keeps no modes, such as a shared folder of a virtual machine, is not a dead end."""
    for path in (victim.aws, victim.config, victim.credentials):
        path.chmod(0o777)
    assert run(victim, "process")[0] == 3
    trusted = {trust.TRUSTED_FOLDERS: f"/nowhere:{victim.aws}"}
    assert run(victim, "process", environ=trusted) == (0, "")
    assert run(victim, "logout", environ=trusted)[0] == 0
    assert run(victim, "process", environ={trust.TRUSTED_FOLDERS: f"{victim.aws}/config"})[0] == 3
    assert run(victim, "process", environ={trust.TRUSTED_FOLDERS: ".aws"}) == (
        3,
        complaint(
            "MFASESSION_TRUSTED_FOLDERS must list absolute paths, separated by colons",
            "unset MFASESSION_TRUSTED_FOLDERS",
        ),
    )


def test_nothing_is_written_into_an_open_folder(home: Home) -> None:
    """Where there is no file yet, the folder alone decides who has a say in it."""
    home.config.write_text(key_pair())
    (home.aws / "open").mkdir()
    (home.aws / "open").chmod(0o777)
    place = home.aws / "open" / "credentials"
    done = home.run("login", "--code", "123456", environ={"AWS_SHARED_CREDENTIALS_FILE": str(place)})
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{place} is not safe: other users can write in {place.parent}", f"chmod o-w {place.parent}"),
    )
    assert not place.exists()
