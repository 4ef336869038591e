"""What a file keeps when it is replaced: owner, group, mode, access control list and other attributes."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from mfasession.errors import ConfigurationError
from mfasession.files import attributes, replace
from tests.helpers.other_users import NOBODY, VICTIM, as_user, listed, open_folder
from tests.helpers.support import missing

ACL = "system.posix_acl_access"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder of its own."""
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_text("old\n")
    path.chmod(0o640)
    return path


def acl(path: Path) -> bytes:
    """The access control list; empty without one."""
    try:
        return os.getxattr(path, ACL)
    except OSError:
        return b""


def mode(path: Path) -> int:
    """The permission bits."""
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("before", [0o640, 0o644, 0o664, 0o600, 0o755])
def test_the_mode_stays_when_it_is_to_stay(path: Path, before: int) -> None:
    """A file that is not secret keeps what it has; a new one is private."""
    path.chmod(before)
    replace.replace(str(path), "new\n", mode=None)
    assert (path.read_text(), mode(path)) == ("new\n", before)
    replace.replace(str(path.parent / "fresh"), "new\n", mode=None)
    assert mode(path.parent / "fresh") == 0o600


@pytest.mark.parametrize("wanted", [None, 0o600])
def test_the_group_stays(path: Path, wanted: int | None) -> None:
    """Also of a file that ends private: its owner may open it again."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to any group")
    os.chown(path, -1, 12345)
    replace.replace(str(path), "new\n", mode=wanted)
    assert (path.stat().st_gid, mode(path)) == (12345, wanted or 0o640)


def test_a_group_that_cannot_be_given() -> None:
    """Who is not in the group makes no other group of his able to do what others may not."""
    with open_folder() as folder:
        theirs = folder / "file"
        theirs.write_text("old\n")
        os.chown(folder, VICTIM, VICTIM)
        os.chown(theirs, VICTIM, 12345)
        theirs.chmod(0o664)
        code = "import sys; from mfasession.files import replace; replace.replace(sys.argv[1], 'new', mode=None)"
        subprocess.run([*as_user(VICTIM), sys.executable, "-c", code, str(theirs)], check=True)
        assert (theirs.read_text(), theirs.stat().st_gid, mode(theirs)) == ("new", VICTIM, 0o644)


def test_an_access_control_list_stays(path: Path) -> None:
    """Who was let in is let in again."""
    try:
        listed(path, NOBODY, 4)
    except OSError:
        missing("a file system with access control lists")
    before = acl(path)
    replace.replace(str(path), "new\n", mode=None)
    assert acl(path) == before


def test_a_list_of_a_private_file_gives_nothing(path: Path) -> None:
    """With mode 0600 it is kept and without effect: the mask is what any user on it has at most (acl(5))."""
    try:
        listed(path, NOBODY, 6)
    except OSError:
        missing("a file system with access control lists")
    replace.replace(str(path), "new\n")
    assert mode(path) == 0o600
    masks = [rights for tag, rights, _ in struct.iter_unpack("<HHI", acl(path)[4:]) if tag == 0x10]
    assert masks == [0]


def test_a_folder_gives_no_list(path: Path) -> None:
    """A default list of the folder is for new files: one that had none gets none."""
    everybody = 2**32 - 1
    entries = [
        (0x01, 7, everybody),
        (0x02, 7, NOBODY),
        (0x04, 5, everybody),
        (0x10, 7, everybody),
        (0x20, 5, everybody),
    ]
    content = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path.parent, "system.posix_acl_default", content)
    except OSError:
        missing("a file system with access control lists")
    replace.replace(str(path), "new\n", mode=None)
    assert (acl(path), mode(path)) == (b"", 0o640)


def test_extended_attributes_stay(path: Path) -> None:
    """The user's own; what vouches for the old bytes does not."""
    try:
        os.setxattr(path, "user.note", b"mine\0")
    except OSError:
        missing("a file system with extended attributes")
    if os.geteuid() == 0:
        os.setxattr(path, "trusted.note", b"root's")
    for _ in "twice":
        replace.replace(str(path), "new\n")
    assert os.getxattr(path, "user.note") == b"mine\0"
    assert sorted(os.listxattr(path)) == (["trusted.note", "user.note"] if os.geteuid() == 0 else ["user.note"])


def test_room_that_was_kept_gets_all_of_it(path: Path) -> None:
    """However the new file came about."""
    os.setxattr(path, "user.note", b"mine")
    room = replace.reserve(str(path))
    try:
        replace.replace(str(path), "new\n", mode=None, room=room)
    finally:
        room.close()
    assert (path.read_text(), mode(path), os.getxattr(path, "user.note")) == ("new\n", 0o640, b"mine")
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("is_nameless", [True, False])
def test_room_is_used_once_and_given_back(path: Path, monkeypatch: pytest.MonkeyPatch, *, is_nameless: bool) -> None:
    """Used, used again, not used, or removed by another program: nothing is left beside the file."""
    if not is_nameless:
        monkeypatch.setattr(replace, "_NAMELESS", 0)
    room = replace.reserve(str(path))
    assert len(list(path.parent.iterdir())) == (1 if is_nameless else 2)
    replace.replace(str(path), "one\n", room=room)
    replace.replace(str(path), "two\n", room=room)
    room.close()
    assert path.read_text() == "two\n"
    unused = replace.reserve(str(path))
    unused.close()
    gone = replace.reserve(str(path))
    for entry in path.parent.iterdir():
        if entry != path:
            entry.unlink()
    replace.replace(str(path), "three\n", room=gone)
    gone.close()
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    assert path.read_text() == "three\n"


@pytest.mark.parametrize("bits", [0o400, 0o444, 0o555])
def test_a_read_only_file(path: Path, bits: int) -> None:
    """Its owner meant it, root too."""
    path.chmod(bits)
    with pytest.raises(ConfigurationError, match="is read-only") as raised:
        attributes.check_writable(str(path))
    assert raised.value.hint == f"chmod u+w {path}"
    attributes.check_writable(str(path.parent / "none"))
    attributes.check_writable(str(path.parent))


def test_a_file_of_another_user() -> None:
    """Replacing it would make it ours; root leaves it theirs."""
    with open_folder() as folder:
        theirs = folder / "file"
        theirs.write_text("")
        folder.chmod(0o777)
        theirs.chmod(0o666)
        code = "import sys; from mfasession.files import attributes; attributes.check_writable(sys.argv[1])"
        done = subprocess.run(
            [*as_user(VICTIM), sys.executable, "-c", code, str(theirs)], capture_output=True, text=True, check=False
        )
        assert f"{theirs} belongs to another user" in done.stderr
        os.chown(theirs, VICTIM, -1)
        attributes.check_writable(str(theirs))
