"""Processes that hold secrets and stand still, to be looked at or ended there."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.patience import wait_for
from tests.helpers.support import Home


@contextmanager
def stuck(home: Home, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program whose stdout is full already: it stands still with all that it has to say."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(reader, "rb", closefd=True), os.fdopen(writer, "wb", buffering=0) as full:
        full.write(b"x" * 4096)
        os.set_blocking(writer, True)
        child = subprocess.Popen(words, env=home.environ, cwd=home.folder, stdout=writer, stderr=subprocess.PIPE)
        try:
            wait_for(lambda: "pipe" in Path(f"/proc/{child.pid}/wchan").read_text())
            yield child
        finally:
            child.kill()
            child.wait()
            assert child.stderr is not None
            child.stderr.close()


def core_of(home: Home, status: int) -> bool:
    """Whether a process that ended with this status left its memory behind."""
    return os.WCOREDUMP(status) or any(home.folder.rglob("core*"))
