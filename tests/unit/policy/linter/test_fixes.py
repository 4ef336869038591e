"""What --fix writes, character for character: quotation marks, empty lists, conditions, lines."""

import json

import pytest

from mfasession.policy import document, rule
from mfasession.policy.linter import engine
from mfasession.policy.service_actions import operations

NO_MFA = '"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}'
EXEMPT = rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"]
NEEDED = [name for name in EXEMPT if name not in ("sts:GetSessionToken", "iam:GetUser")]


def fixed(text: str, settings: engine.Settings | None = None) -> str:
    """The text as --fix writes it."""
    return engine.fixed(document.parse(text, "it"), settings or engine.Settings(), operations).document.text


@pytest.mark.parametrize("empty", ["[]", "[ ]", "[\n]"], ids=repr)
def test_an_empty_list_is_filled(empty: str) -> None:
    """It exempts nothing: what is needed is put into it."""
    deny = f'{{"Effect": "Deny", "NotAction": {empty}, "Resource": "*", {NO_MFA}}}'
    text = f'{{"Version": "2012-10-17", "Statement": {deny}}}'
    assert json.loads(fixed(text))["Statement"]["NotAction"] == NEEDED


@pytest.mark.parametrize("odd", ['a\\"b', "a\\\\b", "\\ud800", "ü\\n", "\\u001b"], ids=repr)
def test_escaped_characters_stay_escaped(odd: str) -> None:
    """An ARN of the wrong partition, and an exemption that stands alone, with a character that JSON cannot hold raw."""
    rest = f'"Resource": ["*", "arn:aws-cn:s3:::{odd}"], {NO_MFA}'
    text = f'{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "NotAction": "x:{odd}", {rest}}}}}'
    after = json.loads(fixed(text, engine.Settings(partition="aws")))["Statement"]
    character = json.loads(f'"{odd}"')
    assert after["Resource"] == ["*", f"arn:aws:s3:::{character}"]
    assert after["NotAction"] == [f"x:{character}", *NEEDED]


def test_a_statement_of_its_own_keeps_the_condition() -> None:
    """What was allowed with MFA only is not allowed without."""
    asked = '{"Bool": {"aws:MultiFactorAuthPresent": "true"}}'
    calls = '["iam:ListVirtualMFADevices", "iam:ListUsers"]'
    allow = f'{{"Effect": "Allow", "Action": {calls}, "Resource": "arn:aws:iam::*:mfa/*", "Condition": {asked}}}'
    after = json.loads(fixed(f'{{"Version": "2012-10-17", "Statement": [{allow}]}}'))["Statement"]
    assert [each["Resource"] for each in after] == ["arn:aws:iam::*:mfa/*", "*"]
    assert [each["Condition"] for each in after] == [json.loads(asked)] * 2


def test_a_missing_version_gets_a_line_like_the_others() -> None:
    """The author's indentation is kept."""
    allow = '{"Effect": "Allow", "Action": "iam:GetUser", "Resource": "arn:aws:iam::*:user/${aws:username}"}'
    assert fixed(f'{{\n    "Statement": {allow}\n}}\n') == (
        f'{{\n    "Version": "2012-10-17",\n    "Statement": {allow}\n}}\n'
    )
    assert fixed(f'{{"Statement": {allow}}}') == f'{{"Version": "2012-10-17", "Statement": {allow}}}'
