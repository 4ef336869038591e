"""One shown change of a file: made as shown, or not at all."""

import os
from pathlib import Path

import pytest

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
