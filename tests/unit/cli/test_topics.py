"""`mfasession help TOPIC`: the texts say what the code and the documents say."""

import re
from pathlib import Path

import pytest

from mfasession import exit_codes, plugins
from mfasession.cli import arguments, completion, registry, topics
from mfasession.errors import UsageError

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "commands.md").read_text()


@pytest.mark.parametrize("name", topics.TOPICS)
def test_each_topic(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence, a text of lines that fit, and a page that is there."""
    with pytest.raises(SystemExit) as left:
        arguments.parse(["help", name])
    shown = capsys.readouterr()
    assert (left.value.code, shown.err) == (0, "")
    assert re.match(r"[A-Z][^.]+\.\n\n", shown.out)
    *lines, more = shown.out.splitlines()
    assert max(map(len, lines)) <= 120
    page, _, heading = more.removeprefix(f"more: {topics.PAGES}").partition("#")
    text = (ROOT / page).read_text()
    assert not heading or heading in [
        each.lower().replace(" ", "-") for each in re.findall(r"^##+ (.*)$", text, re.MULTILINE)
    ]


def test_help_lists_the_topics(capsys: pytest.CaptureFixture[str]) -> None:
    """With a sentence each."""
    with pytest.raises(SystemExit):
        arguments.parse(["help"])
    shown = capsys.readouterr().out
    assert all(re.search(rf"^  {name} +{topic.summary}$", shown, re.MULTILINE) for name, topic in topics.TOPICS.items())


def test_the_examples_are_lines_of_ours() -> None:
    """Each is read without complaint."""
    for topic in topics.TOPICS.values():
        for line in re.findall(r"^  mfasession ([^#\n]*)", topic.text, re.MULTILINE):
            assert arguments.parse(line.replace("'", "").split()).command in registry.names()


def test_the_exit_codes() -> None:
    """As in the table of docs/commands.md, which the code has."""
    assert set(topics.EXIT_CODES) == {0, *exit_codes.EXIT_CODES.values()}
    for code, meaning in topics.EXIT_CODES.items():
        assert f"| {code} | {meaning} |\n" in PAGE


@pytest.mark.checkout
def test_the_variables() -> None:
    """All that the package and the shell hooks read or set, and no other."""
    files = [path for folder in ("mfasession", "shell") for path in (ROOT / folder).rglob("*") if path.is_file()]
    texts = [path.read_text() for path in files if path.suffix != ".pyc" and path.name != "topics.py"]
    found = {name for text in texts for name in re.findall(r"\bMFASESSION_[A-Z_]+\b", text)}
    assert found == set(topics.VARIABLES)


def test_the_stores() -> None:
    """One line for each."""
    assert set(topics.STORES) == set(plugins.names("stores"))


def test_a_misspelt_topic() -> None:
    """The nearest one; a command stays a command."""
    with pytest.raises(UsageError, match="there is no help on exit-code") as error:
        arguments.parse(["help", "exit-code"])
    assert error.value.hint == "did you mean: mfasession help exit-codes"
    with pytest.raises(UsageError, match="unknown command logn"):
        arguments.parse(["help", "logn"])


def test_the_tab_key() -> None:
    """Commands and topics."""
    assert completion.candidates(["help", "e"], list) == ["env", "exec", "exit-codes", "environment"]
