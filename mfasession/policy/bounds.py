"""What bounds the Allow statements of a user: every Deny, and the Allow statements of a boundary and an organization.

Most users of an account have the same bounds, so these are prepared once, with the actions that must be tried.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from mfasession.policy import rule
from mfasession.policy.glob_overlap import combined, common
from mfasession.policy.worst_case import Ready

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
_Names = tuple[str, ...]
_ALL: _Names = ("*",)


class Bounds:
    """Statements of which no Deny may name a request, and lists of which each must allow it. Equal only to itself."""

    def __init__(self, denies: tuple[Ready, ...], limits: tuple[tuple[Ready, ...], ...]) -> None:
        self._denies = denies
        self._limits = [[each for each in several if each.is_allow] for several in limits]
        self._for_all = [each for each in denies if each.has_all_resources]
        whole, narrow = _exceptions(denies)
        # The same list at several levels is one choice.
        named = [tuple(name for each in limit for name in each.actions or _ALL) or _ALL for limit in self._limits]
        self._choices: list[_Names] = [*whole, *dict.fromkeys(named)]
        self._narrow = narrow
        odd = [resource for each in denies for resource in each.not_resources or ()]
        places = [tuple(name for each in limit for name in each.resources or _ALL) or _ALL for limit in self._limits]
        self._resources: list[_Names] = [*dict.fromkeys(places), (*_ALL, *odd)]

    def permit(self, action: str, resource: str) -> bool:
        """Return whether a request is within the bounds; the action is in lower case."""
        return not any(each.names(action, resource) for each in self._denies) and all(
            any(each.names(action, resource) for each in limit) for limit in self._limits
        )

    def actions(self, own: _Names) -> tuple[tuple[str, str], ...]:
        """Return the actions to try for an Allow of these, as they are written, and as examples in lower case.

        Left out are those that may stay open, and those that are denied for every resource.
        """
        return _actions(self, own)

    def resources(self, allow: Ready) -> Iterator[str]:
        """Yield example resources that an Allow covers."""
        for globs in combined(allow.resources or _ALL, *self._resources):
            # For actions without a resource it is the star itself.
            yield "*" if set(globs) == {"*"} else common(*globs) or ""

    def examples(self, own: _Names) -> Iterator[tuple[str, str]]:
        """Yield pairs of a name in the policies and an example action, in lower case, that an Allow of these covers."""
        choices = [own, *self._choices]
        written = {name.lower(): str(name) for choice in (own, *self._choices, self._narrow) for name in choice}
        small = [[name.lower() for name in choice] for choice in choices]
        for more in dict.fromkeys(("*", *(name.lower() for name in self._narrow))):
            for globs in combined(*small, (more,)):
                shown = next((glob for glob in globs if glob != "*"), "*")
                yield written[shown], common(*globs) or ""

    def are_for_all(self, action: str) -> bool:
        """Return whether an action in lower case is denied for every resource."""
        return any(each.names_action(action) for each in self._for_all)


@lru_cache(maxsize=256)
def bounds(denies: tuple[Ready, ...], limits: tuple[tuple[Ready, ...], ...]) -> Bounds:
    """Return the bounds by these; for the same statements the same object."""
    return Bounds(denies, limits)


@lru_cache(maxsize=4096)
def _actions(within: Bounds, own: _Names) -> tuple[tuple[str, str], ...]:
    return tuple(
        (shown, action)
        for shown, action in within.examples(own)
        if action not in EXEMPT and not within.are_for_all(action)
    )


def _exceptions(denies: Sequence[Ready]) -> tuple[list[_Names], _Names]:
    """The exceptions of each Deny about everything (all possible actions are in each of them), and those of others."""
    whole: dict[_Names, None] = {}
    narrow: list[str] = []
    for deny in denies:
        if not deny.has_all_resources:
            narrow += deny.not_actions or ()
        elif deny.not_actions is not None:
            whole[deny.not_actions] = None
        elif "*" in (deny.actions or ()):
            whole[()] = None
    return list(whole), tuple(narrow)
