"""Whether policies let a caller do something: an explicit Deny wins, then each kind of policy that is there must allow.

Source: IAM User Guide, "Policy evaluation logic". Identity policies, a permissions boundary and session policies are
looked at; policies of resources and of organisations are not.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache

from mfasession.policy import conditions, document
from mfasession.policy.document import Document, Line, Malformed, Problem, Statement
from mfasession.policy.patterns import Context, filled, like, resource_like
from mfasession.values import Value

IDENTITY, BOUNDARY, SESSION = "identity-based policy", "permissions boundary", "session policy"
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


class Policies(Value):
    """All that is decided by; None where there is no boundary, or no session policy."""

    identity: tuple[Document, ...]
    boundary: tuple[Document, ...] | None = None
    session: tuple[Document, ...] | None = None

    def kinds(self) -> "Iterator[tuple[str, tuple[Document, ...]]]":
        """Yield each kind that is there, with its documents."""
        yield IDENTITY, self.identity
        if self.boundary is not None:
            yield BOUNDARY, self.boundary
        if self.session is not None:
            yield SESSION, self.session


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

    @property
    def applies(self) -> bool:
        """Whether the statement has its effect."""
        return self.action and self.resource and all(self.lines)


def evaluate(policies: Policies, request: Request) -> Answer:
    """Return what the policies say to a request, and by which statements."""
    allows: dict[str, list[Found]] = {kind: [] for kind, _ in policies.kinds()}
    for found in statements(policies):
        if not _applies(found, request):
            continue
        if found.statement.effect == "Deny":
            return Answer(decision=Decision.DENIED, by=(found,))
        allows[found.kind].append(found)
    if lacking := tuple(kind for kind, these in allows.items() if not these):
        return Answer(decision=Decision.NOT_ALLOWED, lacking=lacking)
    return Answer(decision=Decision.ALLOWED, by=tuple(found for these in allows.values() for found in these))


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
    )


@lru_cache(maxsize=1024)
def read(text: str, *, is_trust: bool = False) -> Document:
    """Return a document of any size. Raises Malformed."""
    return document.parse(text, "the policy", limit=document.LONGEST, is_trust=is_trust)


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
    return _any_resource(parsed, statement.resources or (), request)


def _any_resource(parsed: Document, wanted: Iterable[str], request: Request) -> bool:
    ready = (filled(each, request.context, has_variables=parsed.has_variables) for each in wanted)
    return any(each is not None and resource_like(request.resource, each) for each in ready)
