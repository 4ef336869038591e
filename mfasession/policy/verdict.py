"""Decides whether a user can do anything without MFA, however the rule is written.

No I/O: example requests are derived from the user's Allow statements, and evaluated as a long-term key and as a session
without MFA. For unknown data of a request (its address, its time, tags) the worst case is assumed: a condition on it
holds in an Allow and fails in a Deny. Resource policies are not considered; an organization's are, if given.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from mfasession.policy import evaluation, rule, scp
from mfasession.policy.document import Document, Statement
from mfasession.policy.evaluation import Decision, Evaluator, Policies, Request
from mfasession.policy.glob_overlap import combined, common
from mfasession.policy.located_json import Text
from mfasession.policy.patterns import Context, filled, plain
from mfasession.values import Value, account_of, partition_of

EXEMPT = frozenset(
    action.lower()
    for action in (
        *rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"],
        "iam:ChangePassword",
        "iam:GetAccountPasswordPolicy",
        "iam:GetMFADevice",
        "iam:ListUsers",
        "sts:GetCallerIdentity",
    )
)
"""Actions that may stay open: the rule's, those in AWS's samples, and those that no policy can deny."""
ADMINISTRATIVE = (
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateUser",
    "iam:PutUserPolicy",
)
"""A user with all of these permissions can get all others."""
NAMED = 5
"""The most open actions that are named."""

_MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_KEY, _SESSION, _WITH_MFA = "key", "session", "session with MFA"
_MFA: Mapping[str, Context] = {
    _KEY: {},
    _SESSION: {"aws:multifactorauthpresent": "false"},
    _WITH_MFA: {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "60"},
}
"""The kinds of callers, with their condition keys about MFA."""
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_PERSONAL = ("${", "aws:user", "aws:principal")
_ALLOW_ALL = json.dumps(rule.ALLOW_ALL)


class Source(Value):
    """A source of policies: `directly`, or `group NAME`. `texts` are their JSON."""

    name: str
    texts: tuple[str, ...]


class Verdict(Value):
    """The verdict on one user's policies."""

    is_covered: bool | None
    """Whether only the actions that may stay open are possible without MFA; None if unread policies decide that."""
    by: tuple[str, ...]
    """The sources that each suffice for that: `directly`, `group NAME`, `boundary`, `SCP NAME of LEVEL`; else a text
    below, or UNKNOWN_BY_SCP."""
    open: tuple[str, ...]
    """Actions that are possible without MFA, as patterns in the policies; NAMED at most."""
    is_admin: bool
    works_with_mfa: bool
    """Whether anything is possible with MFA."""


TOGETHER, CONDITIONAL, NOTHING = "several together", "every Allow asks for MFA", "nothing is allowed"
"""Texts of `Verdict.by`: no source alone suffices; no Deny is needed; the user may do nothing."""


def judge(
    sources: Sequence[Source], boundary: str | None, *, user: str, arn: str, organization: scp.Levels = ()
) -> Verdict:
    """Return the verdict on a user's policies. Raises Malformed for one that AWS would refuse.

    `organization`: the levels of the account's service control policies; without any, there is no limit.
    """
    limits = [*([boundary] if boundary is not None else [])]
    limits += (policy.text for level in organization for policy in level.policies)
    texts = [text for source in sources for text in source.texts] + limits
    account = f"arn:{partition_of(arn)}:iam::{account_of(arn)}:user/"
    whose = (user, arn) if any(map(_is_personal, texts)) else ("x", f"{account}x")
    return _judged(tuple(sources), boundary, organization, *whose)


def allows(sources: Sequence[Source], boundary: str | None, actions: Sequence[str], *, user: str, arn: str) -> bool:
    """Return whether a user with MFA may do each of the actions on some resource. Raises Malformed."""
    texts = tuple(text for source in sources for text in source.texts)
    known = _Policies((user, arn), texts, boundary=boundary).at_worst(_WITH_MFA)
    return all(known.is_possible(action.lower()) for action in actions)


@lru_cache(maxsize=1024)
def _is_personal(text: str) -> bool:
    """Whether the verdict on a policy may depend on the user's name."""
    small = text.lower()
    return any(mark in small for mark in _PERSONAL)


@lru_cache(maxsize=4096)
def _judged(
    sources: tuple[Source, ...], boundary: str | None, organization: scp.Levels, user: str, arn: str
) -> Verdict:
    whole = _Policies((user, arn), tuple(text for each in sources for text in each.texts), boundary, organization)
    left_open = tuple(islice(whole.open(), NAMED))
    return Verdict(
        is_covered=not left_open,
        by=() if left_open else _by(sources, whole),
        open=left_open,
        is_admin=any(whole.at_worst(kind).is_admin(arn) for kind in (_WITH_MFA, _KEY)),
        works_with_mfa=next(whole.at_worst(_WITH_MFA).possible(), None) is not None,
    )


