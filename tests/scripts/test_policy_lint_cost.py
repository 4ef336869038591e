"""What `policy lint` costs: its start and each file; counted, so the same on a busy machine."""

import json
import sys
from itertools import pairwise

from mfasession.policy.rule import DENY_ALL_WITHOUT_MFA, document
from tests.helpers.support import MFASESSION, Home, imported
from tests.scripts.test_instructions import bare_start, clean, instructions

AWS = {"boto3", "botocore", "urllib3", "ssl"}
ONE = 7.7
"""The most instructions to check one policy, as a multiple of those of `python -c pass`."""
CALLS = 18_800
"""The most function calls for a file with the rule, the self-service statements and one more."""
MEASURED = """
import cProfile, os
from mfasession.cli import program

leave = os._exit

def measured(code):
    profile.disable()
    print(sum(entry.callcount for entry in profile.getstats()), file=open("measured", "w"))
    leave(code)

os._exit = measured
profile = cProfile.Profile()
profile.enable()
program()
"""


def write(home: Home, count: int) -> list[str]:
    """Write policies that differ by a statement; their names."""
    names = [f"policy{number:04}.json" for number in range(count)]
    for number, name in enumerate(names):
        policy = document(self_service=True)
        own = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::bucket{number}/*"}
        (home.folder / name).write_text(json.dumps({**policy, "Statement": [*policy["Statement"], own]}, indent=2))
    return names


def test_policies_are_checked_without_boto3(home: Home) -> None:
    """It takes longer to import than ten policies to check, and pre-commit runs it for a few files."""
    (home.folder / "policy.json").write_text(json.dumps(DENY_ALL_WITHOUT_MFA))
    assert not AWS & imported(home, "policy", "lint", "policy.json")


def test_checking_one_policy_keeps_its_budget(home: Home) -> None:
    """The start, and the names of the actions of IAM and STS."""
    clean(home)
    (home.folder / "policy.json").write_text(json.dumps(DENY_ALL_WITHOUT_MFA))
    bare = bare_start(home)
    ours = instructions(home, sys.executable, MFASESSION, "policy", "lint", "policy.json")
    assert ours / bare <= ONE, f"{ours} instructions against {bare} of a bare start: {ours / bare:.3f}"


def test_each_file_costs_the_same_few_calls(home: Home) -> None:
    """One start for all files, and a thousand of them cost ten times a hundred."""
    names, counts = write(home, 60), []
    for count in (20, 40, 60):
        done = home.run_program(sys.executable, "-c", MEASURED, "policy", "lint", *names[:count])
        assert done.returncode == 0, done.stderr
        counts.append(int((home.folder / "measured").read_text()))
    second, third = ((after - before) / 20 for before, after in pairwise(counts))
    assert max(second, third) <= CALLS, (second, third)
    assert third / second < 1.02, (second, third)
