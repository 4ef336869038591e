"""Which file systems keep no modes, read from the kernel's table of mounts."""

from pathlib import Path

import pytest

from mfasession.files import trust

DRIVE = r"C:\134 rw,aname=drvfs;path=C:\134;uid=1000;gid=1000;{more}symlinkroot=/mnt/,access=client,trans=fd,rfd=5"


def table_of(tmp_path: Path, *lines: str) -> str:
    """A table of mounts with a root of its own."""
    path = tmp_path / "mountinfo"
    path.write_text("\n".join(("20 1 8:32 / / rw,relatime - ext4 /dev/sdc rw,discard", *lines)) + "\n")
    return str(path)


@pytest.mark.parametrize(
    ("mounted", "place", "is_drive"),
    [
        (f"- 9p {DRIVE.format(more='')}", "/mnt/c/Users/me/.aws/config", True),
        (f"- 9p {DRIVE.format(more='metadata;')}", "/mnt/c/Users/me/.aws/config", False),
        ("- drvfs C: rw,noatime,uid=1000,gid=1000", "/mnt/c/Users/me/.aws/config", True),
        ("- drvfs C: rw,noatime,uid=1000,gid=1000,metadata", "/mnt/c/Users/me/.aws/config", False),
        (f"- 9p {DRIVE.format(more='')}", "/mnt/cc/config", False),
        ("- 9p share rw,access=client,trans=virtio", "/mnt/c/config", False),
        ("- ext4 /dev/sdd rw", "/mnt/c/config", False),
    ],
    ids=["wsl 2", "wsl 2 with metadata", "wsl 1", "wsl 1 with metadata", "beside it", "another 9p", "ext4"],
)
def test_drives_of_windows(tmp_path: Path, mounted: str, place: str, *, is_drive: bool) -> None:
    """In WSL every Linux user is the same user of Windows; the modes there are made up, unless kept as metadata."""
    table = table_of(tmp_path, f"80 20 0:62 / /mnt/c rw,noatime shared:33 {mounted}")
    assert trust.is_windows_drive(place, table) is is_drive


def test_the_last_mount_hides_the_others(tmp_path: Path) -> None:
    """One folder mounted over another, and a name with a space."""
    drive = rf"80 20 0:62 / /mnt/my\040drive rw - 9p {DRIVE.format(more='')}"
    assert trust.is_windows_drive("/mnt/my drive/x", table_of(tmp_path, drive))
    assert not trust.is_windows_drive(
        "/mnt/my drive/x", table_of(tmp_path, drive, r"81 80 8:1 / /mnt/my\040drive rw - ext4 d rw")
    )


@pytest.mark.parametrize("text", ["", "\n", "80 20\n", "80 20 0:62 / /mnt rw 9p C\n"])
def test_a_table_that_says_nothing(tmp_path: Path, text: str) -> None:
    """Nothing is exempt then."""
    path = tmp_path / "mountinfo"
    path.write_text(text)
    assert not trust.is_windows_drive("/mnt/c/x", str(path))
    assert not trust.is_windows_drive("/mnt/c/x", str(tmp_path / "missing"))
