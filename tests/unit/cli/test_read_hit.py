"""The short reader of the command line and argparse give one answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import cli
from mfasession.cli import arguments
from mfasession.errors import UsageError

WORDS = ("env", "exec", "process", "login", "-p", "--profile", "--profile=x", "work", "--no-input", "--shell", "fish")
MORE = ("bash", "--", "aws", "-x", "--unset", "--debug", "", "-", "status", "--shell=zsh", "-pwork", "--json", "5m")


@given(st.sampled_from((*cli.HITS, "logout")), st.lists(st.sampled_from(WORDS + MORE), max_size=6))
def test_hits_agrees_with_argparse(command: str, rest: list[str]) -> None:
    """Whatever the short reader takes, argparse reads as the same options; it keeps no words for hints."""
    words = [command, *rest]
    short = cli.read_hit(words)
    if short is not None:
        assert short == arguments.parse(words).replace(typed=())


@given(command=st.sampled_from(cli.HITS), name=st.text(min_size=1, max_size=8), no_input=st.booleans())
def test_any_profile_name(command: str, name: str, *, no_input: bool) -> None:
    """A profile's name may be any text that does not look like a flag."""
    words = [command, "-p", name, *(["--no-input"] if no_input else [])]
    short = cli.read_hit(words)
    assert (short is None) == name.startswith("-")
    if short is not None:
        assert short == arguments.parse(words).replace(typed=())


def test_the_three_habits_are_hits() -> None:
    """What is run a thousand times a day never reaches argparse."""
    for words in (
        ["env"],
        ["process"],
        ["process", "-p", "work"],
        ["exec", "--", "aws", "s3", "ls"],
        ["exec", "aws", "s3", "ls"],
        ["exec"],
    ):
        assert cli.read_hit(words) is not None


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["logout"],
        ["-p", "work", "env"],
        ["env", "-p"],
        ["env", "-p", ""],
        ["env", "-p", "--no-input"],
        ["env", "--shell"],
        ["env", "--shell", "fisch"],
        ["env", "--unset"],
        ["process", "--shell", "fish"],
        ["process", "--json"],
        ["process", "--", "aws"],
        ["exec", "--server", "aws"],
        ["exec", "--help"],
        ["exec", "-p", "a", "-p", "b"],
        ["process", "-p", "a", "-p", "a"],
    ],
    ids=" ".join,
)
def test_all_else_is_left_to_argparse(words: list[str]) -> None:
    """The short reader never guesses and never complains."""
    assert cli.read_hit(words) is None


def test_usage_errors_say_what_to_type() -> None:
    """Each is a UsageError, exit code 2."""
    for words, part in (
        (["login", "--", "x"], "only exec and sandbox"),
        ([], "--help"),
        (["env", "--shell", "fisch"], "--help"),
        (["env", "-p", "a", "-p", "b"], "name one of them"),
        (["login", "--duration", "14m"], "--help"),
        (["login", "--duration", "37h"], "--help"),
        (["login", "--duration", "soon"], "--help"),
    ):
        with pytest.raises(UsageError) as caught:
            arguments.parse(words)
        assert part in caught.value.hint, words
