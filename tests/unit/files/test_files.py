"""Reading private files and replacing files in one step, on a healthy disk."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import files
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """A private file with a text in it, in a folder of its own."""
    path = tmp_path / "aws" / "credentials"
    path.parent.mkdir(mode=0o700)
    path.write_text("old\n")
    path.chmod(0o600)
    return path


def mode(path: Path) -> int:
    """Return the permission bits, not following a link."""
    return stat.S_IMODE(path.lstat().st_mode)


def alone(path: Path) -> bool:
    """Return whether nothing else lies in the folder: no temporary."""
    return [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """No file is None, also where the folder or a link's target is missing."""
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name in ("nothing", "no/folder/either", "dangling"):
        assert files.read_text(str(tmp_path / name)) is None
        assert files.read_private(str(tmp_path / name)) is None


@given(content=st.binary(max_size=300))
def test_every_byte_survives(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Reading and replacing give back any bytes at all: line ends, BOM, NUL, bytes that are no UTF-8."""
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(content)
    path.chmod(0o600)
    text = files.read_private(str(path))
    assert text == content.decode("utf-8", "surrogateescape")
    assert text is not None
    replace.replace(str(path), text)
    assert path.read_bytes() == content


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 300_001])
def test_files_of_any_size(credentials: Path, size: int) -> None:
    """Small and large texts are read and written whole."""
    replace.replace(str(credentials), "é" * size)
    assert files.read_private(str(credentials)) == "é" * size


def test_a_file_that_is_too_large(credentials: Path) -> None:
    """Something huge is refused before it fills the memory."""
    os.truncate(credentials, files.SIZE_LIMIT + 1)
    with pytest.raises(ConfigurationError, match="larger than 64 MB"):
        files.read_text(str(credentials))


def test_a_file_of_unknown_size(credentials: Path) -> None:
    """A file whose size the system does not know (as in /proc) is read to its end."""
    assert files.read_text("/proc/self/status") is not None
    credentials.unlink()
    credentials.symlink_to("/proc/self/status")
    with pytest.raises(ConfigurationError, match="open to other users"):
        files.read_private(str(credentials))


@pytest.mark.parametrize("read", [files.read_text, files.read_private, lambda path: replace.replace(path, "new")])
def test_a_directory_in_its_place(credentials: Path, read: "Callable[[str], object]") -> None:
    """A directory is named as one, with the command that moves it away."""
    credentials.unlink()
    credentials.mkdir()
    with pytest.raises(ConfigurationError, match="is a directory") as raised:
        read(str(credentials))
    assert raised.value.hint == f"move it away: mv {credentials} {credentials}.old"


@pytest.mark.parametrize("read", [files.read_text, files.read_private, lambda path: replace.replace(path, "new")])
@pytest.mark.parametrize("kind", ["fifo", "device", "socket"])
def test_no_regular_file_in_its_place(
    credentials: Path, read: "Callable[[str], object]", kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A FIFO without a writer, a device and a socket are refused at once: nothing waits for them."""
    credentials.unlink()
    if kind == "fifo":
        os.mkfifo(credentials, 0o600)
    elif kind == "device":
        credentials.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(credentials.parent)
            server.bind(credentials.name)
    with pytest.raises(ConfigurationError, match="not a regular file") as raised:
        read(str(credentials))
    assert raised.value.hint


@pytest.mark.parametrize("read", [files.read_text, files.read_private])
def test_the_null_device_is_an_empty_file(credentials: Path, read: "Callable[[str], object]") -> None:
    """AWS_CONFIG_FILE=/dev/null is how users say "none", and a link to it too."""
    assert read(os.devnull) == ""
    credentials.unlink()
    credentials.symlink_to(os.devnull)
    assert read(str(credentials)) == ""


@pytest.mark.parametrize("write", [lambda path: replace.replace(path, "new"), replace.check_replaceable])
def test_the_null_device_is_never_replaced(credentials: Path, write: "Callable[[str], object]") -> None:
    """Root could: it is refused, and no hint says how to move a device away."""
    credentials.unlink()
    credentials.symlink_to(os.devnull)
    with pytest.raises(ConfigurationError, match="not a regular file") as raised:
        write(str(credentials))
    assert raised.value.hint == "name a regular file instead"
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("bits", [0o640, 0o620, 0o604, 0o602, 0o644, 0o666, 0o601])
def test_a_file_that_is_open_to_others(credentials: Path, bits: int) -> None:
    """Any right of group or others makes a private file unsafe; the hint is the command that fixes it."""
    credentials.chmod(bits)
    with pytest.raises(ConfigurationError, match="open to other users") as raised:
        files.read_private(str(credentials))
    assert raised.value.hint == f"chmod 600 {credentials}"
    assert files.read_text(str(credentials)) == "old\n"
    assert mode(credentials) == bits


def test_the_hint_is_a_command_for_any_path(tmp_path: Path) -> None:
    """The path in a hint is quoted for the shell."""
    path = tmp_path / "it's my file"
    path.write_text("")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError) as raised:
        files.read_private(str(path))
    subprocess.run(["sh", "-c", raised.value.hint], check=True)
    assert files.read_private(str(path)) == ""


