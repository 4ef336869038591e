"""`mfasession profiles` and `config list` on terminals of every width: no line is broken by the terminal."""

import pytest

from tests.helpers.seat import seat
from tests.helpers.support import Home, in_seconds, key_pair, session_section

ROLE = "arn:aws:iam::210987654321:role/administrator"
SERIAL = "arn:aws:iam::123456789012:mfa/phone-of-alice"


@pytest.fixture
def some(home: Home) -> Home:
    """A key with a session, a role with a long name, and a few settings."""
    home.config.write_text(
        "[default]\nregion = eu-west-1\n"
        f"[profile production-administrator]\nrole_arn = {ROLE}\nsource_profile = default\n"
    )
    left = session_section(expires=in_seconds(7230), extra=f"mfasession_mfa_serial = {SERIAL}\n")
    home.write_credentials(key_pair() + left)
    home.write_settings(f'store = "file"\n[profiles.default]\nmfa_serial = "{SERIAL}"\n')
    return home


def shown(home: Home, columns: int, *words: str, term: str = "xterm-256color") -> list[str]:
    """The lines that a terminal of this width gets."""
    with seat(home, "mfasession", *words, columns=columns, environ={"TERM": term}) as sitting:
        sitting.end()
        return sitting.shown.splitlines()


@pytest.mark.parametrize("columns", [20, 40, 80, 160])
def test_no_line_is_wider_than_the_terminal(some: Home, columns: int) -> None:
    """A table where it fits, and else one profile below the other; nothing is left out."""
    for words, parts in (
        (("profiles",), ("production-administrator", "role of default", "210987654321", "phone-of-alice", "2 h left")),
        (("config", "list"), ("refresh_margin", "profiles.default.mfa_serial", SERIAL, "config.toml:3")),
    ):
        lines = shown(some, columns, *words)
        assert max(map(len, lines[1:])) <= columns or columns < 27
        text = "".join(line.strip() for line in lines).replace(" ", "")
        assert all(part.replace(" ", "") in text for part in parts)
        assert any(line.startswith(("PROFILE", "SETTING")) for line in lines) == (columns == 160)


def test_at_forty_columns(some: Home) -> None:
    """One fact a line, and no line for what is not known."""
    lines = shown(some, 40, "profiles")
    assert lines[:6] == [
        "default",
        "  kind: key",
        "  account: 123456789012",
        "  region: eu-west-1",
        "  MFA device: phone-of-alice",
        "  session: 2 h left",
    ]
    assert lines[6:10] == [
        "production-administrator",
        "  kind: role of default",
        "  account: 210987654321",
        "  region: eu-west-1",
    ]


def test_a_screen_reader_gets_lines(some: Home) -> None:
    """TERM=dumb: one fact a line, however wide the terminal is."""
    assert shown(some, 200, "profiles", term="dumb")[:2] == ["default", "  kind: key"]
