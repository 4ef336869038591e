"""Whether policies let a caller do something: an explicit Deny wins, then each kind of policy that is there must allow.

Source: IAM User Guide, "Policy evaluation logic", "Evaluating policies within a single account" and "How permissions
boundaries, SCPs and resource-based policies interact". The caller and the resource are of one account. Service control
policies bind neither the management account nor service-linked roles: whoever asks leaves them out for these.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache

from mfasession.policy import conditions, document, principals
from mfasession.policy.document import Document, Kind, Line, Malformed, Problem, Statement
from mfasession.policy.patterns import Context, filled, like, resource_like
from mfasession.policy.principals import Who
from mfasession.values import Value

IDENTITY, BOUNDARY, SESSION = "identity-based policy", "permissions boundary", "session policy"
ORGANIZATION, RESOURCE, TRUST = "service control policy", "resource-based policy", "role trust policy"
"""The kinds of policies, as AWS names them when it denies."""


class Decision(Enum):
    """What policies say to a request."""

    ALLOWED = "allowed"
    DENIED = "explicit deny"
    NOT_ALLOWED = "implicit deny"


class Request(Value):
    """What a caller asks for: an action such as `s3:GetObject`, a resource's ARN or `*`, and the condition keys."""

    action: str
    resource: str
    context: Context
    who: Who | None = None
    """Who asks, as Principal elements name it. None: whoever is named."""


class Policies(Value):
    """All that is decided by; None where there are none of a kind.

    `organization` are the service control policies of one level; `resource` the policy of the resource that is asked
    for, or the trust policy of the role.
    """

    identity: tuple[Document, ...]
    boundary: tuple[Document, ...] | None = None
    session: tuple[Document, ...] | None = None
    organization: tuple[Document, ...] | None = None
    resource: tuple[Document, ...] | None = None

    def kinds(self) -> "Iterator[tuple[str, tuple[Document, ...]]]":
        """Yield each kind that is there, with its documents."""
        yield IDENTITY, self.identity
        if self.boundary is not None:
            yield BOUNDARY, self.boundary
        if self.session is not None:
            yield SESSION, self.session
        if self.organization is not None:
            yield ORGANIZATION, self.organization
        if self.resource is not None:
            yield TRUST if _are_trust(self.resource) else RESOURCE, self.resource


class Found(Value):
    """A statement and the document it is in."""

    kind: str
    document: Document
    statement: Statement


class Answer(Value):
    """The decision, and why.

    `by` are the statements that made it: the Deny, or every Allow that applies. `lacking` are the kinds of policies of
    which none allows, for NOT_ALLOWED.
    """

    decision: Decision
    by: tuple[Found, ...] = ()
    lacking: tuple[str, ...] = ()


class Look(Value):
    """What one statement makes of a request, element by element; `lines` are those of its Condition, in order."""

    action: bool
    resource: bool
    lines: tuple[bool, ...]
    principal: bool = True

    @property
    def applies(self) -> bool:
        """Whether the statement has its effect."""
        return self.action and self.principal and self.resource and all(self.lines)


def evaluate(policies: Policies, request: Request) -> Answer:
    """Return what the policies say to a request, and by which statements."""
    allows: dict[str, list[Found]] = {kind: [] for kind, _ in policies.kinds()}
    for found in statements(policies):
        if not _applies(found, request):
            continue
        if found.statement.effect == "Deny":
            return Answer(decision=Decision.DENIED, by=(found,))
        allows[found.kind].append(found)
    lacking = tuple(kind for kind, these in allows.items() if not these)
    if policies.resource is not None:
        lacking = _lacking(policies, request, allows)
    if lacking:
        return Answer(decision=Decision.NOT_ALLOWED, lacking=lacking)
    return Answer(decision=Decision.ALLOWED, by=tuple(found for these in allows.values() for found in these))


