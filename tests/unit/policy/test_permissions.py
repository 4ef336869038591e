"""Sets of requests: the same answers as the evaluator's, one by one, and nothing certain that is not."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mfasession.policy import callers, document, evaluation, rule
from mfasession.policy.document import Document
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.permissions import Permissions, Requests

ALLOW_ALL = evaluation.read(json.dumps(rule.ALLOW_ALL))
USER = "arn:aws:iam::123456789012:user/alice"
ACTIONS = ("s3:GetObject", "s3:GetObjectAcl", "s3:DeleteObject", "iam:EnableMFADevice", "sts:GetSessionToken", "ec2:X")
RESOURCES = ("*", "arn:aws:s3:::reports/a", "arn:aws:s3:::other/a", USER)
PRESENT = "aws:MultiFactorAuthPresent"

_actions = st.lists(
    st.sampled_from(["*", "s3:*", "s3:Get*", "S3:*Object", "iam:*MFADevice", "s3:GetObject", "ec2:?"]),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip
_resources = st.lists(
    st.sampled_from(["*", "arn:aws:s3:::*", "arn:aws:s3:::reports/*", "arn:aws:iam::*:user/${aws:username}"]),
    min_size=1, max_size=2, unique=True,
)  # fmt: skip
_known = st.sampled_from(
    [
        {"BoolIfExists": {PRESENT: "false"}},
        {"Bool": {PRESENT: "true"}},
        {"Null": {"aws:MultiFactorAuthAge": "true"}},
        {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
        {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}, "Bool": {"aws:ViaAWSService": "false"}},
        {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
        {},
    ]
)
_unknown = st.sampled_from(
    [
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
        {"BoolIfExists": {PRESENT: "false"}, "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/a*"}},
    ]
)


@st.composite
def _statements(draw: st.DrawFn, conditions: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        draw(st.sampled_from(["Action", "NotAction"])): draw(_actions),
        draw(st.sampled_from(["Resource", "NotResource"])): draw(_resources),
        "Condition": draw(conditions),
    }


def parsed(statements: list[dict[str, Any]]) -> Document:
    """A document of these statements."""
    return document.parse(json.dumps({"Version": "2012-10-17", "Statement": statements}), "it")


def is_allowed(documents: tuple[Document, ...], caller: callers.Caller, request: tuple[str, str], **also: str) -> bool:
    """What the evaluator says of one request; AWS's own answers come first."""
    if always := caller.fixed(request[0]):
        return always == "always"
    asked = Request(action=request[0], resource=request[1], context={**callers.context(caller), **also})
    return evaluation.evaluate(Policies(identity=documents), asked).decision is Decision.ALLOWED


def named(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The statements, and one that names every resource that is asked about, and does nothing to anyone."""
    return [*statements, {"Effect": "Allow", "Action": [], "Resource": list(RESOURCES[1:])}]


@given(st.lists(_statements(_known), min_size=1, max_size=4))
def test_the_same_answers_as_the_evaluator(statements: list[dict[str, Any]]) -> None:
    """Where the kind of caller decides everything there is one answer, alone and beside a policy that allows all."""
    it = parsed(named(statements))
    requests = Requests((it,), ACTIONS)
    answers = Permissions(requests, is_fresh=True)
    for caller in callers.CALLERS:
        for beside_all in (False, True):
            best, worst = (answers.may(caller, best=best, beside_all=beside_all) for best in (True, False))
            for request in ((action, resource) for action in ACTIONS for resource in RESOURCES):
                documents = (it, ALLOW_ALL) if beside_all else (it,)
                bit = requests.of(*request)
                expected = is_allowed(documents, caller, request)
                assert (bool(best & bit), bool(worst & bit)) == (expected, expected), (caller.slug, request)


@given(
    st.lists(_statements(_known | _unknown), min_size=1, max_size=4),
    st.sampled_from(["203.0.113.9", "198.51.100.1"]),
    st.sampled_from(["eu-west-1", "us-east-1"]),
    st.sampled_from([USER, "arn:aws:iam::123456789012:user/bob"]),
)
def test_no_request_is_outside_best_and_worst(
    statements: list[dict[str, Any]], address: str, region: str, arn: str
) -> None:
    """Whatever the address, the region and the user: what is allowed at worst is, and what is not at best is not."""
    it = parsed(named(statements))
    requests = Requests((it,), ACTIONS)
    answers = Permissions(requests, is_fresh=True)
    for caller in (callers.KEY, callers.SESSION, callers.MFA):
        best, worst = (answers.may(caller, best=best, beside_all=False) for best in (True, False))
        for request in ((action, resource) for action in ACTIONS for resource in RESOURCES[:-1]):
            also = {"aws:sourceip": address, "aws:requestedregion": region, "aws:principalarn": arn}
            allowed = is_allowed((it,), caller, request, **also)
            bit = requests.of(*request)
            assert allowed or not worst & bit, (caller.slug, request)
            assert not allowed or best & bit, (caller.slug, request)
