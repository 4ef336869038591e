"""Builds the table of a policy, what each kind of caller may do, and compares it with expectations."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from mfasession.files import toml
from mfasession.policy import callers, evaluation, rule
from mfasession.policy.callers import ACCOUNT, CALLERS, Caller, Person
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.glob_overlap import common
from mfasession.policy.patterns import Context
from mfasession.text import printable
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

_ABOUT_USER = (
    "iam:EnableMFADevice",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ResyncMFADevice",
    "iam:DeactivateMFADevice",
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:GetLoginProfile",
    "iam:GetMFADevice",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
)
_ABOUT_DEVICE = ("iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice")
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


class Expectation(Value):
    """An expected decision for a caller, by its slug, and an action."""

    caller: str
    action: str
    is_allowed: bool


def default_actions() -> tuple[str, ...]:
    """Return the default actions: those that the rule exempts, and some others."""
    return (*rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"], *ALSO)


def resource_of(action: str, user: str, account: str = ACCOUNT, partition: str = "aws") -> str:
    """Return an example resource of the action: the user, their device, a role; else `*`."""
    names = dict.fromkeys(_ABOUT_USER, f"user/{user}") | dict.fromkeys(_ABOUT_DEVICE, f"mfa/{user}")
    names |= {"sts:AssumeRole": "role/example"}
    name = next((name for known, name in names.items() if known.lower() == action.lower()), "")
    return f"arn:{partition}:iam::{account}:{name}" if name else "*"


def is_action(text: str) -> bool:
    """Return whether a text is one action, such as `s3:GetObject`, without wildcards."""
    return _ACTION.fullmatch(text) is not None


def table(
    policies: Policies,
    actions: Sequence[str],
    *,
    resource: str,
    extra: Context,
    user: str = "",
    whose: Person | None = None,
) -> list[tuple[Cell, ...]]:
    """Return a row of cells for each action, a cell for each caller.

    `resource`: for all actions; empty for each action's own. `extra`: condition keys that override the callers' own.
    `whose`: the callers' user and role; without it, `user` is the user's name.
    """
    person = whose or callers.person(user)
    about = resource or _resource_in(policies)
    own = [about or resource_of(each, person.user, person.account, person.partition) for each in actions]
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


def failures(rows: Sequence[Sequence[Cell]], expected: Sequence[Expectation]) -> Iterator[str]:
    """Yield a line for each expectation that does not hold."""
    cells = {(cell.caller.slug, cell.action): cell for row in rows for cell in row}
    for each in expected:
        cell = cells.get((each.caller, each.action))
        if cell is None:
            yield f"{each.caller}:{each.action} was not tested"
        elif cell.is_allowed != each.is_allowed:
            yield f"{each.caller}:{each.action} is {cell.word}, but should be {'allow' if each.is_allowed else 'deny'}"


def expectation(text: str) -> Expectation:
    """Read `mfa:s3:ListAllMyBuckets=allow`. Raises ValueError."""
    left, _, word = text.rpartition("=")
    caller, _, action = left.partition(":")
    return _expectation(caller, action, word)


def expectations(text: str) -> tuple[Expectation, ...]:
    """Read a file of expectations, TOML or JSON: a table for each caller, of actions and allow or deny.

    Raises ValueError.
    """
    tree = _tree(text)
    found = []
    for caller, actions in tree.items():
        if not isinstance(actions, Mapping):
            raise ValueError(f"{printable(caller)} must be a table of actions")  # noqa: TRY004  # of a file, not of code
        found += [_expectation(caller, action, word) for action, word in actions.items()]
    return tuple(found)


def _tree(text: str) -> Mapping[str, object]:
    if not text.lstrip().startswith("{"):
        return toml.read(text)
    try:
        tree = json.loads(text)
    except RecursionError:
        raise ValueError("not JSON") from None
    return tree if isinstance(tree, dict) else {}


def _expectation(caller: str, action: str, word: object) -> Expectation:
    slugs = [each.slug for each in CALLERS]
    if caller not in slugs:
        raise ValueError(f"{printable(caller[:40])!r} is not a caller: use one of {', '.join(slugs)}")
    if not is_action(action):
        raise ValueError(f"{printable(action[:80])!r} is not an action such as s3:GetObject")
    if word not in ("allow", "deny"):
        raise ValueError(f"{caller}:{action} must be allow or deny")
    return Expectation(caller=caller, action=action, is_allowed=word == "allow")


def _cell(policies: Policies, caller: Caller, action: str, resource: str, whose: Person, extra: Context) -> Cell:
    if fixed := callers.fixed(caller, action):
        return Cell(caller=caller, action=action, resource=resource, word=fixed)
    context = {**callers.context(caller, whose=whose), **extra}
    request = Request(action=action, resource=resource, context=context, who=whose.who(caller))
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
