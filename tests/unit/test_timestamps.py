"""Timestamps, checked against `datetime`, whose import the module saves."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import timestamps

LAST = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


@given(st.integers(0, LAST))
def test_written_as_datetime_writes_it(epoch: int) -> None:
    """From 1970 to the end of four-digit years."""
    expected = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=epoch)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert timestamps.show(epoch) == expected
    assert timestamps.parse(expected) == epoch
    assert timestamps.parse(expected.replace("Z", "+00:00")) == epoch


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - UTC by agreement
def test_read_as_datetime_reads_it(when: datetime) -> None:
    """Times before 1970 too, and every leap year."""
    when = when.replace(microsecond=0, tzinfo=UTC)
    assert timestamps.parse(when.isoformat()) == int(when.timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T07:24:00Z",
        "2024-02-29T00:00:00Z",
        "2000-02-29T23:59:59Z",
        "1970-01-01T00:00:00Z",
    ],
)
def test_a_timestamp_survives(text: str) -> None:
    """Read and written again it is the same, leap days and the first second included."""
    assert timestamps.show(timestamps.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "+00:00",
        "2026-11-24",
        "2026-11-24T07:24:00",
        "2026-11-24 07:24:00Z",
        "2026-11-24T07:24:00z",
        "2026-11-24T07:24:00+01:00",
        "2026-11-24T07:24:00-00:00",
        "2026-11-24T07:24:00Z+00:00",
        "2026-11-24T07:24:00+00:00Z",
        "2026-11-24T07:24:00.5Z",
        "2026-11-24T07:24:00Z\n",
        " 2026-11-24T07:24:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "2026-13-10T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T23:60:00Z",
        "2026-11-24T23:59:60Z",
        "٢٠٢٦-11-24T07:24:00Z",
        "2026-1 -24T07:24:00Z",
        "+026-11-24T07:24:00Z",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """What is not UTC to the second, or no date of the calendar, is a ValueError."""
    with pytest.raises(ValueError, match=r"is not a UTC timestamp|is not a date of the calendar"):
        timestamps.parse(text)


@given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", fullmatch=True))
def test_agrees_with_datetime_on_what_is_a_time(text: str) -> None:
    """The right shape is read exactly when the calendar has that second."""
    text = text if text.isascii() else "2026-11-24T07:24:00Z"
    try:
        expected = int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        if text.startswith("0000") or text[17:19] in ("60", "61"):
            return
        with pytest.raises(ValueError, match="is not a date of the calendar"):
            timestamps.parse(text)
        return
    if text[17:19] not in ("60", "61"):
        assert timestamps.parse(text) == expected


def test_datetime_is_not_imported() -> None:
    """The module is on the path of every command."""
    code = "import sys; old = set(sys.modules); import mfasession.timestamps; print(*sorted(set(sys.modules) - old))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mfasession", "mfasession.timestamps"]
