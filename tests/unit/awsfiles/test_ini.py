"""The editor of the AWS files: reads what botocore reads, and changes nothing but what it is asked to."""

import configparser
import io
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import botocore.configloader
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mfasession.awsfiles import ini, ini_edit

BREAKS = ("\n", "\n", "\n", "\r\n", "\r\n", "\r")
NAMES = (
    "default",
    "default-mfa",
    "a",
    "a b",
    "profile x",
    "DEFAULT",
    "a] ; x",
    "]",
    "[a",
    "é",
    "\udcff",
    " a ",
    "a\x0bb",
    "rem",
)
KEYS = ("k", "K", "region", "aws_access_key_id", "[k", "rem", "é", "İ", "a b", "\udce9")
VALUES = (
    "",
    "v",
    "v ; x",
    "# v",
    "100%",
    "%(k)s",
    "a=b:c",
    "\udcff\udcfe",
    "x\x85y",
    "x\u2028y",
    "\ufeff",
    "[a]",
    "x\x1cy",
)
INDENTS = ("", "", "", "", "", " ", "  ", "    ", "\t", "\x0b", "\x85", "\u2028", "\xa0\x1c")
NOISE = (
    "",
    " ",
    "\t",
    "\x0c",
    "\x85",
    "# c",
    "; [a]",
    "#[a]",
    "rem",
    "bare",
    "= v",
    ":",
    "[]",
    "[",
    "[] = v",
    "\ufeff",
    "]",
    "[x",
)

indents = st.sampled_from(INDENTS)
headers = st.builds(
    "{}[{}]{}".format, indents, st.sampled_from(NAMES), st.sampled_from(("", "", "", " ", " # c", " ; x]", "\x85"))
)
pairs = st.builds(
    "{}{}{}{}{}".format,
    indents,
    st.sampled_from(KEYS),
    st.sampled_from((" = ", "=", ":", " : ", "\x85=\u2028")),
    st.sampled_from(VALUES),
    st.sampled_from(("", "", " ")),
)
continuations = st.builds(
    "{}{}".format, st.sampled_from((" ", "  ", "\t", "     ")), st.sampled_from((*VALUES, "# c", "k = v"))
)
noise = st.builds("{}{}".format, indents, st.sampled_from(NOISE))
blanks = st.sampled_from(("", " ", "# c", "  ; c", "\x85", "#"))
characters = st.text(alphabet="[]=:#; \t\r\na\x0b\x85b", max_size=6)
sane_lines = st.one_of(headers, pairs, pairs, pairs, continuations, blanks)
any_lines = st.one_of(sane_lines, sane_lines, sane_lines, noise, characters)


@st.composite
def texts(draw: st.DrawFn, lines: "st.SearchStrategy[str]" = any_lines) -> str:
    """Files as users, editors and other tools leave them, fixed and broken ones."""
    first = draw(st.sampled_from(BREAKS))
    breaks = st.sampled_from((first, first, first, *BREAKS))
    text = "".join(line + draw(breaks) for line in draw(st.lists(lines, max_size=14)))
    return text if draw(st.booleans()) else text.rstrip("\r\n")


@st.composite
def sound_texts(draw: st.DrawFn) -> str:
    """Nasty files that `configparser` can read, so that edits of them are worth a try."""
    kept = ""
    for piece in universal_lines(draw(texts())):
        # Line by line, so that one fault in the middle does not cost the whole example.
        if refusal_of(kept + piece) is None:
            kept += piece
    return kept


one_line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20).map(str.strip)
new_values = st.one_of(st.sampled_from(VALUES).filter(lambda value: value.isascii()), one_line, st.just("A" * 60))
plain_names = st.sampled_from(("default", "default-mfa", "a", "a b", "é", "[a", "new", "rem", "a\x0bb"))
plain_keys = st.sampled_from(("k", "K", "region", "aws_access_key_id", "manager", "é", "a b", "İ", "rem"))
changes = st.dictionaries(plain_keys, st.none() | new_values, max_size=5).filter(
    lambda values: len({key.lower() for key in values}) == len(values)
)


