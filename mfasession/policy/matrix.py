"""Builds the table of a policy, what each kind of caller may do, and compares it with expectations."""

import re
from collections.abc import Sequence
from types import MappingProxyType

from mfasession.policy import callers, evaluation, rule
from mfasession.policy.callers import CALLERS, Caller, Person
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.glob_overlap import common
from mfasession.policy.patterns import Context
from mfasession.values import Value

ALSO = (
    "sts:GetCallerIdentity",
    "iam:DeactivateMFADevice",
    "iam:DeleteVirtualMFADevice",
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "sts:AssumeRole",
    "s3:ListAllMyBuckets",
    "ec2:DescribeInstances",
)
"""The default actions besides the exempt ones."""

_ACTION = re.compile(r"[a-z0-9-]{1,60}:[A-Za-z0-9]{1,100}")
WORDS = {Decision.ALLOWED: "allow", Decision.DENIED: "deny", Decision.NOT_ALLOWED: "not allowed"}


class Decider(Value):
    """A deciding statement."""

    policy: str
    statement: str
    """Its Sid; empty when unknown."""
    line: int


class Cell(Value):
    """The decision for one caller, one action and one resource."""

    caller: Caller
    action: str
    resource: str
    word: str
    """`allow`, `deny`, `not allowed` (no policy allows it), or `always` and `never` (AWS asks no policy)."""
    by: tuple[Decider, ...] = ()
    lacking: tuple[str, ...] = ()
    """The kinds of policies without an Allow."""
    request: Request | None = None
    """None when our evaluator was not used."""

    @property
    def is_allowed(self) -> bool:
        """Whether the call is allowed."""
        return self.word in ("allow", "always")


def default_actions(policies: Policies) -> tuple[str, ...]:
    """Return the actions of a table: those that a trust or resource policy names, else those of the rule and more.

    >>> default_actions(Policies(identity=()))[:2]
    ('iam:CreateVirtualMFADevice', 'iam:EnableMFADevice')
    """
    named = [
        str(action)
        for each in policies.resource or ()
        for statement in each.statements
        for action in (*(statement.actions or ()), *(statement.not_actions or ()))
        if is_action(action)
    ]
    return tuple(dict.fromkeys(named)) or (*rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"], *ALSO)


def is_action(text: str) -> bool:
    """Return whether a text is one action, such as `s3:GetObject`, without wildcards."""
    return _ACTION.fullmatch(text) is not None


def table(
    policies: Policies,
    actions: Sequence[str] = (),
    *,
    resource: str = "",
    context: Context = MappingProxyType({}),
    user: str = "",
    whose: Person | None = None,
) -> list[tuple[Cell, ...]]:
    """Return a row of cells for each action, a cell for each of CALLERS: what `mfasession policy test` prints.

    `actions`: empty for `default_actions`. `resource`: for all actions; empty for each action's own, as the user for
    iam:CreateAccessKey. `context`: condition keys that override the callers' own. `whose`: the callers' user and role;
    without it, `user` is the user's name.

    >>> from mfasession import policy
    >>> rule, everything = policy.read(policy.deny_all_without_mfa()), policy.read(policy.allow_all())
    >>> ((*cells,),) = table(Policies(identity=(rule, everything)), ["iam:CreateAccessKey"])
    >>> [f"{cell.caller.name}: {cell.word}" for cell in cells]
    ['long-term key: deny', 'session without MFA: never', 'session with MFA: allow', 'role: deny']
    """
    person = whose or callers.person(user)
    actions = actions or default_actions(policies)
    about = resource or _resource_in(policies)
    own = [about or person.resource_of(each) for each in actions]
    extra = {key.lower(): value for key, value in context.items()}
    return [
        tuple(_cell(policies, caller, action, resource, person, extra) for caller in CALLERS)
        for action, resource in zip(actions, own, strict=True)
    ]


def _resource_in(policies: Policies) -> str:
    """The resource of a resource policy: the first ARN that it names, if any."""
    named = (
        str(resource)
        for each in policies.resource or ()
        for statement in each.statements
        for resource in statement.resources or ()
        if resource.startswith("arn:")
    )
    return common(next(named, "")) or ""


def _cell(policies: Policies, caller: Caller, action: str, resource: str, whose: Person, extra: Context) -> Cell:
    if fixed := caller.fixed(action):
        return Cell(caller=caller, action=action, resource=resource, word=fixed)
    context = {**callers.context(caller, whose=whose), **extra}
    request = Request(action=action, resource=resource, context=context, principal=whose.principal(caller))
    answer = evaluation.evaluate(policies, request)
    by = tuple(
        Decider(policy=found.document.where, statement=found.statement.name, line=found.statement.place.line)
        for found in answer.by
    )
    return Cell(
        caller=caller,
        action=action,
        resource=resource,
        word=WORDS[answer.decision],
        by=by,
        lacking=answer.lacking,
        request=request,
    )
