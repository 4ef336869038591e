"""A credentials file that cannot be replaced: a mount point by itself, as in containers, or one that a flag keeps."""

import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, section
from tests.helpers.support import MFASESSION, Home, missing, need

if TYPE_CHECKING:
    import subprocess

MOUNTED = """
set -e
mount --bind {host} {file}
{more}
set +e
{command}
"""


def with_a_mount(
    home: Home, command: str, *, file: Path | None = None, more: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run a command with `host` in the place of the credentials file, as a container has it."""
    file = file or home.credentials
    host = home.folder / "host"
    if not host.exists():
        shutil.copy2(home.credentials, host)
    file.parent.mkdir(exist_ok=True)
    file.touch(0o600)
    script = MOUNTED.format(host=shlex.quote(str(host)), file=shlex.quote(str(file)), more=more, command=command)
    flags = "-m" if os.geteuid() == 0 else "-rm"
    done = home.run_program(need("unshare"), flags, "sh", "-c", script)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        missing("unshare with mount namespaces")
    return done


def test_a_session_is_kept_in_the_mounted_file(alices_home: Home, alice: SandboxUser) -> None:
    """The host sees it: the same file, all other bytes kept, private, and nothing beside it."""
    host = alices_home.folder / "host"
    alices_home.credentials.write_text(
        "# caf\u00e9\r\n" + alices_home.credentials.read_text() + "\n[other]\nregion = x\n"
    )
    shutil.copy2(alices_home.credentials, host)
    before, inode = host.read_bytes(), host.stat().st_ino
    done = with_a_mount(
        alices_home,
        f"{MFASESSION} login --code {alice.devices[0].code()} && {MFASESSION} process && ls -A {alices_home.aws}",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("}\ncredentials\n")
    assert host.read_bytes().startswith(before)
    assert section(host, "default-mfa")["mfasession_key_id"] == alice.key.access_key_id
    assert (host.stat().st_ino, host.stat().st_mode & 0o777) == (inode, 0o600)
    done = with_a_mount(alices_home, f"{MFASESSION} logout")
    assert done.returncode == 0, done.stderr
    assert (host.read_bytes(), host.stat().st_ino) == (before, inode)


def test_a_link_to_a_mounted_file(alices_home: Home, alice: SandboxUser) -> None:
    """What counts is what the link leads to."""
    target = alices_home.folder / "mounted" / "file"
    line = f"ln -sf {target} {alices_home.credentials}; {MFASESSION} login --code {alice.devices[0].code()}"
    done = with_a_mount(alices_home, line, file=target)
    assert done.returncode == 0, done.stderr
    assert "[default-mfa]" in (alices_home.folder / "host").read_text()


@pytest.mark.parametrize(
    ("more", "what", "hint"),
    [
        (
            "mount -o remount,ro,bind {file}",
            "its file system is read-only",
            "mount it for writing, or keep the file elsewhere",
        ),
    ],
    ids=["read-only"],
)
def test_no_code_is_spent_on_a_mount(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, more: str, what: str, hint: str
) -> None:
    """A mount that cannot be written is found out before the question (docker's `:ro`)."""
    code = alice.devices[0].code()
    done = with_a_mount(
        alices_home, f"{MFASESSION} login --code {code}", more=more.format(file=alices_home.credentials)
    )
    assert (done.returncode, done.stderr) == (7, complaint(f"{alices_home.credentials} was not written: {what}", hint))
    assert asked(aws, alice) == []


def test_a_mount_in_a_folder_that_cannot_be_written(alices_home: Home, alice: SandboxUser) -> None:
    """As docker makes it for another user: the file alone can be written, and that is enough."""
    alices_home.aws.chmod(0o500)
    drop = "setpriv --bounding-set=-dac_override,-dac_read_search --" if os.geteuid() == 0 else ""
    try:
        done = with_a_mount(alices_home, f"{drop} {MFASESSION} login --code {alice.devices[0].code()}")
    finally:
        alices_home.aws.chmod(0o700)
    assert done.returncode == 0, done.stderr
    assert "[default-mfa]" in (alices_home.folder / "host").read_text()


@pytest.mark.parametrize("flag", ["i", "a"])
@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_file_that_a_flag_keeps(aws: Sandbox, alices_home: Home, alice: SandboxUser, flag: str, where: str) -> None:
    """Chattr(1): the disk takes no code for nothing, and the hint takes the flag away."""
    place = alices_home.credentials if where == "file" else alices_home.aws
    if alices_home.run_program(need("chattr"), f"+{flag}", str(place)).returncode:
        missing("a file system with flags")
    code = alice.devices[0].code()
    try:
        done = alices_home.run("login", "--code", code)
    finally:
        alices_home.run_program("chattr", f"-{flag}", str(place))
    said = "cannot be changed" if flag == "i" else "can only grow"
    assert (done.returncode, done.stderr) == (
        7,
        complaint(
            f"{alices_home.credentials} was not written: {place} {said} (chattr +{flag})",
            f"sudo chattr -{flag} {place}",
        ),
    )
    assert asked(aws, alice) == []
    assert alices_home.run("login", "--code", code).returncode == 0


def test_an_interrupted_write_is_completed_by_the_next(alices_home: Home, alice: SandboxUser) -> None:
    """Killed between the first byte and the last: the next login goes on from the new text."""
    host = alices_home.folder / "host"
    code = alice.devices[0].code()
    strace = f"{need('strace')} -f -qq -o /dev/null -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=1"
    with_a_mount(alices_home, f"{strace} {MFASESSION} login --code {code}")
    unfinished = alices_home.folder / ".local" / "state" / "mfasession" / "unfinished"
    (left,) = unfinished.iterdir()
    old = host.read_bytes()
    new = left.read_bytes().partition(b"\n")[2][len(old) :]
    # As the kernel leaves it when the process ends between two pages.
    host.write_bytes(new[: len(old) + 40] + old[len(old) + 40 :])
    assert "aws_session_token" not in host.read_text()
    done = with_a_mount(alices_home, f"{MFASESSION} logout; {MFASESSION} status")
    assert "forgot default-mfa" in done.stderr, done.stderr
    assert "[default-mfa]" not in host.read_text()
    assert list(unfinished.iterdir()) == []
