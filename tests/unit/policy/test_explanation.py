"""A policy explained: nothing is said of a caller that another request of theirs would prove wrong."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.policy import callers, document, evaluation, explanation, rule
from mfasession.policy.document import Document
from mfasession.policy.evaluation import Decision, Level, Policies, Request
from mfasession.policy.overview import Overview
from mfasession.policy.permissions import EVERYWHERE

NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
BUCKET = "arn:aws:s3:::reports/*"


def parsed(*statements: dict[str, Any]) -> Document:
    """A document of these statements."""
    whole = [{"Resource": "*"} | each for each in statements]
    return document.parse(json.dumps({"Version": "2012-10-17", "Statement": whole}), "it")


def words(number: int, *statements: dict[str, Any]) -> dict[str, str]:
    """What the table says of a caller: of `ACTION` on everything, and of `ACTION on RESOURCE`."""
    found: dict[str, str] = {}
    allows = any(each["Effect"] == "Allow" for each in statements)
    every = () if allows else (evaluation.read(json.dumps(rule.ALLOW_ALL)),)
    for resources, rows in Overview((parsed(*statements), *every)).sections():
        for resource in resources:
            on = "" if resource == EVERYWHERE else f" on {resource}"
            found |= {row.action + on: row.words[number] for row in rows}
    return found


def of_a_key(*statements: dict[str, Any]) -> dict[str, str]:
    """What the table says of long-term keys, without what is the same for all policies."""
    found = words(0, *statements)
    return {name: word for name, word in found.items() if name not in ("iam:*", "sts:GetSessionToken")}


def allow(actions: object, **parts: object) -> dict[str, Any]:
    """An Allow."""
    return {"Effect": "Allow", "Action": actions, **parts}


def deny(actions: object, **parts: object) -> dict[str, Any]:
    """A Deny."""
    return {"Effect": "Deny", "Action": actions, **parts}


TEAMS = "arn:aws:s3:::${aws:PrincipalTag/team}/*"
BY_ONESELF = {"Bool": {"aws:ViaAWSService": "false"}}
OFFICE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
NONE, SOME = "not allowed", "depends"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow("s3:*")], {"everything": NONE, "s3:*": "allow"}),
        ([allow("s3:*", Resource=BUCKET)], {"everything": NONE, f"s3:* on {BUCKET}": "allow"}),
        ([allow("s3:*"), deny("s3:Delete*")], {"everything": NONE, "s3:*": "allow", "s3:Delete*": "deny"}),
        ([allow("*"), deny("s3:*"), allow("s3:GetObject")], {"everything": "allow", "s3:*": "deny"}),
        ([allow("*"), deny("s3:*", Resource=BUCKET)], {"everything": "allow", f"s3:* on {BUCKET}": "deny"}),
        ([deny("*", Condition=OFFICE)], {"everything": SOME}),
        ([allow("s3:*"), deny("*", Condition=OFFICE)], {"everything": NONE, "s3:*": SOME}),
        ([allow("*"), deny("s3:*", Condition=OFFICE)], {"everything": "allow", "s3:*": SOME}),
        ([allow("s3:*", Condition=OFFICE), allow("ec2:*")], {"everything": NONE, "s3:*": SOME, "ec2:*": "allow"}),
        ([allow("*", Condition=OFFICE), deny("iam:*")], {"everything": SOME}),
        ([allow([]), deny("ec2:*")], {"everything": NONE}),
        ([allow("s3:*", Resource=TEAMS)], {"everything": NONE, f"s3:* on {TEAMS}": SOME}),
        (
            [{"Effect": "Deny", "NotAction": "iam:GetUser", "Condition": {**NO_MFA, **BY_ONESELF}}],
            {"everything": "deny", "iam:GetUser": "allow"},
        ),
        ([{"Effect": "Deny", "NotAction": [], "Condition": NO_MFA}], {"everything": "deny"}),
    ],
)  # fmt: skip
def test_calls_that_a_key_may_make(statements: list[dict[str, Any]], expected: dict[str, str]) -> None:
    """Patterns, resources and exceptions; what other conditions decide is not said for certain."""
    assert of_a_key(*statements) == expected


USERS, ROLES = "arn:aws:iam::*:user/*", "arn:aws:iam::*:role/*"


@pytest.mark.parametrize(
    ("test", "user", "role"),
    [
        ({"ArnLike": {"aws:PrincipalArn": USERS}}, "deny", "allow"),
        ({"ArnNotLike": {"aws:PrincipalArn": ROLES}}, "deny", "allow"),
        ({"StringNotLike": {"aws:PrincipalArn": ROLES}}, "deny", "allow"),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/*"}}, "deny", "allow"),
        ({"ArnLike": {"aws:PrincipalArn": [USERS, ROLES]}}, "deny", "deny"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}}, "depends", "allow"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/team/*"}}, "depends", "allow"),
        ({"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin"}}, "deny", "depends"),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, "deny", "allow"),
        ({"StringLike": {"aws:userid": "AIDA*"}}, "deny", "allow"),
        ({"Null": {"aws:username": "true"}}, "allow", "deny"),
        ({"Null": {"aws:TokenIssueTime": "true"}}, "allow", "allow"),
        ({"ForAllValues:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}}, "deny", "deny"),
        ({"StringEquals": {"aws:PrincipalTag/team": "a"}}, "depends", "depends"),
    ],
    ids=str,
)
def test_principals_of_a_condition(test: dict[str, Any], user: str, role: str) -> None:
    """A condition that is true of all users, or of no role, is not one that cannot be known."""
    denial = deny("s3:*", Condition=test)
    assert (words(2, denial)["s3:*"] if user != "allow" else words(2, denial).get("s3:*", "allow")) == user
    assert words(3, denial).get("s3:*", "allow") == role


def lines_of(*statements: dict[str, Any]) -> list[str]:
    """The explanation."""
    return list(explanation.explained(parsed(*statements)))


@pytest.mark.parametrize("actions", [["s3:*", "s3:**"], ["s3:?*", "s3:*?", "s3:Get*"], [""], ["", "*"]])
def test_patterns_that_mean_the_same(actions: list[str]) -> None:
    """Two spellings of one pattern, each of which contains the other; and an action without a name."""
    said = lines_of({"Effect": "Deny", "Action": actions, "Resource": "arn:aws:s3:::b"})
    assert "on arn:aws:s3:::b" in said


def test_a_thousand_patterns_inside_each_other() -> None:
    """The innermost is explained first, and depends on all others."""
    actions = [f"s3:{'a' * count}*" for count in range(1100, 0, -1)]
    text = json.dumps({"Statement": {"Effect": "Deny", "Action": actions, "Resource": "arn:aws:s3:::b"}})
    said = list(explanation.explained(document.parse(text, "it", limit=document.LONGEST)))
    assert "on arn:aws:s3:::b" in said


def test_the_rule_narrowed_to_users_is_for_users() -> None:
    """As an SCP is written: it says so, and roles may do everything."""
    own = {**rule.document()["Statement"][0], "Condition": {**NO_MFA, "ArnLike": {"aws:PrincipalArn": USERS}}}
    said = lines_of(own)
    assert f"  and when ArnLike aws:PrincipalArn {USERS} (every IAM user, but no role)" in said
    (row,) = [each for each in said if each.startswith("everything ")]
    assert row.split()[1:] == ["deny", "deny", "allow", "allow"]


def test_why_the_rule_is_written_so() -> None:
    """A sentence for NotAction and one for BoolIfExists."""
    said = "\n".join(lines_of(*rule.document()["Statement"]))
    assert "NotAction, because otherwise a user without a device could never create one." in said
    assert "BoolIfExists, because the key is absent, not false, on requests" in said
    assert "BoolIfExists" not in "\n".join(lines_of(deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}})))


@pytest.mark.parametrize("listed", [[], ["iam:GetUser"], ["sts:GetSessionToken"]], ids=str)
def test_a_session_token_is_always_there(listed: list[str]) -> None:
    """No policy has an effect on GetSessionToken, listed or not (IAM User Guide, Permissions for GetSessionToken)."""
    denial = {"Effect": "Deny", "NotAction": listed, "Condition": NO_MFA}
    assert [words(each, denial)["sts:GetSessionToken"] for each in range(3)] == ["always", "never", "never"]
    assert "always: AWS always allows it, without policies" in lines_of(denial)


def test_the_rule_with_its_statements_for_users() -> None:
    """What a key may do on the user's own name and on devices; a role has no name of a user."""
    statements = rule.document(self_service=True)["Statement"]
    found = of_a_key(*statements)
    assert found["everything"] == "deny"
    assert found["iam:CreateVirtualMFADevice on arn:aws:iam::*:mfa/*"] == "allow"
    own = "iam:CreateAccessKey on arn:aws:iam::*:user/${aws:username}"
    assert found[own] == "deny"
    assert [words(each, *statements)[own] for each in (2, 3)] == ["allow", "deny"]


