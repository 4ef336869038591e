"""When a server renews what it serves: what is known of one profile and the time in, the next action out. No I/O."""

import math
from enum import Enum, auto

from mfasession.values import Session, Value

LOOK = 1.0
"""Seconds between two looks while a session is about to end: a terminal to ask on may be there at any time."""
FIRST_PAUSE = 10.0
"""Seconds until a renewal that failed is tried again; each further failure doubles them."""
LONGEST_PAUSE = 300.0
"""Seconds between two tries at most, and after a person cancelled."""

WAIT, RENEW, ASK, WARN = "wait", "renew", "ask", "warn"
"""The actions: do nothing now; renew without a person; ask a person; warn that a login is needed."""


class Needs(Enum):
    """What a renewal needs."""

    NOTHING = auto()
    PROMPT = auto()
    """A person, whom this process can ask."""
    LOGIN = auto()
    """A person, whom this process cannot ask: `mfasession login` elsewhere."""


class RefreshState(Value):
    """What is known of one profile. Times are epoch seconds."""

    session: Session | None
    margin: int
    """The profile's `refresh_margin` in seconds."""
    needs: Needs
    not_before: float = 0.0
    """When the next try may be made."""
    warned: bool = False
    """Whether the warning that this session ends was written already."""


def next_action(state: RefreshState, now: float) -> str:
    """Return the action that is due now.

    A person is asked only while the old session lives: a question without an answer would keep every other login
    waiting. Renewals that need no person are tried without end.
    """
    if state.session is not None and state.session.is_fresh(now, state.margin):
        return WAIT
    is_alive = state.session is not None and state.session.is_alive(now)
    if state.needs is Needs.NOTHING:
        return RENEW if now >= state.not_before else WAIT
    if state.needs is Needs.PROMPT and is_alive:
        return ASK if now >= state.not_before else WAIT
    return WAIT if state.warned else WARN


def due_in(state: RefreshState, now: float) -> float:
    """Return the seconds until something can be due without a change of the files; infinity for never."""
    if state.session is not None and state.session.is_fresh(now, state.margin):
        return state.session.renew_at(state.margin) - now
    if state.session is not None and state.session.is_alive(now):
        return LOOK
    return state.not_before - now if state.not_before > now else math.inf


def next_try(now: float, failures: int, action: str) -> float:
    """Return when to try again after so many failures in a row (1 or more), the last one of this action."""
    if action == ASK:
        return now + LONGEST_PAUSE
    return now + min(FIRST_PAUSE * (1 << min(failures - 1, 10)), LONGEST_PAUSE)
