"""The linter: each rule on a document that breaks it and on one that does not, and the mending of both."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.aws_policies import operations
from mfasession.policy import document, rule, truth
from mfasession.policy.document import Document
from mfasession.policy.evaluation import Policies
from mfasession.policy.lint import running
from mfasession.policy.lint.findings import RULES, Severity

THE_RULE: dict[str, Any] = rule.document()["Statement"][0]
PRESENT = "aws:MultiFactorAuthPresent"
OWN_USER = "arn:aws:iam::*:user/${aws:username}"
ALLOWED: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def parsed(*statements: dict[str, Any], version: str | None = "2012-10-17") -> Document:
    """A document of these statements."""
    head = {"Version": version} if version else {}
    return document.parse(json.dumps({**head, "Statement": list(statements)}, indent=2), "it")


def changed(**parts: Any) -> dict[str, Any]:
    """The rule's statement with some parts changed, and those that are None left out."""
    return {name: part for name, part in {**THE_RULE, **parts}.items() if part is not None}


def found(it: Document, settings: running.Settings | None = None) -> list[str]:
    """The rules that are broken, information included."""
    return [each.rule.slug for each in running.check(it, settings or running.Settings(), operations)]


def mended(it: Document, settings: running.Settings | None = None) -> dict[str, Any]:
    """The document as --fix writes it."""
    text = running.fixed(it, settings or running.Settings(), operations).text
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
    "exemption-missing": [changed(NotAction=[*THE_RULE["NotAction"][1:]])],
    "getsessiontoken-missing": [changed(NotAction=[*THE_RULE["NotAction"][:-1]])],
    "weak-exemption": [changed(NotAction=[*THE_RULE["NotAction"], "iam:DeactivateMFADevice"])],
    "narrow-resource": [changed(Resource=OWN_USER)],
    "allow-notaction": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
    "first-password": [THE_RULE],
    "list-devices-resource": [
        {**OWN_DEVICES, "Action": ["iam:ListVirtualMFADevices", "iam:CreateVirtualMFADevice"]},
    ],
    "name-bound-device": [{**OWN_DEVICES, "Resource": "arn:aws:iam::*:mfa/${aws:username}"}],
    "exemption-not-allowed": [THE_RULE, OWN_DEVICES],
    "attached-to-roles": [THE_RULE],
    "no-mfa": [ALLOWED],
    "unknown-operator": [condition("BoolIfExist")],
    "misspelt-key": [condition("BoolIfExists", key="aws:MultifactorAuthPressent")],
    "misspelt-action": [changed(NotAction=[*THE_RULE["NotAction"], "iam:ListMfaDevice"])],
    "wrong-partition": [{**OWN_DEVICES, "Resource": "arn:aws-cn:iam::*:mfa/*"}],
    "old-version": [{**ALLOWED, "Resource": OWN_USER}],
}
SETTINGS = {
    "attached-to-roles": running.Settings(attached_to="role"),
    "wrong-partition": running.Settings(partition="aws"),
}
FOR_PEOPLE = {
    "narrow-deny",
    "getsessiontoken-missing",
    "first-password",
    "exemption-not-allowed",
    "attached-to-roles",
} | {
    "allow-notaction",
    "no-mfa",
}
"""What the linter does not mend: what is meant there is somebody's decision."""


def broken(slug: str) -> Document:
    """The document that breaks a rule."""
    return parsed(*BROKEN[slug], version=None if slug == "old-version" else "2012-10-17")


def test_every_rule_is_tried() -> None:
    """No rule without a document that breaks it; each says why, in sentences."""
    assert set(BROKEN) == set(RULES)
    assert all(each.why.endswith(".") and each.title for each in RULES.values())


@pytest.mark.parametrize("slug", BROKEN)
def test_a_broken_rule_is_found_and_mended(slug: str) -> None:
    """With its place; and what --fix writes does not break it any more."""
    it, settings = broken(slug), SETTINGS.get(slug, running.Settings())
    (first, *_) = [each for each in running.check(it, settings, operations) if each.rule.slug == slug]
    assert first.place.line > 0
    assert first.message
    if slug in FOR_PEOPLE:
        assert not first.edits
        return
    assert first.edits
    after = running.fixed(it, settings, operations)
    assert slug not in found(after, settings)
    json.loads(after.text)


