"""The program: its flags, its streams and how it reports an error."""

import re
import sys
from pathlib import Path

import pytest

from mfasession import __version__, cli
from tests.helpers.support import Home, move_into


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        (["exec", "--no-input", "--debug", "--", "aws"], True),
        (["--debug", "exec", "--no-input", "--", "aws"], True),
        (["exec", "--no-input", "--", "aws", "--debug"], False),
        (["exec", "--no-input", "--", "aws", "env"], False),
    ],
)
def test_a_commands_flags_are_its_own(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], *, shows: bool
) -> None:
    """What stands behind -- neither asks us for a traceback nor makes us print for an eval."""
    move_into(home, monkeypatch)
    assert cli.main(words) == 3
    shown = capsys.readouterr()
    assert ("Traceback" in shown.err) is shows
    assert shown.err.endswith("mfasession: there is no profile default\n  hint: mfasession init -p default\n")
    assert shown.out == ""


def test_it_runs_as_a_module(home: Home) -> None:
    """`python -m mfasession`, where no script was installed."""
    done = home.run_program(sys.executable, "-m", "mfasession", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mfasession {__version__}\n", "")


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_without_the_extra_it_says_how_to_get_it(home: Home, tmp_path: Path, command: str) -> None:
    """The package alone has no moto: two commands need it, and all others do not."""
    bare = tmp_path / "packages"
    bare.mkdir()
    for package in Path(pytest.__file__).parents[1].iterdir():
        if not package.name.startswith(("moto", "werkzeug")):
            (bare / package.name).symlink_to(package)
    script = (
        "import sys; sys.path = [*sys.argv[1:2], *(path for path in sys.path if 'site-packages' not in path)]\n"
        "from mfasession.cli import main; sys.exit(main(sys.argv[2:]))"
    )
    done = home.run_program(sys.executable, "-c", script, str(bare), command)
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(
        r"mfasession: the sandbox is not installed: no (moto|werkzeug)\n"
        r"  hint: \S+ -m pip install 'mfasession\[sandbox\]'\n",
        done.stderr,
    )
    assert home.run_program(sys.executable, "-c", script, str(bare), "status").returncode == 0