@pytest.mark.parametrize("bits", [0o600, 0o400, 0o700])
def test_a_file_that_is_its_owners_alone(credentials: Path, bits: int) -> None:
    """Whatever the owner himself may do is his business."""
    credentials.chmod(bits)
    assert files.read_private(str(credentials)) == "old\n"


def test_links_that_lead_in_a_circle(tmp_path: Path) -> None:
    """A circle of links is an error for readers and writers, and stays as it is."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ConfigurationError, match="loop"):
        files.read_text(str(tmp_path / "a"))
    with pytest.raises(ConfigurationError, match="to itself"):
        replace.replace(str(tmp_path / "a"), "new")
    assert (tmp_path / "a").is_symlink()


def test_a_file_where_a_folder_should_be(credentials: Path) -> None:
    """A path that goes through a file is an error for readers and writers."""
    below = str(credentials / "config.toml")
    with pytest.raises(ConfigurationError, match="a part of the path is not a folder"):
        files.read_text(below)
    with pytest.raises(StoreError, match="a part of the path is not a folder"):
        replace.check_replaceable(below)
    with pytest.raises(StoreError, match="was not written"):
        replace.replace(below, "new")
    assert credentials.read_text() == "old\n"


@pytest.mark.parametrize("before", [0o600, 0o644, 0o400, 0o666])
def test_a_replaced_file_is_private(credentials: Path, before: int) -> None:
    """The new file has the mode that was asked for, whatever the old one had, and nothing lies beside it."""
    credentials.chmod(before)
    replace.replace(str(credentials), "new\n")
    assert credentials.read_text() == "new\n"
    assert mode(credentials) == 0o600
    assert alone(credentials)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
def test_the_umask_changes_nothing(tmp_path: Path, umask: int) -> None:
    """New files are 0600, or the mode asked for, and new folders 0700, under any umask that leaves folders usable."""
    words = "os.umask(int(sys.argv[2])); replace.replace(sys.argv[1], 'new')"
    code = f"import os,sys; from mfasession.files import replace; {words}"
    folder = tmp_path if umask == 0o277 else tmp_path / "a" / "b"
    subprocess.run([sys.executable, "-c", code, str(folder / "file"), str(umask)], check=True)
    assert mode(folder / "file") == 0o600
    if folder != tmp_path:
        assert [mode(folder), mode(folder.parent)] == [0o700, 0o700]


def test_a_mode_that_was_asked_for(tmp_path: Path) -> None:
    """Files that hold no secret may be given another mode."""
    replace.replace(str(tmp_path / "file"), "new", mode=0o644)
    assert mode(tmp_path / "file") == 0o644


def test_a_link_stays_a_link(credentials: Path, tmp_path: Path) -> None:
    """The target is replaced through any number of links, in its own folder."""
    link, second = tmp_path / "link", tmp_path / "second"
    link.symlink_to("aws/credentials")
    second.symlink_to(link)
    replace.replace(str(second), "new\n")
    assert second.readlink() == link
    assert link.readlink() == Path("aws/credentials")
    assert credentials.read_text() == "new\n"
    assert alone(credentials)


def test_a_link_to_nothing_gets_its_target(tmp_path: Path) -> None:
    """A dangling link stays, and the file and the folder it names are made."""
    (tmp_path / "link").symlink_to("dotfiles/aws/credentials")
    replace.replace(str(tmp_path / "link"), "new\n")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "dotfiles" / "aws" / "credentials").read_text() == "new\n"
    assert mode(tmp_path / "dotfiles") == 0o700


def test_a_relative_path(credentials: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name alone is a file of the current folder."""
    monkeypatch.chdir(credentials.parent)
    replace.check_replaceable("credentials")
    replace.replace("credentials", "new\n")
    assert files.read_private("credentials") == "new\n"


