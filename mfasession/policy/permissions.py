"""The permissions of each kind of caller under whole documents, for all distinguishable requests at once.

Conditions that are not about MFA and variables that are not about the user are unknown: each answer has a best case,
where all of them favour the caller, and a worst case.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from mfasession.policy import callers, certainty
from mfasession.policy.callers import Caller
from mfasession.policy.document import Document, Statement
from mfasession.policy.glob_overlap import common, generic
from mfasession.policy.located_json import Text
from mfasession.policy.patterns import Context, Filled, filled, like, plain, resource_like

EVERYWHERE = "*"
ANY_OTHER = "example:AnyOtherAction"
"""Represents all actions that no statement names."""
_WILD = re.compile(r"[*?]")
_VARIABLE = re.compile(r"\$\{([^}*?$,]+)[^}]*\}")
_KNOWN = callers.context(callers.MFA)
_PAIRS = 40
"""The most patterns with wildcards for which shared requests of two patterns are considered."""
_ARN_PARTS = 6
_PLACE = re.compile(r"arn:(aws[a-z-]*):iam::([^:*?$]+):")
_PARTITION = re.compile(r"arn:(aws[a-z-]*):")

Heads = Mapping[str, Sequence[str]]
"""Patterns by the text before their first wildcard: AWS's own policies have thousands, and most do not concern an
action."""
Bits = int
"""A set of requests: bit n is the request number n of a Requests."""


class Requests:
    """The requests that documents distinguish.

    `actions`: patterns, each with an example action. `resources`: the same. The request of action
    number a on resource number r has the number a * len(resources) + r.
    """

    def __init__(self, documents: Sequence[Document], actions: Iterable[str] = (), *, own: bool = False) -> None:
        """`actions`: additional actions. `own`: include the user's own ARN and a device."""
        self.documents = documents
        names = {name.lower(): name for name in [*_named_actions(documents), *actions]}
        self.actions = {ANY_OTHER: ANY_OTHER.lower()} | {name: _sample(small) for small, name in names.items()}
        home = _home(documents)
        self.user, self.device = f"{home}:user/{callers.USER}", f"{home}:mfa/{callers.USER}"
        resources = {EVERYWHERE: EVERYWHERE} | {name: _sample_resource(name) for name in _named_resources(documents)}
        if own:
            resources |= {self.user: self.user, self.device: self.device}
        self.resources = resources
        self.shared: set[str] = set()
        """Actions and resources that two patterns share."""
        self._add_shared(self.actions)
        self._add_shared(self.resources)
        self.all = (1 << len(self.actions) * len(self.resources)) - 1
        self._numbers = {name.lower(): number for number, name in enumerate(self.actions)}
        self._places = {name: number for number, name in enumerate(self.resources)}
        self._by_action = sorted((sample, number) for number, sample in enumerate(self.actions.values()))
        self._by_resource = sorted((sample, number) for number, sample in enumerate(self.resources.values()))
        self._fixed: dict[Caller, tuple[Bits, Bits]] = {}

    def number(self, action: str, resource: str) -> int:
        """Return the number of a request. Raises KeyError."""
        return self._numbers[action.lower()] * len(self.resources) + self._places[resource]

    def of(self, action: str, resource: str | None = None) -> Bits:
        """Return the requests for an action; `resource`: only on this one. Raises KeyError."""
        row, width = self._numbers[action.lower()], len(self.resources)
        bits = (1 << width) - 1 if resource is None else 1 << self._places[resource]
        return bits << row * width

    def for_actions(self, samples: Iterable[str]) -> Bits:
        """Return the requests whose action is one of these, in lower case."""
        wanted = set(samples)
        return self.spread((number for number, each in enumerate(self.actions.values()) if each in wanted))

    def rows(self, globs: Iterable[str]) -> set[int]:
        """Return the numbers of the actions that one of the patterns matches."""
        found = set()
        for glob in globs:
            small = glob.lower()
            for sample, number in _beginning(self._by_action, _WILD.split(small, maxsplit=1)[0]):
                if sample == small or like(sample, small):
                    found.add(number)
        return found

    def places(self, glob: Filled) -> Bits:
        """Return the numbers of the resources that a pattern matches, as bits."""
        head = ""
        for text, is_literal in glob:
            literal = text if is_literal else _WILD.split(text, maxsplit=1)[0]
            head += literal
            if literal != text:
                break
        bits = 0
        for sample, number in _beginning(self._by_resource, head):
            if resource_like(sample, glob):
                bits |= 1 << number
        return bits

    def fixed(self, caller: Caller) -> tuple[Bits, Bits]:
        """Return the requests that AWS always allows a caller, and those that it never allows."""
        if caller not in self._fixed:
            words: dict[str, list[int]] = {"always": [], "never": [], "": []}
            for number, sample in enumerate(self.actions.values()):
                words[caller.fixed(sample)].append(number)
            self._fixed[caller] = self.spread(words["always"]), self.spread(words["never"])
        return self._fixed[caller]

    def spread(self, rows: Iterable[int], resources: Bits | None = None) -> Bits:
        """Return the requests for actions, by their numbers, on some resources or on all."""
        width = len(self.resources)
        each = (1 << width) - 1 if resources is None else resources
        bits = 0
        for row in rows:
            bits |= each << row * width
        return bits

    def shown(self, bits: Bits) -> tuple[str, str]:
        """Return the first request of a set that is not empty: the action and the resource, as written."""
        row, place = divmod((bits & -bits).bit_length() - 1, len(self.resources))
        return list(self.actions)[row], list(self.resources)[place]

    def _add_shared(self, samples: dict[str, str]) -> None:
        """Add requests that two patterns share, where both statements apply."""
        globs = [name for name in samples if _WILD.search(name) and name != EVERYWHERE]
        if len(globs) > _PAIRS:
            return
        for one, other in combinations(globs, 2):
            shared = _shared(_VARIABLE.sub("*", one), _VARIABLE.sub("*", other))
            if shared is not None and shared not in samples.values() and shared not in samples:
                samples[shared] = shared
                self.shared.add(shared)


