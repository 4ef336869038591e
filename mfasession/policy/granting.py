"""Trust and resource policies in sentences: what each statement says to whom, and which callers of these get it.

What nobody can know of a request (its address, its tags) is taken for the caller's good, and said to be.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mfasession.policy import callers, evaluation, principals
from mfasession.policy.callers import CALLERS, Caller, Person
from mfasession.policy.document import Document, Kind, Line, Statement
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.patterns import Context, filled, plain
from mfasession.policy.principals import ANYBODY
from mfasession.policy.samples import common
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.policy.placed import Text

CODE_COUNTS = "A code that the AssumeRole request itself brings counts as MFA, with a long-term key, too."
"""Source: IAM User Guide, "Configuring MFA-protected API access"."""
KEY_DECIDES = "A KMS key's own policy decides: without an Allow here nobody may use the key, whatever IAM policies say."
KEYS_DECIDE = (
    "KMS keys have policies of their own, and these decide: an Allow here counts only for keys whose policy leaves the "
    "decision to the account; a Deny counts for all."
)
"""Source: AWS KMS Developer Guide, "Key policies in AWS KMS"."""
_MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_NAMES = {
    "key": "a long-term key",
    "session": "a session without MFA",
    "mfa": "a session with MFA",
    "role": "a role's session",
}


class _Grant(Value):
    """What an Allow gives: its actions and resources as they are written, and a sample of each to ask about."""

    shown: str
    action: str
    resource: str


def explained(document: Document) -> Iterator[str]:
    """Yield a sentence for each statement, then one for each user, role and account that the policy names."""
    for statement in document.statements:
        yield f"Line {statement.place.line}: {statement.name} {_said(statement)}."
        yield f"  {_applying(document, statement)}"
    for name in principals.all_of_aws([document]):
        if any(_gives(each, name) for each in document.statements):
            yield from _of(document, name)
    if document.kind is Kind.TRUST and any(map(_asks_for_mfa, document.statements)):
        yield CODE_COUNTS
    if concerns_kms(document):
        yield KEY_DECIDES


def concerns_kms(document: Document) -> bool:
    """Return whether a policy names actions of KMS, whose keys have policies that decide."""
    return any(
        action.lower().startswith("kms:")
        for statement in document.statements
        for action in (*(statement.actions or ()), *(statement.not_actions or ()))
    )


def _said(statement: Statement) -> str:
    verb = "denies" if statement.effect == "Deny" else "allows"
    actions = _everything_but(statement.actions, statement.not_actions, "every action")
    on = ""
    if statement.resources is not None or statement.not_resources is not None:
        on = f", on {_everything_but(statement.resources, statement.not_resources, 'everything')}"
    conditions = " and ".join(f"{_condition(line)}" for line in statement.conditions)
    return f"{verb} {actions}{on}, to {_whom(statement)}" + (f", where {conditions}" if conditions else "")


def _everything_but(named: Sequence[str] | None, but: Sequence[str] | None, everything: str) -> str:
    if but is not None:
        return f"{everything} but {_listed(but)}" if but else everything
    return everything if ANYBODY in (named or ()) else _listed(named or ())


def _whom(statement: Statement) -> str:
    if statement.principals is None:
        return f"everybody but {_listed([_called(each) for each in _all(statement.not_principals or {})])}"
    names = [_called(each) for each in _all(statement.principals)]
    return _listed(names) or "nobody"


def _all(element: "dict[Text, tuple[Text, ...]]") -> list[str]:
    """All that a Principal element names, of services and identity providers, too."""
    named = ((kind, name) for kind, several in element.items() for name in (several or (ANYBODY,)))
    return [str(name) if str(kind) in ("AWS", ANYBODY, "Service") else f"{kind} {name}" for kind, name in named]


def _called(name: str) -> str:
    if name == ANYBODY:
        return "everybody"
    return f"account {principals.account_in(name)}" if principals.is_account(name) else name


def _condition(line: Line) -> str:
    return f"{line.operator} of {line.key} is {_listed(line.values, 'or')}"


def _applying(document: Document, statement: Statement) -> str:
    """Which kinds of callers the conditions of a statement hold for, among those that it names."""
    names = principals.of_aws(statement.principals or {}) or (ANYBODY if statement.not_principals else "",)
    known, is_sure = _assumed(statement)
    holds = [
        caller
        for caller in CALLERS
        if any(_can_be(name, caller) for name in names)
        and evaluation.condition_holds(document, known, callers.context(caller))
    ]
    if not any(names):
        none = ", and services and identity providers bring no MFA" if _asks_for_mfa(statement) else ""
        return f"It is about {_listed(list(principals.others(statement)))}{none}."
    far = "" if is_sure else ", as far as its other conditions hold"
    if len(holds) == len(CALLERS) and is_sure:
        return "It applies with MFA and without."
    return f"It applies to {_listed([_NAMES[each.slug] for each in holds]) or 'no kind of caller'}{far}."


def _asks_for_mfa(statement: Statement) -> bool:
    return any(line.key.lower() in _MFA_KEYS for line in statement.conditions)


def _can_be(name: str, caller: Caller) -> bool:
    """Whether such a caller may be whom a principal names."""
    return (":user/" not in name) if caller.is_role else (":role/" not in name and ":assumed-role/" not in name)


def _gives(statement: Statement, name: str) -> bool:
    return statement.effect == "Allow" and name in principals.of_aws(statement.principals or {})


def _of(document: Document, name: str) -> Iterator[str]:
    """What the whole document gives to one of those that it names, by the kinds of callers these can be."""
    whose = _person(document, name)
    grants = [grant for each in document.statements if _gives(each, name) for grant in _grants(each, whose)]
    at_best = document.replace(statements=tuple(_at_best(document)))
    may: dict[tuple[str, ...], list[str]] = {}
    for caller in CALLERS:
        if _can_be(name, caller):
            given = tuple(dict.fromkeys(each.shown for each in grants if _is_given(at_best, each, caller, whose)))
            may.setdefault(given, []).append(_NAMES[caller.slug])
    own = " (if its own policies allow it, too)" if principals.is_account(name) else ""
    told = "; ".join(f"{_listed(who)} may do {_listed(given) or 'nothing'}" for given, who in may.items())
    far = "" if all(_assumed(each)[1] for each in document.statements) else ", as far as the other conditions hold"
    yield f"Of {_called(name)}{own}: {told}{far}."


def _person(document: Document, name: str) -> Person:
    account = principals.account_in(name) or callers.ACCOUNT
    whose = callers.person("", [document])
    start = f"{':'.join(whose.user_arn.split(':')[:4])}:{account}"
    return Person(
        user=name.rpartition("/")[2] if ":user/" in name else callers.USER,
        user_arn=name if ":user/" in name else f"{start}:user/{callers.USER}",
        role_arn=name if ":role/" in name else f"{start}:role/example",
    )


def _grants(statement: Statement, whose: Person) -> Iterator[_Grant]:
    known = callers.context(callers.MFA, whose=whose)
    for action in statement.actions or (ANYBODY,):
        for resource in statement.resources or (ANYBODY,):
            yield _Grant(
                shown="everything" if action == ANYBODY else str(action),
                action=common(action.lower()) or "example:action",
                resource=_sample(resource, known),
            )


def _sample(resource: str, context: Context) -> str:
    ready = filled(resource, context)
    return common(plain(ready) if ready is not None else resource) or ANYBODY


def _is_given(document: Document, grant: _Grant, caller: Caller, whose: Person) -> bool:
    request = Request(
        action=grant.action,
        resource=grant.resource,
        context=callers.context(caller, whose=whose),
        who=whose.who(caller),
    )
    return evaluation.evaluate(Policies(identity=(document,)), request).decision is Decision.ALLOWED


def _at_best(document: Document) -> Iterator[Statement]:
    for statement in document.statements:
        known, is_sure = _assumed(statement)
        if is_sure or statement.effect == "Allow":
            yield known


def _assumed(statement: Statement) -> tuple[Statement, bool]:
    """The statement with those conditions alone that the kind of caller decides, and whether these are all."""
    told = {*callers.context(callers.MFA), *_MFA_KEYS}
    known = tuple(line for line in statement.conditions if line.key.lower() in told)
    return statement.replace(conditions=known), len(known) == len(statement.conditions)


def _listed(words: Sequence[str], last: str = "and") -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
