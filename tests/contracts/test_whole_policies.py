"""What lint passes, an evaluator written apart finds right: no user may do more without MFA, and the rule holds."""

import json
from itertools import product
from random import Random
from typing import Any

from mfasession.policy import callers, document, rule
from mfasession.policy.evaluation import Decision
from mfasession.policy.linter import engine
from mfasession.policy.linter.findings import Severity
from mfasession.policy.service_actions import operations
from tests.contracts.test_iam_simulate import theirs
from tests.helpers.policy_cases import ROLE_SESSION, USER, Case

SEED = 20261128
DOCUMENTS = 150
PRESENT, AGE = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"
REQUESTS = (
    ("s3:GetObject", "arn:aws:s3:::reports/2026/november.csv"),
    ("s3:DeleteObject", "arn:aws:s3:::home/alice/notes"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/Thread"),
    ("iam:CreateUser", "arn:aws:iam::123456789012:user/bob"),
)
CALLERS = (callers.KEY, callers.SESSION, callers.MFA)
TESTS: tuple[dict[str, dict[str, Any]], ...] = (
    *({operator: {PRESENT: value}} for operator in ("Bool", "BoolIfExists", "Null") for value in ("true", "false")),
    *({operator: {AGE: "3600"}} for operator in ("NumericGreaterThan", "NumericGreaterThanIfExists")),
    {"Null": {AGE: "true"}},
    {"BoolIfExists": {PRESENT: "false"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"BoolIfExists": {PRESENT: "false"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"BoolIfExists": {PRESENT: "false"}, "StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {},
)
ABOUT_MFA = tuple(test for test in TESTS if PRESENT in str(test) or AGE in str(test))
WHERE: tuple[str | list[str], ...] = ("*", "*", "arn:aws:s3:::reports/*", ["arn:aws:s3:::*", "arn:aws:dynamodb:*:*:*"])
EXEMPT = rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"]


def policy(random: Random) -> dict[str, Any]:
    """A policy of a few statements about MFA."""
    return {"Version": "2012-10-17", "Statement": [statement(random) for _ in range(random.randint(1, 3))]}


def statement(random: Random) -> dict[str, Any]:
    """A statement that may be the rule, or nearly."""
    made: dict[str, Any] = {"Effect": random.choice(("Deny", "Deny", "Allow"))}
    if random.random() < 0.5:
        made["NotAction"] = random.choice((EXEMPT, [*EXEMPT, "s3:*"], ["iam:*"]))
    else:
        made["Action"] = random.choice(("*", "s3:*", "s3:GetObject", ["s3:Delete*", "dynamodb:*"]))
    return {**made, "Resource": random.choice(WHERE), "Condition": random.choice(TESTS)}


def allowed(policies: list[dict[str, Any]], kinds: tuple[callers.Caller, ...]) -> list[dict[str, set[str]]]:
    """What the other evaluator lets each kind of caller do, of REQUESTS, by each policy: alone, then beside all."""
    keys = list(product(policies, (False, True), kinds, REQUESTS))
    cases = [
        Case(
            identity=[each, *([dict(rule.ALLOW_ALL)] if is_beside else [])],
            boundary=None,
            action=action,
            resource=resource,
            context={name: str(value) for name, value in callers.context(caller).items()},
            principal=ROLE_SESSION if caller.is_role else USER,
        )
        for each, is_beside, caller, (action, resource) in keys
    ]
    found = []
    answers = list(zip(keys, theirs(cases), strict=True))
    size = len(kinds) * len(REQUESTS)
    for start in range(0, len(answers), size):
        may: dict[str, set[str]] = {caller.slug: set() for caller in kinds}
        for (_, _, caller, (action, _)), decision in answers[start : start + size]:
            if decision is Decision.ALLOWED and not caller.fixed(action):
                may[caller.slug].add(action)
        found.append(may)
    return found


def checked(tree: dict[str, Any], attached_to: str = "") -> set[str]:
    """The rules of lint that are broken, without information."""
    parsed = document.parse(json.dumps(tree), "here")
    found = engine.check(parsed, engine.Settings(attached_to=attached_to), operations)
    return {each.rule.slug for each in found if each.rule.severity is not Severity.INFO}


def test_a_policy_that_allows_more_without_mfa_is_an_error() -> None:
    """Alone or beside a policy that allows everything."""
    random = Random(SEED)  # noqa: S311  # the same policies each time
    policies = [policy(random) for _ in range(DOCUMENTS)]
    answers = allowed(policies, CALLERS)
    wrong = 0
    for tree, may in zip([each for each in policies for _ in range(2)], answers, strict=True):
        if (may["key"] | may["session"]) - may["mfa"]:
            wrong += 1
            assert checked(tree) & {"inverted", "lets-through"}, tree
    assert wrong > DOCUMENTS / 10


def test_a_rule_that_lint_passes_is_one() -> None:
    """A Deny of everything but the exempt calls: without MFA nothing is possible, and with it everything."""
    random = Random(SEED)  # noqa: S311  # the same policies each time
    rules = [
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Deny", "NotAction": EXEMPT, "Resource": where, "Condition": test},
                *([statement(random)] if more else []),
            ],
        }
        for where, test, more in product(WHERE[1:], ABOUT_MFA, (False, True, True, True))
    ]
    answers = allowed(rules, CALLERS)[1::2]
    everything = {action for action, _ in REQUESTS}
    passed = 0
    for tree, may in zip(rules, answers, strict=True):
        if not checked(tree):
            passed += 1
            assert (may["key"], may["session"]) == (set(), set()), tree
            assert may["mfa"], tree
        if (may["key"], may["session"], may["mfa"]) == (set(), set(), everything):
            assert not checked(tree) & {"inverted", "nothing-with-mfa"}
    assert passed > len(rules) / 20, passed


def test_an_scp_that_lint_passes_exempts_roles() -> None:
    """Attached to an organization: what role sessions are denied is an error, what they are not denied is not."""
    scps = [
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "NotAction": EXEMPT, "Resource": "*",
                                                 "Condition": test}]}
        for test in ABOUT_MFA
    ]  # fmt: skip
    answers = allowed(scps, (callers.ROLE,))[1::2]
    denied = [may["role"] == set() for may in answers]
    assert {True, False} == set(denied)
    for tree, is_denied in zip(scps, denied, strict=True):
        assert ("attached-to-roles" in checked(tree, attached_to="scp")) == is_denied, tree
