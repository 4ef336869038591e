"""What a policy leaves to each kind of caller, for each of the resources that it names; and what nobody can tell.

Nobody can tell whether a condition holds that is not about MFA, or what a variable stands for that is not about the
user: everything is judged twice, as if all of them were to the caller's good and as if none were.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum

from mfasession.policy import callers, evaluation
from mfasession.policy.callers import Caller
from mfasession.policy.document import Document, Line, Statement
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.patterns import Context, filled, like, plain
from mfasession.policy.placed import Text
from mfasession.policy.samples import common
from mfasession.values import Value

EVERYWHERE = "*"
_ANY_OTHER = "example:AnyOtherAction"
"""Stands for all that no statement names."""
_IAM = "iam:*"
"""Refused to some whatever policies say, and told though no statement names it."""
_WILD = re.compile(r"[*?]")
_VARIABLE = re.compile(r"\$\{([^}*?$,]+)[^}]*\}")
_TOLD = ("aws:multifactorauthpresent", "aws:viaawsservice", "aws:principaltype", "aws:securetransport")
"""Keys whose values follow from the kind of caller alone."""
_AGE = "aws:multifactorauthage"
_VARIABLES = callers.context(callers.MFA)


class Verdict(Enum):
    """Whether a caller may do something."""

    MAY = "may"
    DENIED = "is denied"
    NOT_ALLOWED = "is allowed"
    DEPENDS = "depends"


class Left(Value):
    """What a caller may do on some resources; `resources` are EVERYWHERE or patterns of the policy.

    `rest` is the verdict on all that no statement names. `may`, `may_not` and `depends` are actions and patterns of
    actions for which it is another than on what they are part of.
    """

    resources: tuple[str, ...]
    rest: Verdict
    may: tuple[str, ...] = ()
    may_not: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()


class Named:
    """What policies name: their resources, and their actions with what each is part of and which statements it is in.

    AWS's own policies name a thousand patterns: most pairs of them are told apart by what stands before the wildcards.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        statements = [each for document in documents for each in document.statements]
        resources = (name for each in statements for name in (*(each.resources or ()), *(each.not_resources or ())))
        self.resources = list(dict.fromkeys(str(each) for each in resources if each != EVERYWHERE))
        lists = [each.actions if each.not_actions is None else each.not_actions for each in statements]
        named = [str(name) for these in lists for name in these or ()]
        names = list({name.lower(): name for name in [*named, _IAM] if not like(_ANY_OTHER, name)}.values())
        globs = _by_heads(name for name in names if _WILD.search(name))
        self.around = {name: _narrowest(name, globs) for name in names}
        """Each action, and the narrowest pattern that it is part of."""
        heads = [_by_heads(map(str, these or ())) for these in lists]
        self.statements = {
            name: tuple(next(_covering(_sample(name), each), None) is not None for each in heads)
            for name in (_ANY_OTHER, *names)
        }
        """Each action, and which statements' Action or NotAction has it: all with the same ones fare the same."""


def left(named: Named, caller: Caller) -> Iterator[Left]:
    """Yield what is left to a caller everywhere, then on the resources where that is otherwise."""
    judge = _Judge(named, caller)
    everywhere = _left(judge, EVERYWHERE, named.around)
    yield everywhere
    same: dict[Left, list[str]] = {}
    for resource in named.resources:
        same.setdefault(_left(judge, resource, named.around), []).append(resource)
    for each, where in same.items():
        if each != everywhere:
            yield each.replace(resources=tuple(where))


class _Judge:
    """Tells whether a caller may do an action, or a pattern of actions, on a resource."""

    def __init__(self, named: Named, caller: Caller) -> None:
        self._named = named
        self._caller = caller
        self._context = callers.context(caller)
        self._at_best = [_assumed(each, caller, for_good=True) for each in named.documents]
        self._at_worst = [_assumed(each, caller, for_good=False) for each in named.documents]
        self._policies: dict[tuple[bool, ...], tuple[Policies, Policies]] = {}
        self._verdicts: dict[tuple[tuple[bool, ...], str], Verdict] = {}

    def verdict(self, action: str, resource: str) -> Verdict:
        """Return what holds for the caller."""
        if always := callers.fixed(self._caller, action):
            return Verdict.MAY if always == "always" else Verdict.NOT_ALLOWED
        kind, sample = self._named.statements[action], _sample(action)
        if kind not in self._policies:
            self._policies[kind] = _about(self._at_best, sample), _about(self._at_worst, sample)
        if (kind, resource) not in self._verdicts:
            self._verdicts[kind, resource] = self._judged(*self._policies[kind], sample, resource)
        return self._verdicts[kind, resource]

    def _judged(self, at_best: Policies, at_worst: Policies, action: str, resource: str) -> Verdict:
        request = Request(action=action, resource=_resource(resource, self._context), context=self._context)
        best = evaluation.evaluate(at_best, request).decision
        if best is not Decision.ALLOWED:
            return Verdict.DENIED if best is Decision.DENIED else Verdict.NOT_ALLOWED
        worst = evaluation.evaluate(at_worst, request).decision
        return Verdict.MAY if worst is Decision.ALLOWED else Verdict.DEPENDS


