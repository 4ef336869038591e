"""The linter: each rule on a document that breaks it and on one that does not, and the fixes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.policy import document, matrix, rule
from mfasession.policy.document import Document
from mfasession.policy.evaluation import Policies
from mfasession.policy.linter import engine
from mfasession.policy.linter.findings import RULES, Severity
from mfasession.policy.service_actions import operations

THE_RULE: dict[str, Any] = rule.document()["Statement"][0]
PRESENT = "aws:MultiFactorAuthPresent"
OWN_USER = "arn:aws:iam::*:user/${aws:username}"
ALLOWED: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
TRUSTED: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}


def parsed(*statements: dict[str, Any], version: str | None = "2012-10-17") -> Document:
    """A document of these statements."""
    head = {"Version": version} if version else {}
    return document.parse(json.dumps({**head, "Statement": list(statements)}, indent=2), "it", kind=None)


def changed(**parts: Any) -> dict[str, Any]:
    """The rule's statement with some parts changed, and those that are None left out."""
    return {name: part for name, part in {**THE_RULE, **parts}.items() if part is not None}


def found(it: Document, settings: engine.Settings | None = None) -> list[str]:
    """The rules that are broken, information included."""
    return [each.rule.slug for each in engine.check(it, settings or engine.Settings(), operations)]


def fixed(it: Document, settings: engine.Settings | None = None) -> dict[str, Any]:
    """The document as --fix writes it."""
    text = engine.fixed(it, settings or engine.Settings(), operations).document.text
    tree: dict[str, Any] = json.loads(text)
    return tree


def condition(operator: str, value: object = "false", key: str = PRESENT) -> dict[str, Any]:
    """The rule with another condition."""
    return changed(Condition={operator: {key: value}})


