"""What a policy of twice the size costs to check: twice the function calls, not four times."""

import cProfile
import json
from collections.abc import Callable
from typing import Any

import pytest

from mfasession.commands.policy import lint_output
from mfasession.policy import document, verdict
from mfasession.policy.linter import engine
from mfasession.policy.service_actions import operations
from mfasession.policy.verdict import Source

WITHOUT = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
RULE = {"Effect": "Deny", "NotAction": ["iam:EnableMFADevice", "iam:CreateVirtualMFADevice"], "Resource": "*",
        "Condition": WITHOUT}  # fmt: skip
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
Made = Callable[[int], list[dict[str, Any]]]
GROWING: dict[str, Made] = {
    "statements": lambda n: [
        RULE,
        *({"Effect": "Allow", "Action": f"s3:Get{i}x", "Resource": f"arn:aws:s3:::b{i}x/*"} for i in range(n)),
    ],
    "denies": lambda n: [
        ALL,
        *({"Effect": "Deny", "Action": f"s3:Get{i}x", "Resource": "*", "Condition": WITHOUT} for i in range(n)),
    ],
    "actions": lambda n: [RULE, {**ALL, "Action": [f"ec2:Describe{i}x" for i in range(n)]}],
    "patterns": lambda n: [RULE, {**ALL, "Action": [f"s3:Get{i}x*" for i in range(n)]}],
    "exemptions": lambda n: [ALL, {**RULE, "NotAction": [f"s3:Get{i}x" for i in range(n)]}],
    "resources": lambda n: [RULE, {**ALL, "Resource": [f"arn:aws:s3:::b{i}x/*" for i in range(n)]}],
    "conditions": lambda n: [
        RULE,
        {**ALL, "Condition": {"StringEquals": {f"aws:RequestTag/t{i}": "x" for i in range(n)}}},
    ],
    "values": lambda n: [
        RULE,
        {**ALL, "Condition": {"StringLike": {"aws:PrincipalArn": [f"arn:aws:iam::*:user/u{i}*" for i in range(n)]}}},
    ],
    "stars": lambda n: [RULE, {**ALL, "Action": "s3:" + "*a" * n + "b"}],
    "variables": lambda n: [RULE, {**ALL, "Resource": "arn:aws:s3:::" + "${aws:username}" * n}],
}
SIZE = 45
MOST = 2.3
"""The most calls for twice the size, as a multiple."""


def text_of(statements: list[dict[str, Any]]) -> str:
    """Return a policy, a value a line."""
    return json.dumps({"Version": document.NEW, "Statement": statements}, indent=1)


def calls(what: Callable[[str], object], text: str) -> int:
    """Return the number of function calls."""
    with cProfile.Profile() as profile:
        what(text)
    return sum(entry.callcount for entry in profile.getstats())


def check(text: str) -> str:
    """Check a policy of any size, and write the findings."""
    parsed = document.parse(text, "it", limit=document.LONGEST, kind=None)
    found = engine.check(parsed, engine.Settings(limit=document.LONGEST), operations)
    return lint_output.as_text([lint_output.Checked(where="it", path="it", findings=found, fixed=0)])


def judge(text: str) -> object:
    """Audit a user with this policy."""
    own = [Source(name="directly", texts=(text,))]
    return verdict.judge(own, None, user="alice", arn="arn:aws:iam::123456789012:user/alice")


@pytest.mark.parametrize("what", [check, judge])
@pytest.mark.parametrize("kind", GROWING)
def test_the_cost_grows_with_the_size(kind: str, what: Callable[[str], object]) -> None:
    """A policy may be full of statements, names or wildcards."""
    make = GROWING[kind]
    # What is read once for all policies is not counted.
    what(text_of(make(2)))
    once, twice = (calls(what, text_of(make(size))) for size in (SIZE, 2 * SIZE))
    assert twice / once <= MOST, (once, twice)


def test_the_cost_grows_with_the_principals() -> None:
    """A policy of a resource may name hundreds."""

    def named(count: int) -> str:
        who = [f"arn:aws:iam::111122223333:user/u{i}" for i in range(count)]
        return text_of([{"Effect": "Allow", "Principal": {"AWS": who}, "Action": "s3:*", "Resource": "*"}])

    check(named(2))
    once, twice = (calls(check, named(size)) for size in (SIZE, 2 * SIZE))
    assert twice / once <= MOST, (once, twice)
