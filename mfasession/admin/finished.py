"""The rows of accounts that were read, in one file, so that none wait in memory: JSON lines, an account a block.

A block is the account's rows and then a line that ends it. With a name (`--resume`) the file continues a run that was
cut off: what follows the last end is the beginning of a block, and is removed.
"""

import io
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO, Any

from mfasession.admin.findings import Account
from mfasession.admin.reports import Reader
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import flags, locks, refuse_irregular, spool, system_errors, trust
from mfasession.files.spool import Spool
from mfasession.text import printable
from mfasession.values import Value

VERSION = 2
"""Of the lines in a named file."""
_PIECE = 1 << 20
_END = b'{"end": '
_OPEN = flags("O_RDWR", "O_CREAT", "O_NOFOLLOW", "O_CLOEXEC")


class Block(Value):
    """An account's data, and the bytes of the file that have its rows."""

    account: Account
    begin: int
    end: int


class Finished:
    """The accounts that were read. `add` is called by several threads; rows are read when they have ended."""

    def __init__(self, path: str, about: Mapping[str, Any], reader: Reader) -> None:
        """`path`: a file that is kept until `remove`; `about`: what must be the same in the run that continues.

        `reader`: who reads the accounts of this run.

        Raises ConfigurationError for a file that is another's, another run's or another audit's; StoreError.
        """
        self.path = path
        self._reader = reader
        self.blocks: dict[str, Block] = {}
        self._lock = threading.Lock()
        try:
            self._file: IO[bytes] = _opened(path) if path else tempfile.TemporaryFile()  # noqa: SIM115
            if path:
                self._continue({"mfasession_audit": VERSION, **about})
        except OSError as error:
            raise self._failed(error) from None

    def add(self, account: Account, rows: Spool) -> Block:
        """Append an account with its rows. Raises StoreError, and leaves nothing of an account that does not fit."""
        account = account.replace(read=int(time.time()), read_as=self._reader.arn, ambient=self._reader.ambient)
        with self._lock:
            begin = os.fstat(self._file.fileno()).st_size
            try:
                end = self._append(begin, rows.whole())
                self._append(end, io.BytesIO(_END + json.dumps(vars(account)).encode() + b"}\n"))
            except OSError as error:
                os.ftruncate(self._file.fileno(), begin)
                raise self._failed(error) from None
            self.blocks[account.id] = made = Block(account=account, begin=begin, end=end)
            return made

    def _append(self, at: int, source: IO[bytes]) -> int:
        """Write past any buffer, which would keep what does not fit; return the end."""
        while left := memoryview(source.read(_PIECE)):
            while left:
                written = os.pwrite(self._file.fileno(), left, at)
                left, at = left[written:], at + written
        return at

    def rows(self, block: Block) -> Iterator[dict[str, Any]]:
        """Yield the records of an account's rows. Raises StoreError."""
        try:
            at = self._file.seek(block.begin)
            while at < block.end:
                line = self._file.readline()
                at += len(line)
                record: dict[str, Any] = json.loads(line)
                yield record
        except OSError as error:
            raise self._failed(error) from None
        except ValueError:
            raise StoreError(f"{printable(self.path)} is damaged", "remove it, and run the audit anew") from None

    def remove(self) -> None:
        """Remove a named file: nothing is left to continue."""
        if self.path:
            with suppress(OSError):
                os.unlink(self.path)

    def _continue(self, about: Mapping[str, Any]) -> None:
        """Read what a named file has. Raises ConfigurationError, OSError."""
        head = self._file.readline()
        if not head:
            self._file.write(json.dumps(about).encode() + b"\n")
            self._file.flush()
            return
        if _parsed(head) != dict(about):
            raise ConfigurationError(
                f"{printable(self.path)} is not of this audit: of another caller, role, or version, or something else",
                "name another file with --resume, or remove it",
            )
        good = begin = at = len(head)
        for line in self._file:
            start, at = at, at + len(line)
            ended = _parsed(line).get("end") if line.startswith(_END) and line.endswith(b"\n") else None
            if isinstance(ended, dict):
                account = _account(ended)
                if not account.read_again:
                    self.blocks[account.id] = Block(account=account, begin=begin, end=start)
                good = begin = at
        self._file.truncate(good)

    def _failed(self, error: OSError) -> StoreError:
        if not self.path:
            return spool.failed(error)
        reason, hint = system_errors.explain(error)
        return StoreError(
            f"{printable(self.path)} cannot be used: {reason}", hint or "name another file: --resume FILE"
        )


def _opened(path: str) -> IO[bytes]:
    """Open a named file for one run. Raises ConfigurationError, OSError."""
    if os.path.lexists(path):
        if not os.path.isfile(path):
            refuse_irregular(path, os.stat(path))
        trust.check_there(path)
    descriptor = os.open(path, _OPEN, 0o600)
    if not locks.take(descriptor):
        os.close(descriptor)
        raise ConfigurationError(
            f"another audit is using {printable(path)}", "wait for it, or name another file: --resume FILE"
        )
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "r+b")


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _account(kept: Mapping[str, Any]) -> Account:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    known: dict[str, Any] = {name: value for name, value in fields.items() if name in Account.__fields__}
    return Account(**known)
