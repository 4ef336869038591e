"""`mfasession status` on terminals of every width: no line is broken by the terminal, and nothing is left out."""

import re
import time

import pytest

from mfasession import timestamps
from tests.helpers.seat import seat
from tests.helpers.support import Home, key_pair, session_section

PROFILES = {
    "default": "arn:aws:iam::123456789012:user/team/alice",
    "production-eu": "arn:aws:sts::210987654321:assumed-role/administrator/alice@example.com",
}


@pytest.fixture
def two(home: Home) -> Home:
    """Two sessions with names as users have them, and one that has expired."""
    home.write_credentials(
        key_pair()
        + "".join(
            session_section(f"{name}-mfa", extra=f"mfasession_identity = {identity}\n")
            for name, identity in PROFILES.items()
        )
        + session_section("old-mfa", "2020-01-01T00:00:00Z")
    )
    return home


def shown(home: Home, columns: int, *words: str, term: str = "xterm-256color") -> list[str]:
    """The lines that a terminal of this width gets."""
    with seat(home, "mfasession", "status", *words, columns=columns, environ={"TERM": term}) as sitting:
        sitting.end()
        return sitting.shown.splitlines()


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(two: Home, columns: int) -> None:
    """At 40 columns as at 100: a table where it fits, and else one session below the other."""
    lines = shown(two, columns)
    assert max(map(len, lines)) <= columns
    text = "".join(line.strip() for line in lines).replace(" ", "")
    for part in ("default", "team/alicein123456789012", "production-eu", "administrator/alice@example.comin2109876543"):
        assert part in text
    assert text.count("left") == 2
    assert ("PROFILE" in text) == (columns >= 120)
    assert ("[####" in text) == (columns >= 200)


def test_at_forty_columns(two: Home) -> None:
    """One fact a line."""
    lines = shown(two, 40)
    assert lines[:5] == [
        "default",
        "  team/alice in 123456789012",
        "  store: file",
        "  valid until 00:00 on 2099-01-01",
        lines[4],
    ]
    assert lines[4].endswith(" left")
    assert lines[-1].startswith("  expired ")


def test_a_screen_reader_gets_lines_without_bars(two: Home) -> None:
    """TERM=dumb: each line says what it is, however wide the terminal is."""
    lines = shown(two, 200, term="dumb")
    assert lines[:2] == ["default", "  team/alice in 123456789012"]
    assert "#" not in "".join(lines)


def test_piped_output_has_one_line_per_session(two: Home) -> None:
    """A script reads lines, whatever the terminal is: COLUMNS is not asked."""
    done = two.run("status", environ={"COLUMNS": "20"})
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["PROFILE", "default", "production-eu", "old"]


@pytest.fixture
def ending(home: Home) -> Home:
    """Sessions with a day, half an hour and five minutes left, and one that has expired."""
    now = int(time.time())
    home.write_credentials(
        key_pair()
        + "".join(
            session_section(f"{name}-mfa", timestamps.show(now + left))
            for name, left in {"day": 86400, "half": 1800, "five": 300, "over": -60}.items()
        )
    )
    return home


def colours(home: Home, environ: dict[str, str], columns: int = 120) -> list[str]:
    """The colours on a terminal, in the order of the lines."""
    with seat(home, "mfasession", "status", columns=columns, environ=environ) as sitting:
        sitting.end()
        return re.findall(r"\x1b\[(\d+)m(?!\r)", sitting.seen)


@pytest.mark.parametrize("columns", [40, 120])
def test_the_colour_is_the_time_left(ending: Home, columns: int) -> None:
    """Green, yellow in the last hour, red in the last ten minutes and after the end."""
    found = colours(ending, {}, columns)
    assert [each for number, each in enumerate(found) if number == 0 or found[number - 1] != each] == [
        "32",
        "33",
        "31",
    ]


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_without_colours(ending: Home, environ: dict[str, str]) -> None:
    """no-color.org, and terminals that have none."""
    assert colours(ending, environ) == []


def test_colours_for_a_pager(ending: Home) -> None:
    """`FORCE_COLOR=1 mfasession status | less -R`; without it a pipe gets none."""
    assert "\x1b[33m" in ending.run("status", environ={"FORCE_COLOR": "1"}).stdout
    for environ in ({}, {"FORCE_COLOR": "0"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}):
        assert "\x1b" not in ending.run("status", environ=environ).stdout


def test_the_bell_rings_once(ending: Home) -> None:
    """`--watch`: when a session has come into its last ten minutes."""
    with seat(ending, "mfasession", "status", "--watch", columns=120) as sitting:
        sitting.see("ctrl-C ends this[^$]+ctrl-C ends this[^$]+ctrl-C ends this")
        sitting.type("\x03")
        sitting.end()
        assert sitting.seen.count("\a") == 1
