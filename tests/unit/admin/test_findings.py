"""Principal is covered by the rule, however it is written and wherever it is attached; and what the rows come to."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.admin import credential_report, findings
from mfasession.admin.findings import CONTROLS, Row, Rules, Tally, Totals
from mfasession.aws.model import Credentials, Group, Inline, KeyUse, User
from mfasession.policy import evaluation
from mfasession.policy.bounds import EXEMPT
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.glob_overlap import combined, common
from mfasession.policy.patterns import like
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.policy.scp import Attached, Level, Levels
from mfasession.policy.verdict import CONDITIONAL, NOTHING, TOGETHER, Source, Verdict, judge

ARN = "arn:aws:iam::123456789012:user/alice"
NOW = 1_795_500_000
DAY = 86_400
RULE, ANYTHING = json.dumps(DENY_ALL_WITHOUT_MFA), json.dumps(ALLOW_ALL)
WITHOUT = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
ONLY_WITH = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def policy(effect: str, **parts: Any) -> str:
    """A policy of one statement about everything."""
    subject = {} if "NotAction" in parts else {"Action": "*"}
    about = {} if "NotResource" in parts else {"Resource": "*"}
    statement = {"Effect": effect, **subject, **about, **parts}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def verdict(
    *texts: str,
    groups: Mapping[str, Sequence[str]] | None = None,
    boundary: str | None = None,
    organization: Levels = (),
) -> Verdict:
    """The verdict on a user with these policies."""
    sources = [Source(name="directly", texts=texts)]
    sources += [Source(name=f"group {name}", texts=tuple(these)) for name, these in (groups or {}).items()]
    return judge(sources, boundary, user="alice", arn=ARN, organization=organization)


def level(name: str, **policies: str) -> Level:
    """The service control policies of a level, by their names."""
    return Level(name=name, policies=tuple(Attached(name=each, text=text) for each, text in policies.items()))


FULL = {"FullAWSAccess": ANYTHING}
OF_USERS = policy("Deny", Condition={**WITHOUT, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}})
BUT_ALICE = policy("Deny", Condition={**WITHOUT, "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/alice"}})


# Covered


@pytest.mark.parametrize(
    ("found", "by"),
    [
        (verdict(RULE, ANYTHING), ("directly",)),
        (verdict(ANYTHING, groups={"staff": [RULE]}), ("group staff",)),
        (verdict(RULE, ANYTHING, groups={"staff": [RULE], "other": []}), ("directly", "group staff")),
        (verdict(ANYTHING, boundary=policy("Allow", Condition=ONLY_WITH)), ("boundary",)),
        (
            verdict(ANYTHING, organization=(level("root", **FULL), level("OU Prod", NeedMfa=RULE, **FULL))),
            ("SCP NeedMfa of OU Prod (statement DenyAllWithoutMFA)",),
        ),
        (verdict(ANYTHING, organization=(level("", Users=OF_USERS, **FULL),)), ("SCP Users (statement 1)",)),
        (
            verdict(ANYTHING, organization=(level("root", **FULL), level("OU Prod"), level("account 1", **FULL))),
            ("the SCPs of OU Prod",),
        ),
        (
            verdict(
                ANYTHING,
                organization=(
                    level("root", Ec2=policy("Allow", Action="ec2:*")),
                    level("OU Prod", S3=policy("Allow", Action="s3:*")),
                ),
            ),
            ("service control policies together",),
        ),
        (verdict(RULE, ANYTHING, organization=(level("root", **FULL),)), ("directly",)),
        (verdict(RULE, ANYTHING, boundary=RULE, organization=(level("root", NeedMfa=RULE, **FULL),)),
         ("directly", "boundary", "SCP NeedMfa of root (statement DenyAllWithoutMFA)")),
        (verdict(ANYTHING, organization=(
            level("root", Some=policy("Allow", Action=["iam:GetUser", "s3:*"], Condition=ONLY_WITH)),
        )), ("the SCPs of root",)),
        (verdict(groups={"staff": [RULE]}), ("group staff",)),
        (verdict(policy("Allow", Condition=ONLY_WITH)), (CONDITIONAL,)),
        (verdict(), (NOTHING,)),
        (verdict(policy("Allow", Action=["iam:GetUser", "sts:GetCallerIdentity"])), (NOTHING,)),
        (verdict(policy("Allow", Action="s3:*"), policy("Deny", Action="s3:*", Condition=WITHOUT)), ("directly",)),
        (
            verdict(
                policy("Allow", Action=["s3:*", "ec2:*"]),
                policy("Deny", Action="s3:*", Condition=WITHOUT),
                groups={"staff": [policy("Deny", Action="ec2:*", Condition=WITHOUT)]},
            ),
            (TOGETHER,),
        ),
        (verdict(ANYTHING, policy("Deny", Condition={"Null": {"aws:MultiFactorAuthAge": "true"}})), ("directly",)),
        (verdict(ANYTHING, policy("Deny", NotAction=["iam:ListUsers", "iam:ChangePassword"], Condition=WITHOUT)),
         ("directly",)),
    ],
)  # fmt: skip
def test_ways_to_cover_a_user(found: Verdict, by: tuple[str, ...]) -> None:
    """Directly, by a group, by the boundary, by conditions of what is allowed, or because nothing is."""
    assert (found.is_covered, found.by, found.open) == (True, by, ())


@pytest.mark.parametrize(
    ("found", "left_open"),
    [
        (verdict(ANYTHING), "*"),
        (verdict(ANYTHING, policy("Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})), "*"),
        (verdict(ANYTHING, policy("Deny", Condition={"Null": {"aws:MultiFactorAuthPresent": "true"}})), "*"),
        (verdict(ANYTHING, policy("Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}})), "*"),
        (verdict(ANYTHING, policy("Deny", Resource="arn:aws:s3:::*", Condition=WITHOUT)), "*"),
        (verdict(ANYTHING, policy("Deny", NotResource="arn:aws:s3:::open/*", Condition=WITHOUT)), "*"),
        (verdict(ANYTHING, policy("Deny", NotAction="iam:*", Condition=WITHOUT)), "iam:*"),
        (verdict(ANYTHING, policy("Deny", NotAction=["iam:DeactivateMFADevice"], Condition=WITHOUT)),
         "iam:DeactivateMFADevice"),
        (verdict(ANYTHING, policy("Deny", NotAction=["IAM:deactivatemfadevice"], Condition=WITHOUT)),
         "IAM:deactivatemfadevice"),
        (verdict(policy("Allow", Action="S3:*"), policy("Deny", NotAction=["s3:Get*"], Condition=WITHOUT)), "S3:*"),
        (verdict(policy("Allow", Action="s3:Get*"), policy("Deny", NotAction="s3:*Object", Condition=WITHOUT)),
         "s3:Get*"),
        (verdict(policy("Allow", Action=["s3:*", "ec2:*"]), policy("Deny", Action="s3:*", Condition=WITHOUT)), "ec2:*"),
        (verdict(policy("Allow", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}})), "*"),
        (verdict(ANYTHING, boundary=policy("Allow", Action="s3:*")), "s3:*"),
        (verdict(ANYTHING, organization=(level("root", Some=BUT_ALICE, **FULL),)), "*"),
        (
            verdict(
                ANYTHING,
                organization=(
                    level("root", Two=policy("Allow", Action=["ec2:*", "s3:Get*"])),
                    level("OU Prod", S3=policy("Allow", Action="s3:*")),
                ),
            ),
            "s3:Get*",
        ),
    ],
)  # fmt: skip
def test_holes_left_by_wrong_rules(found: Verdict, left_open: str) -> None:
    """Each way to write the rule wrong leaves something, which is named."""
    assert (found.is_covered, found.by, found.open[0]) == (False, (), left_open)


def test_an_unknown_fact_is_assumed_to_be_the_worse() -> None:
    """A Deny that asks for more than MFA need not hold; an Allow for a tag or an address may."""
    office = {**WITHOUT, "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    assert not verdict(ANYTHING, policy("Deny", Condition=office)).is_covered
    assert not verdict(policy("Allow", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})).is_covered
    assert not verdict(policy("Allow", Resource="arn:aws:s3:::${aws:PrincipalTag/team}/*")).is_covered
    narrow = policy("Deny", Resource="arn:aws:s3:::${aws:PrincipalTag/team}/*", Condition=WITHOUT)
    assert not verdict(policy("Allow", Action="s3:*"), narrow).is_covered


def test_calls_of_services_for_the_user_are_left_alone() -> None:
    """AWS's own variant of the rule lets services through; the user is covered all the same."""
    rule = policy("Deny", Condition={**WITHOUT, "Bool": {"aws:ViaAWSService": "false"}})
    assert verdict(ANYTHING, rule).is_covered