def examples(number: int) -> settings:
    """So many examples, each in its own time."""
    return settings(max_examples=number, deadline=None)


def universal_lines(text: str) -> Iterator[str]:
    """The lines with their ends, as a text file opened with universal newlines ends them."""
    return iter(io.StringIO(text, newline=""))


def configparser_of(text: str) -> configparser.RawConfigParser:
    """The oracle, reading bytes as from a file: universal newlines, and bytes that are not UTF-8 let through."""
    parser = configparser.RawConfigParser()
    content = io.BytesIO(text.encode("utf-8", "surrogateescape"))
    parser.read_file(io.TextIOWrapper(content, encoding="utf-8", errors="surrogateescape", newline=None))
    return parser


def refusal_of(text: str) -> "configparser.Error | None":
    """Why `configparser` refuses a text, if it does."""
    try:
        configparser_of(text)
    except configparser.Error as error:
        return error
    return None


def fault_of(ask: "Callable[[], object]") -> "ini.MalformedIni | None":
    """Why we refuse a text, if we do."""
    try:
        ask()
    except ini.MalformedIni as fault:
        return fault
    return None


def has_header(lines: str) -> bool:
    """Whether any of the lines might be a header."""
    return any(line.strip().startswith("[") for line in universal_lines(lines))


def read_by_configparser(text: str) -> "dict[str, dict[str, str]] | None":
    """What `configparser` reads, in the order of the file; None when it refuses."""
    if refusal_of(text):
        return None
    parser = configparser_of(text)
    return {name: {key: parser.get(name, key) for key in parser.options(name)} for name in parser.sections()}


def comments(text: str) -> list[str]:
    """The comment lines, which `configparser` knows by their first character alone."""
    return [line.rstrip("\r\n") for line in universal_lines(text) if line.strip().startswith(("#", ";"))]


def ended(text: str) -> str:
    """The text with its last line ended."""
    return text if not text or text[-1] in "\r\n" else text + "\n"


def is_blank(line: str) -> bool:
    """A line of white space."""
    return not line.strip()


def after_the_change(text: str, name: str, values: Mapping[str, "str | None"]) -> dict[str, dict[str, str]]:
    """What must be read after an edit: what was read before it, and the change."""
    expected, defaults = ini.parse(text), dict(configparser_of(text).defaults())
    keys = expected.setdefault(name, dict(defaults))
    for key, value in values.items():
        if value is not None:
            keys[key.lower()] = value
        elif key.lower() in defaults:
            keys[key.lower()] = defaults[key.lower()]
        else:
            keys.pop(key.lower(), None)
    return expected


def line_of(error: configparser.Error) -> int:
    """The line that `configparser` names; of several faults the first."""
    return int(error.errors[0][0]) if hasattr(error, "errors") else int(getattr(error, "lineno", 0))


# Reading


@examples(800)
@given(text=texts())
@example(text="[a] ; x]\nk = v\n")
@example(text="[a]\n  k = 1\n v = 2\n   more\n\n# c\n   again\n")
@example(text="[a]\nk = 1\n  [b]\n\n  x = 2\n[b]\n")
@example(text="[a]\n[b]\n  [c]\n    k = v\n  [d]\n")
@example(text="[DEFAULT]\nk = v\n[a]\n[DEFAULT]\nx = y\n")
@example(text="[DEFAULT]\nk = v\n[DEFAULT]\nk = v\n")
@example(text="[DEFAULT]\nk = v\n[a]\nx = y\n")
@example(text="[a]\nk\x85=\u2028v\x0bw\x1cx\n\x0b[b]\n")
@example(text="[a]\r\rk = v\r\n\r\n  w\r")
@example(text="[a]\nİ = 1\ni̇ = 2\n")
@example(text="")
def test_reads_what_configparser_reads(text: str) -> None:
    """Every file is read as `configparser` reads it, or refused when `configparser` refuses it."""
    expected = read_by_configparser(text)
    if expected is None:
        assert fault_of(lambda: ini.parse(text))
        return
    found = ini.parse(text)
    assert found == expected
    assert list(found) == list(expected) == ini.section_names(text)
    assert [list(keys) for keys in found.values()] == [list(keys) for keys in expected.values()]


