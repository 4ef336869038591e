"""The writer of the documents' pictures: a terminal's screen becomes text, and what changes is animated."""

import re
from xml.etree.ElementTree import Element, fromstring

from tests.helpers.pictures.screen import Frame, Screen
from tests.helpers.pictures.svg import DARK, LIGHT, Picture, draw

SVG = "{http://www.w3.org/2000/svg}"


def frames(*written: str, columns: int = 20, rows: int = 3) -> list[Frame]:
    """What a screen shows after each text, for a second each."""
    screen = Screen(columns, rows)
    shown = []
    for text in written:
        screen.write(text)
        shown.append(screen.frame(1.0))
    return shown


def drawn(*written: str) -> Element:
    """The picture of these frames."""
    text = draw(Picture(frames(*written), 20, "a <title>", "a description"), LIGHT)
    return fromstring(text)  # noqa: S314  # our own text


def texts(picture: Element) -> list[str]:
    """The lines of a picture, as somebody selects them."""
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def style(picture: Element) -> str:
    """The style sheet of a picture."""
    return picture.findtext(f"{SVG}style") or ""


def test_a_screen_has_colours() -> None:
    """Colours, bold and reversed characters; blanks at the end of a line are left out."""
    (frame,) = frames("\x1b[1;32m$\x1b[0m ok \x1b[7mno\x1b[0m   \x1b[?25l")
    first, *_, last = frame.lines[0]
    assert "".join(cell.char for cell in frame.lines[0]) == "$ ok no"
    assert (first.style.colour, first.style.bold) == ("green", True)
    assert (last.style.colour, last.style.behind) == ("paper", "ink")
    assert frame.cursor is None


def test_a_typed_line_is_one_text() -> None:
    """Each key uncovers more of it; without animation the whole line is there."""
    picture = drawn("$ ", "\x1b[1mls", " -l", "\r\n")
    assert texts(picture) == ["$ ls -l"]
    steps = re.findall(r"translate\((\d[\d.]*)px,14px\) scale\(([\d.]+),1\)", style(picture))
    assert [float(width) for _, width in steps] == [50.4, 25.2, 0]
    assert len({round(float(left) + float(width), 3) for left, width in steps}) == 1


def test_a_line_that_changes_is_there_for_its_time() -> None:
    """What is seen last is seen without animation, and what was there before it is not."""
    picture = drawn("one", "\rtwo", "\r\nthree")
    hidden = {
        "".join(text.itertext()): group.get("visibility")
        for group in picture.iter(f"{SVG}g")
        for text in group.iter(f"{SVG}text")
    }
    assert hidden == {"one": "hidden", "two": None, "three": None}
    assert "0%{visibility:visible}33.333%{visibility:hidden}" in style(picture)
    assert "prefers-reduced-motion:reduce" in style(picture)


def test_one_frame_is_a_still_picture() -> None:
    """Nothing moves, and no cursor is there."""
    picture = drawn("one\r\ntwo")
    assert texts(picture) == ["one", "two"]
    assert "animation" not in style(picture)
    assert len(list(picture.iter(f"{SVG}rect"))) == 1


def test_blocks_are_drawn() -> None:
    """Half blocks leave no gaps as in a font, and the letters beside them are text."""
    picture = drawn("\x1b[38;5;231;48;5;16m█▀\x1b[0m a")
    (path,) = picture.iter(f"{SVG}path")
    assert (path.get("fill"), path.get("d")) == ("#ffffff", "M14 14h8.4v19h-8.4zM22.4 14h8.4v9.5h-8.4z")
    assert [rect.get("fill") for rect in picture.iter(f"{SVG}rect")] == ["#ffffff", "#000000"]
    assert [text.strip() for text in texts(picture)] == ["a"]


def test_signs_of_markup_are_letters() -> None:
    """In the lines, in the title and in the description."""
    picture = drawn('echo "<b>" & \'')
    assert texts(picture) == ['echo "<b>" & \'']
    assert picture.findtext(f"{SVG}title") == "a <title>"


def test_colours_can_be_read() -> None:
    """Letters have a contrast of 4.5 with what is behind them (WCAG 2.2, 1.4.3)."""
    for palette in (LIGHT, DARK):
        for name in ("ink", "red", "green", "brown", "blue"):
            assert contrast(palette[name], palette["paper"]) >= 4.5, name


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
