"""A policy in sentences: nothing is said of a caller that another request of theirs would prove wrong."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.policy import callers, document, evaluation, explanation, possible, rule
from mfasession.policy.document import Document
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.possible import EVERYWHERE

NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
BUCKET = "arn:aws:s3:::reports/*"


def parsed(*statements: dict[str, Any]) -> Document:
    """A document of these statements."""
    whole = [{"Resource": "*"} | each for each in statements]
    return document.parse(json.dumps({"Version": "2012-10-17", "Statement": whole}), "it")


def of_a_key(*statements: dict[str, Any]) -> str:
    """The sentence about long-term keys."""
    (told,) = [each for each in explanation.explained(parsed(*statements)) if each.startswith("A long-term key")]
    return told.removeprefix("A long-term key ")


def allow(actions: object, **parts: object) -> dict[str, Any]:
    """An Allow."""
    return {"Effect": "Allow", "Action": actions, **parts}


def deny(actions: object, **parts: object) -> dict[str, Any]:
    """A Deny."""
    return {"Effect": "Deny", "Action": actions, **parts}


TEAMS = "arn:aws:s3:::${aws:PrincipalTag/team}/*"
BY_ONESELF = {"Bool": {"aws:ViaAWSService": "false"}}
OFFICE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
AS_FAR = "as far as the other conditions allow"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([allow("s3:*")], "is allowed nothing but s3:*."),
        ([allow("s3:*", Resource=BUCKET)], f"is allowed nothing; on {BUCKET} it may also do s3:*."),
        ([allow("s3:*"), deny("s3:Delete*")], "is allowed nothing but s3:*, and not s3:Delete*."),
        ([allow("*"), deny("s3:*"), allow("s3:GetObject")], "may do everything but s3:*."),
        ([allow("*"), deny("s3:*", Resource=BUCKET)], f"may do everything; on {BUCKET} it may do everything but s3:*."),
        ([deny("*", Condition=OFFICE)], f"may do everything {AS_FAR}."),
        ([allow("s3:*"), deny("*", Condition=OFFICE)], f"is allowed nothing but s3:* {AS_FAR}."),
        ([allow("*"), deny("s3:*", Condition=OFFICE)], f"may do everything, and s3:* {AS_FAR}."),
        ([allow("s3:*", Condition=OFFICE), allow("ec2:*")], f"is allowed nothing but ec2:*, and s3:* {AS_FAR}."),
        ([allow("*", Condition=OFFICE), deny("iam:*")], f"may do everything {AS_FAR}, never iam:*."),
        ([allow([]), deny("ec2:*")], "is allowed nothing."),
        (
            [allow("s3:*", Resource=TEAMS)],
            f"is allowed nothing; on {TEAMS} it is allowed nothing but s3:* {AS_FAR}.",
        ),
        (
            [{"Effect": "Deny", "NotAction": "iam:GetUser", "Condition": {**NO_MFA, **BY_ONESELF}}],
            "is denied everything but iam:GetUser.",
        ),
        ([{"Effect": "Deny", "NotAction": [], "Condition": NO_MFA}], "is denied everything."),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_what_a_key_is_left_with(statements: list[dict[str, Any]], told: str) -> None:
    """Patterns, resources and exceptions are told; what other conditions decide is not told for certain."""
    assert of_a_key(*statements) == told


def test_the_rule_with_its_statements_for_users() -> None:
    """What a key may do on the user's own name and on devices is told for each."""
    statements = rule.document(self_service=True)["Statement"]
    told = of_a_key(*statements)
    assert told.startswith("is denied everything but iam:ListVirtualMFADevices and sts:GetSessionToken; on ")
    assert "on arn:aws:iam::*:mfa/* it may also do iam:CreateVirtualMFADevice" in told
    assert "iam:CreateAccessKey" not in told


def test_a_session_without_mfa_gets_nothing_from_iam() -> None:
    """AWS refuses that whatever policies say."""
    told = list(explanation.explained(parsed(allow("*"))))
    assert "A session without MFA may do everything but iam:*." in told
    assert "A session with MFA may do everything." in told


def test_a_long_policy_is_told_in_time() -> None:
    """As many patterns and resources as a managed policy holds take seconds at most."""
    statements = [allow([f"a{each}:*", f"a{each}:Get*"], Resource=f"arn:aws:s3:::{each:02d}/*") for each in range(60)]
    told = of_a_key(*statements)
    assert told.count("; on arn:aws:s3:::") == len(statements)


def test_a_policy_of_aws_is_told_in_time() -> None:
    """ReadOnlyAccess names more than a thousand patterns; this took minutes."""
    names = [f"service{each % 300}:Get{each // 300}*" for each in range(1500)]
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow(names, Resource="*")]})
    began = time.monotonic()
    told = list(explanation.explained(document.parse(text, "it", limit=document.LONGEST)))
    assert told[-1].count("service") == len(names)
    assert time.monotonic() - began < 60


_names = st.sampled_from(["s3:GetObject", "iam:GetUser", "sts:GetSessionToken", "ec2:RunInstances"])
_actions = st.lists(_names, max_size=3, unique=True) | st.just("*")
_lines = st.sampled_from(
    [
        NO_MFA,
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"Null": {"aws:MultiFactorAuthAge": "true"}},
        {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}},
        OFFICE,
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        {},
    ]
)
_WITHIN = {possible.Verdict.MAY: {True}, possible.Verdict.DEPENDS: {True, False}}


@st.composite
def _statements(draw: st.DrawFn) -> dict[str, Any]:
    made = {"Effect": draw(st.sampled_from(["Allow", "Deny"])), "Condition": draw(_lines)}
    return {**made, draw(st.sampled_from(["Action", "NotAction"])): draw(_actions)}


@given(
    st.lists(_statements(), min_size=1, max_size=4),
    st.sampled_from([None, "203.0.113.9", "198.51.100.1"]),
    st.sampled_from(["eu-west-1", "us-east-1"]),
    st.sampled_from(["60", "7200"]),
    _names,
)
def test_no_request_proves_it_wrong(
    statements: list[dict[str, Any]], address: str | None, region: str, age: str, action: str
) -> None:
    """From any address and region, with a session of any age, each caller gets what was said of them."""
    policy = parsed(*statements)
    named = possible.Named((policy,))
    for caller in callers.CALLERS:
        context = {**callers.context(caller), "aws:requestedregion": region}
        if address:
            context["aws:sourceip"] = address
        if caller.mfa == "true":
            context["aws:multifactorauthage"] = age
        request = Request(action=action, resource=EVERYWHERE, context=context)
        is_allowed = evaluation.evaluate(Policies(identity=(policy,)), request).decision is Decision.ALLOWED
        if callers.fixed(caller, action):
            continue
        (everywhere, *_) = possible.left(named, caller)
        told = everywhere.rest
        for verdict, names in (
            (possible.Verdict.MAY, everywhere.may),
            (possible.Verdict.DENIED, everywhere.may_not),
            (possible.Verdict.DEPENDS, everywhere.depends),
        ):
            told = verdict if action in names else told
        assert is_allowed in _WITHIN.get(told, {False}), (caller.name, told)
