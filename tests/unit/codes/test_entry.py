"""What the prompt takes and shows, without a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.codes import CodeRequest, normalise
from mfasession.codes.question.entry import Entry, clock, page, question

REQUEST = CodeRequest(user="alice", account="123456789012", device_name="phone", profile="work")
SIX = st.from_regex(r"[0-9]{6}", fullmatch=True)


@given(SIX, st.lists(st.integers(0, 6), max_size=4))
def test_spaces_do_not_matter(code: str, places: list[int]) -> None:
    """Wherever they stand."""
    spaced = code
    for place in places:
        spaced = f"{spaced[:place]} {spaced[place:]}"
    assert normalise(spaced) == code


@given(st.text())
def test_normalised_codes_have_six_digits(text: str) -> None:
    """Six ASCII digits or None; other scripts' digits do not count."""
    code = normalise(text)
    assert code is None or (len(code) == 6 and set(code) <= set("0123456789"))


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "123.456", "١٢٣٤٥٦", "+12345", "²23456"])
def test_invalid_codes(text: str) -> None:
    """Letters, signs, five or seven digits."""
    assert normalise(text) is None


@given(st.lists(st.text(max_size=9), max_size=9))
def test_an_entry_holds_at_most_six_digits(pieces: list[str]) -> None:
    """Whatever is typed or pasted; Enter returns six or a remark."""
    entry = Entry()
    for piece in pieces:
        entry.type(piece)
    assert len(entry.digits) <= 6
    assert set(entry.digits) <= set("0123456789")
    assert entry.grouped.replace(" ", "") == entry.digits
    code = entry.enter()
    assert (code == entry.digits) if len(entry.digits) == 6 else (code is None and entry.remark)


def test_a_paste_that_does_not_fit_is_refused_as_a_whole() -> None:
    """A part of a pasted account ID is not a code."""
    entry = Entry()
    entry.type("123456789012")
    assert (entry.digits, entry.remark) == ("", "a code is six digits")
    entry.type("Your code is 123 456.")
    assert (entry.digits, entry.remark, entry.grouped) == ("123456", "", "123 456")
    entry.type("7")
    assert (entry.digits, entry.remark) == ("123456", "a code is six digits")


def test_taking_back() -> None:
    """One digit, or all."""
    entry = Entry()
    entry.type("1234")
    entry.rub_out()
    assert entry.digits == "123"
    entry.clear()
    entry.rub_out()
    assert entry.digits == ""


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, "MFA code for alice in 123456789012 (device phone):"),
        ({"user": ""}, "MFA code for profile work in 123456789012 (device phone):"),
        ({"account": "", "device_name": "GAHT12345678"}, "MFA code for alice (device GAHT12345678):"),
        ({"account": "", "device_name": ""}, "MFA code for alice:"),
        ({"user": "a\x1b[2Jb\u202e"}, "MFA code for a?[2Jb? in 123456789012 (device phone):"),
    ],
)
def test_the_question(changes: dict[str, str], asked: str) -> None:
    """What is not known is left out, and names cannot write to the terminal."""
    assert question(REQUEST.replace(**changes)) == asked


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (0.0, "this code lives 30 s"),
        (29.9, "this code lives 1 s"),
        (30.0, "this code lives 30 s"),
        (61.0, "this code lives 29 s"),
        (1000.1, "this code lives 20 s"),
    ],
)
def test_the_clock(now: float, shown: str) -> None:
    """Steps of 30 s of the Unix clock (RFC 6238)."""
    assert clock(REQUEST, now) == shown


def test_the_clock_of_the_next_code() -> None:
    """Where the current code may be used up it counts to the next."""
    assert clock(REQUEST.replace(comes=90.0), 77.2) == "the next code comes in 13 s"


WORDS = st.text(alphabet="abc .@-", max_size=60)


@given(st.integers(20, 300), st.integers(0, 6), WORDS, WORDS, st.booleans())
def test_a_page_fits_its_window(columns: int, typed: int, notice: str, user: str, early: bool) -> None:  # noqa: FBT001
    """No line is as wide as the window, and the digits have room behind the question."""
    entry = Entry()
    entry.type("123456"[:typed])
    entry.enter()
    request = REQUEST.replace(notice=notice, user=user, comes=120.0 if early else 0.0)
    shown = page(request, entry, 100.0, columns)
    lines = (shown.before + entry.grouped + shown.after).split("\n")
    assert all(len(line) < columns for line in lines)
    done = page(request, entry, 100.0, columns, done=True)
    assert done.before == shown.before
    assert done.after == ""


def test_a_question_of_its_own() -> None:
    """What is wanted stands in the place of whose code it is."""
    wanted = REQUEST.replace(wanted="second code of device phone\x1b")
    assert question(wanted) == "second code of device phone?:"


def test_a_code_that_is_on_its_way() -> None:
    """When it comes is shown, and what is typed before is taken: the device's clock may be ahead of ours."""
    coming = REQUEST.replace(comes=1_000_010.0)
    assert clock(coming, 1_000_000.0) == "the next code comes in 10 s"
    assert clock(coming, 1_000_010.0).startswith("this code lives")
    entry = Entry()
    entry.type("123456")
    assert entry.enter() == "123456"
