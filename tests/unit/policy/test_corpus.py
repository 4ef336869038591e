"""What lint says of published policies: what is right, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.iam.aws_managed_policies import aws_managed_policies_data

from mfasession.policy import callers, document, evaluation, explanation, rule
from mfasession.policy.document import Document
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.linter import engine
from mfasession.policy.linter.findings import Severity
from mfasession.policy.service_actions import operations
from tests.helpers.policy_corpus import MFA, NO_MFA, PRESENT, PUBLISHED, THE_RULE, Published, allow, deny, except_

ALLOW_ALL = evaluation.read(json.dumps(rule.ALLOW_ALL))


def parsed(statements: list[dict[str, Any]], name: str = "it") -> Document:
    """A document of these statements."""
    return document.parse(json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2), name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_right_verdict(name: str) -> None:
    """Every rule that is right, once or more, and no other."""
    case: Published = PUBLISHED[name]
    settings = engine.Settings(attached_to=case.attached_to)
    found = engine.check(parsed(case.statements, case.name), settings, operations)
    said = {each.rule.slug for each in found if each.rule.severity is not Severity.INFO}
    informed = {each.rule.slug for each in found if each.rule.severity is Severity.INFO}
    assert (said, informed) == (set(case.says), set(case.informs)), [each.message for each in found]


@pytest.mark.parametrize("name", [name for name, each in PUBLISHED.items() if each.says])
def test_a_fix_leaves_no_fixable_finding(name: str) -> None:
    """After --fix no finding is left that could be fixed, and nothing has become worse."""
    case: Published = PUBLISHED[name]
    settings = engine.Settings(attached_to=case.attached_to)
    after = engine.fixed(parsed(case.statements, case.name), settings, operations).document
    left = engine.check(after, settings, operations)
    assert not [each.rule.slug for each in left if each.edits]
    assert not more_without_mfa(after) or more_without_mfa(parsed(case.statements))


OF_AWS = ("ReadOnlyAccess", "SecurityAudit", "PowerUserAccess", "AdministratorAccess", "IAMUserChangePassword")


def test_aws_managed_policies_pass() -> None:
    """AWS's own managed policies, those that users have and every sixtieth: no finding but information."""
    policies = {name: each["Document"] for name, each in json.loads(aws_managed_policies_data).items()}
    for name in {*OF_AWS, *list(policies)[::60]}:
        it = document.parse(json.dumps(policies[name]), name, limit=document.LONGEST)
        found = engine.check(it, engine.Settings(), operations)
        assert [each.message for each in found if each.rule.severity is not Severity.INFO] == [], name
    it = document.parse(json.dumps(policies["ReadOnlyAccess"]), "ReadOnlyAccess", limit=document.LONGEST)
    assert max(map(len, explanation.explained(it))) <= 200


REQUESTS = [
    ("sqs:SendMessage", "*"),
    ("s3:GetObject", "arn:aws:s3:::reports/a"),
    ("s3:GetObject", "arn:aws:s3:::other/a"),
    ("s3:DeleteObject", "arn:aws:s3:::reports/a"),
    ("iam:CreateUser", "arn:aws:iam::123456789012:user/bob"),
]


def allowed(documents: tuple[Document, ...], caller: callers.Caller) -> set[tuple[str, str]]:
    """What the evaluator lets a caller do, of some requests."""
    context = callers.context(caller)
    return {
        (action, resource)
        for action, resource in REQUESTS
        if not caller.fixed(action)
        and evaluation.evaluate(
            Policies(identity=documents), Request(action=action, resource=resource, context=context)
        ).decision
        is Decision.ALLOWED
    }


def more_without_mfa(it: Document) -> bool:
    """Whether a key or a session may do something that a session with MFA may not, alone or beside an Allow for all."""
    for documents in ((it,), (it, ALLOW_ALL)):
        with_mfa = allowed(documents, callers.MFA)
        if any(allowed(documents, each) - with_mfa for each in (callers.KEY, callers.SESSION)):
            return True
    return False


_BUCKETS = st.sampled_from(["*", "arn:aws:s3:::reports/*", ["arn:aws:s3:::reports/*", "arn:aws:iam::*:user/*"]])
_NAMES = st.sampled_from(["*", "s3:*", "s3:GetObject", "iam:*", "sqs:SendMessage", ["s3:Delete*", "iam:CreateUser"]])
_TESTS = st.sampled_from(
    [
        NO_MFA,
        MFA,
        {"Bool": {PRESENT: "false"}},
        {"BoolIfExists": {PRESENT: "true"}},
        {"Null": {PRESENT: "true"}},
        {"Null": {PRESENT: "false"}},
        {"Null": {"aws:TokenIssueTime": "true"}},
        {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
        {**NO_MFA, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
        {},
    ]
)
_STATEMENTS = st.one_of(
    st.builds(lambda names, where, test: allow(names, where, **test), _NAMES, _BUCKETS, _TESTS),
    st.builds(lambda names, where, test: deny(names, where, **test), _NAMES, _BUCKETS, _TESTS),
    st.builds(
        lambda effect, names, test: except_(effect, names, **test),
        st.sampled_from(["Allow", "Deny"]), st.just(THE_RULE["NotAction"]) | _NAMES, _TESTS,
    ),
)  # fmt: skip


@given(st.lists(_STATEMENTS, min_size=1, max_size=4))
def test_no_policy_that_gives_more_without_mfa_passes(statements: list[dict[str, Any]]) -> None:
    """Wherever the evaluator finds such a request, there is an error."""
    it = parsed(statements)
    found = engine.check(it, engine.Settings(), operations)
    if more_without_mfa(it):
        assert "inverted" in {each.rule.slug for each in found}


@given(st.lists(_STATEMENTS, min_size=1, max_size=3))
def test_a_lockout_is_never_silent(statements: list[dict[str, Any]]) -> None:
    """Beside the rule, or with conditions of MFA: where MFA opens nothing at all, there is an error."""
    it = parsed([{**THE_RULE, "Condition": {}}, *statements])
    found = {each.rule.slug for each in engine.check(it, engine.Settings(), operations)}
    assert not allowed((it, ALLOW_ALL), callers.MFA)
    assert {"nothing-with-mfa", "inverted"} & found


@given(st.lists(_STATEMENTS, max_size=3))
def test_under_the_whole_rule_no_hole_is_reported(statements: list[dict[str, Any]]) -> None:
    """What another statement lets through, the rule beside it denies: no error says otherwise."""
    found = {each.rule.slug for each in engine.check(parsed([THE_RULE, *statements]), engine.Settings(), operations)}
    holes = {"bool-without-ifexists", "null-test", "lets-through", "allow-if-exists", "narrow-deny", "narrow-resource"}
    assert not found & (holes | {"narrow-condition", "allow-notaction", "some-calls-only"})
