"""The outline of an AWS file, by which it is edited: held to the classification of every line."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mfasession.awsfiles import ini, ini_edit, outline
from mfasession.awsfiles.outline import Outline
from tests.unit.awsfiles.test_ini import (
    BREAKS,
    changes,
    ended,
    examples,
    fault_of,
    indents,
    pairs,
    plain_names,
    sound_texts,
    texts,
    universal_lines,
)

NOT_PLAIN = "[DEFAULT]"
"""Before a text, it has every line of it classified and changes nothing that is read."""


@st.composite
def tame_texts(draw: st.DrawFn) -> str:
    """Files of many sections as they are, most of them plain, each with a whim or without one."""
    newline = draw(st.sampled_from(BREAKS))
    whims = st.sampled_from(
        ("", "", "", "", "# c = d", "  more = x", "k:v=w", "; [x]", "  [x]", " = v", "bare", "[x=y]")
    )
    sections = draw(st.lists(st.tuples(plain_names, st.lists(pairs, max_size=3), whims), max_size=6))
    lines = [line for name, keys, whim in sections for line in (f"[{name}]", *keys, *([whim] if whim else []), "")]
    return newline.join([*draw(st.lists(st.sampled_from(("", "# c")), max_size=2)), *lines])


def removed(text: str, name: str) -> "str | None":
    """A text without a section; None when that is refused because of an indented header behind it."""
    try:
        return ini_edit.remove_section(text, name)
    except ini.MalformedIni:
        return None


any_text = st.one_of(texts(), sound_texts(), tame_texts())


def places(lines: "list[ini.Line]") -> list[tuple[object, ...]]:
    """What is known of lines, to compare them."""
    return [(line.begin, line.end, line.after, line.indent, line.kind, line.name, line.value) for line in lines]


@examples(1500)
@given(text=any_text)
@example(text="[a]\nk = v\n[a=b]\nk = v\n")
@example(text="[a]\nk = v\n[b] ; x=]\nk = v\n")
@example(text="[a]\nk = v\n[b]\n  [c]\n[d]\nk = v\n")
@example(text="[a]\nk =\n  [c=d]\n[d]\nk = v\n")
@example(text="k = v\n[a]\n")
@example(text="[a]\nk = v\nk: w = x\n")
@example(text="[a]\n[]\n")
@example(text="[a]\n = v\n")
@example(text="[a]\n[b]")
@example(text="[a]\r[a]\r\n")
@example(text="")
def test_the_outline_is_that_of_all_lines(text: str) -> None:
    """A text is refused with the same fault, else it has the same names, keys and lines."""
    fault = fault_of(lambda: ini.parse(text))
    if fault:
        found = fault_of(lambda: Outline(text))
        assert found is not None
        assert (found.line, found.reason) == (fault.line, fault.reason)
        return
    sections, (lines, parsed) = Outline(text), ini.whole(text)
    headers = [at for at, line in enumerate(lines) if line.kind == ini.HEADER]
    assert sections.names == [lines[at].name for at in headers]
    assert sections.keys([*sections.names, "missing"]) == parsed
    assert list(parsed) == [name for name in sections.names if name != ini.DEFAULT]
    spans = zip(headers, [*headers[1:], len(lines)], strict=False)
    expected = {lines[at].name: places(lines[at : end + 1]) for at, end in spans}
    for names in (sections.names, *([name] for name in sections.names)):
        found_lines = {name: places(of_it) for name, of_it in sections.lines(names).items()}
        assert found_lines == {name: expected[name] for name in dict.fromkeys(names)}


@examples(800)
@given(text=st.one_of(sound_texts(), tame_texts()), sections=st.dictionaries(plain_names, changes, max_size=3))
def test_an_edit_is_that_of_all_lines(text: str, sections: dict[str, dict[str, str | None]]) -> None:
    """Byte for byte, whether every line is classified or the sections alone."""
    assume(text and not fault_of(lambda: ini.parse(text)))
    first = next(universal_lines(text))
    before = NOT_PLAIN + (first[len(first.rstrip("\r\n")) :] or "\n")
    assume(before[-1] != "\r" or text[0] != "\n")
    assert ini_edit.set_sections(before + text, sections) == before + ini_edit.set_sections(text, sections)
    for name in sections:
        found = removed(text, name)
        assert removed(before + text, name) == (None if found is None else before + found)


@examples(300)
@given(text=any_text, indent=indents)
def test_values_are_cut_alike_in_small_and_large_texts(text: str, indent: str) -> None:
    """By a loop in small ones, by a regular expression in large ones."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n") + indent
    filler = "# c\n" * 25_000
    assert outline.without_values(filler + lines) == filler + outline.without_values(lines)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_many_sections_of_a_large_text(newline: str) -> None:
    """Some or many of them are found, changed and read back; all else stays."""
    text = newline.join(f"[p{n}]{newline}k = [p{n + 1}]{newline}region = x{n}{newline}" for n in range(5_000))
    assert outline.names_if_plain(text) == [f"p{n}" for n in range(5_000)]
    for step in (3_000, 7):
        names = [f"p{n}" for n in range(0, 5_000, step)]
        new = {name: {"region": "new", "more": "1"} for name in names}
        edited = ini_edit.set_sections(text, {name: {**new[name], "k": None} for name in reversed(names)})
        read = ini.parse(edited)
        assert {name: read.pop(name) for name in names} == new
        rest = ini.parse(text)
        assert read == {name: keys for name, keys in rest.items() if name not in new}
        assert Outline(edited).keys(names) == new


@pytest.mark.parametrize("fault", ["bare", "= v", "k = w", "[p7]", "[", "[]"])
def test_a_fault_far_from_the_edit(fault: str) -> None:
    """A malformed text is never edited, wherever the fault stands."""
    text = "".join(f"[p{n}]\nk = v\n" for n in range(5_000)) + f"{fault}\n" + "[last]\nk = v\n"
    for found in (
        fault_of(lambda: ini_edit.set_section(text, "p3", {"k": "w"})),
        fault_of(lambda: ini_edit.remove_section(text, "p3")),
    ):
        assert found is not None
        assert found.line == 10_001


def test_line_ends_of_the_last_section() -> None:
    """A section at the end of a text, whose last line is not ended."""
    assert ended(ini_edit.set_section("[a]\nk = v\n[b]\nk = v", "b", {"k": "w"})) == "[a]\nk = v\n[b]\nk = w\n"