@examples(250)
@given(text=texts())
def test_the_line_of_a_fault_is_the_first_faulty_one(text: str) -> None:
    """The line named is configparser's; where that goes on after a fault, the first."""
    error, fault = refusal_of(text), fault_of(lambda: ini.parse(text))
    assume(error is not None)
    assert error is not None
    assert fault is not None
    if type(error) is configparser.ParsingError:
        assert fault.line == line_of(error)
    else:
        assert fault.line <= line_of(error)
        assert refusal_of("".join(list(universal_lines(text))[: fault.line - 1])) is None
    assert refusal_of("".join(list(universal_lines(text))[: fault.line])) is not None


@examples(800)
@given(text=texts(), name=st.sampled_from(NAMES))
@example(text="[b]\nk = v\n  [a]\n", name="a")
@example(text="  [a]\n  k = v\n", name="a")
@example(text="k = [a]\n", name="a")
@example(text="# [a]\n[b]\n", name="a")
@example(text="[a]\nk = 1\n [DEFAULT]\nx = 2\n", name="a")
@example(text="[a]\nk = 1\n[DEFAULT]\nk = 2\nx = 3\n[b]\n[DEFAULT]\ny = 4\n", name="a")
@example(text="[a]\rk = v\r\r[b]\r", name="b")
@example(text="[a] ; x]\n[a]\n", name="a] ; x")
def test_one_section_is_read_as_in_the_whole(text: str, name: str) -> None:
    """`read_section` and `parse` never disagree on a text that both can read."""
    if fault := fault_of(lambda: ini.parse(text)):
        # The section may be sound all the same, or have a later fault.
        later = fault_of(lambda: ini.read_section(text, name))
        assert later is None or fault.line <= later.line
        return
    whole = ini.parse(text)
    for section in {name, *whole}:
        found_keys = ini.read_section(text, section)
        assert found_keys == whole.get(section)
        assert found_keys is None or list(found_keys) == list(whole[section])


@examples(200)
@given(
    text=sound_texts().map(ended),
    section=texts(st.one_of(pairs, pairs, continuations, blanks)),
    fault=st.sampled_from(("bare", "= v", ": v", "[]", "[", "]", "k9 = v\nK9: w", "[own]")),
    after=texts(),
)
def test_a_fault_in_the_section_is_reported(text: str, section: str, fault: str, after: str) -> None:
    """What `configparser` refuses in the section itself `read_section` refuses too."""
    assume(not has_header(section))
    text = f"{text}[own]\n{ended(section)}{fault}\n{after}"
    assert refusal_of(text)
    with pytest.raises(ini.MalformedIni):
        ini.read_section(text, "own")


@pytest.mark.parametrize("name", ["", "DEFAULT", "a\nb", "a]\n[b", "a\r", "missing"])
def test_names_without_a_section(name: str) -> None:
    """No header can have such a name, or none has."""
    assert ini.read_section("[DEFAULT]\nk = v\n[a]\n[b]\n[]=x\n", name) is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[a]\nk = 1\n\n[b]\r\n[a]\nk = 2\n", 5, "section [a] appears twice"),
        ("[a]\rk = 1\rK: 2\r", 3, "k appears twice in section [a]"),
        ("# c\n\nk = SECRET\n[a]\n", 3, "no section header before this line"),
        ("[a]\nSECRET\n", 2, "neither a section nor key = value"),
        ("[a]\n= SECRET\n", 2, "neither a section nor key = value"),
        ("[a]\nk = SECRET\n\0SECRET", 3, "holds a NUL byte"),
        ("\ufeff[a]\nk = SECRET\n", 1, "starts with a byte order mark"),
    ],
)
def test_a_fault_names_its_line_and_never_a_value(text: str, line: int, reason: str) -> None:
    """What is wrong and where, for users; values may be secrets."""
    with pytest.raises(ini.MalformedIni) as caught:
        ini.parse(text)
    assert (caught.value.line, caught.value.reason) == (line, reason)
    assert "SECRET" not in f"{caught.value} {caught.value!r}"
    with pytest.raises(ini.MalformedIni):
        ini_edit.set_section(text, "n", {"k": "v"})
    with pytest.raises(ini.MalformedIni):
        ini_edit.remove_section(text, "a")