def test_a_session_without_mfa_gets_nothing_from_iam() -> None:
    """AWS refuses that whatever policies say."""
    assert words(1, allow("*"))["iam:*"] == "never"
    assert words(2, allow("*"))["iam:*"] == "allow"


def test_conditions_and_variables_are_named() -> None:
    """The conditions and the variables are named, with their lines."""
    (said,) = [each for each in lines_of(allow("s3:*", Resource=TEAMS, Condition=OFFICE)) if "depends:" in each]
    assert "NotIpAddress aws:SourceIp (line 1)" in said
    assert "${aws:PrincipalTag/team} (line 1)" in said


def test_no_line_is_too_long_to_read() -> None:
    """Lists are broken into lines, and what callers may do is a table."""
    names = [f"ec2:Describe{each:04}" for each in range(120)]
    regions = {"StringNotEquals": {"aws:RequestedRegion": [f"eu-west-{each}" for each in range(60)]}}
    denial = {"Effect": "Deny", "NotAction": names, "Condition": {**NO_MFA, **regions}}
    said = lines_of(denial, allow(names[:50], Resource=[BUCKET, TEAMS], Condition=regions))
    assert max(map(len, said)) <= 120


def test_a_long_policy_is_explained_in_time() -> None:
    """As many patterns and resources as a managed policy holds take seconds at most."""
    statements = [allow([f"a{each}:*", f"a{each}:Get*"], Resource=f"arn:aws:s3:::{each:02d}/*") for each in range(60)]
    found = of_a_key(*statements)
    assert len([name for name in found if " on arn:aws:s3:::" in name]) == len(statements)


