"""Changing a file where it is: whatever cuts it off, the next change ends it."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.errors import StoreError
from mfasession.files import in_place
from tests.helpers.support import need

OLD, NEW = "[a]\n" + "old\n" * 3000, "[a]\n" + "new\n" * 4000
DRIVER = """
import sys
from mfasession.files import in_place
from mfasession.errors import StoreError
path, unfinished, new = sys.argv[1:]
try:
    in_place.overwrite(path, open(path).read(), open(new).read(), unfinished)
except StoreError as error:
    print(error.message)
"""


def overwritten(path: Path, new: str, *faults: str) -> "subprocess.CompletedProcess[str]":
    """Overwrite a file in a process of its own; `faults` are strace's."""
    text = path.parent / "text"
    text.write_text(new)
    return traced(path, *faults, code=DRIVER, more=(str(text),))


def traced(path: Path, *faults: str, code: str, more: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    """Run a program with the path, that of what is unfinished, and more; `faults` are strace's."""
    calls = ",".join(dict.fromkeys(fault.partition(":")[0] for fault in faults))
    injected = [word for fault in faults for word in ("-e", f"inject={fault}")]
    strace = (need("strace"), "-qq", "-o", os.devnull, "-e", f"trace={calls}", *injected)
    return subprocess.run(
        [*strace, sys.executable, "-c", code, str(path), str(unfinished(path)), *more],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def unfinished(path: Path) -> Path:
    """What a change that was cut off leaves."""
    return path.parent / "unfinished" / "x"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A private file with the old text."""
    path = tmp_path / "credentials"
    path.write_text(OLD)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("new", [NEW, "[a]\n", OLD + "[b]\n", ""])
def test_the_same_file_has_the_new_text(path: Path, new: str) -> None:
    """Longer, shorter, with the same beginning: no other inode, and nothing is left."""
    before = path.stat().st_ino
    in_place.overwrite(str(path), OLD, new, str(unfinished(path)))
    assert path.read_text() == new
    assert path.stat().st_ino == before
    assert list(unfinished(path).parent.iterdir()) == []


def test_bytes_of_another_writer_are_kept(path: Path) -> None:
    """The text is not the one that was read any more."""
    path.write_text("theirs\n")
    in_place.overwrite(str(path), OLD, NEW, str(unfinished(path)))
    assert path.read_text() == "theirs\n"


@pytest.mark.parametrize("new", [NEW, "[a]\nx\n"], ids=["longer", "shorter"])
@pytest.mark.parametrize(
    "point", ["pwrite64:when=1", "ftruncate:when=1", "fsync:when=1", "fsync:when=3", "unlink:when=1"]
)
def test_killed_at_any_point(path: Path, new: str, point: str) -> None:
    """What is kept is private, and the next change ends this one."""
    done = overwritten(path, new, f"{point}:signal=KILL")
    assert done.returncode in (-9, 137)
    for left in unfinished(path).parent.iterdir():
        assert stat.S_IMODE(left.stat().st_mode) == 0o600
    in_place.finish(str(path), str(unfinished(path)))
    assert path.read_text() in (OLD, new)
    assert not unfinished(path).exists()


@pytest.mark.parametrize(
    "fault", ["pwrite64:error=ENOSPC:when=1", "ftruncate:error=EIO:when=1", "fsync:error=EDQUOT:when=3"]
)
def test_a_disk_that_fails_leaves_the_old_text(path: Path, fault: str) -> None:
    """The old bytes take no new space."""
    done = overwritten(path, NEW, fault)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{path} was not written: " in done.stdout
    assert path.read_text() == OLD
    assert not unfinished(path).exists()


@pytest.mark.parametrize("fault", ["pwrite64:error=ENOSPC:when=1", "fsync:error=EIO:when=1"])
def test_an_end_that_fails_can_be_tried_again(path: Path, fault: str) -> None:
    """Half of each text stood in the file, and both texts were thrown away."""
    half = NEW[:8000] + OLD[8000:]
    path.write_text(half)
    unfinished(path).parent.mkdir(mode=0o700)
    unfinished(path).write_text(f"mfasession unfinished 1 {len(OLD)} {len(NEW)}\n{OLD}{NEW}")
    unfinished(path).chmod(0o600)
    code = "import sys; from mfasession.files import in_place; in_place.finish(*sys.argv[1:])"
    done = traced(path, fault, code=code)
    assert f"StoreError: {path} was not written: " in done.stderr
    assert path.read_text() == half
    assert in_place.finish(str(path), str(unfinished(path))) is True
    assert path.read_text() == NEW
    assert not unfinished(path).exists()


@given(old=st.binary(max_size=40), new=st.binary(max_size=40), data=st.data())
def test_a_change_that_was_cut_off_is_ended(
    tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes, data: st.DataObject
) -> None:
    """Any part of the new bytes over the old ones becomes the new text; anything else is another's and stays."""
    path = tmp_path_factory.getbasetemp() / "cut-off"
    left = path.parent / "cut-off-unfinished"
    head = f"mfasession unfinished 1 {len(old)} {len(new)}\n".encode()
    cut = data.draw(st.integers(0, len(new)))
    for now, ended in ((new[:cut] + old[cut:], True), (data.draw(st.binary(max_size=40)), False)):
        path.write_bytes(now)
        left.write_bytes(head + old + new)
        left.chmod(0o600)
        in_place.finish(str(path), str(left))
        if ended:
            assert path.read_bytes() in ((old, new) if now == old else (new,))
        else:
            assert path.read_bytes() in (now, new)
        assert not left.exists()


@pytest.mark.parametrize("kept", ["", "mfasession unfinished 1 9 9\nshort", "mfasession unfinished 1 x y\n", "other\n"])
def test_a_partial_spool_is_dropped(path: Path, kept: str) -> None:
    """The file itself was not touched before all of it was kept."""
    unfinished(path).parent.mkdir(mode=0o700)
    unfinished(path).write_text(kept)
    unfinished(path).chmod(0o600)
    assert in_place.finish(str(path), str(unfinished(path))) is False
    assert path.read_text() == OLD
    assert not unfinished(path).exists()


def test_readers_see_the_old_or_the_new_text(path: Path) -> None:
    """While it is changed over and over, no reader sees half of it (a lease keeps readers waiting)."""
    code = (
        "import sys; from mfasession.files import in_place\n"
        "for n in range(30): in_place.overwrite(sys.argv[1], *sys.argv[2:4][::1 - n % 2 * 2], sys.argv[4])"
    )
    short = ("a" * 20000, "b" * 15000)
    path.write_text(short[0])
    words = [sys.executable, "-c", code, str(path), *short, str(unfinished(path))]
    seen = set()
    with subprocess.Popen(words) as writer:
        while writer.poll() is None:
            seen.add(path.read_text())
    assert writer.returncode == 0
    assert seen <= set(short)


def test_a_file_without_permission(path: Path) -> None:
    """Found out before anything is asked for."""
    words = (need("setpriv"), "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    path.chmod(0o400)
    code = "import sys; from mfasession.files import in_place; in_place.check(*sys.argv[1:])"
    done = subprocess.run(
        [*words, sys.executable, "-c", code, str(path), str(unfinished(path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"StoreError: {path} was not written: no permission" in done.stderr
    path.chmod(0o600)
    in_place.check(str(path), str(unfinished(path)))
    assert path.read_text() == OLD


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    """What the system says is what is said."""
    with pytest.raises(StoreError, match=os.strerror(errno.EISDIR).lower()):
        in_place.overwrite(str(tmp_path), "", "x", str(tmp_path / "unfinished"))