def test_policies_about_one_user() -> None:
    """Variables and conditions on the name are the user's own: no verdict of another is taken for theirs."""
    mine = policy("Allow", Action="s3:*", Condition={"StringEquals": {"aws:username": "alice"}})
    found = {
        name: judge([Source(name="directly", texts=(mine,))], None, user=name, arn=ARN.replace("alice", name))
        for name in ("alice", "bob")
    }
    assert (found["alice"].open, found["bob"].open) == (("s3:*",), ())


TAGGED = "arn:aws:s3:::${aws:PrincipalTag/team}/*"


def test_an_exception_for_an_unknown_tag_is_open() -> None:
    """Whoever has the tag may use that bucket without MFA."""
    assert not verdict(ANYTHING, policy("Deny", NotResource=[TAGGED], Condition=WITHOUT)).is_covered


def test_a_variable_in_the_old_version_is_a_text() -> None:
    """Version 2008-10-17 has no variables: the bucket is called so."""
    text = policy("Allow", Action="s3:*", Resource="arn:aws:s3:::${aws:username}").replace("2012-10-17", "2008-10-17")
    assert verdict(text).open == ("s3:*",)


def test_administrators() -> None:
    """Principal may make users and give them policies and keys, with MFA or without; a boundary limits that."""
    assert verdict(RULE, ANYTHING).is_admin
    assert verdict(policy("Allow", Action="iam:*")).is_admin
    assert verdict(policy("Allow", Action="iam:*", Resource="arn:aws:iam::*:user/*")).is_admin
    assert not verdict(policy("Allow", NotAction="iam:*")).is_admin
    assert not verdict(ANYTHING, boundary=policy("Allow", Action="s3:*")).is_admin


