"""The rows of a table of permissions under whole documents: everything first, then the differences."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_

from mfasession.policy import callers
from mfasession.policy.callers import Caller
from mfasession.policy.document import Document
from mfasession.policy.patterns import like
from mfasession.policy.permissions import (
    ANY_OTHER,
    EVERYWHERE,
    Heads,
    Permissions,
    Requests,
    by_heads,
    covering,
    is_wild,
)
from mfasession.values import Value

EVERYTHING = "everything"
"""The row of all actions without their own row."""
FIXED = ("iam:*", "sts:GetSessionToken")
"""Actions that AWS decides without policies: shown even if no statement names them."""


class Row(Value):
    """An action or a pattern of actions, and a word for each of CALLERS.

    Words: `allow`, `deny`, `not allowed`, `depends`; `always` and `never` are decided by AWS, without policies.
    """

    action: str
    words: tuple[str, ...]


class Overview:
    """The permissions of each kind of caller under whole documents."""

    def __init__(
        self, documents: Sequence[Document], limits: Sequence[Sequence[Document]] = (), shown: Sequence[str] = FIXED
    ) -> None:
        """`limits`: sets of documents that must each allow it, too. `shown`: actions shown even if not named."""
        sets = (documents, *limits)
        self._requests = Requests([document for several in sets for document in several], shown)
        self._permissions = [Permissions(self._requests, is_fresh=False, documents=several) for several in sets]
        self._sets = [self._sets_of(caller) for caller in callers.CALLERS]
        self._actions = [name for name in self._requests.actions if name not in self._requests.shared]
        globs = by_heads(name for name in self._actions if is_wild(name))
        written = {name.lower(): name for name in self._actions}
        self._around = {name: _narrowest(name, globs, written) for name in self._actions}

    def sections(self) -> Iterator[tuple[tuple[str, ...], tuple[Row, ...]]]:
        """Yield resources with their rows: first all resources, then those with differences."""
        found: dict[tuple[Row, ...], list[str]] = {}
        for resource in self._requests.resources:
            if resource not in self._requests.shared:
                found.setdefault(tuple(self._rows(resource)), []).append(resource)
        yield from ((tuple(resources), rows) for rows, resources in found.items() if rows)

    def _rows(self, resource: str) -> Iterator[Row]:
        shown: dict[str, bool] = {}
        for action in self._actions:
            if self._is_shown(action, resource, shown):
                name = EVERYTHING if action == ANY_OTHER else action
                yield Row(action=name, words=self._words(action, resource))

    def _is_shown(self, action: str, resource: str, shown: dict[str, bool]) -> bool:
        """Whether an action differs from the pattern that contains it, or from every resource."""
        around = [action]
        while around[-1] not in shown and around[-1] != ANY_OTHER and resource != EVERYWHERE:
            around.append(self._around[around[-1]])
        for each in reversed(around):
            if each not in shown:
                shown[each] = self._differs(each, resource, shown)
        return shown[action]

    def _differs(self, action: str, resource: str, shown: Mapping[str, bool]) -> bool:
        """As `_is_shown`, where that of the pattern around the action is known."""
        around = self._around[action]
        own = self._outcome(action, resource)
        if action != ANY_OTHER and (resource == EVERYWHERE or shown[around]):
            return own != self._outcome(around, resource)
        return resource == EVERYWHERE or own != self._outcome(action, EVERYWHERE)

    def _outcome(self, action: str, resource: str) -> list[str]:
        same = {"deny": "no", "not allowed": "no", "never": "no", "always": "allow"}
        return [same.get(word, word) for word in self._words(action, resource)]

    def _words(self, action: str, resource: str) -> tuple[str, ...]:
        byte, bit = divmod(self._requests.number(action, resource), 8)
        return tuple(next(word for word, bits in each if bits[byte] >> bit & 1) for each in self._sets)

    def _sets_of(self, caller: Caller) -> list[tuple[str, bytes]]:
        """Words with their requests; the first word that matches counts."""
        always, never = self._permissions[0].fixed(caller)
        worst, best = (
            reduce(and_, (each.may(caller, best=best, beside_all=False) for each in self._permissions))
            for best in (False, True)
        )
        denied = reduce(or_, (each.denied(caller, best=True) for each in self._permissions))
        rest = self._requests.all
        size = rest.bit_length() // 8 + 1
        words = {"always": always, "never": never, "allow": worst, "depends": best, "deny": denied, "not allowed": rest}
        return [(word, bits.to_bytes(size, "little")) for word, bits in words.items()]


def _narrowest(name: str, globs: Heads, written: Mapping[str, str]) -> str:
    """The narrowest pattern that contains an action, or a pattern of actions; of equal patterns the first contains."""
    small = name.lower()
    own = (len(small), small)
    around = (
        glob
        for glob in covering(small, globs)
        if glob != small and not ((len(glob), glob) > own and is_wild(small) and like(glob, small))
    )
    narrowest = max(around, key=len, default="")
    return written[narrowest] if narrowest else ANY_OTHER
