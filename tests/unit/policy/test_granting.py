"""Trust and resource policies: whom they name, what they come to, and what is wrong with them."""

import json
from typing import Any

import pytest

from mfasession.policy import callers, document, evaluation, granting, matrix, principals
from mfasession.policy.document import Document
from mfasession.policy.evaluation import Policies
from mfasession.policy.linter import engine
from mfasession.policy.principals import Principal
from mfasession.policy.service_actions import operations

PRESENT = "aws:MultiFactorAuthPresent"
WITH_MFA = {"Bool": {PRESENT: "true"}}
ACCOUNT, BOB = "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/bob"


def trust(*statements: dict[str, Any]) -> Document:
    """A role's trust policy."""
    whole = [{"Effect": "Allow", "Action": "sts:AssumeRole", **each} for each in statements]
    return document.parse(json.dumps({"Statement": whole}, indent=1), "it", kind=None)


def found(it: Document) -> list[str]:
    """The rules that a policy breaks."""
    return [each.rule.slug for each in engine.check(it, engine.Settings(), operations)]


def row(it: Document, *identity: Document, user: str = "") -> list[str]:
    """What a key, a session, one with MFA and a role may do: assume the role."""
    policies = Policies(identity=identity, resource=(it,))
    whose = callers.person(user, [it])
    ((*cells,),) = matrix.table(policies, ["sts:AssumeRole"], whose=whose, resource="", context={})
    return [cell.word for cell in cells]


ALL = document.parse('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', "all")
NO = "not allowed"


@pytest.mark.parametrize(
    ("statements", "alone", "beside_all"),
    [
        # IAM User Guide, "How to use MFA": the condition that a role's trust policy has in its samples.
        ([{"Principal": {"AWS": ACCOUNT}, "Condition": WITH_MFA}], [NO, NO, NO, NO], [NO, NO, "allow", NO]),
        ([{"Principal": {"AWS": BOB}, "Condition": WITH_MFA}], [NO, NO, "allow", NO], [NO, NO, "allow", NO]),
        ([{"Principal": {"AWS": BOB}, "Condition": {"BoolIfExists": {PRESENT: "true"}}}],
         ["allow", NO, "allow", NO], ["allow", NO, "allow", NO]),
        ([{"Principal": "*"}, {"Effect": "Deny", "Principal": "*", "Condition": {"BoolIfExists": {PRESENT: "false"}}}],
         ["deny", "deny", "allow", "deny"], ["deny", "deny", "allow", "deny"]),
        ([{"Principal": {"Service": "ec2.amazonaws.com"}}], [NO] * 4, [NO] * 4),
        ([{"Principal": "*"}, {"Effect": "Deny", "NotPrincipal": {"AWS": [BOB, ACCOUNT]}}],
         ["allow", "allow", "allow", "deny"], ["allow", "allow", "allow", "deny"]),
    ],
)  # fmt: skip
def test_principals_that_may_assume_a_role(
    statements: list[dict[str, Any]], alone: list[str], beside_all: list[str]
) -> None:
    """A principal that is named needs no more; an account that is named leaves it to its own policies."""
    assert row(trust(*statements)) == alone
    assert row(trust(*statements), ALL) == beside_all


def test_users_that_are_not_named_get_nothing() -> None:
    """Another user of the account, whatever their own policies say."""
    assert row(trust({"Principal": {"AWS": BOB}}), ALL, user="eve") == [NO] * 4