def test_nothing_works_with_mfa() -> None:
    """The inverted rule locks out those who have MFA."""
    assert verdict(RULE, ANYTHING).works_with_mfa
    inverted = policy("Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}})
    assert not verdict(ANYTHING, inverted).works_with_mfa


ACTIONS = ("s3:*", "s3:Get*", "s3:GetObject", "iam:*", "iam:GetUser", "*", "s3:*Object", "ec2:Run?nstances")
statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(("Allow", "Deny")),
        "Resource": st.sampled_from(("*", "arn:aws:s3:::reports/*", "arn:aws:s3:::*")),
        "Condition": st.sampled_from(
            ({}, WITHOUT, ONLY_WITH, {"Null": {"aws:MultiFactorAuthAge": "true"}}, {"Bool": WITHOUT["BoolIfExists"]})
        ),
    }
).flatmap(
    lambda rest: st.sampled_from(("Action", "NotAction")).flatmap(
        lambda word: st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3).map(lambda named: {word: named, **rest})
    )
)
CALLERS: tuple[dict[str, str], ...] = ({}, {"aws:multifactorauthpresent": "false"})
REAL = ("s3:GetObject", "s3:PutObject", "s3:GetBucketAcl", "s3:ListAllMyBuckets", "iam:CreateUser", "iam:GetUser",
        "ec2:RunInstances", "ec2:DescribeInstances", "sts:AssumeRole")  # fmt: skip


levels = st.lists(st.lists(statements, min_size=1, max_size=2), max_size=3)


