"""Rules for policies with Principal: trust policies of roles, and the policies of buckets, keys, queues and the like.

Sources: IAM User Guide, "Configuring MFA-protected API access" (the sessions of roles carry no MFA, and services none);
AWS KMS Developer Guide, "Key policies in AWS KMS".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy import callers, evaluation, granting, principals
from mfasession.policy.document import Kind
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.glob_overlap import common
from mfasession.policy.linter import grants, names, operators, outcome
from mfasession.policy.linter.findings import Finding, Operations, Severity, Subject, mfa_lines, rule
from mfasession.policy.principals import Principal

if TYPE_CHECKING:
    from mfasession.policy.document import Statement

WITHOUT = rule(
    "allowed-without-mfa",
    Severity.ERROR,
    "a statement allows with MFA what another allows without",
    "Allow statements add up: a condition has no effect if another statement allows the same without it.",
)
NEVER = rule(
    "mfa-of-services",
    Severity.WARNING,
    "MFA is required of a principal that never has it",
    "AWS services, identity providers and the sessions of roles have no MFA: this allows them nothing.",
)
ROLES = rule(
    "roles-denied-too",
    Severity.INFO,
    "the Deny also applies to roles and AWS services",
    "The sessions of roles and AWS services have no MFA. To deny only users, add a condition such as StringEquals  "
    "aws:PrincipalType User.",
)
KEYS = rule(
    "kms-key-policy",
    Severity.INFO,
    "the policies of KMS keys decide",
    granting.KEYS_DECIDE,
)
_ABOUT_CALLERS = ("aws:principaltype", "aws:principalarn", "aws:principalisawsservice", "aws:username", "aws:userid")


def check(subject: Subject, operations: Operations) -> Iterator[Finding]:
    """Check a trust or resource policy."""
    yield from _operators(subject)
    yield from names.check(subject, operations)
    for statement in subject.statements:
        if any(mfa_lines(statement)):
            yield from _allow(subject, statement) if statement.effect == "Allow" else _deny(subject, statement)
    asks = any(any(mfa_lines(each)) for each in subject.statements)
    is_for_people = any(principals.of_aws(each.principals or {}) for each in subject.statements)
    if subject.document.kind is Kind.TRUST and is_for_people and not asks:
        yield Finding(rule=grants.NO_RULE, place=subject.root.place, message="no condition is about MFA")
    yield from kms(subject)


def _operators(subject: Subject) -> Iterator[Finding]:
    """The tests for MFA, separately for the statements of each principal."""
    document = subject.document
    seen, checked = set(), set()
    names_of_all = principals.all_of_aws([document]) or ("",)
    for _, own in principals.concerning(document.statements, names_of_all):
        if (which := tuple(each.index for each in own)) in checked:
            continue
        checked.add(which)
        alone = Subject(document.replace(statements=own), subject.partition, root=subject.root)
        of_lines = list(operators.check(alone))
        is_inverted = any(each.rule is operators.INVERTED for each in of_lines)
        for found in (*of_lines, *(() if is_inverted else outcome.more_without(alone))):
            # Conditions besides MFA are normal in such a policy.
            if found.rule is not operators.NARROW and (found.rule.slug, found.place) not in seen:
                seen.add((found.rule.slug, found.place))
                yield found


def kms(subject: Subject) -> Iterator[Finding]:
    """Report which policies decide, at the first action of KMS."""
    if not granting.concerns_kms(subject.document):
        return
    named = (
        action
        for statement in subject.statements
        for action in (*(statement.actions or ()), *(statement.not_actions or ()))
        if action.lower().startswith("kms:")
    )
    found = Finding(rule=KEYS, place=next(named).place, message="for KMS the policy of the key decides")
    if subject.document.kind is Kind.RESOURCE:
        found = found.replace(message="the policy of the key decides, and IAM policies count where it says so")
    yield found


def _allow(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    users = [name for name in principals.of_aws(statement.principals or {}) if not _is_role(name)]
    rest = [name for name in principals.of_aws(statement.principals or {}) if _is_role(name)]
    never = [*rest, *principals.others(statement)]
    if never and _wants_mfa(statement):
        yield Finding(
            rule=NEVER, place=subject.key(statement, "Principal").place, message=f"{', '.join(never)} never has MFA"
        )
    for other in _without_mfa(subject, statement, users):
        yield Finding(
            rule=WITHOUT,
            place=statement.place,
            message=f"{other.name}, line {other.place.line}, allows the same without MFA",
        )


def _is_role(name: str) -> bool:
    return ":role/" in name or ":assumed-role/" in name


def _wants_mfa(statement: "Statement") -> bool:
    """Whether a session with MFA may do more than one without."""
    known = statement.replace(conditions=tuple(mfa_lines(statement)))
    holds = [
        evaluation.condition_holds(_EMPTY, known, callers.context(caller)) for caller in (callers.MFA, callers.SESSION)
    ]
    return holds == [True, False]


_EMPTY = evaluation.read('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}')


def _without_mfa(subject: Subject, statement: "Statement", users: list[str]) -> list["Statement"]:
    """The other statements that allow the same principals the same without MFA."""
    if not _wants_mfa(statement):
        return []
    found: dict[int, Statement] = {}
    policies = Policies(identity=(subject.document,))
    for name in users:
        account = principals.account_in(name) or callers.ACCOUNT
        arn = name if ":user/" in name else f"arn:aws:iam::{account}:user/{callers.USER}"
        for action in statement.actions or ():
            request = Request(
                action=common(action.lower()) or str(action),
                resource=next((common(each) or "*" for each in statement.resources or ()), "*"),
                context={},
                principal=Principal(arn=arn),
            )
            for caller in (callers.KEY, callers.SESSION):
                whose = callers.person("", [subject.document])
                answer = evaluation.evaluate(policies, request.replace(context=callers.context(caller, whose=whose)))
                others = [each.statement for each in answer.by if each.statement is not statement]
                if answer.decision is Decision.ALLOWED and len(others) == len(answer.by):
                    found |= {each.index: each for each in others}
    return list(found.values())


def _deny(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    names_all = principals.ANYBODY in principals.of_aws(statement.principals or {}) or statement.not_principals
    is_narrowed = any(line.key.lower() in _ABOUT_CALLERS for line in statement.conditions)
    known = statement.replace(conditions=tuple(mfa_lines(statement)))
    if names_all and not is_narrowed and evaluation.condition_holds(_EMPTY, known, callers.context(callers.ROLE)):
        element = "Principal" if statement.principals is not None else "NotPrincipal"
        yield Finding(
            rule=ROLES,
            place=subject.key(statement, element).place,
            message="roles and AWS services are denied too, because they have no MFA",
        )
