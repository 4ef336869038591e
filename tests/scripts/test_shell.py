"""`mfasession shell` without a terminal."""

import pytest

from mfasession.shells import hooks
from tests.helpers.support import HOOKS, Home, key_pair, session_section

NAMES = sorted(path.suffix[1:] for path in HOOKS.iterdir())


def test_the_help_names_each_shell_that_has_a_hook(home: Home) -> None:
    """A file in shell/ is all that it takes."""
    assert {"bash", "zsh", "fish"} <= set(NAMES)
    assert tuple(NAMES) == hooks.names(), "each needs a file in shells/hooks for --install"
    assert f"init: {', '.join(NAMES)}" in home.run("shell", "--help").stdout


@pytest.mark.parametrize("name", NAMES)
def test_init_prints_the_file_of_the_shell(home: Home, name: str) -> None:
    """The file in shell/, as it is."""
    done = home.run("shell", "init", name)
    assert done.returncode == 0
    assert done.stdout == (HOOKS / f"mfasession.{name}").read_text()


@pytest.mark.parametrize(("words", "code"), [(("init", "powershell"), 2), (("init",), 2), (("start",), 2), ((), 2)])
def test_unknown_words_of_init(home: Home, words: tuple[str, ...], code: int) -> None:
    """A hint names the three shells, or the two actions."""
    done = home.run("shell", *words)
    assert done.returncode == code
    assert done.stdout == ""
    assert "hint: " in done.stderr


def test_complete_offers_the_users_profiles(home: Home) -> None:
    """Of both files and of ours; not the sections that hold sessions."""
    home.write_credentials(key_pair("work") + session_section("work-mfa"))
    home.config.write_text("[profile wide]\nregion = eu-west-1\n[profile a\\b\x1b]\nregion = eu-west-1\n")
    home.write_settings('[profiles.week]\nsource = "work"\n')
    done = home.run("shell", "complete", "--", "login", "-p", "w")
    assert done.stdout.split() == ["week", "wide", "work"]


def test_a_malformed_file_offers_nothing(home: Home) -> None:
    """And says why, which the Tab key does not show."""
    home.write_credentials("[a]\n[a]\n")
    done = home.run("shell", "complete", "--", "login", "-p", "")
    assert (done.returncode, done.stdout) == (3, "")