@given(st.lists(statements, min_size=1, max_size=4), st.none() | statements, levels)
def test_the_covered_can_do_nothing_without_mfa(
    written: list[dict[str, Any]], limit: dict[str, Any] | None, scps: list[list[dict[str, Any]]]
) -> None:
    """Whatever the policies: no request that a long-term key can make gets through when the verdict is covered."""
    text = json.dumps({"Version": "2012-10-17", "Statement": written})
    boundary = None if limit is None else json.dumps({"Version": "2012-10-17", "Statement": [limit]})
    organization = tuple(
        level(str(number), limit=json.dumps({"Version": "2012-10-17", "Statement": scp}))
        for number, scp in enumerate(scps)
    )
    if not verdict(text, boundary=boundary, organization=organization).is_covered:
        return
    policies = Policies(
        identity=(evaluation.read(text),),
        boundary=None if boundary is None else (evaluation.read(boundary),),
        organization=tuple(
            evaluation.Level(documents=tuple(evaluation.read(policy.text) for policy in each.policies))
            for each in organization
        )
        or None,
    )
    for caller in CALLERS:
        for action in REAL:
            for resource in ("*", "arn:aws:s3:::reports/november", "arn:aws:s3:::other"):
                request = Request(action=action, resource=resource, context=caller)
                decision = evaluation.evaluate(policies, request).decision
                assert decision is not Decision.ALLOWED or action.lower() in EXEMPT


@given(st.text("ab*?", max_size=8), st.text("ab*?", max_size=8))
def test_the_overlap_of_two_patterns(one: str, other: str) -> None:
    """A text that both match; without one, neither matches anything short of the other's."""
    text = common(one, other)
    if text is not None:
        assert like(text, one)
        assert like(text, other)
    elif not set(one) & set("*?"):
        assert not like(one, other)


_globs = st.lists(st.text("ab*?", max_size=5), min_size=1, max_size=3).map(tuple)


@given(st.lists(_globs, min_size=1, max_size=3))
def test_combinations_of_globs(choices: list[tuple[str, ...]]) -> None:
    """One of each choice, and all that have a text in common: lists that differ at the beginning are left out early."""
    whole = [each for each in product(*map(dict.fromkeys, choices)) if common(*each) is not None]
    assert sorted(globs for globs, _ in combined(*choices)) == sorted(whole)


# The whole account


def user(name: str, **parts: Any) -> User:
    """A user of the account."""
    return User(name=name, arn=ARN.replace("alice", name), **parts)


def test_policies_are_found_by_their_arns() -> None:
    """Attached to the user or to a group, inline, or as the boundary."""
    arns = {name: f"arn:aws:iam::123456789012:policy/{name}" for name in ("rule", "all")}
    rules = Rules([(arns["rule"], RULE), (arns["all"], ANYTHING), Group(name="staff", attached=(arns["rule"],))])
    by_group = rules.verdict(user("a", attached=(arns["all"],), groups=("staff",)))
    inline = rules.verdict(user("b", inline=(Inline(name="mine", text=ANYTHING),), boundary=arns["rule"]))
    open_ = rules.verdict(user("c", attached=(arns["all"],)))
    assert by_group is not None
    assert by_group.by == ("group staff",)
    assert inline is not None
    assert inline.by == ("boundary",)
    assert open_ is not None
    assert not open_.is_covered


def test_an_unknown_policy_is_assumed_to_be_the_worst() -> None:
    """Unknown, it may allow everything; the rule beside it covers it all the same. A boundary may be none."""
    rules = Rules([])
    unknown = user("a", attached=("arn:aws:iam::aws:policy/New",), boundary="arn:aws:iam::123456789012:policy/x")
    found = rules.verdict(unknown)
    assert found is not None
    assert found.open == ("*",)
    ruled = rules.verdict(unknown.replace(inline=(Inline(name="rule", text=RULE),)))
    assert ruled is not None
    assert ruled.is_covered
    assert rules.verdict(user("b", inline=(Inline(name="odd", text="{}"),))) is None


def row(name: str = "alice", **parts: Any) -> Row:
    """A row of a user who is covered, with a device and without a password."""
    found = {"covered": True, "by": ("directly",), "admin": False, "works_with_mfa": True}
    rest = {"devices": ("GAHT12345678",), "has_device": True, "has_password": False, "keys": ()}
    return Row(**{"account": "123456789012", "user": name, "arn": ARN, **found, **rest, **parts})


def tallies(*rows: Row) -> dict[str, Tally]:
    """What each control comes to."""
    totals = Totals(NOW)
    for each in rows:
        totals.add(each)
    return {control.name: totals.tally(control) for control in CONTROLS}


