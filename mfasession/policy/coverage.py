"""Decides whether a user can do anything without MFA, however the rule is written.

No I/O: example requests are derived from the user's Allow statements, and evaluated as a long-term key and as a session
without MFA. For unknown data of a request (its address, its time, tags) the worst case is assumed: a condition on it
holds in an Allow and fails in a Deny. Resource policies are not considered; an organization's are, if given.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from mfasession.policy import evaluation, rule
from mfasession.policy.document import Document, Statement
from mfasession.policy.evaluation import Decision, Policies, Request
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
_KEY: Context = {}
_SESSION: Context = {"aws:multifactorauthpresent": "false"}
_WITH_MFA: Context = {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "60"}
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_PERSONAL = ("${", "aws:user", "aws:principal")
_ALLOW_ALL = evaluation.read(json.dumps(rule.ALLOW_ALL))


class Source(Value):
    """A source of policies: `directly`, or `group NAME`. `texts` are their JSON."""

    name: str
    texts: tuple[str, ...]


class Verdict(Value):
    """The verdict on one user's policies."""

    is_covered: bool
    """Whether only the actions that may stay open are possible without MFA."""
    by: tuple[str, ...]
    """The sources that each suffice for that: `directly`, `group NAME`, `boundary`, `organization`; else a text
    below."""
    open: tuple[str, ...]
    """Actions that are possible without MFA, as patterns in the policies; NAMED at most."""
    is_admin: bool
    works_with_mfa: bool
    """Whether anything is possible with MFA."""


TOGETHER, CONDITIONAL, NOTHING = "several together", "every Allow asks for MFA", "nothing is allowed"
"""Texts of `Verdict.by`: no source alone suffices; no Deny is needed; the user may do nothing."""


def judge(
    sources: Sequence[Source], boundary: str | None, *, user: str, arn: str, organization: Sequence[str] = ()
) -> Verdict:
    """Return the verdict on a user's policies. Raises Malformed for one that AWS would refuse.

    `organization`: the account's service control policies, as JSON; without any, there is no limit.
    """
    limits = [*([boundary] if boundary is not None else []), *organization]
    texts = [text for source in sources for text in source.texts] + limits
    is_personal = any(mark in text.lower() for text in texts for mark in _PERSONAL)
    account = f"arn:{partition_of(arn)}:iam::{account_of(arn)}:user/"
    whose = (user, arn) if is_personal else ("x", f"{account}x")
    return _judged(tuple(sources), boundary, tuple(organization), *whose)


def allows(sources: Sequence[Source], boundary: str | None, actions: Sequence[str], *, user: str, arn: str) -> bool:
    """Return whether a user with MFA may do each of the actions on some resource. Raises Malformed."""
    context = {**_caller(user, arn), **_WITH_MFA}
    known = _for_the_worse(_policies(sources, boundary), context)
    return all(_is_possible(known, action.lower(), context) for action in actions)


@lru_cache(maxsize=4096)
def _judged(
    sources: tuple[Source, ...], boundary: str | None, organization: tuple[str, ...], user: str, arn: str
) -> Verdict:
    caller = _caller(user, arn)
    documents = {source.name: tuple(map(evaluation.read, source.texts)) for source in sources}
    policies = _policies(sources, boundary, organization)
    left_open = tuple(islice(_open(policies, caller), NAMED))
    return Verdict(
        is_covered=not left_open,
        by=() if left_open else _by(documents, policies, caller),
        open=left_open,
        is_admin=_is_admin(policies, caller, arn),
        works_with_mfa=next(_possible(policies, {**caller, **_WITH_MFA}), None) is not None,
    )


def _policies(sources: Sequence[Source], boundary: str | None, organization: Sequence[str] = ()) -> Policies:
    return Policies(
        identity=tuple(evaluation.read(text) for source in sources for text in source.texts),
        boundary=None if boundary is None else (evaluation.read(boundary),),
        organization=tuple(map(evaluation.read, organization)) or None,
    )


def _is_possible(known: Policies, action: str, context: Context) -> bool:
    return any(
        _is_allowed(known, action, resource, context)
        for statement in _statements(_unlimited(known), "Allow")
        for resource in _resources(statement, known, context)
    )


def _unlimited(policies: Policies) -> Policies:
    return policies.replace(boundary=None, organization=None)


def _caller(user: str, arn: str) -> dict[str, str]:
    return {
        "aws:username": user,
        "aws:principalarn": arn,
        "aws:principalaccount": account_of(arn),
        "aws:principaltype": "User",
        "aws:viaawsservice": "false",
        "aws:principalisawsservice": "false",
        "aws:securetransport": "true",
    }


def _open(policies: Policies, caller: Context) -> Iterator[str]:
    """Yield the actions that are possible without MFA, each once."""
    seen: set[str] = set()
    for kind in (_KEY, _SESSION):
        for shown in _possible(policies, {**caller, **kind}):
            if shown not in seen:
                seen.add(shown)
                yield shown


def _by(documents: "dict[str, tuple[Document, ...]]", policies: Policies, caller: Context) -> tuple[str, ...]:
    """The sources that cover a user: those that suffice whatever the others allow, else those that suffice here."""
    whole = [name for name, own in documents.items() if _closes(own, tuple(sorted(caller.items())))]
    unlimited = _unlimited(policies)
    within_boundary = policies.replace(identity=(_ALLOW_ALL,), organization=None)
    if policies.boundary is not None and _is_closed(within_boundary, caller):
        whole.append("boundary")
    if policies.organization is not None and _is_closed(_only_organization(policies), caller):
        whole.append("organization")
    if whole:
        return tuple(whole)
    if next(_possible(_without_denies(policies, keep=()), {**caller, **_WITH_MFA}), None) is None:
        return (NOTHING,)
    if _is_closed(_without_denies(unlimited, keep=()), caller):
        return (CONDITIONAL,)
    alone = [name for name, own in documents.items() if _is_closed(_without_denies(unlimited, keep=own), caller)]
    return tuple(alone) or (TOGETHER,)


