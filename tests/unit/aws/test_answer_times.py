"""The times in AWS's answers: as botocore reads them, in far less time."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.utils import parse_timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession.aws import answer_times


def parsed_or_refused(parse: object, text: object) -> datetime | None:
    """What a parser returns; None where it raises ValueError."""
    assert callable(parse)
    try:
        found: datetime = parse(text)
    except ValueError:
        return None
    return found


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_form_of_aws_is_read(moment: datetime) -> None:
    """Whole seconds and a Z: the same moment as botocore's parser finds."""
    text = moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    found = answer_times.parse(text)
    assert found == parse_timestamp(text) == moment.replace(microsecond=0)
    assert found.tzinfo is not None


@given(st.one_of(
    st.text("0123456789-:TZW+. ", min_size=18, max_size=22),
    st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00|\.5Z|)", fullmatch=True),
))  # fmt: skip
@example("2026-W01-1T00:00:00Z")
@example("2026-02-30T00:00:00Z")
@example("2026-01-01T24:00:00Z")
def test_no_other_text_is_read_in_another_way(text: str) -> None:
    """A time that botocore refuses is refused, and the others are the same moment."""
    theirs, ours = parsed_or_refused(parse_timestamp, text), parsed_or_refused(answer_times.parse, text)
    assert (ours is None) is (theirs is None)
    if ours is not None and theirs is not None and theirs.tzinfo is not None:
        assert ours == theirs


@pytest.mark.parametrize("seconds", [1_795_500_000, 1_795_500_000.5, "1795500000"])
def test_epoch_seconds_are_read(seconds: Any) -> None:
    """Services other than IAM and STS send them."""
    assert answer_times.parse(seconds) == parse_timestamp(seconds)