class _Part:
    """A statement with its requests and callers."""

    def __init__(self, requests: Requests, document: Document, statement: Statement) -> None:
        self.document = document
        self.statement = statement
        named = statement.actions if statement.not_actions is None else statement.not_actions
        rows = requests.rows(named or ())
        self._rows = rows if statement.not_actions is None else set(range(len(requests.actions))) - rows
        self._requests = requests
        self._covers: dict[tuple[bool, bool], Bits] = {}
        self._certain: dict[tuple[str, bool], bool | None] = {}

    def applies(self, caller: Caller, *, is_fresh: bool) -> bool | None:
        """Return whether it applies to all or no requests of such a caller; None when it depends."""
        known = (caller.slug, is_fresh)
        if known not in self._certain:
            self._certain[known] = self._applies(caller, is_fresh=is_fresh)
        return self._certain[known]

    def covers(self, caller: Caller, *, is_wide: bool) -> Bits:
        """Return the requests that it is about; `is_wide`: an unknown variable matches anything."""
        known = (caller.is_role, is_wide)
        if known not in self._covers:
            resources = _resources(self._requests, self.document, self.statement, caller, is_wide=is_wide)
            self._covers[known] = self._requests.spread(self._rows, resources)
        return self._covers[known]

    def _applies(self, caller: Caller, *, is_fresh: bool) -> bool | None:
        if not _is_for(self.statement, caller):
            return False
        found = [
            certainty.holds(self.document, self.statement, line, caller, is_fresh=is_fresh)
            for line in self.statement.conditions
        ]
        return False if False in found else None if None in found else True


