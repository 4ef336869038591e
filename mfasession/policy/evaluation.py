"""Evaluates policies: an explicit Deny wins, then each kind of policy that is present must allow.

Source: IAM User Guide, "Policy evaluation logic", "Evaluating policies within a single account" and "How permissions
boundaries, SCPs and resource-based policies interact"; Organizations User Guide, "SCP evaluation" and "RCP evaluation".
The caller and the resource are of one account. Policies of an organization do not apply to the management account or to
service-linked roles: callers must leave them out for these.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from types import MappingProxyType

from mfasession.policy import conditions, document, principals
from mfasession.policy.document import Document, Kind, Line, Malformed, Problem, Statement
from mfasession.policy.patterns import Context, filled, like, resource_like
from mfasession.policy.principals import Principal
from mfasession.values import Value

IDENTITY, BOUNDARY, SESSION = "identity-based policy", "permissions boundary", "session policy"
ORGANIZATION, RESOURCE, TRUST = "service control policy", "resource-based policy", "role trust policy"
RESOURCE_CONTROL = "resource control policy"
"""The kinds of policies, as AWS names them when it denies."""
WITH_RESOURCE_CONTROL = frozenset(
    ("aoss", "cognito-identity", "cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts")
)
"""The services to which resource control policies apply (Organizations User Guide, "Resource control policies")."""


class Decision(Enum):
    """The decision about a request."""

    ALLOWED = "allowed"
    DENIED = "explicit deny"
    NOT_ALLOWED = "implicit deny"


class Request(Value):
    """A request: an action such as `s3:GetObject`, a resource's ARN or `*`, and the condition keys."""

    action: str
    resource: str = "*"
    context: Context = MappingProxyType({})
    """Condition keys with a text or a tuple of texts; absent keys, as aws:MultiFactorAuthPresent of a request that is
    signed with a long-term key, are not in it."""
    principal: Principal | None = None
    """The caller, as Principal elements name it. None matches every principal."""


class Level(Value):
    """The service control policies of one level of an organization: of the root, an OU or the account."""

    documents: tuple[Document, ...]
    name: str = ""
    """As in `OU Workloads/Prod`; empty where it does not matter. Two levels have two names."""


class Policies(Value):
    """The policies of all kinds; None for kinds without any.

    `organization` are the levels with service control policies, each of which must allow a request; `resource` is the
    policy of the requested resource, or the trust policy of the role. `resource_control` are resource control policies
    of any level: they only deny, because AWS attaches RCPFullAWSAccess to each level, which cannot be detached.
    """

    identity: tuple[Document, ...]
    boundary: tuple[Document, ...] | None = None
    session: tuple[Document, ...] | None = None
    organization: tuple[Level, ...] | None = None
    resource: tuple[Document, ...] | None = None
    resource_control: tuple[Document, ...] = ()

    def kinds(self) -> "Iterator[tuple[str, tuple[Document, ...]]]":
        """Yield each present kind that must allow, with its documents; each level of an organization is a kind."""
        yield IDENTITY, self.identity
        if self.boundary is not None:
            yield BOUNDARY, self.boundary
        if self.session is not None:
            yield SESSION, self.session
        names: dict[str, int] = {}
        for level in self.organization or ():
            name = f"{ORGANIZATION} of {level.name}" if level.name else ORGANIZATION
            names[name] = names.get(name, 0) + 1
            yield (f"{name} ({names[name]})" if names[name] > 1 else name), level.documents
        if self.resource is not None:
            yield TRUST if _are_trust(self.resource) else RESOURCE, self.resource


class PolicyStatement(Value):
    """A statement and its document."""

    kind: str
    document: Document
    statement: Statement


class Answer(Value):
    """The decision and its reason.

    `by` are the deciding statements: the Deny, or every Allow that applies. `lacking` are the kinds of policies without
    an Allow, for NOT_ALLOWED.
    """

    decision: Decision
    by: tuple[PolicyStatement, ...] = ()
    lacking: tuple[str, ...] = ()


class Match(Value):
    """The match of one statement with a request, by element; `lines` are those of its Condition, in order."""

    action: bool
    resource: bool
    lines: tuple[bool, ...]
    principal: bool = True

    @property
    def applies(self) -> bool:
        """Whether the statement applies."""
        return self.action and self.principal and self.resource and all(self.lines)