class _Policies:
    """The texts of a user's policies, evaluated for each kind of caller."""

    def __init__(
        self,
        whose: tuple[str, str],
        identity: tuple[str, ...],
        boundary: str | None = None,
        organization: scp.Levels = (),
        only: tuple[str, ...] | None = None,
    ) -> None:
        """`whose`: the user's name and ARN. `only`: the identity policies whose Deny statements count; None: all."""
        self.whose = whose
        self.identity = identity
        self.boundary = boundary
        self.organization = organization
        self._only = only
        self._known: dict[str, _Worst] = {}

    def open(self) -> Iterator[str]:
        """Yield the actions that are possible without MFA, each once."""
        seen: set[str] = set()
        for worst in dict.fromkeys(map(self.at_worst, (_KEY, _SESSION))):
            for shown in worst.possible():
                if shown not in seen:
                    seen.add(shown)
                    yield shown

    def is_closed(self) -> bool:
        """Return whether nothing is possible without MFA."""
        return next(self.open(), None) is None

    def at_worst(self, kind: str) -> "_Worst":
        """Return the policies in the worst case for a kind of caller; for kinds without a difference the same object.

        Raises Malformed.
        """
        if kind not in self._known:
            policies = self._policies(kind)
            same = (each for each in self._known.values() if _are_same(each.policies, policies))
            self._known[kind] = next(same, None) or _Worst(policies, _context(kind, *self.whose))
        return self._known[kind]

    def _policies(self, kind: str) -> Policies:
        def read(text: str) -> Document:
            return _at_worst(text, kind, *self.whose)

        return Policies(
            identity=tuple(
                read(text) if self._only is None or text in self._only else _allowing(read(text))
                for text in self.identity
            ),
            boundary=None if self.boundary is None else (read(self.boundary),),
            organization=tuple(level.parsed(read) for level in self.organization) or None,
        )


class _Worst:
    """Policies whose statements have no conditions and all apply to a caller, and what is possible under them."""

    def __init__(self, policies: Policies, context: Context) -> None:
        self.policies = policies
        self._context = context
        self._evaluator = Evaluator(policies)
        identity = (statement for each in policies.identity for statement in each.statements)
        self._allows = [statement for statement in identity if statement.effect == "Allow"]
        denies = [found.statement for found in evaluation.statements(policies) if found.statement.effect == "Deny"]
        whole, narrow = _exceptions(denies)
        # The same list at several levels is one choice.
        choices = [*whole, *dict.fromkeys(map(tuple, _limits(policies, lambda each: each.actions)))]
        self._narrow = [each.lower() for each in narrow]
        self._actions = [[each.lower() for each in choice] for choice in choices]
        self._written = {each.lower(): str(each) for choice in (*choices, narrow) for each in choice}
        odd = [resource for each in denies for resource in each.not_resources or ()]
        limits = dict.fromkeys(map(tuple, _limits(policies, lambda each: each.resources)))
        self._resources = [*limits, ("*", *odd)]

    def possible(self) -> Iterator[str]:
        """Yield the actions that are possible and may not stay open, as patterns in the policies."""
        for allow in self._allows:
            resources: list[str] | None = None
            for shown, action in self._actions_of(allow):
                if action in EXEMPT:
                    continue
                resources = [*self._resources_of(allow)] if resources is None else resources
                if any(self._allowed(action, each) for each in resources):
                    yield shown

    def is_possible(self, action: str) -> bool:
        """Return whether an action in lower case is possible on some resource."""
        return any(self._allowed(action, each) for allow in self._allows for each in self._resources_of(allow))

    def is_admin(self, arn: str) -> bool:
        """Return whether all of ADMINISTRATIVE is possible, on everything or on the user."""
        return all(any(self._allowed(action, each) for each in ("*", arn)) for action in ADMINISTRATIVE)

    def _allowed(self, action: str, resource: str) -> bool:
        request = Request(action=action, resource=resource, context=self._context)
        return self._evaluator.evaluate(request).decision is Decision.ALLOWED

    def _actions_of(self, allow: Statement) -> Iterator[tuple[str, str]]:
        """Yield pairs of a pattern and an example action that an Allow covers."""
        own = allow.actions or ("*",)
        written = {each.lower(): str(each) for each in own} | self._written
        choices = [[each.lower() for each in own], *self._actions]
        for more in ("*", *dict.fromkeys(self._narrow)):
            for globs in combined(*choices, (more,)):
                shown = next((glob for glob in globs if glob != "*"), "*")
                yield written[shown], common(*globs) or ""

    def _resources_of(self, allow: Statement) -> Iterator[str]:
        """Yield example resources that an Allow covers."""
        choices = (allow.resources or ("*",), *self._resources)
        known = ([plain(filled(each, self._context) or ()) for each in choice] for choice in choices)
        for globs in combined(*known):
            # For actions without a resource it is the star itself.
            yield "*" if set(globs) == {"*"} else common(*globs) or ""


def _are_same(one: Policies, other: Policies) -> bool:
    """Whether two kinds of callers have the same documents, none of which has a variable."""
    mine, others = ([each for _, documents in side.kinds() for each in documents] for side in (one, other))
    return all(left is right for left, right in zip(mine, others, strict=True)) and not any(map(_has_variables, mine))