def test_callers_are_those_that_a_policy_names() -> None:
    """Its first user, else a user of the first account; names of partitions are kept."""
    gov = "arn:aws-us-gov:iam::444455556666:user/team/carol"
    assert callers.person("", [trust({"Principal": {"AWS": ["111122223333", gov]}})]).user_arn == gov
    caller = callers.person("dave", [trust({"Principal": {"AWS": ACCOUNT}})])
    assert (caller.user, caller.user_arn) == ("dave", "arn:aws:iam::111122223333:user/dave")
    assert callers.person("", [trust({"Principal": "*"})]) == callers.Person()


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"Principal": "*"}, (True, False, False)),
        ({"Principal": {"AWS": "*"}}, (True, False, False)),
        ({"Principal": {"AWS": BOB}}, (True, False, False)),
        ({"Principal": {"AWS": "111122223333"}}, (False, False, True)),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:user/b*"}}, (False, False, False)),
        ({"Principal": {"AWS": "arn:aws:iam::999988887777:root"}}, (False, False, False)),
        ({"Principal": {"Federated": "*"}}, (False, False, False)),
        ({"NotPrincipal": {"AWS": BOB}}, (False, False, False)),
        ({"NotPrincipal": {"AWS": ACCOUNT}}, (True, False, False)),
    ],
)
def test_principals(element: dict[str, Any], expected: tuple[bool, bool, bool]) -> None:
    """IAM User Guide, Principal: ARNs have no wildcards, and only `*` alone is everybody."""
    (statement,) = trust(element).statements
    how = principals.named(statement, Principal(arn=BOB))
    assert (how.directly, how.by_role, how.by_account) == expected


@pytest.mark.parametrize(
    ("statements", "slugs"),
    [
        ([{"Principal": {"AWS": ACCOUNT}, "Condition": WITH_MFA}], []),
        ([{"Principal": {"AWS": ACCOUNT}, "Condition": {"BoolIfExists": {PRESENT: "true"}}}], ["allow-if-exists"]),
        ([{"Principal": {"AWS": ACCOUNT}}], ["no-mfa"]),
        ([{"Principal": {"Service": "ec2.amazonaws.com"}}], []),
        ([{"Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Condition": WITH_MFA}], ["mfa-of-services"]),
        ([{"Principal": {"AWS": ACCOUNT}, "Condition": {"BoolIfExists": {PRESENT: "false"}}}], ["inverted"]),
        ([{"Principal": {"AWS": ACCOUNT}, "Condition": {"Null": {"aws:TokenIssueTime": "true"}}}],
         ["no-mfa", "inverted"]),
        # What one may do without MFA is not another's.
        ([{"Principal": {"AWS": BOB}}, {"Principal": {"AWS": f"{BOB}by"}, "Condition": WITH_MFA}], []),
        ([{"Principal": {"AWS": BOB}},
          {"Principal": {"AWS": f"{BOB}by"}, "Condition": {"BoolIfExists": {PRESENT: "true"}}}], ["allow-if-exists"]),
        ([{"Principal": {"AWS": BOB}}, {"Principal": {"AWS": ACCOUNT}, "Condition": WITH_MFA}], []),
        ([{"Principal": {"AWS": BOB}, "Condition": WITH_MFA}, {"Principal": "*"}], ["allowed-without-mfa"]),
    ],
)  # fmt: skip
def test_faults_of_a_trust_policy(statements: list[dict[str, Any]], slugs: list[str]) -> None:
    """A test for MFA that works is left alone; one that lets someone through, or no one, is not."""
    assert found(trust(*statements)) == slugs


