"""The service control policies of an account, level by level, and which of them covers a user.

Source: Organizations User Guide, "SCP evaluation": each level (root, every OU on the path, account) must allow a
request, and a Deny of any level denies it.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache

from mfasession.policy import evaluation, rule
from mfasession.values import Value

FULL_ACCESS = "FullAWSAccess"
"""The policy that AWS attaches to every level; it allows everything."""
_ALLOW_ALL = json.dumps(rule.ALLOW_ALL)


class Attached(Value):
    """A service control policy: its name and its JSON."""

    name: str
    text: str


class Level(Value):
    """The service control policies of one level; `name` as in `OU Workloads/Prod`, empty if unknown."""

    name: str
    policies: tuple[Attached, ...]


Levels = tuple[Level, ...]
Closes = Callable[[Levels], bool]


def everything() -> Attached:
    """Return a policy like FullAWSAccess."""
    return Attached(name=FULL_ACCESS, text=_ALLOW_ALL)


def covering(levels: Levels, closes: Closes) -> tuple[str, ...]:
    """Return what covers a user who may do everything else: policies with their statement and level, or levels.

    `closes`: whether levels suffice for that. Empty if they do not.
    """
    if not levels or not closes(levels):
        return ()
    alone = [_said(level, each, closes) for level in levels for each in level.policies if _suffices(each.text, closes)]
    limiting = alone or [f"the SCPs of {level.name}" for level in levels if level.name and closes((level,))]
    return tuple(limiting) or ("service control policies together",)


def _said(level: Level, policy: Attached, closes: Closes) -> str:
    deciding = [name for name, text in _denials(policy.text)[:-1] if closes((_beside_all(text),))]
    # A statement without a Sid is called `statement 1`.
    statement = f" ({'' if ' ' in deciding[0] else 'statement '}{deciding[0]})" if deciding else ""
    return f"SCP {policy.name}{f' of {level.name}' if level.name else ''}{statement}"


def _suffices(text: str, closes: Closes) -> bool:
    """Whether what one policy denies suffices."""
    denials = _denials(text)
    return len(denials) > 1 and closes((_beside_all(denials[-1][1]),))


@lru_cache(maxsize=1024)
def _denials(text: str) -> tuple[tuple[str, str], ...]:
    """The statements that deny, each by its name and as a policy of its own; last, all of them as one."""
    document, tree = evaluation.read(text), json.loads(text, parse_int=str, parse_float=str)
    written: Sequence[object] = tree["Statement"] if isinstance(tree["Statement"], list) else [tree["Statement"]]
    denials = [
        (parsed.name, statement)
        for parsed, statement in zip(document.statements, written, strict=True)
        if parsed.effect == "Deny"
    ]
    several = [*((name, [statement]) for name, statement in denials), ("", [statement for _, statement in denials])]
    return tuple((name, json.dumps({**tree, "Statement": statements})) for name, statements in several)


def _beside_all(text: str) -> Level:
    return Level(name="", policies=(Attached(name="", text=text), everything()))
