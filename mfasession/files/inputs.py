"""Reads input files once; a pipe is accepted, as in `policy explain <(mfasession policy show)`.

Size and time are limited. A file that is edited must be a regular one: `files` reads it.
"""

import os
import select
import stat
import time

from mfasession import files
from mfasession.errors import ConfigurationError
from mfasession.files import system_errors

PATIENCE = 300.0
"""Seconds to read a pipe to its end: the program that writes it may first ask a person for a code."""
SIZE_LIMIT = 8 * 1024 * 1024
"""The largest input in bytes: far more than any policy, report or export that AWS writes."""
_PIECE = 65536


def is_pipe(path: str) -> bool:
    """Return whether the path is a pipe or a FIFO."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False


def read(path: str, limit: int = SIZE_LIMIT, patience: float = PATIENCE) -> str | None:
    """Return the text of a file or a pipe, or None when it does not exist, as `files.read_text`.

    Raises ConfigurationError: not readable, neither a file nor a pipe, larger than `limit` bytes, or a pipe that has
    not ended after `patience` seconds.
    """
    if not is_pipe(path):
        return files.read_text(path, limit)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {system_errors.plain(error)}", "write it into a file first"
        ) from error
    try:
        return _all_of(path, descriptor, limit, patience).decode("utf-8", "surrogateescape")
    finally:
        os.close(descriptor)


def _all_of(path: str, descriptor: int, limit: int, patience: float) -> bytes:
    end = time.monotonic() + patience
    content = bytearray()
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    # Read only after poll: a FIFO that no program has opened for writing yet looks like one at its end.
    while waiting.poll(max(0.0, end - time.monotonic()) * 1000):
        piece = os.read(descriptor, _PIECE)
        if not piece:
            return bytes(content)
        content += piece
        if len(content) > limit:
            raise files.too_large(path, limit)
    raise ConfigurationError(f"{path} did not end within {patience:.0f} s", "write it into a file first")
