"""What a kept session is still good for, whatever the time and the clock that it was made by."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession.profiles import fits
from mfasession.values import Role
from tests.helpers.support import made_profile, made_session

ROLE = Role(arn="arn:aws:iam::123456789012:role/Admin")
OTHER_PHONE = "arn:aws:iam::123456789012:mfa/other"

# Around one moment, where all that matters happens.
times = st.integers(0, 20) | st.integers(0, 10**5)
spans = st.integers(0, 20) | st.integers(0, 36 * 3600)
nows = times | st.floats(0, 1e5)


@pytest.mark.parametrize(
    ("session", "profile", "good"),
    [
        ({}, {}, True),
        ({"key_id": "AKIAOTHER"}, {}, False),
        ({"key_id": "AKIAOTHER"}, {"key": None}, True),
        ({"mfa_serial": OTHER_PHONE}, {}, False),
        ({"mfa_serial": ""}, {}, False),
        ({"mfa_serial": OTHER_PHONE}, {"mfa_serial": ""}, True),
        ({"role_arn": ROLE.arn}, {}, False),
        ({}, {"role": ROLE}, False),
        ({"role_arn": ROLE.arn}, {"role": ROLE}, True),
        ({"role_arn": ROLE.arn}, {"role": ROLE.replace(arn=ROLE.arn + "2")}, False),
        ({"role_arn": ROLE.arn, "key_id": "AKIAOTHER"}, {"role": ROLE}, False),
        ({"region": "eu-west-1", "identity": ""}, {"region": "eu-north-1"}, True),
        ({"mfa_serial": OTHER_PHONE, "instead_of": made_profile().mfa_serial}, {}, True),
        ({"mfa_serial": OTHER_PHONE, "instead_of": made_profile().mfa_serial}, {"mfa_serial": "GAHT12345678"}, False),
    ],
)
def test_a_session_is_bound_to_key_device_and_role(
    session: dict[str, Any], profile: dict[str, Any], *, good: bool
) -> None:
    """A change of any of the three makes it void; a key in the keyring and a device not named are taken on trust."""
    assert fits(made_session(**session), made_profile(**profile)) is good


@given(expires=times, now=nows)
def test_a_session_lives_until_it_expires(expires: int, now: float) -> None:
    """In its last second it still does."""
    assert made_session(expires=expires).is_alive(now) is (now < expires)


@example(expires=5, issued=20, now=5, margin=900, min_ttl=0)
@given(expires=times, issued=times, now=nows, margin=spans, min_ttl=spans)
def test_a_fresh_session_is_alive_and_long_enough(
    expires: int, issued: int, now: float, margin: int, min_ttl: int
) -> None:
    """Whatever clock wrote `issued`: an expired session is never given as a fresh one."""
    session = made_session(expires=expires, issued=issued)
    if session.is_fresh(now, margin, min_ttl):
        assert session.is_alive(now)
        assert expires - now >= min_ttl


@given(expires=times, issued=times, now=nows, earlier=spans, margin=spans, less=spans, min_ttl=spans)
def test_time_only_takes_away(
    expires: int, issued: int, now: float, earlier: int, margin: int, less: int, min_ttl: int
) -> None:
    """What is fresh was fresh before, and is fresh for whoever asks for less."""
    session = made_session(expires=expires, issued=issued)
    if session.is_fresh(now, margin, min_ttl):
        assert session.is_fresh(now - earlier, margin, min_ttl)
        assert session.is_fresh(now, min(margin, less), min(min_ttl, less))


@given(expires=times, now=nows, margin=spans)
def test_without_a_birth_the_margin_is_the_margin(expires: int, now: float, margin: int) -> None:
    """A session that does not say when it was made is renewed when the margin is all that is left."""
    assert made_session(expires=expires, issued=0).is_fresh(now, margin) is (expires - now > margin)


@given(issued=st.integers(1, 10**9), life=st.integers(1, 36 * 3600), margin=spans)
def test_a_new_session_is_fresh_for_three_quarters_of_its_life(issued: int, life: int, margin: int) -> None:
    """However large the margin: or every command of a short session would ask for another code."""
    session = made_session(issued=issued, expires=issued + life)
    assert session.is_fresh(issued, margin)
    assert session.is_fresh(issued + life * 3 / 4 - 1, margin)
