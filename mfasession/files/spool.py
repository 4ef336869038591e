"""Records on the disk, in a file without a name: nothing has to be removed, whatever ends us."""

import errno
import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from mfasession.errors import StoreError
from mfasession.files import system_errors


class Spool:
    """JSON records in their order. Written by one thread, then read any number of times."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed with this object
        except OSError as error:
            raise _failed(error) from None

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record. Raises StoreError."""
        try:
            self._file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise _failed(error) from None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            self._file.seek(0)
            for line in self._file:
                record: dict[str, Any] = json.loads(line)
                yield record
        except OSError as error:
            raise _failed(error) from None


def _failed(error: OSError) -> StoreError:
    no_space = {errno.ENOSPC: ("no space is left on the disk", "name a folder with space: TMPDIR=/path")}
    reason, hint = system_errors.explain(error, own=no_space)
    return StoreError(f"a temporary file cannot be used: {reason}", hint or "name another folder: TMPDIR=/path")
