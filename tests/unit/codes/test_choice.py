"""Which lines of a list match some letters."""

import pytest

from mfasession.codes.question import choice

NAMES = dict.fromkeys(("default", "work", "prod-eu", "prod-us", "Production"), "")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", list(NAMES)),
        ("pr", ["prod-eu", "prod-us", "Production"]),
        ("us", ["prod-us"]),
        ("pu", ["prod-eu", "prod-us", "Production"]),
        ("o", ["work", "prod-eu", "prod-us", "Production"]),
        ("wk", ["work"]),
        ("PRODU", ["Production", "prod-eu", "prod-us"]),
        ("x", []),
    ],
)
def test_matching(typed: str, found: list[str]) -> None:
    """The letters in their order; in one piece first, else the order of the list."""
    assert choice.matching(NAMES, typed) == found
