"""What an audit costs in function calls and bytes for each user: the same on a busy machine."""

import sys
from itertools import pairwise

import pytest

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from tests.helpers.auditing import Estate

CALLS = {"shared": 210, "own": 600}
"""The most function calls for a user, C's too, whose policies others have as well, or who has one of their own.

To read an own policy with the places of its parts would take 390 more, and botocore's own parser of the answers 320.
"""
BYTES = 1_000
"""The most memory of this process for a user, at its peak: rows wait on the disk."""
MEASURED = """
import cProfile, tracemalloc
from mfasession.admin import audit_many
from mfasession.cli import program

read = audit_many._read

def calls(*given):
    with cProfile.Profile() as profile:
        read(*given)
    print(sum(entry.callcount for entry in profile.getstats()), file=open("measured", "w"))

def memory(*given):
    tracemalloc.start()
    read(*given)
    print(tracemalloc.get_traced_memory()[1], file=open("measured", "w"))

audit_many._read = WHAT
program()
"""


def add(estate: Estate, numbers: range, kind: str) -> None:
    """Add covered users with a device: under policies that they share, or with one that no other has."""
    for number in numbers:
        bucket = f"arn:aws:s3:::bucket{number:05}/*"
        own = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": bucket}]}
        user = estate.user(f"user{number:05}", own if kind == "own" else ALLOW_ALL, DENY_ALL_WITHOUT_MFA)
        user.add_device(f"device{number:05}")


def measured(estate: Estate, what: str) -> int:
    """Return what the real command measures of itself while it reads the account."""
    script = MEASURED.replace("WHAT", what)
    done = estate.home.run_program(sys.executable, "-c", script, "policy", "audit", "--format", "csv")
    assert done.returncode == 1, done.stderr
    return int((estate.home.folder / "measured").read_text())


@pytest.mark.parametrize("kind", CALLS)
def test_each_user_costs_the_same_few_calls(estate: Estate, kind: str) -> None:
    """The second and third hundred of users cost the same, and no more than the budget."""
    counts = []
    for begin in (0, 100, 200):
        add(estate, range(begin, begin + 100), kind)
        counts.append(measured(estate, "calls"))
    second, third = ((after - before) / 100 for before, after in pairwise(counts))
    assert max(second, third) <= CALLS[kind], (second, third)
    assert third / second < 1.05, (second, third)


def test_each_user_takes_little_memory(estate: Estate) -> None:
    """An account's rows are not kept in memory: beyond two pages, a user is an entry of the credential report."""
    add(estate, range(1_100), "shared")
    few = measured(estate, "memory")
    add(estate, range(1_100, 2_100), "shared")
    grown = (measured(estate, "memory") - few) / 1_000
    assert grown <= BYTES, grown
