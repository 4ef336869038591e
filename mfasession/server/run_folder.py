"""Files for one run, in a folder of mode 0700 that is removed at its end.

No other user can create a folder of that name afterwards: programs that were started with its path may outlive it. A
lock shows whether the run, or the guard of its port, still lives; folders of dead runs are removed.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from mfasession.awsfiles import COPY_MARK
from mfasession.errors import StoreError
from mfasession.files import locks, paths, replace

SERVED = COPY_MARK.rpartition("/")[2]
SANDBOX, DEMO = "sandbox-", "demo-"
_LOCK = "lock"


class RunFolder(NamedTuple):
    """A run's folder, and the descriptor of its lock."""

    path: str
    lock: int

    def write(self, name: str, text: str) -> str:
        """Write a new file of mode 0600; return its path. Raises StoreError."""
        path = os.path.join(self.path, name)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
        except OSError as error:
            raise replace.unwritten(path, path, error) from None
        return path


@contextmanager
def made(environ: Mapping[str, str], prefix: str = SERVED) -> Iterator[RunFolder]:
    """Create a folder and remove it afterwards; remove those of killed runs. Raises StoreError.

    Its name begins with SERVED, SANDBOX or DEMO.
    """
    parent = paths.run_folder(environ)
    with locks.hold(os.path.join(parent, "folders.lock")):
        _remove_dead(parent)
        try:
            folder = tempfile.mkdtemp(prefix=prefix, dir=parent)
        except OSError as error:
            raise replace.unwritten(os.path.join(parent, prefix), os.path.join(parent, prefix), error) from None
        lock = locks.keep(os.path.join(folder, _LOCK))
    try:
        yield RunFolder(folder, lock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def is_in_use(folder: str) -> bool:
    """Return whether a run that has not ended has this folder. Raises StoreError."""
    name = os.path.basename(folder)
    return name.startswith((SERVED, SANDBOX, DEMO)) and locks.is_held(os.path.join(folder, _LOCK))


def _remove_dead(parent: str) -> None:
    try:
        names = os.listdir(parent)
    except OSError:
        # A run that can read the folder removes them.
        return
    for name in names:
        folder = os.path.join(parent, name)
        # A folder that cannot be read, such as root's, stays.
        with suppress(StoreError):
            if name.startswith((SERVED, SANDBOX, DEMO)) and not locks.is_held(os.path.join(folder, _LOCK)):
                shutil.rmtree(folder, ignore_errors=True)
