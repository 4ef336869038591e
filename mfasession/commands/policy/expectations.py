"""What `policy test --expect` asks for: read from its argument or a file, and compared with the table."""

import json
from collections.abc import Iterator, Mapping, Sequence

from mfasession.files import toml
from mfasession.policy import CALLERS, Cell, is_action
from mfasession.text import printable
from mfasession.values import Value


class Expectation(Value):
    """An expected decision for a caller, by its slug, and an action."""

    caller: str
    action: str
    is_allowed: bool


def failures(rows: Sequence[Sequence[Cell]], expected: Sequence[Expectation]) -> Iterator[str]:
    """Yield a line for each expectation that does not hold."""
    cells = {(cell.caller.slug, cell.action): cell for row in rows for cell in row}
    for each in expected:
        cell = cells.get((each.caller, each.action))
        if cell is None:
            yield f"{each.caller}:{each.action} was not tested"
        elif cell.is_allowed != each.is_allowed:
            yield f"{each.caller}:{each.action} is {cell.word}, but should be {'allow' if each.is_allowed else 'deny'}"


def expectation(text: str) -> Expectation:
    """Read `mfa:s3:ListAllMyBuckets=allow`. Raises ValueError."""
    left, _, word = text.rpartition("=")
    caller, _, action = left.partition(":")
    return _expectation(caller, action, word)


def expectations(text: str) -> tuple[Expectation, ...]:
    """Read a file of expectations, TOML or JSON: a table for each caller, of actions and allow or deny.

    Raises ValueError.
    """
    tree = _tree(text)
    found = []
    for caller, actions in tree.items():
        if not isinstance(actions, Mapping):
            raise ValueError(f"{printable(caller)} must be a table of actions")  # noqa: TRY004  # of a file, not of code
        found += [_expectation(caller, action, word) for action, word in actions.items()]
    return tuple(found)


def _tree(text: str) -> Mapping[str, object]:
    if not text.lstrip().startswith("{"):
        return toml.read(text)
    try:
        tree = json.loads(text)
    except RecursionError:
        raise ValueError("not JSON") from None
    return tree if isinstance(tree, dict) else {}


def _expectation(caller: str, action: str, word: object) -> Expectation:
    slugs = [each.slug for each in CALLERS]
    if caller not in slugs:
        raise ValueError(f"{printable(caller[:40])!r} is not a caller: use one of {', '.join(slugs)}")
    if not is_action(action):
        raise ValueError(f"{printable(action[:80])!r} is not an action such as s3:GetObject")
    if word not in ("allow", "deny"):
        raise ValueError(f"{caller}:{action} must be allow or deny")
    return Expectation(caller=caller, action=action, is_allowed=word == "allow")