def test_the_sample_for_a_bucket() -> None:
    """S3 User Guide, "Requiring MFA": its bucket policy denies those without a recent MFA; roles too, which is said."""
    sample = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/taxdocuments/*",
             "Condition": {"Null": {"aws:MultiFactorAuthAge": True}}},
            {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*"},
        ],
    }  # fmt: skip
    it = document.parse(json.dumps(sample), "it", kind=None)
    severities = {each.rule.severity.value for each in engine.check(it, engine.Settings(), operations)}
    assert severities == {"info"}
    assert "roles-denied-too" in found(it)
    deny, *_ = sample["Statement"]
    deny["Condition"]["StringEquals"] = {"aws:PrincipalType": "User"}  # type: ignore[index]
    assert "roles-denied-too" not in found(document.parse(json.dumps(sample), "it", kind=None))


def said(it: Document, **limits: Any) -> str:
    """The explanation."""
    return "\n".join(granting.explained(it, **limits))


def rows(it: Document, **limits: Any) -> list[list[str]]:
    """The rows of all tables, as action and words; `not allowed` is NO."""
    lines = [line.replace(NO, "no") for line in said(it, **limits).splitlines()]
    whole = [line.split() for line in lines]
    return [each for each in whole if len(each) == 5 and set(each[1:]) <= {"allow", "deny", "no", "depends", "-"}]


def test_a_trust_policy_explained() -> None:
    """Principal may do it, by what they have; and that a code in the request itself counts."""
    conditions = {"BoolIfExists": {PRESENT: "true"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    it = trust(
        {"Principal": {"AWS": ACCOUNT}, "Condition": conditions}, {"Principal": {"Service": "ec2.amazonaws.com"}}
    )
    expected = f"""\
line 3: statement 1 allows sts:AssumeRole
  for account 111122223333
  when BoolIfExists aws:MultiFactorAuthPresent true (sessions with MFA, and long-term keys, whose requests do not have
    the key)
  and when IpAddress aws:SourceIp 203.0.113.0/24
line 18: statement 2 allows sts:AssumeRole
  for ec2.amazonaws.com

Allowed actions of account 111122223333, if their own policies allow it, too:
ACTION          LONG-TERM KEY  SESSION WITHOUT MFA  SESSION WITH MFA  ROLE
sts:AssumeRole  depends        not allowed          depends           not allowed

not allowed: no statement allows it
depends: on IpAddress aws:SourceIp (line 14)
{granting.CODE_COUNTS}"""
    assert said(it) == expected


def test_principals_with_the_same_result_share_a_table() -> None:
    """Users in one, accounts and roles in others; what a principal cannot be has no word."""
    role = "arn:aws:iam::111122223333:role/ci"
    it = trust(
        {"Principal": {"AWS": [BOB, f"{BOB}by", ACCOUNT, role]}},
        {"Effect": "Deny", "Principal": {"AWS": f"{BOB}ette"}},
    )
    users, account, of_role = rows(it)
    assert users == ["sts:AssumeRole", "allow", "allow", "allow", "-"]
    assert account == ["sts:AssumeRole", "allow", "allow", "allow", "allow"]
    assert of_role == ["sts:AssumeRole", "-", "-", "-", "allow"]
    assert f"Allowed actions of {BOB}, {BOB}by:" in said(it)


def test_long_lists_of_principals_are_broken() -> None:
    """Forty users, and no line is longer than a terminal."""
    it = trust({"Principal": {"AWS": [f"{BOB}{number}" for number in range(40)]}, "Condition": WITH_MFA})
    assert max(map(len, said(it).splitlines())) <= 120
    assert rows(it) == [["sts:AssumeRole", "no", "no", "allow", "-"]]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([{"Principal": {"Service": "ec2.amazonaws.com"}}], []),
        ([{"Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Condition": WITH_MFA}],
         [["everything", "-", "-", "-", "no"]]),
        ([{"NotPrincipal": {"AWS": BOB}}], [["sts:AssumeRole", *["allow"] * 4]]),
        ([{"Principal": "*"}, {"Effect": "Deny", "Principal": "*", "Condition": {"BoolIfExists": {PRESENT: "false"}}}],
         [["sts:AssumeRole", "deny", "deny", "allow", "deny"]]),
    ],
)  # fmt: skip
def test_tables_of_trust_policies(statements: list[dict[str, Any]], expected: list[list[str]]) -> None:
    """Services have none; nothing is allowed to whoever never has MFA."""
    assert rows(trust(*statements)) == expected


def test_services_bring_no_mfa() -> None:
    """Said where MFA is asked of them."""
    it = trust({"Principal": {"Service": "ec2.amazonaws.com", "AWS": BOB}, "Condition": WITH_MFA})
    assert granting.NO_MFA in said(it)
    assert granting.NO_MFA not in said(trust({"Principal": {"AWS": BOB}, "Condition": WITH_MFA}))


def test_the_table_of_a_bucket() -> None:
    """A Deny for a part of it: each group of resources has its rows."""
    statements = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/taxdocuments/*",
         "Condition": {"Null": {"aws:MultiFactorAuthAge": True}}},
        {"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
    ]  # fmt: skip
    it = document.parse(json.dumps({"Statement": statements}), "it", kind=None)
    assert rows(it) == [["s3:GetObject", "deny", "deny", "allow", "-"], ["s3:GetObject", *["allow"] * 3, "-"]]
    whole = said(it)
    assert "on arn:aws:s3:::b/taxdocuments/*\ns3:GetObject" in whole
    assert "when Null aws:MultiFactorAuthAge true (MFA was not used: " in whole


def test_limits_of_those_whom_a_policy_names() -> None:
    """An SCP binds all; of a boundary, a user whom the policy itself names is bound by what it denies alone.

    Source: IAM User Guide, "Permissions boundaries for IAM entities".
    """
    limit = document.parse('{"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}', "limit")
    denial = {"Statement": {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}}
    denied = document.parse(json.dumps(denial), "denied")
    it = trust({"Principal": {"AWS": BOB}})
    assert rows(it, boundary=[limit]) == [["sts:AssumeRole", *["allow"] * 3, "-"]]
    assert rows(it, boundary=[limit, denied]) == [["everything", *["no"] * 3, "-"]]
    assert rows(it, scp=[[limit]]) == [["everything", *["no"] * 3, "-"]]
    assert rows(trust({"Principal": {"AWS": ACCOUNT}}), boundary=[limit]) == [["everything", *["no"] * 4]]
    assert "Within the limits of limit, denied" in said(it, boundary=[limit, denied])


KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"


@pytest.mark.parametrize(
    ("key_policy", "expected"),
    [
        ({"Principal": {"AWS": ACCOUNT}, "Action": "kms:*"}, ["allow"] * 4),
        ({"Principal": {"AWS": BOB}, "Action": "kms:*"}, ["allow"] * 3 + [NO]),
        ({"Principal": {"AWS": f"{BOB}by"}, "Action": "kms:*"}, [NO] * 4),
        ({"Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Condition": WITH_MFA}, [NO, NO, "allow", NO]),
    ],
)
def test_the_policy_of_a_key_decides(key_policy: dict[str, Any], expected: list[str]) -> None:
    """AWS KMS Developer Guide, "Key policies": IAM policies count where the key's policy names the account."""
    it = document.parse(json.dumps({"Statement": {"Effect": "Allow", "Resource": "*", **key_policy}}), "it", kind=None)
    policies = Policies(identity=(ALL,), resource=(it,))
    whose = callers.person("bob", [trust({"Principal": {"AWS": ACCOUNT}})])
    ((*cells,),) = matrix.table(policies, ["kms:Decrypt"], whose=whose, resource=KEY, context={})
    assert [cell.word for cell in cells] == expected
    assert list(granting.explained(it))[-1] == granting.KEY_DECIDES
    assert "kms-key-policy" in found(it)


def test_a_bucket_and_its_readers_own_policies() -> None:
    """In one account either of the two that allows is enough (IAM User Guide, "Policy evaluation logic")."""
    none = document.parse('{"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}', "none")
    statement = {"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    it = document.parse(json.dumps({"Statement": statement}), "it", kind=None)
    whose = callers.person("", [it])

    def words(policies: Policies) -> list[str]:
        ((*cells,),) = matrix.table(policies, ["s3:GetObject"], whose=whose, resource="", context={})
        return [cell.word for cell in cells]

    assert words(Policies(identity=(none,), resource=(it,))) == ["allow", "allow", "allow", NO]
    assert words(Policies(identity=(ALL,), resource=(it,))) == ["allow"] * 4
    limited = Policies(
        identity=(none,), resource=(it,), boundary=(none,), organization=(evaluation.Level(documents=(none,)),)
    )
    assert words(limited) == [NO] * 4
    answer = evaluation.evaluate(limited, evaluation.Request(
        action="s3:GetObject", resource="arn:aws:s3:::b/x", context={}, principal=whose.principal(callers.MFA),
    ))  # fmt: skip
    assert answer.lacking == (evaluation.ORGANIZATION,)