def test_the_rule_itself_breaks_none() -> None:
    """But for the information on first passwords."""
    assert found(parsed(THE_RULE)) == ["first-password"]
    assert found(parsed(THE_RULE, ALLOWED)) == ["first-password"]


HOLES = ["bool-without-ifexists", "inverted", "null-test", "narrow-deny", "narrow-resource", "action-for-notaction"]


@pytest.mark.parametrize("slug", HOLES)
def test_a_hole_is_one_and_is_closed(slug: str) -> None:
    """The evaluator says so: before, a key or a session without MFA gets through; after, neither does."""

    def through(it: Document) -> list[bool]:
        rows = truth.table(
            Policies(identity=(it, parsed(ALLOWED))),
            ["dynamodb:Scan", "sqs:SendMessage"],
            user="alice",
            resource="",
            extra={},
        )
        return [cell.is_allowed for row in rows for cell in row[:2]]

    it = broken(slug)
    assert any(through(it))
    if slug not in FOR_PEOPLE:
        assert not any(through(running.fixed(it, running.Settings(), operations)))


def test_only_what_is_wrong_is_changed() -> None:
    """Comments there are none in JSON, but spaces, order and line ends are the author's."""
    text = (
        '{ "Version":"2012-10-17",\r\n\t"Statement" : {"Effect": "Deny",  "NotAction":'
        + json.dumps(THE_RULE["NotAction"])
        + ', "Resource":"*",\r\n "Condition":{"Bool":{ "aws:multifactorauthpresent" : false }}}}\r\n'
    )
    it = document.parse(text, "it")
    assert running.fixed(it, running.Settings(), operations).text == text.replace('"Bool"', '"BoolIfExists"')


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
    after = set(mended(it)["Statement"][0]["NotAction"])
    assert after | {"sts:GetSessionToken"} == set(THE_RULE["NotAction"])


def test_listing_devices_beside_other_calls() -> None:
    """The call gets a statement of its own; where it is alone, its resource becomes *."""
    several = mended(parsed(*BROKEN["list-devices-resource"]))["Statement"]
    assert several[1] == {"Effect": "Allow", "Action": "iam:ListVirtualMFADevices", "Resource": "*"}
    alone = {**OWN_DEVICES, "Action": "iam:ListVirtualMFADevices"}
    assert mended(parsed(alone))["Statement"][0]["Resource"] == "*"
    assert "list-devices-resource" not in found(parsed(alone, {**alone, "Resource": "*"}))


def test_a_statement_that_stands_alone() -> None:
    """Statement need not be a list; it becomes one when there is another."""
    text = json.dumps({"Version": "2012-10-17", "Statement": BROKEN["list-devices-resource"][0]})
    assert len(mended(document.parse(text, "it"))["Statement"]) == 2


def test_names_that_resemble_none_are_left_alone() -> None:
    """AWS may know more than we: an action, a key of a service, a wildcard."""
    kept = changed(NotAction=[*THE_RULE["NotAction"], "iam:SomethingQuiteNew", "s3:ListAllMyBuckets", "iam:Get*"])
    assert "misspelt-action" not in found(parsed(kept))
    keys = {"StringEquals": {"s3:prefix": "a", "aws:RequestTag/team": "b", "saml:aud": "c"}}
    assert "misspelt-key" not in found(parsed({**ALLOWED, "Condition": keys}))


def test_an_allow_that_meant_a_deny() -> None:
    """Allow, NotAction and a condition of no MFA: one word is wrong."""
    it = parsed(changed(Effect="Allow"))
    assert mended(it)["Statement"][0]["Effect"] == "Deny"


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
    """A statement as people write it at night."""
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
def test_mending_any_policy(parts: list[dict[str, Any]], version: str | None, indent: int | None) -> None:
    """What comes out is a policy, is mended once and for all, and has no finding left that could be mended."""
    head = {"Version": version} if version else {}
    it = document.parse(json.dumps({**head, "Statement": parts}, indent=indent), "it")
    after = running.fixed(it, running.Settings(), operations)
    document.parse(after.text, "after")
    assert running.fixed(after, running.Settings(), operations).text == after.text
    assert [each.rule.slug for each in running.check(after, running.Settings(), operations) if each.edits] == []
