"""Records on the disk, in a file without a name: nothing has to be removed, whatever ends us."""

import errno
import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from mfasession.errors import StoreError
from mfasession.files import system_errors


class Spool:
    """JSON records in their order. Written by one thread, then read any number of times."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed with this object
        except OSError as error:
            raise failed(error) from None

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record. Raises StoreError."""
        try:
            self._file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise failed(error) from None

    def whole(self) -> IO[bytes]:
        """Return the file from its beginning on, to be copied. Raises StoreError."""
        try:
            self._file.seek(0)
        except OSError as error:
            raise failed(error) from None
        return cast("IO[bytes]", self._file.buffer)

    def close(self) -> None:
        """Give the file back to the system."""
        self._file.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            self._file.seek(0)
            for line in self._file:
                record: dict[str, Any] = json.loads(line)
                yield record
        except OSError as error:
            raise failed(error) from None


def failed(error: OSError) -> StoreError:
    """Return our error for a temporary file."""
    no_space = {errno.ENOSPC: ("no space is left on the disk", "name a folder with space: TMPDIR=/path")}
    reason, hint = system_errors.explain(error, own=no_space)
    return StoreError(f"a temporary file cannot be used: {reason}", hint or "name another folder: TMPDIR=/path")