@pytest.mark.parametrize(
    "text", ["\ufeff[a]\nk = v\n", "[a]\nk = v\n[b]\nx = \0\n", "[a]\nk = v\n[a]\n", "[a]\nk = v\nk = w\n"]
)
def test_one_section_of_an_unsafe_text_is_refused(text: str) -> None:
    """aws/aws-cli#3419, aws/aws-sam-cli#1035: a byte order mark or a second section stops every AWS tool."""
    with pytest.raises(ini.MalformedIni):
        ini.read_section(text, "a")


def test_a_fault_elsewhere_does_not_keep_a_section_from_being_read() -> None:
    """`read_section` looks at one section alone; `parse` sees the rest."""
    text = "bare\n[a]\nk = v\n[b]\nbare\n"
    assert ini.read_section(text, "a") == {"k": "v"}
    with pytest.raises(ini.MalformedIni):
        ini.parse(text)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_ten_thousand_sections(newline: str) -> None:
    """Any of many sections is found, whatever ends the lines."""
    text = newline.join(f"[p{n}]{newline}k = {n}{newline}" for n in range(10_000))
    assert [ini.read_section(text, f"p{n}") for n in (0, 5_000, 9_999)] == [{"k": "0"}, {"k": "5000"}, {"k": "9999"}]
    assert ini.read_section(text, "p10000") is None
    assert len(ini.parse(text)) == 10_000


def test_the_import_is_bare() -> None:
    """The module is on the path of every command: its room imports nothing but light modules of ours."""
    code = "import sys, time; old = set(sys.modules); import mfasession.awsfiles.ini; print(*set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "mfasession.awsfiles.ini" in done.stdout.split()
    assert not [name for name in done.stdout.split() if not name.startswith("mfasession")]


# Setting


@examples(500)
@given(text=sound_texts(), name=plain_names, values=changes)
@example(text="[a]\n   [b]\n", name="a", values={"k": "v"})
@example(text="  [a]\n  k = v\n  [b]\n", name="a", values={"region": "x"})
@example(text="  [a]\n  k = v\n  [b]\n", name="a", values={"k": None, "region": "x"})
@example(text="[a]\nk = v", name="a", values={"k": None, "region": "x"})
@example(text="[DEFAULT]\nk = v\n[a]\nk = w", name="a", values={"k": None})
@example(text="[a]\nk =\n  v\n\n# c\n  w\n\nregion = x", name="a", values={"k": ""})
def test_an_edit_changes_what_it_was_asked_to(text: str, name: str, values: dict[str, "str | None"]) -> None:
    """Read back, by us and by `configparser`, an edited text holds what it held before, and the change."""
    expected = after_the_change(text, name, values)
    edited = ini_edit.set_section(text, name, values)
    assert ini.parse(edited) == expected
    assert read_by_configparser(edited) == expected
    assert ini.read_section(edited, name) == expected[name]
    assert ini_edit.set_section(edited, name, values) == edited


@examples(250)
@given(text=sound_texts(), name=plain_names, values=changes)
def test_an_edit_keeps_every_comment(text: str, name: str, values: dict[str, "str | None"]) -> None:
    """broamski/aws-mfa#39, 99designs/aws-vault#288: comments, also those between the lines of a value, stay."""
    assert comments(ini_edit.set_section(text, name, values)) == comments(text)