def test_the_controls() -> None:
    """SOC 2 and PCI DSS ask for cover, CIS for a device of whoever has a password."""
    found = tallies(
        row(),
        row(covered=False, admin=True, open=("*",)),
        row(has_password=True, has_device=False, devices=()),
        row(has_password=True),
        row(covered=None, admin=None, has_password=None, has_device=None, devices=None),
    )
    assert found == {
        "SOC 2 TSC 2017 CC6.1": Tally(passed=3, failed=1, unknown=1),
        "PCI DSS 4.0.1 8.4.1": Tally(passed=0, failed=1, unknown=1),
        "PCI DSS 4.0.1 8.4.2": Tally(passed=3, failed=1, unknown=1),
        "CIS AWS Foundations 3.0 1.10": Tally(passed=1, failed=1, unknown=1),
        "CIS AWS Foundations 7.0 2.10": Tally(passed=1, failed=1, unknown=1),
    }


def test_the_totals() -> None:
    """Administrators without cover by name; active keys by age; passwords without a device."""
    totals = Totals(NOW)
    old = KeyUse(is_active=True, created=NOW - 400 * DAY, last_used=0)
    totals.add(row("root-like", covered=False, admin=True, keys=(old, old.replace(created=NOW, is_active=False))))
    totals.add(row("bob", has_password=True, has_device=False, keys=(old.replace(created=NOW - 91 * DAY),)))
    totals.add(row("carol", keys=(old.replace(created=NOW - 90 * DAY), old.replace(created=None))))
    assert totals.admins == ["root-like in 123456789012"]
    assert dict(totals.ages) == {"older": 1, "to 180 days": 1, "to 90 days": 1, "not known": 1}
    assert (totals.counts["old keys"], totals.counts["active keys"]) == (2, 4)
    assert totals.counts["passwords without a device"] == 1


def test_a_row_comes_back_from_the_disk() -> None:
    """As it was, whatever is known of it."""
    known = row(keys=(KeyUse(is_active=True, created=NOW, last_used=None),), open=("iam:*", "s3:Get*"))
    unknown = Row(account="1", user="x", arn=ARN)
    for each in (known, unknown):
        assert findings.restored(json.loads(json.dumps(findings.record(each)))) == each


# The credential report

HEAD = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
"""The columns of the IAM User Guide, "Understanding the report format"."""


def test_the_credential_report_is_read() -> None:
    """The root user, one with a password and two keys, one with nothing, and a name with a comma in quotes."""
    text = (
        f"{HEAD}\n"
        "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,"
        "2026-11-01T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,"
        "false,N/A,false,N/A\n"
        f"alice,{ARN},2020-01-01T00:00:00+00:00,true,no_information,N/A,N/A,false,true,2026-11-24T00:00:00+00:00,N/A,"
        "N/A,N/A,false,2020-01-01T00:00:00+00:00,2026-11-24T06:00:00+00:00,us-east-1,s3,false,N/A,false,N/A\n"
        f'"b,ob",{ARN},2020-01-01T00:00:00+00:00,false,N/A,N/A,N/A,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,'
        "false,N/A,false,N/A\n"
    )
    root, alice, bob = credential_report.read(text)
    assert (root.is_root, root.has_device, root.has_password, root.keys) == (True, True, True, ())
    assert alice == Credentials(
        user="alice",
        arn=ARN,
        has_password=True,
        password_used=0,
        has_device=False,
        keys=(
            KeyUse(is_active=True, created=1_795_478_400, last_used=0),
            KeyUse(is_active=False, created=1_577_836_800, last_used=1_795_500_000),
        ),
    )
    assert bob == Credentials(user="b,ob", arn=ARN, has_password=False, password_used=None, has_device=True)


def test_invalid_credential_reports() -> None:
    """A proxy's page is not taken for a report."""
    with pytest.raises(ValueError, match=re.escape("no column")):
        credential_report.read("<html>")
    with pytest.raises(ValueError, match=re.escape("a line has 2 columns instead of 22")):
        list(credential_report.read(f"{HEAD}\nalice,{ARN}"))
