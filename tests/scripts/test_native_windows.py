"""Native Windows, as far as it can be imitated: every command says in one line that it is not supported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mfasession import __version__
from mfasession.cli import registry
from tests.helpers.patience import scaled
from tests.helpers.support import BIN

ROOT = BIN.parents[1]
REFUSED = (
    "mfasession: native Windows is not supported\n"
    "  hint: run it in WSL: https://learn.microsoft.com/windows/wsl/install\n"
)
FURTHER = {"shell": ("init", "bash"), "config": ("list",), "keys": ("list",), "mfa": ("list",), "policy": ("show",)}
Answer = tuple[int, str, str]


def on_windows(folder: Path, lines: list[list[str]]) -> list[Answer]:
    """The exit code, stdout and stderr of each command line."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.like_windows"],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"HOME": str(folder), "USERPROFILE": str(folder), "PATH": "/usr/bin:/bin"},
        timeout=scaled(60),
    )
    return [tuple(each) for each in json.loads(done.stdout)]


def test_every_command_is_refused(tmp_path: Path) -> None:
    """Before a file is read or made."""
    words = [[name, *FURTHER.get(name, ())] for name in registry.names()]
    for line, (code, out, err) in zip(words, on_windows(tmp_path, words), strict=True):
        # What a shell evaluates ends the shell's command with the same code.
        expected = "(exit 1)\n" if line == ["env"] else ""
        assert (line, code, out, err) == (line, 1, expected, REFUSED)
    assert not list(tmp_path.iterdir())


def test_help_and_version_work(tmp_path: Path) -> None:
    """As anywhere; a wrong word is answered, too."""
    helps = [[name, "--help"] for name in registry.names()]
    version, whole, wrong, *each = on_windows(tmp_path, [["--version"], ["--help"], ["nonsense"], *helps])
    assert version == (0, f"mfasession {__version__}\n", "")
    assert whole[0] == 0
    assert all(f"  {name} " in whole[1] for name in registry.names())
    assert wrong[0] == 2
    assert "unknown command nonsense" in wrong[2]
    for line, (code, out, err) in zip(helps, each, strict=True):
        assert (line, code, err) == (line, 0, "")
        assert f"usage: mfasession {line[0]}" in out


@pytest.mark.parametrize("imports", ["from mfasession import session", "import mfasession; mfasession.session()"])
def test_the_python_interface_is_refused(tmp_path: Path, imports: str) -> None:
    """With the same words."""
    done = subprocess.run(
        [sys.executable, "-c", f"from tests.helpers import like_windows; like_windows.become()\n{imports}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        timeout=scaled(60),
    )
    assert done.returncode == 1
    assert done.stderr.endswith("MfaSessionError: native Windows is not supported\n")