def test_a_policy_of_aws_is_explained() -> None:
    """ReadOnlyAccess names more than a thousand patterns."""
    names = [f"service{each % 300}:Get{each // 300}*" for each in range(1500)]
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow(names, Resource="*")]})
    said = list(explanation.explained(document.parse(text, "it", limit=document.LONGEST)))
    assert sum(each.startswith("service") for each in said) == len(names)


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
_WITHIN = {"allow": {True}, "depends": {True, False}}


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
    for number, caller in enumerate(callers.CALLERS):
        context = {**callers.context(caller), "aws:requestedregion": region}
        if address:
            context["aws:sourceip"] = address
        if caller.mfa == "true":
            context["aws:multifactorauthage"] = age
        request = Request(action=action, resource=EVERYWHERE, context=context)
        is_allowed = evaluation.evaluate(Policies(identity=(policy,)), request).decision is Decision.ALLOWED
        if caller.fixed(action):
            continue
        ((_, rows), *_) = Overview((policy,)).sections()
        said = {row.action: row.words[number] for row in rows}
        word = said.get(
            action, said.get("iam:*", said["everything"]) if action.startswith("iam:") else said["everything"]
        )
        assert is_allowed in _WITHIN.get(word, {False}), (caller.name, word)


@given(
    st.lists(_statements(), min_size=1, max_size=3),
    st.lists(_statements(), min_size=1, max_size=3),
    st.lists(_statements(), min_size=1, max_size=3),
    _names,
)
def test_no_request_proves_limits_wrong(
    own: list[dict[str, Any]], scp: list[dict[str, Any]], boundary: list[dict[str, Any]], action: str
) -> None:
    """Each caller gets what was said of them under a service control policy and a boundary, too."""
    policy, organization, limit = parsed(*own), parsed(*scp), parsed(*boundary)
    ((_, rows), *_) = Overview((policy,), [(organization,), (limit,)]).sections()
    whole = Policies(identity=(policy,), organization=(Level(documents=(organization,)),), boundary=(limit,))
    for number, caller in enumerate(callers.CALLERS):
        if caller.fixed(action):
            continue
        context = {**callers.context(caller), "aws:requestedregion": "eu-west-1"}
        request = Request(action=action, resource=EVERYWHERE, context=context)
        is_allowed = evaluation.evaluate(whole, request).decision is Decision.ALLOWED
        said = {row.action: row.words[number] for row in rows}
        around = said.get("iam:*", said["everything"]) if action.startswith("iam:") else said["everything"]
        assert is_allowed in _WITHIN.get(said.get(action, around), {False}), caller.name
