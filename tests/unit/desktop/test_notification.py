"""A notification on macOS, by a program of its name: there is no macOS here."""

from pathlib import Path

import pytest

from mfasession.desktop import notification
from mfasession.errors import ConfigurationError


@pytest.fixture
def osascript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that notes its words, a line each, and takes the exit code that the file `code` has."""
    program = tmp_path / "osascript"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{tmp_path}/words"\nexit "$(cat "{tmp_path}/code")"\n')
    program.chmod(0o755)
    (tmp_path / "code").write_text("0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_the_title_and_the_text_are_arguments(osascript: Path) -> None:
    """No part of the script is made of them: a profile's name may hold a quote."""
    notification.show('AWS session of a "b" ends', "At 12:00", "darwin")
    words = (osascript / "words").read_text().splitlines()
    assert words[0] == "-e"
    assert words[-2:] == ['AWS session of a "b" ends', "At 12:00"]
    assert '"' not in "".join(words[1:-2])


def test_osascript_fails(osascript: Path) -> None:
    """As without a desktop."""
    (osascript / "code").write_text("1")
    with pytest.raises(ConfigurationError, match=r"osascript failed \(exit code 1\) and showed nothing"):
        notification.show("title", "text", "darwin")
