"""Texts as lines of ASCII: what is written comes back, and damaged lines cause no warning."""

import warnings
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession.stores.index import escapes, session_text
from mfasession.stores.index.notes import Notes
from tests.helpers.support import made_session


@given(text=st.text())
@example(text="\\n\\\\")
@example(text="\udcff\ud800\U0001f511\x7f\x85")
def test_what_is_written_is_read(text: str) -> None:
    """In one line, and as the codec reads it, too."""
    line = escapes.escaped(text)
    assert line.isascii()
    assert len(line.splitlines()) <= 1
    assert escapes.unescaped(line) == text == line.encode().decode("unicode_escape")


@given(line=st.text(alphabet="\\nrtxuUq0af1d8Ab_ \t+-", max_size=20))
@example(line="\\x+1")
@example(line="\\u 123")
@example(line="\\x1_")
@example(line="\\U00110000")
@example(line="\\")
def test_a_line_is_read_as_by_the_codec_or_not_at_all(line: str) -> None:
    """No line is read as another text than an earlier version has read."""
    found = escapes.unescaped(line)
    if found is not None:
        assert found == line.encode().decode("unicode_escape")


@pytest.mark.parametrize("damage", ["\\q", "\\", "\\x1z", "\\400", "\\N{DASH}", "\\u12g4", "\\UFFFFFFFF"])
def test_a_damaged_session_is_none_without_a_warning(damage: str) -> None:
    r"""Python's own codec warns of `\q`."""
    text = session_text.write("default-mfa", made_session()).replace("session_token=", f"session_token={damage}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert session_text.read(text) is None


@pytest.mark.parametrize("line", ["a\\q-mfa", "a\\"])
def test_a_damaged_note_is_a_name(tmp_path: Path, line: str) -> None:
    """It loses no session and no key, and causes no warning."""
    path = tmp_path / "kernel.sessions"
    path.write_text(f"b\\nc\n{line}\n")
    path.chmod(0o600)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Notes(str(path)).names() == ["b\nc", line]