class Permissions:
    """Answers for whole documents, by sets of requests."""

    def __init__(self, requests: Requests, *, is_fresh: bool, documents: Sequence[Document] | None = None) -> None:
        """`is_fresh`: sessions with MFA are one minute old; otherwise their age is unknown.

        `documents`: the evaluated ones of the requests' documents; by default all.
        """
        self.requests = requests
        self._is_fresh = is_fresh
        self._parts = {
            id(statement): _Part(requests, document, statement)
            for document in (requests.documents if documents is None else documents)
            for statement in document.statements
        }
        self._unions: dict[tuple[str, str, bool], tuple[Bits, Bits]] = {}

    def with_statement(self, statement: Statement, changed: Statement) -> "Permissions":
        """Return the answers with one statement changed."""
        return _Changed(self, statement, changed)

    def may(self, caller: Caller, *, best: bool, beside_all: bool) -> Bits:
        """Return what a caller may do; `beside_all`: with another policy that allows everything."""
        allowed = self.requests.all if beside_all else self._covered("Allow", caller, best=best)
        always, never = self.fixed(caller)
        return (allowed & ~self.denied(caller, best=best) & ~never) | always

    def denied(self, caller: Caller, *, best: bool) -> Bits:
        """Return the denied requests."""
        return self._covered("Deny", caller, best=best)

    def covered(self, statement: Statement, caller: Caller, *, best: bool) -> Bits:
        """Return a caller's requests to which one statement applies."""
        return self._applying(self._parts[id(statement)], caller, best=best)

    def _covered(self, effect: str, caller: Caller, *, best: bool) -> Bits:
        return self._union(effect, caller, best=best)[0]

    def _union(self, effect: str, caller: Caller, *, best: bool) -> tuple[Bits, Bits]:
        """The requests to which a statement applies, and those to which several do."""
        key = (effect, caller.slug, best)
        if key not in self._unions:
            once = several = 0
            for each in self._parts.values():
                if each.statement.effect == effect:
                    bits = self._applying(each, caller, best=best)
                    several |= once & bits
                    once |= bits
            self._unions[key] = once, several
        return self._unions[key]

    def _applying(self, part: _Part, caller: Caller, *, best: bool) -> Bits:
        """Whether an uncertain statement applies: at best if that favours the caller, at worst if not."""
        is_wide = best == (part.statement.effect == "Allow")
        applies = part.applies(caller, is_fresh=self._is_fresh)
        if applies or (applies is None and is_wide):
            return part.covers(caller, is_wide=is_wide)
        return 0

    def fixed(self, caller: Caller) -> tuple[Bits, Bits]:
        """Return the requests that AWS always allows a caller, and those that it never allows."""
        return self.requests.fixed(caller)


class _Changed(Permissions):
    """The answers with one statement changed, without evaluating the others again."""

    def __init__(self, before: Permissions, statement: Statement, changed: Statement) -> None:
        old = before._parts[id(statement)]  # noqa: SLF001  # of the same class
        new = _Part(before.requests, old.document, changed)
        self.__dict__ |= vars(before)
        self._old, self._new = old, new

    def _covered(self, effect: str, caller: Caller, *, best: bool) -> Bits:
        bits, several = self._union(effect, caller, best=best)
        if self._old.statement.effect == effect:
            bits &= ~self._applying(self._old, caller, best=best) | several
        if self._new.statement.effect == effect:
            bits |= self._applying(self._new, caller, best=best)
        return bits


def open_variables(text: str) -> list[str]:
    """Return the variables of a text that the user's identity does not define."""
    return [found[0] for found in _VARIABLE.finditer(text) if found[1].strip().lower() not in _KNOWN]


def by_heads(globs: Iterable[str]) -> Heads:
    """Return patterns in lower case by the prefix of everything that they match."""
    heads: dict[str, list[str]] = {}
    for glob in globs:
        small = glob.lower()
        heads.setdefault(_WILD.split(small, maxsplit=1)[0], []).append(small)
    return heads


def covering(name: str, heads: Heads) -> Iterator[str]:
    """Yield the patterns (`by_heads`) that match an action in lower case."""
    return (
        glob for end in range(len(name) + 1) for glob in heads.get(name[:end], ()) if glob == name or like(name, glob)
    )


