"""The pictures of the documents: small, readable by everybody, of commands that exist, and shown somewhere."""

import re
import shlex
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from mfasession.cli import arguments, registry

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "pictures"
PICTURES = sorted(FOLDER.iterdir())
DRAWN = [path for path in PICTURES if path.suffix == ".svg"]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
SVG = "{http://www.w3.org/2000/svg}"
LARGEST = 300_000
"""Bytes."""
MACHINE = re.compile(rb"/(home|root|tmp|usr|work|Users)/|127\.0\.0\.1|localhost|AKIA|ASIA")
"""What belongs to the computer on which a picture was made."""


def parsed(path: Path) -> Element:
    """A picture of a terminal."""
    return fromstring(path.read_text())  # noqa: S314  # our own file


def lines(path: Path) -> list[str]:
    """The lines of text in a picture of a terminal."""
    return ["".join(text.itertext()) for text in parsed(path).iter(f"{SVG}text")]


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_names_no_computer(path: Path) -> None:
    """Its colours are in its name, and the other ones are beside it."""
    content = path.read_bytes()
    assert len(content) < LARGEST
    assert not MACHINE.search(content)
    assert {path.with_name(re.sub("light|dark", kind, path.name)) for kind in ("light", "dark")} <= set(PICTURES)


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_a_terminal_is_text(path: Path) -> None:
    """It is well-formed, loads and runs nothing, and has words for screen readers; both colours show the same."""
    picture = parsed(path)
    assert lines(path) == lines(path.with_name(path.name.replace("dark", "light")))
    assert len(lines(path)) > 3
    assert picture.get("role") == "img"
    assert all(picture.findtext(f"{SVG}{name}") for name in ("title", "desc"))
    assert {each.tag.removeprefix(SVG) for each in picture.iter()} <= {
        "svg", "title", "desc", "style", "g", "text", "tspan", "rect", "path",
    }  # fmt: skip
    assert not re.search(r"url\(|@import", picture.findtext(f"{SVG}style") or "")


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_the_commands_exist(path: Path) -> None:
    """What is typed in a picture is a command line of today; otherwise: `make pictures`."""
    typed = [line for line in lines(path) if line.startswith("$ ") and "mfasession" in line]
    assert typed
    for line in typed:
        inner = re.search(r"\$\((mfasession[^)]*)\)", line)
        words = shlex.split(inner[1] if inner else line.removeprefix("$ "))
        assert words[0] == "mfasession"
        assert arguments.parse(words[1:]).command in registry.names()


class Shown(HTMLParser):
    """The `<picture>`s of a document, each as the attributes of its `source` and of its `img`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pictures: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what belongs to a picture."""
        if tag == "picture":
            self.pictures.append({})
        if tag in ("source", "img"):
            self.pictures[-1] |= {name: value or "" for name, value in attrs}


def test_each_picture_is_shown_in_both_colours() -> None:
    """With words for who does not see it. A package index shows the README, so its addresses are whole."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    raw = urls["Homepage"].replace("github.com", "raw.githubusercontent.com") + "/main/"
    found = set()
    for document in DOCUMENTS:
        for picture in Shown(document.read_text()).pictures:
            assert picture["media"] == "(prefers-color-scheme: dark)"
            assert picture["srcset"] == picture["src"].replace("-light.", "-dark.")
            assert len(picture["alt"]) > 60
            if document.name == "README.md":
                assert picture["src"].startswith(raw)
            found |= {
                (ROOT / address.removeprefix(raw) if address.startswith(raw) else document.parent / address).resolve()
                for address in (picture["src"], picture["srcset"])
            }
    assert found == {path.resolve() for path in PICTURES}
