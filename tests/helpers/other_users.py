"""Other users of the same machine: attackers, victims, and who shares a file."""

import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.helpers.support import MFASESSION, missing, need

NOBODY, VICTIM = 65534, 54321
"""The user without any right, and a user whom no file of this machine knows."""


@cache
def as_user(number: int) -> tuple[str, ...]:
    """What runs a program as another user, whose only group has the same number.

    The test is reported as skipped where that cannot be or where that user cannot read the interpreter.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    words = (need("setpriv"), f"--reuid={number}", f"--regid={number}", "--clear-groups")
    if subprocess.run([*words, MFASESSION, "--version"], capture_output=True, check=False).returncode:
        missing("a virtual environment that every user can read")
    return words


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach: pytest closes its own, also those of a run beside ours."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def give(folder: Path, user: int) -> None:
    """Make a folder and all in it a user's own."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user, user, follow_symlinks=False)


def listed(path: Path, user: int, rights: int = 6) -> None:
    """Give a file an access control list by which one more user has these rights."""
    everybody = 2**32 - 1
    rest = [(0x04, 0, everybody), (0x10, rights, everybody), (0x20, 0, everybody)]
    entries = [(0x01, 7 if path.is_dir() else 6, everybody), (0x02, rights, user), *rest]
    content = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(path, "system.posix_acl_access", content)