def is_wild(name: str) -> bool:
    """Return whether a name has wildcards."""
    return _WILD.search(name) is not None


def _resources(requests: Requests, document: Document, statement: Statement, caller: Caller, *, is_wide: bool) -> Bits:
    if statement.resources is None and statement.not_resources is None:
        # A trust policy is about its role.
        return (1 << len(requests.resources)) - 1
    named, is_positive = statement.resources, True
    if statement.not_resources is not None:
        named, is_positive = statement.not_resources, False
    context = {**callers.context(caller), **({} if caller.is_role else {"aws:principalarn": requests.user})}
    bits = 0
    for glob in _globs(document, named or (), context, is_wide=is_wide == is_positive):
        bits |= requests.places(glob)
    return bits if is_positive else (1 << len(requests.resources)) - 1 & ~bits


def _beginning(samples: Sequence[tuple[str, int]], head: str) -> Iterator[tuple[str, int]]:
    """Yield those of sorted samples that begin with a text: a statement is compared with few of a document's names."""
    for at in range(bisect_left(samples, (head,)), len(samples)):
        if not samples[at][0].startswith(head):
            return
        yield samples[at]


def _globs(
    document: Document, named: Iterable[Text], context: Context, *, is_wide: bool
) -> Iterator[tuple[tuple[str, bool], ...]]:
    """Yield the patterns of resources; one with an unknown variable becomes any text, or is left out."""
    for each in named:
        if not document.has_variables or not open_variables(each):
            glob = filled(each, context, has_variables=document.has_variables)
            if glob is not None:
                yield glob
        elif is_wide:
            yield ((_VARIABLE.sub("*", each), False),)


def _is_for(statement: Statement, caller: Caller) -> bool:
    """Whether the Principal, if any, can be such a caller."""
    if statement.principals is None:
        return True
    of_others = (":user/",) if caller.is_role else (":role/", ":assumed-role/")
    return any(
        kind == "*" or (kind == "AWS" and any(all(mark not in name for mark in of_others) for name in names))
        for kind, names in statement.principals.items()
    )


def _named_actions(documents: Sequence[Document]) -> Iterator[str]:
    for document in documents:
        for each in document.statements:
            yield from map(str, (each.actions if each.not_actions is None else each.not_actions) or ())


def _named_resources(documents: Sequence[Document]) -> Iterator[str]:
    for document in documents:
        for each in document.statements:
            yield from (str(name) for name in (*(each.resources or ()), *(each.not_resources or ())))


def _home(documents: Sequence[Document]) -> str:
    """The prefix of users' ARNs, with the partition and account that the documents name."""
    named = list(_named_resources(documents))
    places = [found for name in named if (found := _PLACE.match(name))]
    partitions = [found[1] for name in named if (found := _PARTITION.match(name))]
    partition = places[0][1] if places else max(partitions, key=partitions.count, default="aws")
    account = next((found[2] for found in places if found[2] != "aws"), callers.ACCOUNT)
    return f"arn:{partition}:iam::{account}"


def _shared(one: str, other: str) -> str | None:
    """The texts that two patterns of actions or resources share; ARNs are compared by part."""
    if not (one.startswith("arn:") and other.startswith("arn:")):
        shared = common(one.lower(), other.lower()) if ":" in one + other else None
        return shared if shared and ":" in shared else None
    parts, others = one.split(":", _ARN_PARTS - 1), other.split(":", _ARN_PARTS - 1)
    if len(parts) != len(others):
        return common(one, other)
    found = [common(*pair) for pair in zip(parts, others, strict=True)]
    return None if None in found else ":".join(each or "" for each in found)


def _sample(action: str) -> str:
    # A text of its own for each wildcard: the shortest one may be what an exact name denies.
    return generic(action)[0] if action.strip("*") else action


def _sample_resource(pattern: str) -> str:
    known = filled(pattern, _KNOWN)
    glob = plain(known) if known is not None else _VARIABLE.sub("x", pattern)
    return generic(glob)[0] if glob.strip("*") else pattern