def _lacking(policies: Policies, request: Request, allows: "dict[str, list[Found]]") -> tuple[str, ...]:
    """The kinds of policies that had to allow and do not, where the resource has a policy of its own.

    What it grants to a user or a role session needs no other Allow in the account; granted to the role, it stays within
    the role's boundary and the session's policies. A policy that names the account leaves the decision to identity
    policies. Without a word of their own policy, roles and KMS keys let nobody in.
    """
    own = TRUST if _are_trust(policies.resource or ()) else RESOURCE
    ways = [principals.named(found.statement, request.who) for found in allows[own]]
    needed = [kind for kind in allows if kind != own]
    if any(way.directly for way in ways):
        needed = [kind for kind in needed if kind == ORGANIZATION]
    elif any(way.by_role for way in ways):
        needed = [kind for kind in needed if kind != IDENTITY]
    elif own == TRUST or request.action.lower().startswith("kms:"):
        needed.append(own)
    lacking = tuple(kind for kind in needed if not allows[kind])
    return (*lacking, own) if IDENTITY in lacking and not allows[own] and own not in lacking else lacking


def _are_trust(documents: tuple[Document, ...]) -> bool:
    return any(each.kind is Kind.TRUST for each in documents)


def statements(policies: Policies) -> Iterator[Found]:
    """Yield every statement, those that deny included."""
    for kind, documents in policies.kinds():
        for each in documents:
            for statement in each.statements:
                yield Found(kind=kind, document=each, statement=statement)


def look(found: Found, request: Request) -> Look:
    """Return what a statement makes of a request. A line with an operator that AWS has not is false in an Allow."""
    parsed, statement = found.document, found.statement
    return Look(
        action=names_action(statement, request.action),
        resource=_names_resource(parsed, statement, request),
        lines=tuple(_line_holds(parsed, statement, line, request.context) for line in statement.conditions),
        principal=bool(principals.named(statement, request.who)),
    )


@lru_cache(maxsize=1024)
def read(text: str, *, kind: Kind = Kind.IDENTITY) -> Document:
    """Return a document of any size. Raises Malformed."""
    return document.parse(text, "the policy", limit=document.LONGEST, kind=kind)


def checked(text: str) -> Document:
    """Return an identity policy of any size. Raises Malformed: no policy, or with an operator that AWS has not."""
    parsed = read(text)
    check(parsed)
    return parsed


def check(parsed: Document) -> None:
    """Raise Malformed unless AWS knows every condition operator."""
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
    """Return whether every line of a statement's Condition block is true of a request."""
    return all(_line_holds(parsed, statement, line, context) for line in statement.conditions)


def names_action(statement: Statement, action: str) -> bool:
    """Return whether a statement's Action or NotAction covers an action."""
    if statement.not_actions is not None:
        return not _any_action(statement.not_actions, action)
    return _any_action(statement.actions or (), action)


def _applies(found: Found, request: Request) -> bool:
    return (
        names_action(found.statement, request.action)
        and bool(principals.named(found.statement, request.who))
        and _names_resource(found.document, found.statement, request)
        and condition_holds(found.document, found.statement, request.context)
    )


def _line_holds(parsed: Document, statement: Statement, line: Line, context: Context) -> bool:
    try:
        return conditions.holds(line.operator, line.key, line.values, context, has_variables=parsed.has_variables)
    except conditions.UnknownOperator:
        # AWS would not have taken the policy: the safe side of a Deny is to deny.
        return statement.effect == "Deny"


def _any_action(wanted: Iterable[str], action: str) -> bool:
    return any(like(action.lower(), each.lower()) for each in wanted)


def _names_resource(parsed: Document, statement: Statement, request: Request) -> bool:
    if statement.not_resources is not None:
        return not _any_resource(parsed, statement.not_resources, request)
    if statement.resources is None:
        # A trust policy is about its role alone.
        return True
    return _any_resource(parsed, statement.resources, request)


def _any_resource(parsed: Document, wanted: Iterable[str], request: Request) -> bool:
    ready = (filled(each, request.context, has_variables=parsed.has_variables) for each in wanted)
    return any(each is not None and resource_like(request.resource, each) for each in ready)