@examples(250)
@given(
    before=sound_texts().map(ended),
    section=texts(st.one_of(pairs, pairs, continuations, blanks)),
    after=sound_texts(),
    values=changes,
)
def test_an_edit_touches_its_section_only(
    before: str, section: str, after: str, values: dict[str, "str | None"]
) -> None:
    """Bytes before the header and from the next header on stay; so do other keys' lines in the section."""
    after = f"[next]\n{after}"
    text = f"{before}[own]\r\n{ended(section)}{after}"
    assume(not has_header(section))
    assume(refusal_of(text) is None)
    edited = ini_edit.set_section(text, "own", values)
    assert edited.startswith(f"{before}[own]\r\n")
    assert edited.endswith(after)
    body = list(universal_lines(edited[len(before) : len(edited) - len(after)]))
    touched = {key.lower() for key in values}
    for line in universal_lines(section):
        key = line.split("=")[0].split(":")[0].strip().lower()
        if not line[0].isspace() and key not in touched and line[-1] in "\r\n" and not is_blank(line):
            assert line in body


@examples(250)
@given(text=sound_texts(), name=plain_names, values=changes)
def test_a_new_section_comes_last(text: str, name: str, values: dict[str, "str | None"]) -> None:
    """The old text stays as it is, then comes one blank line, then the section."""
    assume(name not in ini.parse(text))
    edited = ini_edit.set_section(text, name, values)
    assert edited.startswith(text)
    gap, header, _ = edited[len(text) :].partition(f"[{name}]")
    assert header
    assert set(gap) <= {"\r", "\n"}
    old, new = list(universal_lines(text)), list(universal_lines(text + gap))
    if not text:
        assert gap == ""
    else:
        assert is_blank(new[-1])
        assert len(new) == len(old) + 1


def test_a_section_is_edited_in_place() -> None:
    """Each key keeps its place, its spelling and its line end; a new one follows the last; what is equal stays."""
    text = (
        "# mine\r\n[a]\nx=1\n\n[n]\n# about it\nRegion :  old  \n; kept\naws_security_token=t\n  more\n# inside\n\n"
        "  and more\nsame   =  s  \nlast = l\n\n# about b\n[b]\ny = 2"
    )
    edited = ini_edit.set_section(text, "n", {"region": "new", "aws_security_token": None, "same": "s", "Fresh": "f"})
    assert edited == (
        "# mine\r\n[a]\nx=1\n\n[n]\n# about it\nRegion :  new\n; kept\n# inside\n"
        "same   =  s  \nlast = l\nFresh = f\r\n\n# about b\n[b]\ny = 2"
    )


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("", "[n]\nk = v\nempty =\n"),
        ("\n", "\n\n[n]\nk = v\nempty =\n"),
        ("# c", "# c\n\n[n]\nk = v\nempty =\n"),
        ("[a]\r\nx = 1\r\n", "[a]\r\nx = 1\r\n\r\n[n]\r\nk = v\r\nempty =\r\n"),
        ("[a]\r\nx = 1\r\n\r\n", "[a]\r\nx = 1\r\n\r\n\r\n[n]\r\nk = v\r\nempty =\r\n"),
        ("[a]\rx = 1", "[a]\rx = 1\r\r[n]\rk = v\rempty =\r"),
        ("[a]\nx = 1\r", "[a]\nx = 1\r\r[n]\nk = v\nempty =\n"),
        ("[n]", "[n]\nk = v\nempty =\n"),
        ("[n]\n# c\n\n[b]\n", "[n]\nk = v\nempty =\n# c\n\n[b]\n"),
        ("[n]\n  x = 1\n[b]\n", "[n]\n  x = 1\n  k = v\n  empty =\n[b]\n"),
        ("[n]\n\tx = 1\n\t[b]\n", "[n]\n\tx = 1\n\tk = v\n\tempty =\n\t[b]\n"),
    ],
)
def test_writing_a_section(text: str, edited: str) -> None:
    """Line ends as in the first line, one blank line before a new section, the neighbours' indentation."""
    assert ini_edit.set_section(text, "n", {"k": "v", "gone": None, "empty": ""}) == edited


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *[(name, {}) for name in ("", "DEFAULT", "a]", "a\nb", "a\rb", " a", "a\t", "a\0", "a\udcff", "\x85a")],
        *[("a", {key: None}) for key in ("", "#k", ";k", "[k", "k=", "a:b", " k", "k\n", "k\0", "k\udcff", "k\u2028")],
        *[
            ("a", {"k": value})
            for value in ("SECRET\n", "a\rSECRET", " SECRET", "SECRET\x85", "SECRET\0", "SECRET\udcff")
        ],
        ("a", {"k": "SECRET", "K": "SECRET"}),
    ],
)
def test_values_that_would_not_survive_are_refused(name: str, values: dict[str, "str | None"]) -> None:
    """Nothing is written that would be read back otherwise, or that no AWS tool could decode; no value is quoted."""
    with pytest.raises(ValueError, match=r"^(not a|the same key)") as caught:
        ini_edit.set_section("[a]\nk = old\n", name, values)
    assert "SECRET" not in repr(caught.value)


