"""The rule as it is printed: right in every format and partition, and nothing to find for the linter."""

import json
import re
from typing import Any

import hcl2
import pytest
from cfnlint import api as cfnlint

from mfasession.commands.policy import show_output
from mfasession.policy import callers, document, explanation, matrix, rule
from mfasession.policy.evaluation import Policies
from mfasession.policy.linter import engine
from mfasession.policy.linter.findings import Severity
from mfasession.policy.service_actions import operations

EVERY = [(partition, own) for partition in rule.PARTITIONS for own in (False, True)]


@pytest.mark.parametrize(("partition", "own"), EVERY)
def test_lint_has_no_finding(partition: str, own: bool) -> None:  # noqa: FBT001  # a case of the table
    """What we print is what we would recommend."""
    parsed = document.parse(show_output.as_json(rule.document(partition, self_service=own)), "the rule")
    found = engine.check(parsed, engine.Settings(partition=partition), operations)
    assert [each.rule.slug for each in found if each.rule.severity is not Severity.INFO] == []


@pytest.mark.parametrize(("partition", "own"), EVERY)
def test_terraform_reads_it(partition: str, own: bool) -> None:  # noqa: FBT001  # a case of the table
    """One aws_iam_policy; no policy variable is an expression of Terraform's."""
    text = show_output.as_terraform(rule.document(partition, self_service=own))
    read = hcl2.loads(text)
    (resource,) = read["resource"]
    (policy,) = (each for kind in resource.values() for each in kind.values())
    assert "jsonencode" in policy["policy"]
    assert text.count("$${aws:username}") == (2 if own else 0)
    assert text.replace("$${", "").count("${") == 0


def of_terraform(value: Any) -> Any:
    """A value as Terraform has it, which writes a policy variable `$${…}`."""
    if isinstance(value, dict):
        return {key.strip('"'): of_terraform(each) for key, each in value.items()}
    if isinstance(value, list):
        return [of_terraform(each) for each in value]
    return json.loads(value).replace("$${", "${")


@pytest.mark.parametrize(("partition", "own"), EVERY)
def test_terraform_makes_the_same_policy(partition: str, own: bool) -> None:  # noqa: FBT001  # a case of the table
    """Nothing is lost or changed on the way through Terraform's language."""
    wanted = rule.document(partition, self_service=own)
    text = show_output.as_terraform(wanted).partition("jsonencode(")[2].rpartition(")")[0]
    assert of_terraform(hcl2.loads(f"policy = {text}\n")["policy"]) == wanted


def test_terraform_fmt_has_nothing_to_do() -> None:
    """Equals signs stand below each other where neighbours need one line each (checked with HCL's own hclfmt)."""
    lines = show_output.as_terraform(rule.document()).splitlines()
    assert lines[1:9] == [
        '  name = "DenyAllWithoutMFA"',
        "  policy = jsonencode({",
        '    Version = "2012-10-17"',
        "    Statement = [",
        "      {",
        '        Sid    = "DenyAllWithoutMFA"',
        '        Effect = "Deny"',
        "        NotAction = [",
    ]


@pytest.mark.parametrize(("partition", "own"), EVERY)
def test_cloudformation_takes_it(partition: str, own: bool) -> None:  # noqa: FBT001  # a case of the table
    """cfn-lint has no error and no warning, and the policy in it is the one."""
    wanted = rule.document(partition, self_service=own)
    text = show_output.as_cloudformation(wanted)
    problems = [match for match in cfnlint.lint_all(text) if not match.rule.id.startswith("I")]
    assert [str(match) for match in problems] == []
    assert json.loads(text)["Resources"][show_output.NAME]["Properties"]["PolicyDocument"] == wanted


def words(policy: dict[str, Any], *actions: str) -> dict[str, list[str]]:
    """What the four callers get for each action."""
    policies = Policies(identity=(document.parse(show_output.as_json(policy), "it"),))
    rows = matrix.table(policies, actions, user="alice", resource="", context={})
    return {row[0].action: [cell.word for cell in row] for row in rows}