@lru_cache(maxsize=1024)
def _closes(documents: tuple[Document, ...], caller: tuple[tuple[str, str], ...]) -> bool:
    """Return whether policies cover a user whatever other policies allow."""
    has_deny = any(statement.effect == "Deny" for each in documents for statement in each.statements)
    return has_deny and _is_closed(Policies(identity=(*documents, _ALLOW_ALL)), dict(caller))


def _only_organization(policies: Policies) -> Policies:
    return policies.replace(identity=(_ALLOW_ALL,), boundary=None)


def _is_closed(policies: Policies, caller: Context) -> bool:
    return next(_open(policies, caller), None) is None


def _without_denies(policies: Policies, *, keep: tuple[Document, ...]) -> Policies:
    """The identity policies, with Deny statements only from the documents to keep."""
    kept = tuple(each if any(each is one for one in keep) else _allowing(each) for each in policies.identity)
    return policies.replace(identity=kept)


def _allowing(document: Document) -> Document:
    return document.replace(statements=tuple(each for each in document.statements if each.effect == "Allow"))


def _is_admin(policies: Policies, caller: Context, arn: str) -> bool:
    resources = ("*", arn)
    return any(
        all(any(_is_allowed(known, action, each, context) for each in resources) for action in ADMINISTRATIVE)
        for context in ({**caller, **_WITH_MFA}, {**caller, **_KEY})
        for known in [_for_the_worse(policies, context)]
    )


def _possible(policies: Policies, context: Context) -> Iterator[str]:
    """Yield the actions of such a caller that may not stay open, as patterns in the policies."""
    known = _for_the_worse(policies, context)
    for statement in _statements(_unlimited(known), "Allow"):
        for shown, action in _actions(statement, known):
            if action in EXEMPT:
                continue
            if any(_is_allowed(known, action, each, context) for each in _resources(statement, known, context)):
                yield shown


def _actions(allow: Statement, policies: Policies) -> Iterator[tuple[str, str]]:
    """Yield pairs of a pattern and an example action that an Allow covers."""
    whole, narrow = _exceptions(policies)
    choices = [allow.actions or ("*",), *whole, *_limits(policies, lambda each: each.actions)]
    written = {each.lower(): str(each) for choice in choices for each in (*choice, *narrow)}
    for more in ("*", *dict.fromkeys(each.lower() for each in narrow)):
        for globs in combined(*([each.lower() for each in choice] for choice in choices), (more,)):
            shown = next((glob for glob in globs if glob != "*"), "*")
            yield written[shown], common(*globs) or ""


def _exceptions(policies: Policies) -> tuple[set[tuple[Text, ...]], list[Text]]:
    """The exceptions of each Deny about everything (all possible actions are in each of them), and those of others."""
    whole: set[tuple[Text, ...]] = set()
    narrow: list[Text] = []
    for deny in _statements(policies, "Deny"):
        if "*" not in (deny.resources or ()):
            narrow += deny.not_actions or ()
        elif deny.not_actions is not None:
            whole.add(deny.not_actions)
        elif "*" in (deny.actions or ()):
            whole.add(())
    return whole, narrow


def _resources(allow: Statement, policies: Policies, context: Context) -> Iterator[str]:
    """Yield example resources that an Allow covers."""
    odd = [resource for each in _statements(policies, "Deny") for resource in each.not_resources or ()]
    choices = (allow.resources or ("*",), *_limits(policies, lambda each: each.resources), ("*", *odd))
    known = ([plain(filled(each, context) or ()) for each in choice] for choice in choices)
    for globs in combined(*known):
        # For actions without a resource it is the star itself.
        yield "*" if set(globs) == {"*"} else common(*globs) or ""


def _limits(policies: Policies, element: Callable[[Statement], tuple[Text, ...] | None]) -> Iterator[list[str]]:
    """Yield the names in the Allow statements of a boundary and an organization; a star for exceptions."""
    for documents in (policies.boundary, policies.organization):
        if documents is not None:
            allows = [each for document in documents for each in document.statements if each.effect == "Allow"]
            yield [name for each in allows for name in element(each) or ("*",)] or ["*"]


def _statements(policies: Policies, effect: str) -> Iterator[Statement]:
    found = (each.statement for each in evaluation.statements(policies))
    return (statement for statement in found if statement.effect == effect)


def _is_allowed(policies: Policies, action: str, resource: str, context: Context) -> bool:
    request = Request(action=action, resource=resource, context=context)
    return evaluation.evaluate(policies, request).decision is Decision.ALLOWED


def _for_the_worse(policies: Policies, context: Context) -> Policies:
    """The policies in the worst case for such a caller: the statements that apply, without conditions."""
    return policies.replace(
        identity=tuple(_at_worst(each, context) for each in policies.identity),
        boundary=_all_at_worst(policies.boundary, context),
        organization=_all_at_worst(policies.organization, context),
    )


def _all_at_worst(documents: tuple[Document, ...] | None, context: Context) -> tuple[Document, ...] | None:
    return None if documents is None else tuple(_at_worst(each, context) for each in documents)


def _at_worst(document: Document, context: Context) -> Document:
    left = (_applying(document, statement, context) for statement in document.statements)
    return document.replace(statements=tuple(each for each in left if each is not None))


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
