"""Two evaluators, written apart, agree on thousands of cases; where they do not, AWS's documents say who is right."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mfasession.policy import document, evaluation
from mfasession.policy.evaluation import Decision, Level, Policies, Request
from mfasession.policy.principals import Principal
from tests.helpers.patience import scaled
from tests.helpers.policy_cases import ROLE as ROLE_ARN
from tests.helpers.policy_cases import USER, Case, case
from tests.helpers.support import BUILT, missing, need

CASES = 2000
SEED = 20261125
PROGRAM = Path(__file__).parent / "iam_simulate" / "answer.js"
PACKAGES = BUILT / "iam-simulate" / "node_modules"
THEIR_NAMES = {
    "Allowed": Decision.ALLOWED,
    "ExplicitlyDenied": Decision.DENIED,
    "ImplicitlyDenied": Decision.NOT_ALLOWED,
}


def theirs(cases: Sequence[Case]) -> list[Decision]:
    """What iam-simulate says, all in one process."""
    if not PACKAGES.exists():
        missing("iam-simulate")
    done = subprocess.run(
        [need("node"), PROGRAM, PACKAGES],
        input="".join(f"{each.line()}\n" for each in cases),
        capture_output=True,
        text=True,
        check=False,
        timeout=scaled(170),
    )
    assert done.returncode == 0, done.stderr
    return [THEIR_NAMES[json.loads(line)] for line in done.stdout.splitlines()]


def ours(each: Case) -> Decision:
    """What we say."""
    context = {key.lower(): tuple(value) if isinstance(value, list) else value for key, value in each.context.items()}
    policies = Policies(
        identity=parsed(each.identity),
        boundary=None if each.boundary is None else parsed(each.boundary),
        organization=None
        if each.organization is None
        else tuple(
            Level(documents=parsed(policies), name=f"level {number}")
            for number, policies in enumerate(each.organization)
        ),
        resource_control=parsed(each.resource_control or []),
        resource=None if each.granted is None else parsed([each.granted]),
    )
    who = Principal(arn=each.principal, role="" if each.principal == USER else ROLE_ARN)
    request = Request(action=each.action, resource=each.resource, context=context, principal=who)
    return evaluation.evaluate(policies, request).decision


def parsed(policies: Sequence[dict[str, Any]]) -> tuple[document.Document, ...]:
    """The documents of policies that AWS would take."""
    documents = tuple(document.parse(json.dumps(policy), "here", kind=None) for policy in policies)
    for each in documents:
        evaluation.check(each)
    return documents


def test_both_say_the_same() -> None:
    """Every operator, several policies, boundaries, policies of an organization and of resources: one answer each."""
    random = Random(SEED)  # noqa: S311  # the same cases each time
    cases = [case(random) for _ in range(CASES)]
    answers = theirs(cases)
    for each, their in zip(cases, answers, strict=True):
        assert ours(each) is their, each
    counted = Counter(answers)
    assert min(counted[decision] for decision in Decision) > CASES / 10, counted
    by_resource = sum(
        their is Decision.ALLOWED and ours(each.replace(granted=None)) is Decision.NOT_ALLOWED
        for each, their in zip(cases, answers, strict=True)
    )
    by_organization = sum(
        their is not Decision.ALLOWED and ours(each.replace(organization=None)) is Decision.ALLOWED
        for each, their in zip(cases, answers, strict=True)
    )
    by_control = sum(
        their is Decision.DENIED and ours(each.replace(resource_control=None)) is Decision.ALLOWED
        for each, their in zip(cases, answers, strict=True)
    )
    assert min(by_resource, by_organization, by_control) > CASES / 100, (by_resource, by_organization, by_control)


def test_resource_control_policies_apply_to_some_services() -> None:
    """Organizations User Guide, "Resource control policies", has the list; theirs applies them to all services."""
    allowed = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    denied = {"Effect": "Deny", "Principal": "*", "Action": ["iam:*", "s3:*"], "Resource": "*"}
    cases = [
        Case(
            identity=[allowed], boundary=None, action=action, resource=resource, context={},
            resource_control=[{"Version": "2012-10-17", "Statement": denied}],
        )
        for action, resource in (("s3:GetObject", BUCKET), ("iam:GetRole", ROLE))
    ]  # fmt: skip
    assert [*map(ours, cases)] == [DENIED, ALLOWED]
    assert theirs(cases) == [DENIED, DENIED]


BUCKET, ROLE = "arn:aws:s3:::reports/a", "arn:aws:iam::123456789012:role/app"
ALLOWED, DENIED, NOT_ALLOWED = Decision
DIFFERENCES: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str], Decision, Decision]] = {
    # IAM User Guide, "Policy variables with no value": StringNotEquals does match a null value.
    "a negated operator and a variable without a value": (
        {"Condition": {"StringNotEquals": {"k": "${aws:PrincipalTag/team}"}}},
        {"k": "blue"}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # The same page: a NotResource that includes a variable with no value does not match any resource.
    "NotResource and a variable without a value": (
        {"NotResource": "arn:aws:s3:::reports/${aws:PrincipalTag/team}"},
        {}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # IAM User Guide, "IfExists condition operators": if the key is not present, the element is true.
    "ForAnyValue with IfExists of an absent key": (
        {"Condition": {"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}},
        {}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # The page of set operators: key values that are an empty data set, such as an empty string.
    "ForAllValues of an empty text": (
        {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}},
        {"aws:TagKeys": [""]}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # 0.0.0.0/0 is every IPv4 address; theirs shifts by 32 bits, which JavaScript does not do.
    "a network of all addresses": (
        {"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}},
        {"aws:SourceIp": "10.1.2.3"}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # All IP addresses except the specified one: those of IPv6 too.
    "NotIpAddress of one IPv4 address, asked from an IPv6 one": (
        {"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.7"}}},
        {"aws:SourceIp": "2001:db8::7"}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # An address of IPv6 has many spellings (RFC 5952).
    "an IPv6 address in other letters": (
        {"Condition": {"IpAddress": {"aws:SourceIp": "2001:DB8::7"}}},
        {"aws:SourceIp": "2001:db8::7"}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # Epoch time is in seconds; theirs compares seconds with milliseconds.
    "epoch time against a date": (
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}},
        {"aws:CurrentTime": "1795500000"}, ("s3:GetObject", BUCKET), NOT_ALLOWED, ALLOWED,
    ),
    # A number with something behind it is not a number.
    "half a number": (
        {"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "60s"}}},
        {"aws:MultiFactorAuthAge": "59"}, ("s3:GetObject", BUCKET), NOT_ALLOWED, ALLOWED,
    ),
    # JSON has 1e3 for a thousand.
    "a number with an exponent": (
        {"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "1e3"}}},
        {"aws:MultiFactorAuthAge": "59"}, ("s3:GetObject", BUCKET), ALLOWED, NOT_ALLOWED,
    ),
    # IAM User Guide, Version: in 2008-10-17 a variable is a literal text.
    "variables in the old version": (
        {"Version": "2008-10-17", "Condition": {"StringEquals": {"k": "${aws:username}"}}},
        {"aws:username": "alice", "k": "alice"}, ("s3:GetObject", BUCKET), NOT_ALLOWED, ALLOWED,
    ),
    # AWS's own managed policies have security-group*/* and the like.
    "a wildcard in the type of a resource": (
        {"Resource": "arn:aws:iam::123456789012:ro*/app"},
        {}, ("iam:GetRole", ROLE), ALLOWED, NOT_ALLOWED,
    ),
    # IAM User Guide, Resource: a * at the end of a segment can match beyond the colon.
    "a star at the end of a part": (
        {"Resource": "arn:aws:logs:eu-west-1:*:a/b"},
        {}, ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:app:log-stream:a/b"),
        ALLOWED, NOT_ALLOWED,
    ),
    # The region and the account of an ARN are in small letters; ARNs are compared in the letters they have.
    "a region in capitals": (
        {"Resource": "arn:aws:dynamodb:EU-WEST-1:123456789012:table/a"},
        {}, ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/a"), NOT_ALLOWED, ALLOWED,
    ),
    # A KMS key's own policy decides. One that is not given is taken for the default one, which names the account.
    "a key whose policy is not given": (
        {}, {}, ("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ALLOWED, NOT_ALLOWED,
    ),
    # With * nothing is asked of one resource. Theirs takes it for any resource that a policy may name.
    "the resource *": (
        {"Resource": BUCKET},
        {}, ("s3:GetObject", "*"), NOT_ALLOWED, ALLOWED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_known_differences(name: str) -> None:
    """Each known difference, still there: what AWS's documents say is what we say."""
    parts, context, (action, resource), our_answer, their_answer = DIFFERENCES[name]
    version = parts.get("Version", document.NEW)
    statement = {"Effect": "Allow", "Action": "*", **({} if "NotResource" in parts else {"Resource": "*"}), **parts}
    statement.pop("Version", None)
    only = Case(
        identity=[{"Version": version, "Statement": statement}],
        boundary=None,
        action=action,
        resource=resource,
        context=context,
    )
    assert ours(only) is our_answer
    assert theirs([only]) == [their_answer]
