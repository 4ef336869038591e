"""Words for users: on stderr, and times as the clock on their wall shows them."""

import time
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import durations, messages, timestamps

# POSIX's own spelling: the rule is in the name, and no time zone data is needed.
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"
ZONES = ("UTC0", BERLIN, NEW_YORK, "IST-5:30", "<+14>-14", "<-12>12", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")


@pytest.fixture(scope="module", params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The time zone of this process, one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def until_in(zone: str, now: str, expires: str) -> str:
    """What is said in a time zone, the times in UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        try:
            return messages.until(timestamps.parse(expires), timestamps.parse(now))
        finally:
            patch.undo()
            time.tzset()


@pytest.mark.parametrize(
    ("zone", "now", "expires", "said"),
    [
        ("UTC0", "2026-11-24T07:24:00Z", "2026-11-24T19:24:00Z", "19:24 (12 h left)"),
        (BERLIN, "2026-11-24T07:24:00Z", "2026-11-24T19:24:00Z", "20:24 (12 h left)"),
        (BERLIN, "2026-11-24T22:59:59Z", "2026-11-24T23:00:00Z", "00:00 tomorrow (1 s left)"),
        (BERLIN, "2026-11-24T20:00:00Z", "2026-11-25T08:00:00Z", "09:00 tomorrow (12 h left)"),
        (BERLIN, "2026-11-24T22:00:00Z", "2026-11-26T10:00:00Z", "11:00 on 2026-11-26 (36 h left)"),
        (BERLIN, "2026-12-31T20:00:00Z", "2027-01-01T08:00:00Z", "09:00 tomorrow (12 h left)"),
        # The night of 23 hours: two o'clock does not exist.
        (BERLIN, "2026-03-28T22:00:00Z", "2026-03-29T10:00:00Z", "12:00 tomorrow (12 h left)"),
        (BERLIN, "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "03:00 (1 min left)"),
        (BERLIN, "2026-03-28T22:59:00Z", "2026-03-29T22:30:00Z", "00:30 on 2026-03-30 (23 h 31 min left)"),
        # The day of 25 hours: half past two comes twice.
        (BERLIN, "2026-10-24T22:30:00Z", "2026-10-25T22:30:00Z", "23:30 (24 h left)"),
        (BERLIN, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "02:30 (1 h left)"),
        (BERLIN, "2026-10-24T21:30:00Z", "2026-10-25T22:59:00Z", "23:59 tomorrow (25 h 29 min left)"),
        (NEW_YORK, "2026-11-01T03:30:00Z", "2026-11-01T15:30:00Z", "10:30 tomorrow (12 h left)"),
        ("<+14>-14", "2026-11-24T09:59:00Z", "2026-11-24T21:59:00Z", "11:59 tomorrow (12 h left)"),
        ("UTC0", "2026-11-24T07:24:01Z", "2026-11-24T19:24:00Z", "19:24 (12 h left)"),
        ("UTC0", "2026-11-24T07:24:00Z", "2026-11-24T07:24:45Z", "07:24 (45 s left)"),
        ("UTC0", "2026-11-24T07:24:00Z", "2026-11-24T07:23:00Z", "07:23 (0 s left)"),
        ("UTC0", "2026-11-24T07:24:00Z", "2026-11-23T07:24:00Z", "07:24 on 2026-11-23 (0 s left)"),
    ],
)
def test_until_when(zone: str, now: str, expires: str, said: str) -> None:
    """Local time and the day as users call it, across midnight and both changes of the clocks."""
    assert until_in(zone, now, expires) == said


@given(now=st.integers(0, 4 * 10**9), left=st.integers(0, 36 * 3600))
def test_tomorrow_is_the_next_day_of_the_calendar(zone: str, now: int, left: int) -> None:
    """In every zone and at every hour, the day is named when it is another than today."""
    said = messages.until(now + left, now)
    today, then = (date(*time.localtime(when)[:3]) for when in (now, now + left))
    day = {0: "", 1: " tomorrow"}.get((then - today).days, f" on {then}")
    assert said.startswith(f"{time.strftime('%H:%M', time.localtime(now + left))}{day} ("), zone


@given(now=st.integers(0, 4 * 10**9), left=st.integers(0, 36 * 3600))
def test_time_left_is_rounded_to_the_minute(now: int, left: int) -> None:
    """At most half a minute off, and exact where seconds count."""
    shown = messages.until(now + left, now).rpartition("(")[2].removesuffix(" left)")
    seconds = durations.parse(shown.replace("min", "m").replace(" ", ""))
    assert abs(seconds - left) <= (30 if left > 60 else 0)


def test_words_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout carries data only; the hint stands below, indented."""
    messages.say("done")
    messages.complain("there is no profile a\x1b[31m", "did you mean b\r\n?")
    messages.complain("denied")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "mfasession: done\nmfasession: there is no profile a?[31m\n  hint: did you mean b???\nmfasession: denied\n"
    )
