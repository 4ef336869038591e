"""Decides whether a user can do anything without MFA, however the rule is written.

No I/O: example requests are derived from the user's Allow statements, and evaluated as a long-term key and as a session
without MFA. For unknown data of a request (its address, its time, tags) the worst case is assumed: a condition on it
holds in an Allow and fails in a Deny. Resource policies are not considered; an organization's are, if given.
"""

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice

from mfasession.policy import located_json, rule, scp, unplaced, worst_case
from mfasession.policy.bounds import EXEMPT, bounds, real_actions
from mfasession.policy.glob_overlap import TooMany
from mfasession.policy.worst_case import KEY, SESSION, WITH_MFA, Ready
from mfasession.values import Value, account_of, partition_of

ADMINISTRATIVE = (
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateUser",
    "iam:PutUserPolicy",
)
"""A user with all of these permissions can get all others."""
NAMED = 5
"""The most open actions that are named."""

_ADMINISTRATIVE = tuple(action.lower() for action in ADMINISTRATIVE)
_PERSONAL = ("${", "aws:user", "aws:principal")
_ANYBODY = ("x", "arn:aws:iam::000000000000:user/x")
"""Whose policies are evaluated that say nothing about their user."""
_ALLOW_ALL = json.dumps(rule.ALLOW_ALL)
_Several = tuple[tuple[Ready, ...], ...]


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
    below."""
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
    if any(map(_is_personal, texts)):
        return _judged(tuple(sources), boundary, organization, (user, arn), arn)
    # The same for all users of the account, and prepared once for all accounts.
    some_user = f"arn:{partition_of(arn)}:iam::{account_of(arn)}:user/x"
    return _judged(tuple(sources), boundary, organization, _ANYBODY, some_user)


def allows(
    sources: Sequence[Source],
    boundary: str | None,
    actions: Sequence[str],
    *,
    user: str,
    arn: str,
    organization: scp.Levels = (),
    kind: str = WITH_MFA,
) -> bool:
    """Return whether a caller of a kind may do each of the actions on some resource. Raises Malformed."""
    texts = tuple(text for source in sources for text in source.texts)
    known = _Policies((user, arn), texts, boundary, organization).at_worst(kind)
    return all(known.is_possible(action.lower()) for action in actions)


@lru_cache(maxsize=1024)
def _is_personal(text: str) -> bool:
    """Whether the verdict on a policy may depend on the user's name."""
    small = located_json.unescaped(text).lower()
    return any(mark in small for mark in _PERSONAL)


@lru_cache(maxsize=1024)
def _judged(
    sources: tuple[Source, ...], boundary: str | None, organization: scp.Levels, whose: tuple[str, str], arn: str
) -> Verdict:
    whole = _Policies(whose, tuple(text for each in sources for text in each.texts), boundary, organization)
    left_open = tuple(islice(whole.open(), NAMED))
    return Verdict(
        is_covered=not left_open,
        by=() if left_open else _by(sources, whole),
        open=left_open,
        is_admin=any(whole.at_worst(kind).is_admin(arn) for kind in (WITH_MFA, KEY)),
        works_with_mfa=next(whole.at_worst(WITH_MFA).possible(), None) is not None,
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
        levels = (tuple(policy.text for policy in level.policies) for level in organization)
        self._limits = (*(() if boundary is None else ((boundary,),)), *levels)
        self._known: dict[tuple[_Several, _Several], _Worst] = {}
        self._of_kind: dict[str, _Worst] = {}

    def open(self) -> Iterator[str]:
        """Yield the actions that are possible without MFA, each once."""
        seen: set[str] = set()
        for worst in dict.fromkeys(map(self.at_worst, (KEY, SESSION))):
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
        if kind in self._of_kind:
            return self._of_kind[kind]
        identity = tuple(
            worst_case.ready(text, kind, *self.whose)
            if self._only is None or text in self._only
            else worst_case.allowing(worst_case.ready(text, kind, *self.whose))
            for text in self.identity
        )
        limits = tuple(
            tuple(chain.from_iterable(worst_case.ready(text, kind, *self.whose) for text in texts))
            for texts in self._limits
        )
        if (identity, limits) not in self._known:
            self._known[identity, limits] = _Worst(identity, limits)
        self._of_kind[kind] = self._known[identity, limits]
        return self._of_kind[kind]


class _Worst:
    """Statements without conditions that all apply to a caller, and what is possible under them."""

    def __init__(self, identity: _Several, limits: _Several) -> None:
        own = tuple(chain.from_iterable(identity))
        denies = tuple(each for each in (*own, *chain.from_iterable(limits)) if not each.is_allow)
        self._allows = [each for each in own if each.is_allow]
        self._bounds = bounds(denies, limits)

    def possible(self) -> Iterator[str]:
        """Yield the actions that are possible and may not stay open, as patterns in the policies."""
        for allow in self._allows:
            try:
                yield from self._possible(allow)
            except TooMany:
                # Whether the rest is possible is not known: never is a user covered by that.
                yield str((allow.actions or ("*",))[0])

    def _possible(self, allow: Ready) -> Iterator[str]:
        resources: list[str] | None = None
        for shown, action in self._bounds.actions(allow):
            resources = [*self._bounds.resources(allow)] if resources is None else resources
            if any(self._allowed(action, each) for each in resources):
                real = real_actions(action)
                if not real or any(
                    name not in EXEMPT and self._allowed(name, each) for name in real for each in resources
                ):
                    yield shown

    def is_possible(self, action: str) -> bool:
        """Return whether an action in lower case is possible on some resource; if that is not known, it is not."""
        try:
            return any(self._allowed(action, each) for allow in self._allows for each in self._bounds.resources(allow))
        except TooMany:
            return False

    def is_admin(self, arn: str) -> bool:
        """Return whether all of ADMINISTRATIVE is possible, on everything or on the user."""
        return all(any(self._allowed(action, each) for each in ("*", arn)) for action in _ADMINISTRATIVE)

    def _allowed(self, action: str, resource: str) -> bool:
        return any(each.names(action, resource) for each in self._allows) and self._bounds.permit(action, resource)


def _by(sources: Sequence[Source], policies: _Policies) -> tuple[str, ...]:
    """The sources that cover a user: those that suffice whatever the others allow, else those that suffice here."""
    whose, identity, boundary, organization = (
        policies.whose,
        policies.identity,
        policies.boundary,
        policies.organization,
    )
    whole = [source.name for source in sources if _closes(tuple(filter(_denies, source.texts)), whose)]
    if boundary is not None and _Policies(whose, (_ALLOW_ALL,), boundary).is_closed():
        whole.append("boundary")
    whole += _by_organization(organization, whose)
    if whole:
        return tuple(whole)
    allowing = _Policies(whose, identity, boundary, organization, only=())
    if next(allowing.at_worst(WITH_MFA).possible(), None) is None:
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
def _denies(text: str) -> bool:
    """Whether a policy has a Deny statement."""
    return any(statement.effect == "Deny" for statement in unplaced.read(text).statements)


@lru_cache(maxsize=1024)
def _closes(denying: tuple[str, ...], whose: tuple[str, str]) -> bool:
    """Return whether policies with Deny statements cover a user whatever other policies allow."""
    return bool(denying) and _Policies(whose, (*denying, _ALLOW_ALL)).is_closed()