def test_text_that_cannot_be_written(credentials: Path) -> None:
    """A lone surrogate is not Unicode; Python's own exception would hold the whole text, so it is not passed on."""
    with pytest.raises(StoreError, match="not valid Unicode") as raised:
        replace.replace(str(credentials), "aws_secret_access_key = wJalr\ud800")
    assert raised.value.__suppress_context__
    assert "wJalr" not in repr(raised.value)
    assert credentials.read_text() == "old\n"


@pytest.mark.parametrize("write", [lambda path: replace.replace(path, "new"), replace.check_replaceable])
@pytest.mark.parametrize("place", ["folder of the file", "folder of the link"])
def test_a_folder_that_anyone_may_write_in(tmp_path: Path, write: "Callable[[str], object]", place: str) -> None:
    """Where anyone may put files, anyone may put his own in the place of ours."""
    open_folder, other = tmp_path / "open", tmp_path / "other"
    open_folder.mkdir()
    other.mkdir()
    open_folder.chmod(0o777)
    if place == "folder of the file":
        path = open_folder / "file"
    else:
        path = open_folder / "link"
        path.symlink_to(other / "file")
    with pytest.raises(ConfigurationError, match="anyone may put files in") as raised:
        write(str(path))
    assert raised.value.hint == f"chmod o-w {open_folder}"
    assert list(other.iterdir()) == []
    open_folder.chmod(0o1777)
    write(str(path))


def test_a_folder_of_the_group_is_fine(tmp_path: Path) -> None:
    """A folder writable for the group is usual where each user has a group of his own."""
    tmp_path.chmod(0o770)
    replace.replace(str(tmp_path / "file"), "new")
    assert (tmp_path / "file").read_text() == "new"


def test_a_check_changes_nothing(credentials: Path) -> None:
    """Looking whether a file can be replaced leaves the file, its time, and its folder as they were."""
    before = credentials.stat()
    replace.check_replaceable(str(credentials))
    after = credentials.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_mode) == (after.st_ino, after.st_mtime_ns, after.st_mode)
    assert alone(credentials)


def test_a_check_makes_no_folder(tmp_path: Path) -> None:
    """Before the answer is given nothing is made, not even a folder."""
    replace.check_replaceable(str(tmp_path / "a" / "b" / "credentials"))
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    """Folders that are missing are made for the owner alone; existing ones stay as they are."""
    tmp_path.chmod(0o755)
    replace.make_folder(str(tmp_path / "a" / "b"))
    replace.make_folder(str(tmp_path / "a" / "b"))
    assert [mode(tmp_path / "a" / "b"), mode(tmp_path / "a"), mode(tmp_path)] == [0o700, 0o700, 0o755]


def test_a_name_too_long(tmp_path: Path) -> None:
    """A name that the file system does not take is reported as one."""
    with pytest.raises(StoreError, match="was not written: file name too long"):
        replace.replace(str(tmp_path / ("x" * 250)), "new")
    with pytest.raises(ConfigurationError, match="cannot be read: file name too long"):
        files.read_text(str(tmp_path / ("x" * 300)))


def test_importing_costs_nothing_but_os_and_time() -> None:
    """The module is on the path of every command: its import brings in only our own errors beside os, sys and time."""
    code = "import sys; import os, time; b = set(sys.modules); import mfasession.files; print(*set(sys.modules) - b)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"mfasession", "mfasession.files", "mfasession.errors"}


def test_a_text_in_pieces(tmp_path: Path) -> None:
    """A report is written as it is made; one that breaks off leaves the old file and nothing beside it."""
    path = tmp_path / "report"
    replace.replace(str(path), (f"{number}\n" for number in range(3)))
    assert path.read_text() == "0\n1\n2\n"

    def broken() -> "Iterator[str]":
        yield "new"
        raise StoreError("the rest is lost")

    with pytest.raises(StoreError, match="the rest is lost"):
        replace.replace(str(path), broken())
    assert path.read_text() == "0\n1\n2\n"
    assert os.listdir(tmp_path) == ["report"]
