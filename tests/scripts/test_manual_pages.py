"""The manual pages: what `--help` says, as `man` shows it."""

import re
import subprocess

import pytest

from mfasession import __version__
from mfasession.cli import parsers, registry, topics
from packages import man
from tests.helpers.patience import scaled
from tests.helpers.support import need

pytestmark = pytest.mark.checkout
PAGES = man.pages()


def shown(page: str) -> str:
    """The words of a page in a terminal of any width, and nothing that groff warns of."""
    done = subprocess.run(
        [need("groff"), "-man", "-ww", "-Tascii", "-P-c", "-rHY=0", "-rLL=100n"],
        input=page,
        capture_output=True,
        text=True,
        check=True,
        timeout=scaled(30),
    )
    assert done.stderr == ""
    return " ".join(re.sub(r".\x08", "", done.stdout).split())


def test_a_page_for_the_program_and_each_command() -> None:
    """By the names that `man` looks for: `man mfasession-login`."""
    assert set(PAGES) == {"mfasession.1", *(f"mfasession-{name}.1" for name in registry.names())}


@pytest.mark.parametrize("name", registry.names())
def test_a_command(name: str) -> None:
    """Its sentence, each flag and action with what it does, and the examples, word for word."""
    words = shown(PAGES[f"mfasession-{name}.1"])
    module = registry.find(name)
    assert module is not None
    for each in (name, *(f"{name} {action}" for action in registry.actions(module))):
        parser = parsers.of(each)
        assert f"{parser.description}." in words
        for flag in parser.flags():
            assert flag in words
        for line, _ in parser.examples:
            assert " ".join(line.split()) in words


def test_the_program() -> None:
    """The commands, and the topics of `mfasession help TOPIC`."""
    words = shown(PAGES["mfasession.1"])
    assert words.count(f"mfasession {__version__}") == 1
    for name, module in registry.commands().items():
        assert f"mfasession-{name}(1) {module.SUMMARY}" in words
    for topic in topics.TOPICS.values():
        assert " ".join(topic.text.split()) in words


@pytest.mark.parametrize("text", [".TH", "'quoted'", r"a\nb", "-x", "`x`", "…"])
def test_text_is_no_request(text: str) -> None:
    """Nothing in a help text is taken for groff's own language."""
    page = f'.TH A 1 "" "" ""\n.SH NAME\nx \\- {man.escaped(text)}\n.SH END\n{man.escaped(text)}\n'
    assert shown(page).count(text.replace("…", "...")) == 2