OWN_DEVICES = {"Effect": "Allow", "Action": ["iam:CreateVirtualMFADevice"], "Resource": "arn:aws:iam::*:mfa/*"}
BROKEN: dict[str, list[dict[str, Any]]] = {
    "bool-without-ifexists": [condition("Bool")],
    "inverted": [condition("BoolIfExists", "true")],
    "allow-if-exists": [{**ALLOWED, "Condition": {"BoolIfExists": {PRESENT: "true"}}}],
    "null-test": [condition("Null", "true")],
    "null-age": [condition("Null", value=True, key="aws:MultiFactorAuthAge")],
    "string-operator": [condition("StringEqualsIfExists")],
    "action-for-notaction": [changed(NotAction=None, Action=["iam:EnableMFADevice", "iam:CreateVirtualMFADevice"])],
    "narrow-deny": [changed(NotAction=None, Action=["ec2:*", "s3:*"])],
    "nothing-exempt": [changed(NotAction=None, Action="*")],
    "some-calls-only": [changed(NotAction=None, Action="s3:DeleteObject", Resource="arn:aws:s3:::production/*")],
    "exemption-missing": [changed(NotAction=[*THE_RULE["NotAction"][1:]])],
    "getsessiontoken-missing": [changed(NotAction=[*THE_RULE["NotAction"][:-1]])],
    "weak-exemption": [changed(NotAction=[*THE_RULE["NotAction"], "iam:DeactivateMFADevice"])],
    "other-exemption": [changed(NotAction=[*THE_RULE["NotAction"], "sqs:*"])],
    "narrow-resource": [changed(Resource=OWN_USER)],
    "allow-notaction": [changed(Effect="Allow", Condition=None)],
    "first-password": [THE_RULE],
    "list-devices-resource": [
        {**OWN_DEVICES, "Action": ["iam:ListVirtualMFADevices", "iam:CreateVirtualMFADevice"]},
    ],
    "name-bound-device": [{**OWN_DEVICES, "Resource": "arn:aws:iam::*:mfa/${aws:username}"}],
    "exemption-not-allowed": [THE_RULE, OWN_DEVICES],
    "attached-to-roles": [THE_RULE],
    "no-mfa": [ALLOWED],
    "nothing-with-mfa": [changed(Condition=None)],
    "first-device": [
        {**OWN_DEVICES, "Condition": {"Bool": {PRESENT: "true"}}},
    ],
    "enforces-nothing": [{**ALLOWED, "Sid": "AllowAllWithMFA"}],
    "lets-through": [condition("ForAnyValue:Bool")],
    "narrow-condition": [
        changed(Condition={**THE_RULE["Condition"], "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    ],
    "unknown-operator": [condition("BoolIfExist")],
    "misspelt-key": [condition("BoolIfExists", key="aws:MultifactorAuthPressent")],
    "misspelt-action": [changed(NotAction=[*THE_RULE["NotAction"], "iam:ListMfaDevice"])],
    "wrong-partition": [{**OWN_DEVICES, "Resource": "arn:aws-cn:iam::*:mfa/*"}],
    "old-version": [{**ALLOWED, "Resource": OWN_USER}],
    "allowed-without-mfa": [
        {**TRUSTED, "Principal": {"AWS": "123456789012"}, "Condition": {"Bool": {PRESENT: "true"}}},
        {**TRUSTED, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
    ],
    "mfa-of-services": [
        {**TRUSTED, "Principal": {"Service": "ec2.amazonaws.com"}, "Condition": {"Bool": {PRESENT: "true"}}},
    ],
    "roles-denied-too": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::a/*",
         "Condition": {"BoolIfExists": {PRESENT: "false"}}},
    ],
    "kms-key-policy": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}],
}  # fmt: skip
SETTINGS = {
    "attached-to-roles": engine.Settings(attached_to="role"),
    "wrong-partition": engine.Settings(partition="aws"),
}
AS_TEXT = {
    *("narrow-deny", "getsessiontoken-missing", "first-password", "exemption-not-allowed", "attached-to-roles"),
    *("allow-notaction", "no-mfa", "other-exemption", "narrow-condition"),
    *("some-calls-only", "first-device", "enforces-nothing"),
    *("allowed-without-mfa", "mfa-of-services", "roles-denied-too", "kms-key-policy"),
}
"""What the linter does not fix: what is meant there is the author's decision."""


def broken(slug: str) -> Document:
    """The document that breaks a rule."""
    return parsed(*BROKEN[slug], version=None if slug == "old-version" else "2012-10-17")


def test_every_rule_is_tried() -> None:
    """No rule without a document that breaks it; each says why, in sentences."""
    assert set(BROKEN) == set(RULES)
    assert all(each.why.endswith(".") and each.title for each in RULES.values())


def test_every_rule_is_documented() -> None:
    """The table in docs/policy.md is the register: the same names, severities and titles, in the same order."""
    page = (Path(__file__).parents[4] / "docs" / "policy.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warning|info) \| (.+) \|$", page, re.MULTILINE)
    assert rows == [(each.slug, each.severity.value, each.title) for each in RULES.values()]


@pytest.mark.parametrize("slug", BROKEN)
def test_a_broken_rule_is_found_and_fixed(slug: str) -> None:
    """With its place; and what --fix writes does not break it any more."""
    it, settings = broken(slug), SETTINGS.get(slug, engine.Settings())
    (first, *_) = [each for each in engine.check(it, settings, operations) if each.rule.slug == slug]
    assert first.place.line > 0
    assert first.message
    if slug in AS_TEXT:
        assert not first.edits
        return
    assert first.edits
    after = engine.fixed(it, settings, operations).document
    assert slug not in found(after, settings)
    json.loads(after.text)


def test_the_rule_itself_breaks_none() -> None:
    """But for the information on first passwords."""
    assert found(parsed(THE_RULE)) == ["first-password"]
    assert found(parsed(THE_RULE, ALLOWED)) == ["first-password"]


HOLES = ["narrow-deny", "narrow-resource", "action-for-notaction", "other-exemption", "narrow-condition"]
INSIDE = {"aws:sourceip": "203.0.113.9"}


def callers(*documents: Document) -> list[bool]:
    """Whether each of them may send to a queue: a key, a session without MFA, one with MFA."""
    rows = matrix.table(Policies(identity=documents), ["sqs:SendMessage"], user="alice", resource="", context=INSIDE)
    return [cell.is_allowed for cell in rows[0][:3]]


@pytest.mark.parametrize("slug", HOLES)
def test_a_hole_is_one_and_is_closed(slug: str) -> None:
    """The evaluator says so: before, a key or a session without MFA gets through; after, neither does."""
    it = broken(slug)
    assert any(callers(it, parsed(ALLOWED))[:2])
    if slug not in AS_TEXT:
        assert callers(engine.fixed(it, engine.Settings(), operations).document, parsed(ALLOWED)) == [
            False,
            False,
            True,
        ]


TESTS = [
    (f"{over}{base}{end}", key, value)
    for over in ("", "ForAnyValue:", "ForAllValues:")
    for base in (
        "Bool",
        "Null",
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "NumericLessThan",
        "NumericGreaterThan",
    )
    for end in ("", "IfExists")
    for key in (PRESENT, "aws:MultiFactorAuthAge")
    for value in ("true", "false", ["true", "false"], [], "3600")
    if base != "Null" or not (over or end)
]


def wrong(it: Document) -> set[str]:
    """The rules about the test for MFA itself that are broken."""
    about = {"bool-without-ifexists", "inverted", "allow-if-exists", "null-test", "lets-through"}
    return about.intersection(found(it))


@pytest.mark.parametrize("value", ["true", "false", ["true", "false"], [], "3600"], ids=str)
def test_every_test_for_mfa_is_judged_by_what_it_does(value: object) -> None:
    """An error where a key or a session without MFA gets through, or one with MFA does not; fixed, it is right."""
    for operator, key in ((operator, key) for operator, key, each in TESTS if each == value):
        deny = parsed(condition(operator, value, key))
        assert bool(wrong(deny)) == (callers(deny, parsed(ALLOWED)) != [False, False, True]), (operator, key)
        after = engine.fixed(deny, engine.Settings(), operations).document
        assert callers(after, parsed(ALLOWED)) == [False, False, True], (operator, key)
        allow = parsed({**ALLOWED, "Condition": {operator: {key: value}}})
        *without, with_mfa = callers(allow)
        wants_old = operator.startswith("NumericGreater") and key == "aws:MultiFactorAuthAge" and not with_mfa
        assert bool(wrong(allow)) == (any(without) or wants_old), (operator, key)
        if any(without) and not with_mfa:
            fixed = engine.fixed(allow, engine.Settings(), operations).document
            assert callers(fixed) == [False, False, True], (operator, key)


def test_a_limit_of_the_age_beside_the_rule_is_right() -> None:
    """It is not a test for MFA, but a second one for its age."""
    limit = condition("NumericGreaterThan", "3600", "aws:MultiFactorAuthAge")
    assert wrong(parsed(limit)) == {"lets-through"}
    assert wrong(parsed(THE_RULE, limit)) == set()
    both = {"Bool": {PRESENT: "true"}, "NumericLessThanIfExists": {"aws:MultiFactorAuthAge": "3600"}}
    assert wrong(parsed({**ALLOWED, "Condition": both})) == set()


def test_a_limit_of_the_age_that_is_upside_down() -> None:
    """Sessions whose MFA is old may what those with a fresh one may not: no key of a user gets through."""
    old = {**ALLOWED, "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}}}
    (finding,) = engine.check(parsed(old), engine.Settings(), operations)
    assert (finding.rule.slug, finding.message) == (
        "inverted", "everything is possible with old MFA, but not with fresh MFA"
    )  # fmt: skip
    fresh = {**ALLOWED, "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}}
    assert wrong(parsed(fresh)) == set()


def test_calls_of_services_on_behalf_of_a_user_may_be_exempt() -> None:
    """A call that Athena or CloudFormation forwards may carry no MFA: AWS's samples leave those out."""
    exempt = changed(Condition={**THE_RULE["Condition"], "Bool": {"aws:ViaAWSService": "false"}})
    assert found(parsed(exempt)) == ["first-password"]


@pytest.mark.parametrize(
    ("exempt", "messages"),
    [
        ("s3:*", ["s3:* works without MFA"]),
        ("ec2:RunInstances", ["ec2:RunInstances works without MFA"]),
        ("iam:Get*User", []),
        ("iam:Get*olePolicy", ["iam:Get*olePolicy works without MFA: iam:GetRolePolicy"]),
        ("iam:List*MFADevices", []),
        ("iam:ChangePassword", []),
        ("sts:GetCallerIdentity", []),
        ("*:Get*", ["*:Get* works without MFA"]),
    ],
)
def test_other_exemptions_are_reported(exempt: str, messages: list[str]) -> None:
    """Whatever works with a stolen key alone is named, but for what AWS's samples exempt too."""
    it = parsed(changed(NotAction=[*THE_RULE["NotAction"], exempt]))
    findings = engine.check(it, engine.Settings(), operations)
    assert [each.message for each in findings if each.rule.slug == "other-exemption"] == messages


def test_only_what_is_wrong_is_changed() -> None:
    """JSON has no comments, but spaces, order and line ends are the author's."""
    text = (
        '{ "Version":"2012-10-17",\r\n\t"Statement" : {"Effect": "Deny",  "NotAction":'
        + json.dumps(THE_RULE["NotAction"])
        + ', "Resource":"*",\r\n "Condition":{"Bool":{ "aws:multifactorauthpresent" : false }}}}\r\n'
    )
    it = document.parse(text, "it")
    assert engine.fixed(it, engine.Settings(), operations).document.text == text.replace('"Bool"', '"BoolIfExists"')


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"NotAction": "iam:*"}, ["weak-exemption"]),
        ({"NotAction": ["iam:*", "sts:GetSessionToken"]}, ["weak-exemption"]),
        ({"NotAction": ["*"]}, ["weak-exemption"]),
        ({"NotAction": ["iam:Deactivate*", *THE_RULE["NotAction"]]}, ["weak-exemption"]),
    ],
    ids=str,
)
def test_an_exemption_that_reaches_too_far(parts: dict[str, Any], expected: list[str]) -> None:
    """A wildcard becomes the calls that it should have been."""
    it = parsed(changed(**parts))
    assert [each for each in found(it) if RULES[each].severity is Severity.ERROR] == expected
    after = set(fixed(it)["Statement"][0]["NotAction"])
    assert after | {"sts:GetSessionToken"} == set(THE_RULE["NotAction"])


def test_listing_devices_beside_other_calls() -> None:
    """The call gets a statement of its own; where it is alone, its resource becomes *."""
    several = fixed(parsed(*BROKEN["list-devices-resource"]))["Statement"]
    assert several[1] == {"Effect": "Allow", "Action": "iam:ListVirtualMFADevices", "Resource": "*"}
    alone = {**OWN_DEVICES, "Action": "iam:ListVirtualMFADevices"}
    assert fixed(parsed(alone))["Statement"][0]["Resource"] == "*"
    assert "list-devices-resource" not in found(parsed(alone, {**alone, "Resource": "*"}))


def test_a_statement_that_stands_alone() -> None:
    """Statement need not be a list; it becomes one when there is another."""
    text = json.dumps({"Version": "2012-10-17", "Statement": BROKEN["list-devices-resource"][0]})
    assert len(fixed(document.parse(text, "it"))["Statement"]) == 2


def test_names_that_resemble_none_are_left_alone() -> None:
    """AWS may know more than we: an action, a key of a service, a wildcard."""
    kept = changed(NotAction=[*THE_RULE["NotAction"], "iam:SomethingQuiteNew", "s3:ListAllMyBuckets", "iam:Get*"])
    assert "misspelt-action" not in found(parsed(kept))
    keys = {"StringEquals": {"s3:prefix": "a", "aws:RequestTag/team": "b", "saml:aud": "c"}}
    assert "misspelt-key" not in found(parsed({**ALLOWED, "Condition": keys}))


@pytest.mark.parametrize(
    "action",
    [
        *("iam:PassRole", "sts:TagGetWebIdentityToken", "kms:ReEncryptTo", "dynamodb:RestoreTableFromAwsBackup"),
        *("ec2:ImportByoipCidrToIpam", "cloudformation:ListResources", "cloudtrail:GetEventDataStoreData"),
        *("ssm:RegisterManagedInstance", "ssm:ListInstanceAssociations", "dynamodb:PartiQLSelect"),
    ],
)
def test_actions_that_are_no_operations_are_left_alone(action: str) -> None:
    """The Service Authorization Reference has them, the SDK has not: --fix must not turn them into others."""
    it = parsed({**ALLOWED, "Action": action})
    assert "misspelt-action" not in found(it)
    assert engine.fixed(it, engine.Settings(), operations).document.text == it.text


@pytest.mark.parametrize(
    "key",
    [
        *("sts:SourceIdentity", "s3:ResourceAccount", "eks:principalArn", "aws:SourceVpcArn", "aws:SourceOrgPaths"),
        *("aws:ViaAWSMCPService", "aws:VpceAccount", "iam:MFAPresent", "aws:PrincipalOrgArn"),
    ],
)
def test_keys_of_services_and_new_ones_are_left_alone(key: str) -> None:
    """A service's own key resembles a global one, and AWS makes new ones."""
    assert "misspelt-key" not in found(parsed({**ALLOWED, "Condition": {"StringEquals": {key: "a"}}}))


@pytest.mark.parametrize(
    ("wrong_name", "right"),
    [
        ("aws:MultiFactorAuthPresnt", PRESENT),
        ("aws:MultiFactorAuthenticationPresent", PRESENT),
        ("aws:MultiFactorAuthPresent ", PRESENT),
        ("MultiFactorAuthPresent", PRESENT),
        ("iam:MultiFactorAuthPresent", PRESENT),
        ("aws:MultiFactorAuthAges", "aws:MultiFactorAuthAge"),
        ("aws:SourceIpp", "aws:SourceIp"),
        ("aws:usrename", "aws:username"),
    ],
)
def test_misspelt_keys(wrong_name: str, right: str) -> None:
    """What was meant for MFA's key is never present: the Deny would deny everyone, or no one."""
    (finding,) = [
        each
        for each in engine.check(parsed(condition("BoolIfExists", key=wrong_name)), engine.Settings(), operations)
        if each.rule.slug == "misspelt-key"
    ]
    assert finding.corrected == right


@pytest.mark.parametrize(
    ("wrong_name", "right"),
    [
        ("iam:ListMfaDevice", "iam:ListMFADevices"),
        ("iam:EnableMFADevcie", "iam:EnableMFADevice"),
        ("IAM:ResynchMFADevice", "IAM:ResyncMFADevice"),
        ("sts:GetSesionToken", "sts:GetSessionToken"),
    ],
)
def test_misspelt_actions(wrong_name: str, right: str) -> None:
    """But for a letter or two it would be one."""
    findings = engine.check(parsed({**ALLOWED, "Action": wrong_name}), engine.Settings(), operations)
    assert [each.corrected for each in findings if each.rule.slug == "misspelt-action"] == [right]


def test_an_allow_that_meant_a_deny() -> None:
    """Allow, NotAction and a condition of no MFA: one word is wrong."""
    it = parsed(changed(Effect="Allow"))
    assert fixed(it)["Statement"][0]["Effect"] == "Deny"


def test_principals_of_a_condition_are_in_the_partition() -> None:
    """The rule for users of another partition would be for no one."""
    users = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}
    it = parsed(changed(Condition={**THE_RULE["Condition"], **users}))
    assert "wrong-partition" not in found(it, engine.Settings(partition="aws"))
    china = engine.Settings(partition="aws-cn")
    assert "wrong-partition" in found(it, china)
    kept = fixed(it, china)["Statement"][0]["Condition"]
    assert kept["ArnLike"] == {"aws:PrincipalArn": "arn:aws-cn:iam::*:user/*"}


_actions = st.sampled_from(
    [*THE_RULE["NotAction"], "iam:*", "*", "s3:*", "iam:ListMfaDevice", "iam:DeactivateMFADevice", "nothing"]
)
_resources = st.sampled_from(["*", OWN_USER, "arn:aws:iam::*:mfa/${aws:username}", "arn:aws-cn:s3:::x"])
_operators = st.sampled_from(["Bool", "BoolIfExists", "Null", "StringEquals", "BoolIfExist", "ForAllValues:Bool"])
_keys = st.sampled_from(
    [PRESENT, "aws:MultiFactorAuthAge", "aws:multifactorauthpresent", "aws:MultiFactorAuthPresnt", "aws:SourceIp"]
)
_values = st.sampled_from(["true", "false", True, False, ["false"], ["true", "false"], 0])


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A statement as users write it at night."""
    made: dict[str, Any] = {"Effect": draw(st.sampled_from(["Deny", "Allow"]))}
    actions = st.lists(_actions, min_size=1, max_size=5, unique=True) | _actions
    made[draw(st.sampled_from(["Action", "NotAction"]))] = draw(actions)
    resources = st.lists(_resources, min_size=1, max_size=3, unique=True) | _resources
    made[draw(st.sampled_from(["Resource", "NotResource"]))] = draw(resources)
    operators = st.dictionaries(_operators, st.dictionaries(_keys, _values, min_size=1, max_size=1), max_size=2)
    made["Condition"] = draw(operators)
    return made


@given(
    st.lists(statements(), min_size=1, max_size=3),
    st.sampled_from(["2012-10-17", "2008-10-17", None]),
    st.sampled_from([None, 1, 4]),
)
def test_fixing_any_policy(parts: list[dict[str, Any]], version: str | None, indent: int | None) -> None:
    """What comes out is a policy, is fixed once and for all, and has no finding left that could be fixed."""
    head = {"Version": version} if version else {}
    it = document.parse(json.dumps({**head, "Statement": parts}, indent=indent), "it")
    after = engine.fixed(it, engine.Settings(), operations).document
    document.parse(after.text, "after")
    assert engine.fixed(after, engine.Settings(), operations).document.text == after.text
    assert [each.rule.slug for each in engine.check(after, engine.Settings(), operations) if each.edits] == []
