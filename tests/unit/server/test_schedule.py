"""When a server renews, asks and warns, for every age of a session, every time and every history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.server import schedule
from mfasession.server.schedule import ASK, RENEW, WAIT, WARN, Needs, RefreshState, next_action, next_try
from tests.helpers.support import made_session

MARGIN = 900
SESSION = made_session()
END = SESSION.expires

nows = st.floats(SESSION.issued - 100, END + 100_000)
states = st.builds(
    RefreshState,
    session=st.none() | st.just(SESSION),
    margin=st.integers(0, 7200),
    needs=st.sampled_from((Needs.NOTHING, Needs.PROMPT, Needs.LOGIN)),
    not_before=nows,
    warned=st.booleans(),
)


@given(states, nows)
def test_a_fresh_session_is_left_alone(state: RefreshState, now: float) -> None:
    """Neither the user nor AWS is asked, while there is time."""
    if state.session is not None and state.session.is_fresh(now, state.margin):
        assert next_action(state, now) == WAIT


@given(states, nows)
def test_the_user_is_asked_ahead_of_time_only(state: RefreshState, now: float) -> None:
    """99designs/aws-vault#362, #888: never once it is over, never without a terminal, never sooner than said."""
    if next_action(state, now) == ASK:
        assert state.needs == Needs.PROMPT
        assert state.session is not None
        assert state.session.expires - state.margin <= now < state.session.expires
        assert now >= state.not_before


@given(states, nows)
def test_a_renewal_that_needs_no_user_runs_by_itself(state: RefreshState, now: float) -> None:
    """Also when it is over, and without one: a network that comes back fixes it."""
    if state.needs == Needs.NOTHING:
        assert next_action(state, now) in (RENEW, WAIT)
        if state.session is None and now >= state.not_before:
            assert next_action(state, now) == RENEW
    else:
        assert next_action(state, now) != RENEW


@given(states, nows)
def test_the_warning_is_given_once(state: RefreshState, now: float) -> None:
    """That they must act: without a terminal, or when it is too late to ask."""
    assert next_action(state.replace(warned=True), now) != WARN
    if next_action(state, now) == WARN:
        assert state.needs != Needs.NOTHING


@pytest.mark.parametrize(
    ("left", "needs", "action"),
    [
        (901, Needs.PROMPT, WAIT),
        (900, Needs.PROMPT, ASK),
        (1, Needs.PROMPT, ASK),
        (0, Needs.PROMPT, WARN),
        (901, Needs.NOTHING, WAIT),
        (900, Needs.NOTHING, RENEW),
        (-5, Needs.NOTHING, RENEW),
        (900, Needs.LOGIN, WARN),
        (-5, Needs.LOGIN, WARN),
    ],
)
def test_the_edges(left: int, needs: Needs, action: str) -> None:
    """With the margin of 15 minutes, at which SDKs begin to ask for newer ones."""
    assert next_action(RefreshState(session=SESSION, margin=MARGIN, needs=needs), END - left) == action


@given(st.integers(1, 10_000), st.floats(0, 1e10))
def test_a_renewal_that_fails_is_tried_again(failures: int, now: float) -> None:
    """Soon at first, then every five minutes, for ever; 99designs/aws-vault#779: never in a spin."""
    pause = next_try(now, failures, RENEW) - now
    assert schedule.FIRST_PAUSE - 1 <= pause <= schedule.LONGEST_PAUSE + 1
    assert next_try(now, failures + 1, RENEW) >= next_try(now, failures, RENEW)


def test_a_no_holds_for_five_minutes() -> None:
    """As it does for commands: renew.CANCEL_COOLDOWN."""
    assert next_try(0.0, 1, ASK) == 300.0
