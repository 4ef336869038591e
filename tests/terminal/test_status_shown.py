"""`mfasession status` on terminals of every width: no line is broken by the terminal, and nothing is left out."""

import pytest

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
