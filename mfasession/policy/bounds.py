"""What bounds the Allow statements of a user: every Deny, and the Allow statements of a boundary and an organization.

Most users of an account have the same bounds, so these are prepared once, with the actions that must be tried.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from mfasession.policy import rule
from mfasession.policy.glob_overlap import as_glob, combined, generic, is_generic
from mfasession.policy.patterns import like
from mfasession.policy.service_actions import operations
from mfasession.policy.worst_case import Ready, with_literal_wildcards

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
_WITH_EXEMPT = frozenset(action.partition(":")[0] for action in EXEMPT)
"""The services that have such actions."""
_Names = tuple[str, ...]
_ALL: _Names = ("*",)
_ANY_ARN = "arn:*:*:*:*:*"


class Bounds:
    """Statements of which no Deny may name a request, and lists of which each must allow it. Equal only to itself."""

    def __init__(self, denies: tuple[Ready, ...], limits: tuple[tuple[Ready, ...], ...]) -> None:
        self._denies = denies
        self._limits = [[each for each in several if each.is_allow] for several in limits]
        self._for_all = [each for each in denies if each.has_all_resources]
        whole, narrow = _exceptions(denies)
        # The same list at several levels is one choice.
        named = [tuple(name for each in limit for name in each.actions or _ALL) or _ALL for limit in self._limits]
        # A request that several except is in the exceptions of each, or is not about the resources of the others.
        choices = [*whole, *dict.fromkeys(named), *((*_ALL, *names) for names in narrow)]
        self._choices = [tuple(name.lower() for name in choice) for choice in choices]
        self._written = {name.lower(): str(name) for choice in choices for name in choice}
        places = [tuple(name for each in limit for name in each.resources or _ALL) or _ALL for limit in self._limits]
        odd = dict.fromkeys((*_ALL, *each.not_resources) for each in denies if each.not_resources)
        self._resources: list[_Names] = [*dict.fromkeys(places), *odd]
        limiting = [each for limit in self._limits for each in limit]
        self._marks_of_actions = _question_marks(
            *(each.actions for each in denies), *(each.not_actions for each in limiting)
        )
        self._marks_of_resources = _question_marks(
            *(each.resources for each in denies), *(each.not_resources for each in limiting)
        )

    def permit(self, action: str, resource: str) -> bool:
        """Return whether a request is within the bounds; the action is in lower case."""
        return not any(each.names(action, resource) for each in self._denies) and all(
            any(each.names(action, resource) for each in limit) for limit in self._limits
        )

    def actions(self, allow: Ready) -> tuple[tuple[str, str], ...]:
        """Return the actions to try for an Allow, as they are written, and as examples in lower case.

        Left out are those that may stay open, and those that are denied for every resource. Raises TooMany.
        """
        marks = self._marks_of_actions
        if allow.not_actions:
            marks = max(marks, _question_marks(allow.not_actions))
        return _actions(self, allow.actions or _ALL, marks)

    def resources(self, allow: Ready) -> Iterator[str]:
        """Yield example resources that an Allow covers. Raises TooMany."""
        marks = self._marks_of_resources
        if allow.not_resources:
            marks = max(marks, _question_marks(allow.not_resources))
        for _, shared in combined(allow.resources or _ALL, *self._resources):
            yield from _places(shared, marks)

    def examples(self, own: _Names, question_marks: int) -> Iterator[tuple[str, str]]:
        """Yield pairs of a name in the policies and an example action, in lower case, that an Allow of these covers."""
        written = {name.lower(): str(name) for name in own}
        for globs, shared in combined(tuple(written), *self._choices):
            shown = next((glob for glob in globs if glob != "*"), "*")
            for action in _named(shared, question_marks):
                yield written.get(shown) or self._written[shown], action

    def are_for_all(self, action: str) -> bool:
        """Return whether an action in lower case is denied for every resource."""
        return any(each.names_action(action) for each in self._for_all)


@lru_cache(maxsize=256)
def bounds(denies: tuple[Ready, ...], limits: tuple[tuple[Ready, ...], ...]) -> Bounds:
    """Return the bounds by these; for the same statements the same object."""
    return Bounds(denies, limits)


@lru_cache(maxsize=1024)
def real_actions(example: str) -> tuple[str, ...]:
    """Return AWS's actions that a made-up one stands for, in lower case; empty if they are not known.

    Only services that have actions in EXEMPT are looked up: there an exception such as `iam:List*MFADevices` may reach
    harmless actions alone. Elsewhere the made-up action stands for those that AWS adds, too.
    """
    service, _, glob = as_glob(example).partition(":")
    if service not in _WITH_EXEMPT or not is_generic(example):
        return ()
    return tuple(f"{service}:{each.lower()}" for each in operations(service) if like(each.lower(), glob))


@lru_cache(maxsize=4096)
def _actions(within: Bounds, own: _Names, question_marks: int) -> tuple[tuple[str, str], ...]:
    return tuple(
        (shown, action)
        for shown, action in within.examples(own, question_marks)
        if action not in EXEMPT and not within.are_for_all(action)
    )


@lru_cache(maxsize=8192)
def _named(shared: _Names, question_marks: int) -> _Names:
    """Return example actions of globs: each has a colon."""
    return tuple(
        example
        for each in shared
        for glob in ([each] if ":" in each else _with_colon(each))
        for example in generic(glob, question_marks)
    )


def _with_colon(glob: str) -> Iterator[str]:
    for at, char in enumerate(glob):
        if char in "*?":
            yield f"{glob[:at]}{'*:*' if char == '*' else ':'}{glob[at + 1 :]}"


def _places(shared: _Names, question_marks: int) -> _Names:
    """Return example resources of globs."""
    if shared == _ALL:
        # For actions without a resource it is the star itself, which globs with `?` may match without any ARN.
        return ("*", *(generic(_ANY_ARN, question_marks) if question_marks else ()))
    return tuple(with_literal_wildcards(example) for each in shared for example in generic(each, question_marks))


def _question_marks(*several: Sequence[str] | None) -> int:
    """The most `?` of a name."""
    return max((name.count("?") for names in several for name in names or ()), default=0)


def _exceptions(denies: Sequence[Ready]) -> tuple[list[_Names], list[_Names]]:
    """The exceptions of each Deny about everything (all possible actions are in each of them), and those of others."""
    whole: dict[_Names, None] = {}
    narrow: dict[_Names, None] = {}
    for deny in denies:
        if not deny.has_all_resources:
            narrow |= {deny.not_actions: None} if deny.not_actions else {}
        elif deny.not_actions is not None:
            whole[deny.not_actions] = None
        elif "*" in (deny.actions or ()):
            whole[()] = None
    return list(whole), list(narrow)