def _by(sources: Sequence[Source], policies: _Policies) -> tuple[str, ...]:
    """The sources that cover a user: those that suffice whatever the others allow, else those that suffice here."""
    whose, identity, boundary, organization = (
        policies.whose,
        policies.identity,
        policies.boundary,
        policies.organization,
    )
    whole = [source.name for source in sources if _closes(source.texts, whose)]
    if boundary is not None and _Policies(whose, (_ALLOW_ALL,), boundary).is_closed():
        whole.append("boundary")
    whole += _by_organization(organization, whose)
    if whole:
        return tuple(whole)
    allowing = _Policies(whose, identity, boundary, organization, only=())
    if next(allowing.at_worst(_WITH_MFA).possible(), None) is None:
        return (NOTHING,)
    if _Policies(whose, identity, only=()).is_closed():
        return (CONDITIONAL,)
    alone = tuple(each.name for each in sources if _Policies(whose, identity, only=each.texts).is_closed())
    return alone or (TOGETHER,)


@lru_cache(maxsize=1024)
def _by_organization(organization: scp.Levels, whose: tuple[str, str]) -> tuple[str, ...]:
    """Return the service control policies that cover a user whatever other policies allow."""
    return scp.covering(organization, lambda levels: _Policies(whose, (_ALLOW_ALL,), organization=levels).is_closed())


@lru_cache(maxsize=1024)
def _closes(texts: tuple[str, ...], whose: tuple[str, str]) -> bool:
    """Return whether policies cover a user whatever other policies allow."""
    documents = map(evaluation.read, texts)
    has_deny = any(statement.effect == "Deny" for each in documents for statement in each.statements)
    return has_deny and _Policies(whose, (*texts, _ALLOW_ALL)).is_closed()


def _allowing(document: Document) -> Document:
    allows = tuple(each for each in document.statements if each.effect == "Allow")
    return document if len(allows) == len(document.statements) else document.replace(statements=allows)


def _exceptions(denies: Sequence[Statement]) -> tuple[list[tuple[Text, ...]], list[Text]]:
    """The exceptions of each Deny about everything (all possible actions are in each of them), and those of others."""
    whole: dict[tuple[Text, ...], None] = {}
    narrow: list[Text] = []
    for deny in denies:
        if "*" not in (deny.resources or ()):
            narrow += deny.not_actions or ()
        elif deny.not_actions is not None:
            whole[deny.not_actions] = None
        elif "*" in (deny.actions or ()):
            whole[()] = None
    return list(whole), narrow


def _limits(policies: Policies, element: Callable[[Statement], tuple[Text, ...] | None]) -> Iterator[list[str]]:
    """Yield the names in the Allow statements of a boundary and an organization; a star for exceptions."""
    levels = (level.documents for level in policies.organization or ())
    for documents in (policies.boundary, *levels):
        if documents is not None:
            allows = [each for document in documents for each in document.statements if each.effect == "Allow"]
            yield [name for each in allows for name in element(each) or ("*",)] or ["*"]


@lru_cache(maxsize=256)
def _context(kind: str, user: str, arn: str) -> Context:
    """Return the known condition keys of a caller; not to be changed."""
    return {
        "aws:username": user,
        "aws:principalarn": arn,
        "aws:principalaccount": account_of(arn),
        "aws:principaltype": "User",
        "aws:viaawsservice": "false",
        "aws:principalisawsservice": "false",
        "aws:securetransport": "true",
        **_MFA[kind],
    }


@lru_cache(maxsize=1024)
def _at_worst(text: str, kind: str, user: str, arn: str) -> Document:
    """Return a policy with the statements that apply to such a caller in the worst case, without their conditions.

    Where the kind makes no difference, it is the same object. Raises Malformed.
    """
    document = evaluation.read(text)
    if not _has_variables(document) and not any(each.conditions for each in document.statements):
        return document
    context = _context(kind, user, arn)
    left = (_applying(document, statement, context) for statement in document.statements)
    found = document.replace(statements=tuple(each for each in left if each is not None))
    of_key = found if kind == _KEY else _at_worst(text, _KEY, user, arn)
    return of_key if of_key == found else found


def _has_variables(document: Document) -> bool:
    return any(
        "${" in name
        for each in document.statements
        for names in (each.resources, each.not_resources)
        for name in names or ()
    )


def _applying(document: Document, statement: Statement, context: Context) -> Statement | None:
    """A statement without its conditions; None when it does not apply to such a caller in the worst case."""
    known = [line for line in statement.conditions if line.key.lower() in {*context, *_MFA_KEYS}]
    if statement.effect == "Deny" and len(known) < len(statement.conditions):
        return None
    if not evaluation.condition_holds(document, statement.replace(conditions=tuple(known)), context):
        return None
    resources = statement.resources
    if resources is not None and document.has_variables:
        resources = tuple(each for resource in resources for each in _known(resource, statement.effect, context))
    return statement.replace(conditions=(), resources=resources)


def _known(resource: Text, effect: str, context: Context) -> Iterator[Text]:
    """The resource; with unknown variables, any resource in an Allow and none in a Deny."""
    if filled(resource, context) is not None:
        yield resource
    elif effect == "Allow":
        yield Text(_VARIABLE.sub("*", resource), resource.place)
