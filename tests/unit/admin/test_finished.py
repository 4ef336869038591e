"""The accounts that were read, in one file: what does not fit, what is cut off, and what is read again."""

import os
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.admin import findings
from mfasession.admin.findings import Account
from mfasession.admin.finished import Finished
from mfasession.admin.reports import Reader
from mfasession.errors import StoreError
from mfasession.files.spool import Spool
from tests.helpers.made_reports import row

AUDITOR = Reader(arn="arn:aws:iam::111111111111:user/auditor", ambient="web identity")
"""Who reads."""


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """A disk that has room for so many bytes of each file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def add(finished: Finished, number: int, users: int, *, read_again: bool = False) -> None:
    """Add an account with so many users."""
    account = f"{number:012}"
    spool = Spool()
    for user in range(users):
        spool.add(findings.record(row(f"user{user}", account)))
    try:
        finished.add(Account(id=account, users=users, read_again=read_again), spool)
    finally:
        spool.close()


def kept(finished: Finished) -> dict[str, list[tuple[str, str]]]:
    """The users of each account, with the account that they say they are of."""
    return {
        account: [(each["account"], each["user"]) for each in finished.rows(block)]
        for account, block in finished.blocks.items()
    }


def users_of(number: int, users: int) -> list[tuple[str, str]]:
    """What `kept` has of an account."""
    return [(f"{number:012}", f"user{user}") for user in range(users)]


SIZE = 5_000
"""Bytes of the small disk: some 40 users."""


@given(st.lists(st.integers(0, 40), max_size=6), st.integers(0, 400))
def test_an_account_that_does_not_fit(tmp_path_factory: pytest.TempPathFactory, sizes: Sequence[int], cut: int) -> None:
    """It leaves nothing in the file: the accounts around it are whole, in this run and in the one that continues.

    Where the file's end is cut off, what stands before it is whole.
    """
    path: Path = tmp_path_factory.mktemp("disk") / "read"
    finished = Finished(str(path), {"by": "me"}, AUDITOR)
    fitting = []
    for number, users in enumerate(sizes):
        before = path.stat().st_size
        # The last one has all the space that it needs.
        with no_file_over(SIZE if number < len(sizes) - 1 else resource.RLIM_INFINITY):
            try:
                add(finished, number, users)
                fitting.append(number)
            except StoreError:
                assert path.stat().st_size == before
    expected = {f"{number:012}": users_of(number, sizes[number]) for number in fitting}
    assert kept(finished) == expected
    finished._file.close()
    head = path.read_bytes().index(b"\n") + 1
    os.truncate(path, max(path.stat().st_size - cut, head))
    continued = Finished(str(path), {"by": "me"}, AUDITOR)
    lost = expected.keys() - continued.blocks.keys()
    assert kept(continued).items() <= expected.items()
    assert not (lost and cut == 0)
    continued._file.close()


def test_what_a_run_that_continues_knows(tmp_path: Path) -> None:
    """When and as whom an account was read; one that lacks what AWS may give next time is not there."""
    finished = Finished(str(tmp_path / "read"), {}, AUDITOR)
    add(finished, 1, users=2)
    add(finished, 2, users=1, read_again=True)
    add(finished, 3, users=0)
    finished._file.close()
    continued = Finished(str(tmp_path / "read"), {}, AUDITOR.replace(arn="arn:aws:iam::111111111111:user/other"))
    assert kept(continued) == {"000000000001": users_of(1, 2), "000000000003": []}
    accounts = [block.account for block in continued.blocks.values()]
    assert [(each.read_as, each.ambient, each.read > 0) for each in accounts] == [
        (AUDITOR.arn, "web identity", True)
    ] * 2
    add(continued, 2, users=3)
    assert kept(continued)["000000000002"] == users_of(2, 3)
    continued._file.close()