def _left(judge: _Judge, resource: str, actions: Mapping[str, str]) -> Left:
    """What is left on one resource, of actions and what each is part of; `resources` is EVERYWHERE still."""
    verdicts = {action: judge.verdict(action, resource) for action in (_ANY_OTHER, *actions)}
    odd: dict[str, list[str]] = {"may": [], "may_not": [], "depends": []}
    for action, around in actions.items():
        word = _word(verdicts[action])
        if word != _word(verdicts[around]):
            odd[word].append(action)
    exceptions = {word: tuple(these) for word, these in odd.items()}
    return Left(resources=(EVERYWHERE,), rest=verdicts[_ANY_OTHER], **exceptions)


def _sample(action: str) -> str:
    return common(action.lower()) or action


def _by_heads(globs: Iterable[str]) -> list[tuple[str, str]]:
    """Patterns, each behind what all that it matches begins with."""
    return [(_WILD.split(glob.lower(), maxsplit=1)[0], glob) for glob in globs]


def _covering(name: str, globs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the patterns that an action, or a pattern of actions, is part of."""
    small = name.lower()
    return (glob for head, glob in globs if small.startswith(head) and like(small, glob.lower()))


def _narrowest(name: str, globs: Iterable[tuple[str, str]]) -> str:
    return max((glob for glob in _covering(name, globs) if glob != name), key=len, default=_ANY_OTHER)


def _word(verdict: Verdict) -> str:
    return {Verdict.MAY: "may", Verdict.DEPENDS: "depends"}.get(verdict, "may_not")


def _about(documents: Sequence[Document], action: str) -> Policies:
    """The statements that are about an action."""
    kept = (
        document.replace(
            statements=tuple(each for each in document.statements if evaluation.names_action(each, action))
        )
        for document in documents
    )
    return Policies(identity=tuple(kept))


def _resource(pattern: str, context: Context) -> str:
    if pattern == EVERYWHERE:
        return pattern
    known = filled(pattern, {**_VARIABLES, **context})
    return common(plain(known) if known is not None else _VARIABLE.sub("x", pattern)) or pattern


def _assumed(document: Document, caller: Caller, *, for_good: bool) -> Document:
    """The document as it is when what nobody can tell is to the caller's good, or is not."""
    kept = []
    for statement in document.statements:
        does_apply = for_good == (statement.effect == "Allow")
        known = tuple(line for line in statement.conditions if _is_told(line, caller))
        if known != statement.conditions and not does_apply:
            continue
        kept.append(_with_known_resources(document, statement.replace(conditions=known), does_apply=does_apply))
    return document.replace(statements=tuple(kept))


def _is_told(line: Line, caller: Caller) -> bool:
    key = line.key.lower()
    return key in _TOLD or (key == _AGE and (caller.mfa != "true" or line.operator.lower() == "null"))


def _with_known_resources(document: Document, statement: Statement, *, does_apply: bool) -> Statement:
    def known(named: tuple[Text, ...] | None, *, is_wide: bool) -> tuple[Text, ...] | None:
        if named is None or not document.has_variables:
            return named
        ready = ((each, _is_open(each)) for each in named)
        return tuple(
            Text(_VARIABLE.sub("*", each), each.place) if is_open else each
            for each, is_open in ready
            if is_wide or not is_open
        )

    return statement.replace(
        resources=known(statement.resources, is_wide=does_apply),
        not_resources=known(statement.not_resources, is_wide=not does_apply),
    )


def _is_open(text: str) -> bool:
    """Whether the text has a variable that does not follow from who the user is."""
    return any(found[1].strip().lower() not in _VARIABLES for found in _VARIABLE.finditer(text))