# Removing


@examples(500)
@given(text=sound_texts(), sections=st.dictionaries(plain_names, changes, max_size=4))
@example(text="\n[a]\r", sections={"b": {}, "a": {"k": "v"}})
@example(text="\n[a]\r", sections={"a": {"k": "v"}, "b": {}})
def test_several_sections_at_once_are_as_one_after_the_other(
    text: str, sections: dict[str, dict[str, str | None]]
) -> None:
    """Five hundred sessions are written in one step, byte for byte as in five hundred."""
    one_by_one = text
    for name, values in sections.items():
        one_by_one = ini_edit.set_section(one_by_one, name, values)
    assert ini_edit.set_sections(text, sections) == one_by_one


@given(text=sound_texts(), name=plain_names)
def test_a_removal_takes_its_section_only(text: str, name: str) -> None:
    """Read back, all is there but the section, or the removal is refused because of an indented header."""
    expected = ini.parse(text)
    expected.pop(name, None)
    if fault := fault_of(lambda: ini_edit.remove_section(text, name)):
        assert "indented" in fault.reason
        assert list(universal_lines(text))[fault.line - 1][0].isspace()
        return
    removed = ini_edit.remove_section(text, name)
    assert ini.parse(removed) == expected
    assert read_by_configparser(removed) == expected


@examples(250)
@given(
    before=sound_texts().map(ended),
    section=texts(st.one_of(pairs, pairs, continuations)),
    between=texts(blanks),
    after=sound_texts(),
)
def test_a_removal_keeps_all_other_bytes(before: str, section: str, between: str, after: str) -> None:
    """All before the header and all behind the last key stay, but for one of two blank lines."""
    assume(not has_header(section))
    after = f"{ended(between)}[next]\n{after}"
    text = f"{before}[own]\n{ended(section)}k9 = v\n{after}"
    assume(refusal_of(text) is None)
    kept = list(universal_lines(before))
    if kept and is_blank(kept[-1]) and is_blank(next(universal_lines(after))):
        kept.pop()
    assert ini_edit.remove_section(text, "own") == "".join(kept) + after


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("[n]\nk = v\n", ""),
        ("[n]", ""),
        ("[a]\nx = 1\n\n[n]\nk = v\n", "[a]\nx = 1\n"),
        ("[a]\nx = 1\n\n\n[n]\nk = v\n", "[a]\nx = 1\n\n"),
        ("[a]\nx = 1\n[n]\nk = v\n", "[a]\nx = 1\n"),
        ("[a]\n\n[n]\n# in\nk = v\n  w\n\n# about b\n[b]\n", "[a]\n\n# about b\n[b]\n"),
        ("[a]\n[n]\n# about b\n[b]\n", "[a]\n# about b\n[b]\n"),
        ("[a]\n\n\n[n]\nk = v\n\n\n[b]\n", "[a]\n\n\n\n[b]\n"),
        ("[a]\n", "[a]\n"),
    ],
)
def test_removing_a_section(text: str, removed: str) -> None:
    """From its header to its last key; what follows keeps its comments."""
    assert ini_edit.remove_section(text, "n") == removed