class Evaluator:
    """Policies that decide about several requests."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        found = tuple(statements(policies))
        self._denies = tuple(each for each in found if each.statement.effect == "Deny")
        self._allows = tuple(each for each in found if each.statement.effect != "Deny")

    def evaluate(self, request: Request) -> Answer:
        """Return what the policies say to a request, and by which statements."""
        for found in self._denies:
            if _applies(found, request):
                return Answer(decision=Decision.DENIED, by=(found,))
        allows: dict[str, list[PolicyStatement]] = {kind: [] for kind, _ in self._policies.kinds()}
        for found in self._allows:
            if _applies(found, request):
                allows[found.kind].append(found)
        lacking = tuple(kind for kind, these in allows.items() if not these)
        if self._policies.resource is not None:
            lacking = _lacking(self._policies, request, allows)
        if lacking:
            return Answer(decision=Decision.NOT_ALLOWED, lacking=lacking)
        return Answer(decision=Decision.ALLOWED, by=tuple(found for these in allows.values() for found in these))


def evaluate(policies: Policies, request: Request) -> Answer:
    """Return what the policies say to a request, and by which statements.

    An explicit Deny of any policy decides, then every kind of policy that is present must allow (IAM User Guide,
    "Policy evaluation logic"); the caller and the resource are of one account. `Answer.by` are the deciding statements,
    `Answer.lacking` the kinds of policies without an Allow.

    A condition operator that AWS does not have is true in a Deny and false in an Allow: `check` finds such. What AWS
    decides without policies (as sts:GetCallerIdentity) is not considered: `Caller.fixed` says it.

    >>> from mfasession import policy
    >>> rule = policy.read(policy.deny_all_without_mfa(), name="rule")
    >>> policies = Policies(identity=(rule, policy.read(policy.allow_all(), name="admin")))
    >>> of_a_key = Request(action="s3:ListAllMyBuckets")
    >>> answer = evaluate(policies, of_a_key)
    >>> answer.decision, [(each.document.where, each.statement.name) for each in answer.by]
    (<Decision.DENIED: 'explicit deny'>, [('rule', 'DenyAllWithoutMFA')])
    >>> evaluate(policies, of_a_key.replace(context={"aws:MultiFactorAuthPresent": "true"})).decision
    <Decision.ALLOWED: 'allowed'>
    """
    return Evaluator(policies).evaluate(_in_lower_case(request))


def _in_lower_case(request: Request) -> Request:
    """The request with its condition keys in lower case."""
    if all(key == key.lower() for key in request.context):
        return request
    return request.replace(context={key.lower(): value for key, value in request.context.items()})


def _lacking(policies: Policies, request: Request, allows: "dict[str, list[PolicyStatement]]") -> tuple[str, ...]:
    """The kinds of policies that had to allow and do not, where the resource has its own policy.

    A grant to a user or a role session needs no other Allow in the account; a grant to the role is limited by the
    role's boundary and the session's policies. A grant to the account leaves the decision to identity policies. Roles
    and KMS keys need an Allow in their own policy.
    """
    own = TRUST if _are_trust(policies.resource or ()) else RESOURCE
    ways = [principals.named(found.statement, request.principal) for found in allows[own]]
    needed = [kind for kind in allows if kind != own]
    if any(way.directly for way in ways):
        needed = [kind for kind in needed if kind.startswith(ORGANIZATION)]
    elif any(way.by_role for way in ways):
        needed = [kind for kind in needed if kind != IDENTITY]
    elif own == TRUST or request.action.lower().startswith("kms:"):
        needed.append(own)
    lacking = tuple(kind for kind in needed if not allows[kind])
    return (*lacking, own) if IDENTITY in lacking and not allows[own] and own not in lacking else lacking


def _are_trust(documents: tuple[Document, ...]) -> bool:
    return any(each.kind is Kind.TRUST for each in documents)


def statements(policies: Policies) -> Iterator[PolicyStatement]:
    """Yield every statement, with those that deny; of resource control policies only these."""
    for kind, documents in policies.kinds():
        for each in documents:
            for statement in each.statements:
                yield PolicyStatement(kind=kind, document=each, statement=statement)
    for each in map(of_resource_control, policies.resource_control):
        for statement in each.statements:
            yield PolicyStatement(kind=RESOURCE_CONTROL, document=each, statement=statement)


def of_resource_control(document: Document) -> Document:
    """Return what a resource control policy denies, of the services that support these policies."""
    return document.replace(
        statements=tuple(
            each.replace(actions=tuple(filter(_is_controlled, each.actions or ())))
            for each in document.statements
            if each.effect == "Deny"
        )
    )


def _is_controlled(action: str) -> bool:
    # AWS takes no policy with `*` alone, and none with NotAction.
    return action.partition(":")[0].lower() in WITH_RESOURCE_CONTROL


def match(found: PolicyStatement, request: Request) -> Match:
    """Return the match of a statement with a request. A line with an unknown operator is false in an Allow.

    >>> from mfasession import policy
    >>> rule = policy.read(policy.deny_all_without_mfa())
    >>> (each,) = policy.statements(Policies(identity=(rule,)))
    >>> found = match(each, Request(action="iam:GetUser", context={"aws:MultiFactorAuthPresent": "false"}))
    >>> found.applies, found.action, found.lines
    (False, False, (True,))
    """
    parsed, statement = found.document, found.statement
    request = _in_lower_case(request)
    return Match(
        action=names_action(statement, request.action),
        resource=_names_resource(parsed, statement, request),
        lines=tuple(_line_holds(parsed, statement, line, request.context) for line in statement.conditions),
        principal=bool(principals.named(statement, request.principal)),
    )


@lru_cache(maxsize=1024)
def read(text: str, *, kind: Kind = Kind.IDENTITY) -> Document:
    """Return a document of any size. Raises Malformed."""
    return document.parse(text, "the policy", limit=document.LONGEST, kind=kind)


def checked(text: str) -> Document:
    """Return an identity policy of any size. Raises Malformed: not a policy, or an unknown operator."""
    parsed = read(text)
    check(parsed)
    return parsed


def check(parsed: Document) -> None:
    """Raise Malformed unless AWS has every condition operator."""
    problems = []
    for statement in parsed.statements:
        for line in statement.conditions:
            try:
                conditions.check(line.operator)
            except conditions.UnknownOperator as error:
                problems.append(Problem(what=str(error), place=line.operator.place))
    if problems:
        raise Malformed(parsed.where, tuple(problems))


def condition_holds(parsed: Document, statement: Statement, context: Context) -> bool:
    """Return whether every line of a statement's Condition block is true for a request."""
    return lines_hold(parsed, statement, statement.conditions, context)


