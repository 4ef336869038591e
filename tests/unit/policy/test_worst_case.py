"""Statements that are prepared for many requests: each names what the evaluator says that it names."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mfasession.policy import bounds, evaluation, rule, worst_case
from mfasession.policy.evaluation import PolicyStatement, Request
from mfasession.policy.verdict import Source, judge
from mfasession.policy.worst_case import KEY, SESSION, WITH_MFA, Ready

ALICE = ("alice", "arn:aws:iam::123456789012:user/alice")
actions = st.sampled_from(("*", "s3:*", "S3:GetObject", "s3:Get?bject", "*:Get*", "iam:CreateUser", ""))
resources = st.sampled_from(
    ("*", "arn:aws:s3:::a", "arn:aws:s3:::*", "arn:aws:s3:::${aws:username}/*", "arn:aws:sqs:*:*:q", "arn:aws:sqs:*",
     "arn:*", "a?n:*", "arn:aws:s3:::${*}", "x*y", "")
)  # fmt: skip
REQUESTS = [
    (action, resource)
    for action in ("s3:getobject", "s3:putobject", "iam:createuser", "iam:getuser", "")
    for resource in ("*", "", "arn:aws:s3:::a", "arn:aws:s3:::alice/x", "arn:aws:s3:::*", "arn:aws:sqs:eu-west-1:1:q",
                     "arn:aws:iam::1:user/alice", "arn:aws:s3:::${aws:username}/x", "xzy")
]  # fmt: skip


@given(
    st.sampled_from(("Allow", "Deny")),
    st.tuples(st.sampled_from(("Action", "NotAction")), st.lists(actions, max_size=3)),
    st.tuples(st.sampled_from(("Resource", "NotResource")), st.lists(resources, max_size=3)),
    st.sampled_from(("2012-10-17", "2008-10-17")),
)
def test_a_statement_names_the_same_requests(
    effect: str, action: tuple[str, list[str]], resource: tuple[str, list[str]], version: str
) -> None:
    """Wildcards, exceptions, variables, both versions of the language."""
    statement = {"Effect": effect, action[0]: action[1], resource[0]: resource[1]}
    text = json.dumps({"Version": version, "Statement": statement})
    document = evaluation.read(text)
    context = worst_case.context_of(KEY, *ALICE)
    (ready,) = worst_case.ready(text, KEY, *ALICE)
    found = PolicyStatement(kind="", document=document, statement=document.statements[0])
    for name, arn in REQUESTS:
        looked = evaluation.match(found, Request(action=name, resource=arn, context=context))
        assert ready.names(name, arn) is looked.applies, (name, arn)
        assert ready.names_action(name) is looked.action


def kept(effect: str, **parts: Any) -> dict[str, tuple[Ready, ...]]:
    """The statements of a policy that apply to each kind of caller."""
    statement = {"Effect": effect, "Action": "*", "Resource": "*", **parts}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {kind: worst_case.ready(text, kind, *ALICE) for kind in (KEY, SESSION, WITH_MFA)}


def test_kinds_without_a_difference_share_what_is_prepared() -> None:
    """Then nothing is evaluated twice."""
    alike = kept("Allow", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    assert alike[KEY] is alike[SESSION] is alike[WITH_MFA]
    rule = kept("Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    assert rule[KEY] is rule[SESSION]
    assert len(rule[KEY]) == 1
    assert rule[WITH_MFA] == ()
    own = kept("Allow", Resource="arn:aws:s3:::${aws:MultiFactorAuthAge}/*")
    assert [each.resources for each in own[WITH_MFA]] == [("arn:aws:s3:::60/*",)]
    assert [each.resources for each in own[KEY]] == [("arn:aws:s3:::*/*",)]


def test_all_accounts_share_what_is_prepared() -> None:
    """An organization has thousands, with the same few policies."""
    texts = tuple(json.dumps(each) for each in (rule.ALLOW_ALL, rule.DENY_ALL_WITHOUT_MFA))
    prepared = []
    for account in ("111111111111", "222222222222", "333333333333"):
        found = judge([Source(name="directly", texts=texts)], None, user="bob", arn=f"arn:aws:iam::{account}:user/bob")
        assert (found.is_covered, found.is_admin) == (True, True)
        prepared.append([each.cache_info().misses for each in (worst_case._ready, bounds.bounds)])
    assert prepared[0] == prepared[1] == prepared[2]