def test_a_removal_that_would_swallow_the_next_section_is_refused() -> None:
    """Without `[n]` the indented header would be a continuation of `x`."""
    with pytest.raises(ini.MalformedIni) as caught:
        ini_edit.remove_section("[a]\nx = 1\n[n]\n  [b]\n  y = 2\n", "n")
    assert (caught.value.line, caught.value.reason) == (4, "the header [b] is indented deeper than the section before")


@examples(250)
@given(text=sound_texts(), name=plain_names, values=changes)
def test_setting_and_removing_does_not_grow_the_text(text: str, name: str, values: dict[str, "str | None"]) -> None:
    """Set, removed and set again is set; removed it is the old text to the byte, but for a line end that it lacked."""
    assume(name not in ini.parse(text))
    once = ini_edit.set_section(text, name, values)
    removed = ini_edit.remove_section(once, name)
    if text == ended(text):
        assert removed == text
    else:
        assert removed in {text + ending for ending in BREAKS}
    assert ini_edit.set_section(removed, name, values) == once


def by_turns(text: str) -> Iterator[str]:
    """The text after each day on which two profiles log in and out by turns."""
    text = ini_edit.set_section(text, "one", {"k": "v"})
    while True:
        text = ini_edit.set_section(text, "two", {"k": "v"})
        text = ini_edit.remove_section(text, "one")
        text = ini_edit.set_section(text, "one", {"k": "v"})
        text = ini_edit.remove_section(text, "two")
        yield text


@examples(200)
@given(text=sound_texts(), newline=st.sampled_from(("\n", "\r\n", "\r")))
def test_two_sessions_in_turn_do_not_grow_the_text(text: str, newline: str) -> None:
    """Nothing piles up between two sections that come and go: each day leaves the text of the day before."""
    assume(not {"one", "two"} & set(ini.parse(text)))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", newline)
    days = by_turns(text)
    assert next(days) == next(days)


@examples(200)
@given(text=sound_texts())
@example(text="[default]\n\n\n[default-mfa]\r\r ")
@example(text="\n\r\r ")
def test_line_ends_of_all_kinds_do_not_make_the_text_grow_for_ever(text: str) -> None:
    r"""Beside a lone \r a \n is not a line of its own, so a blank line may come or go; the text settles within days."""
    assume(not {"one", "two"} & set(ini.parse(text)))
    days = by_turns(text)
    week = [next(days) for _ in range(20)]
    assert week[-1] == week[-2]


# botocore


@examples(200)
@given(text=sound_texts(), name=plain_names, values=changes)
def test_botocore_reads_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str, values: dict[str, "str | None"]
) -> None:
    """The product's own promise: what we write botocore reads back equal."""
    assume(not any("\ud800" <= char <= "\udfff" for char in text))
    path = tmp_path_factory.getbasetemp() / "credentials"
    edited = ini_edit.set_section(text, name, values)
    path.write_bytes(edited.encode())
    found = botocore.configloader.raw_config_parse(str(path), parse_subsections=False)
    assert found == after_the_change(text, name, values)


@examples(100)
@given(name=st.from_regex(r"[A-Za-z0-9_.@/+-]{1,20}", fullmatch=True), values=changes)
def test_botocore_finds_the_profile(
    tmp_path_factory: pytest.TempPathFactory, name: str, values: dict[str, "str | None"]
) -> None:
    """A section of the credentials file is a session of that name; `[profile x]` of the other file a profile."""
    assume(name != "DEFAULT")
    path = tmp_path_factory.getbasetemp() / "config"
    path.write_bytes(ini_edit.set_section("# c\n", f"profile {name}", values).encode())
    expected = {key.lower(): value for key, value in values.items() if value is not None}
    assert botocore.configloader.load_config(str(path))["profiles"] == {name: expected}