def lines_hold(parsed: Document, statement: Statement, lines: Iterable[Line], context: Context) -> bool:
    """Return whether these lines of a statement's Condition block are true for a request."""
    return all(_line_holds(parsed, statement, line, context) for line in lines)


def names_action(statement: Statement, action: str) -> bool:
    """Return whether a statement's Action or NotAction covers an action."""
    if statement.not_actions is not None:
        return not _any_action(statement.not_actions, action)
    return _any_action(statement.actions or (), action)


def _applies(found: PolicyStatement, request: Request) -> bool:
    return (
        names_action(found.statement, request.action)
        and bool(principals.named(found.statement, request.principal))
        and _names_resource(found.document, found.statement, request)
        and condition_holds(found.document, found.statement, request.context)
    )


def _line_holds(parsed: Document, statement: Statement, line: Line, context: Context) -> bool:
    try:
        return conditions.holds(line.operator, line.key, line.values, context, has_variables=parsed.has_variables)
    except conditions.UnknownOperator:
        # AWS would refuse the policy: the safe result for a Deny is to deny.
        return statement.effect == "Deny"


def _any_action(wanted: Iterable[str], action: str) -> bool:
    small = action.lower()
    return any(like(small, each.lower()) for each in wanted)


def _names_resource(parsed: Document, statement: Statement, request: Request) -> bool:
    if statement.not_resources is not None:
        return not _any_resource(parsed, statement.not_resources, request)
    if statement.resources is None:
        # A trust policy is only about its role.
        return True
    return _any_resource(parsed, statement.resources, request)


def _any_resource(parsed: Document, wanted: Iterable[str], request: Request) -> bool:
    ready = (filled(each, request.context, has_variables=parsed.has_variables) for each in wanted)
    return any(each is not None and resource_like(request.resource, each) for each in ready)
