"""One shown change of a file: made as shown, or not at all."""

import cProfile
import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession.errors import ConfigurationError
from mfasession.setup.file_change import FileChange
from mfasession.values import Secret
from tests.helpers.support import SECRET


def change_of(path: Path, before: str, after: str) -> FileChange:
    """A change of a file in a test's folder."""
    return FileChange(path=str(path), before=Secret(before), after=Secret(after))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Where our own files are."""
    return {"HOME": str(tmp_path)}


def test_a_file_that_was_changed_meanwhile(tmp_path: Path, environ: dict[str, str]) -> None:
    """The other program's text stays."""
    path = tmp_path / "file"
    path.write_text("theirs\n")
    with pytest.raises(ConfigurationError, match="was changed meanwhile"):
        change_of(path, "", "ours\n").make(environ)
    assert path.read_text() == "theirs\n"


def test_it_is_made_once(tmp_path: Path, environ: dict[str, str]) -> None:
    """A file that has the change already stays as it is, with its mode; a link stays a link."""
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"caf\xe9\n")
    path.chmod(0o644)
    link.symlink_to(path)
    before = os.fsdecode(b"caf\xe9\n")
    change = change_of(link, before, before + "more\n")
    for _ in range(2):
        change.make(environ)
    assert path.read_bytes() == b"caf\xe9\nmore\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert link.is_symlink()


@pytest.mark.parametrize(
    "line",
    [
        f"aws_secret_access_key = {SECRET}",
        f"  AWS_SECRET_ACCESS_KEY:{SECRET}",
        "aws_session_token=short",
        "x_password = hunter2",
        SECRET,
    ],
)
def test_a_diff_shows_no_secret(tmp_path: Path, line: str) -> None:
    """Neither a removed line nor one beside the change."""
    text = "\n".join(change_of(tmp_path / "file", f"{line}\na\n", f"{line}\nb\n").diff())
    text += "\n".join(change_of(tmp_path / "file", f"{line}\n", "").diff())
    assert "***" in text
    for secret in (SECRET, "short", "hunter2"):
        assert secret not in text


def test_a_diff_does_not_change_the_terminal(tmp_path: Path) -> None:
    """Escape sequences in a file are shown as text."""
    assert "\x1b" not in "\n".join(change_of(tmp_path / "file", "\x1b[2J\n", "a\n").diff())


def test_a_change_does_not_show_the_texts() -> None:
    """In a traceback or a log."""
    assert "hidden" not in repr(FileChange(path="/x", before=Secret("hidden"), after=Secret("hidden")))


def applied(lines: list[str], diff: list[str]) -> list[str]:
    """What a unified diff makes of the lines, each of its parts where it says that it stands."""
    made: list[str] = []
    place = 0
    for line in diff[2:]:
        if match := re.fullmatch(r"@@ -(\d+)(,0)?(?:,\d+)? \+(\d+)(,0)?(?:,\d+)? @@", line):
            begin = int(match[1]) - (0 if match[2] else 1)
            made += lines[place:begin]
            place = begin
            assert len(made) == int(match[3]) - (0 if match[4] else 1)
            continue
        if line[0] in " -":
            assert lines[place] == line[1:]
            place += 1
        if line[0] in " +":
            made.append(line[1:])
    return made + lines[place:]


LINES = st.lists(st.sampled_from("abc"), max_size=12)


@given(before=LINES, after=LINES, around=LINES, context=st.sampled_from((0, 1, 3)))
@example(before=[], after=["a"], around=[], context=3)
@example(before=["a"], after=[], around=[], context=3)
@example(before=["a"], after=["b"], around=list("abcabcabc"), context=3)
def test_a_diff_makes_the_new_text_of_the_old(
    before: list[str], after: list[str], around: list[str], context: int
) -> None:
    """Whatever is alike at both ends, each part stands where it says."""
    old, new = [*around, *before, *around], [*around, *after, *around]
    texts = [Secret("".join(f"{line}\n" for line in lines)) for lines in (old, new)]
    change = FileChange(path="/x", before=texts[0], after=texts[1], context_lines=context)
    assert applied(old, change.diff()) == new
    assert bool(change.diff()) == (old != new)


def test_a_diff_of_a_large_file_compares_the_change_alone() -> None:
    """By the function calls that it makes: `difflib` makes several for each line that it is given."""
    lines = [f"k{number} = v\n" for number in range(30_000)]
    text = "".join(lines)
    after = "".join([*lines[:20_000], "new = v\n", *lines[20_001:]])
    change = FileChange(path="/x", before=Secret(text), after=Secret(after))
    with cProfile.Profile() as profile:
        assert len(change.diff()) == 11
    assert sum(entry.callcount for entry in profile.getstats()) < 2_000