def test_calls_that_self_service_allows() -> None:
    """Without MFA a device can be set up and nothing else; with it, devices, keys and the password are one's own."""
    got = words(
        rule.document(self_service=True),
        "iam:CreateVirtualMFADevice",
        "iam:EnableMFADevice",
        "iam:ListVirtualMFADevices",
        "iam:DeactivateMFADevice",
        "iam:CreateAccessKey",
        "iam:ChangePassword",
        "iam:GetMFADevice",
        "s3:ListAllMyBuckets",
    )
    for action in ("iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListVirtualMFADevices"):
        assert got[action][0] == got[action][2] == "allow"
    for action in ("iam:DeactivateMFADevice", "iam:CreateAccessKey", "iam:ChangePassword", "iam:GetMFADevice"):
        assert (got[action][0], got[action][2]) == ("deny", "allow")
    assert got["s3:ListAllMyBuckets"][2] == "not allowed"


def test_self_service_is_about_oneself() -> None:
    """No device or key but one's own, whatever the path of the user."""
    policy = document.parse(show_output.as_json(rule.document(self_service=True)), "it")
    for name, word in (("user/bob", "not allowed"), ("user/alice", "allow"), ("user/team/alice", "allow")):
        rows = matrix.table(
            Policies(identity=(policy,)),
            ["iam:CreateAccessKey"],
            user="alice",
            resource=f"arn:aws:iam::{callers.ACCOUNT}:{name}",
            context={},
        )
        assert rows[0][2].word == word, name


def explained(*statements: dict[str, Any]) -> str:
    """The explanation of a policy of these statements."""
    whole = [{"Effect": "Deny", "Action": "*", "Resource": "*"} | each for each in statements]
    kept = [{name: part for name, part in each.items() if part is not None} for each in whole]
    text = json.dumps({"Version": "2012-10-17", "Statement": kept})
    return "\n".join(explanation.explained(document.parse(text, "it")))


@pytest.mark.parametrize(
    ("operator", "value", "meaning"),
    [
        ("BoolIfExists", "false", "MFA was not used"),
        ("Bool", "false", "sessions without MFA, but not long-term keys"),
        ("Bool", True, "sessions with MFA"),
        ("BoolIfExists", "true", "sessions with MFA, and long-term keys"),
        ("Null", "true", "long-term keys, but not sessions without MFA"),
        ("Null", "false", "all sessions"),
    ],
)
def test_conditions_in_words(operator: str, value: object, meaning: str) -> None:
    """The truth table of IAM's documentation, in words."""
    assert f"({meaning}" in explained({"Condition": {operator: {"aws:MultiFactorAuthPresent": value}}})


def rows(text: str, action: str) -> list[list[str]]:
    """What the table says of an action: of every resource, then of others."""
    return [re.split("  +", each) for each in re.findall(rf"^{re.escape(action)}  +(.+)$", text, re.MULTILINE)]


def test_calls_that_stay_possible() -> None:
    """Holes are found by the evaluator, not by the look of the text."""
    hole = explained({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}})
    assert rows(hole, "everything") == [["allow", "deny", "allow", "deny"]]
    some = explained({"Action": ["iam:CreateUser", "iam:DeleteUser"]})
    assert rows(some, "everything") == [["allow"] * 4]
    assert rows(some, "iam:CreateUser") == [["deny", "never", "deny", "deny"]]


def test_other_conditions_and_resources_are_explained() -> None:
    """Whatever it is about, it is said: operators, keys, values, what is left out."""
    text = explained(
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": None,
            "NotResource": ["arn:aws:s3:::logs/*"],
            "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}},
        }
    )
    assert "allows s3:GetObject, s3:PutObject\n  on every resource except arn:aws:s3:::logs/*\n" in text
    assert "when IpAddress aws:SourceIp 203.0.113.0/24, 198.51.100.0/24\n" in text
    assert rows(text, "s3:GetObject") == [["depends"] * 4, ["not allowed"] * 4]
