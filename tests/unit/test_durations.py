"""Durations as users write and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12h", 43_200),
        ("90m", 5_400),
        ("1h30m", 5_400),
        ("1d12h", 129_600),
        ("3600", 3_600),
        ("45s", 45),
        (" 12H\n", 43_200),
        ("0", 0),
        ("0h", 0),
        ("007", 7),
        ("36h", durations.SESSION_MAXIMUM),
        ("15m", durations.SESSION_MINIMUM),
    ],
)
def test_valid_durations(text: str, seconds: int) -> None:
    """Days, hours, minutes, seconds in any number; bare digits are seconds."""
    assert durations.parse(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "h",
        "1h30",
        "h12",
        "-1h",
        "+1h",
        "1.5h",
        "1h1h",
        "1 h",
        "12hours",
        "1w",
        "1e3",
        "0x10",
        "\u0661h",
        "²",
        "1h\0",
        "1_000",
    ],
)
def test_invalid_durations(text: str) -> None:
    """Anything else is refused in words for users."""
    with pytest.raises(ValueError, match="is not a duration"):
        durations.parse(text)


@pytest.mark.parametrize("text", ["9" * 41, "9" * 5000, "9" * 5000 + "h"], ids=len)
def test_an_endless_number_is_refused_without_repeating_it(text: str) -> None:
    """Python itself refuses to read more than 4300 digits, in words that are no user's."""
    with pytest.raises(ValueError, match=r"^that is too long for a duration$"):
        durations.parse(text)


@given(st.text(alphabet="0123456789dhms .-", max_size=8))
def test_a_duration_is_the_sum_of_its_parts(text: str) -> None:
    """A text is refused, or it is a whole number of seconds that its parts add up to."""
    try:
        seconds = durations.parse(text)
    except ValueError:
        return
    word = text.strip()
    spaced = "".join(f"{char} " if char in durations.UNITS else char for char in word)
    parts = spaced.split() if not word.isdigit() else [word + "s"]
    assert seconds == sum(int(part[:-1]) * durations.UNITS[part[-1]] for part in parts)


@given(days=st.integers(0, 99), hours=st.integers(0, 99), minutes=st.integers(0, 99), seconds=st.integers(0, 99))
def test_units_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    """All four units, none above its own limit only by custom."""
    text = f"{days}d{hours}h{minutes}m{seconds}s"
    assert durations.parse(text) == days * 86_400 + hours * 3_600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (9, "9 s"),
        (59, "59 s"),
        (60, "1 min"),
        (119, "1 min"),
        (2_520, "42 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (42_120, "11 h 42 min"),
        (129_600, "36 h"),
    ],
)
def test_the_largest_two_units_are_shown(seconds: int, text: str) -> None:
    """The largest two units, never more than is left."""
    assert durations.show(seconds) == text


@given(st.integers(0, 10**7))
def test_the_shown_time_is_never_more_than_the_time_left(seconds: int) -> None:
    """Rounded down, by less than the smallest unit shown."""
    text = durations.show(seconds)
    shown = durations.parse(text.replace("min", "m").replace(" ", ""))
    assert 0 <= seconds - shown < (60 if seconds >= 60 else 1)
