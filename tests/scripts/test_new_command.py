"""A command is found by being in `mfasession/commands`: one file, and a mistake in it is named."""

import re
import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import mfasession
from tests.helpers.checks import complaint
from tests.helpers.support import Home

GREET = """
from mfasession.values import Value

SUMMARY = "Greet somebody"
EXAMPLES = (("mfasession greet --name Ada", "greet Ada"),)


class Flags(Value):
    name: str = "you"
    loud_voice: bool = False


def add_arguments(parser):
    parser.add_argument("--name", metavar="NAME", help="whom to greet")
    parser.add_argument("--loud-voice", action="store_true", help="in capitals")


def run(context, flags):
    text = f"hello {flags.name}"
    print(text.upper() if flags.loud_voice else text)
    return 0
"""
NO_FIELD = GREET.replace("    loud_voice: bool = False\n", "")
NOT_DECLARED = GREET.replace("flags.loud_voice", "flags.whisper")
NOT_AN_OPTION = GREET.replace("flags.loud_voice", "context.options.whisper")


class Copy:
    """A copy of the package with files of its own, and a home to run it in."""

    def __init__(self, home: Home, folder: Path, files: dict[str, str]) -> None:
        self._home = home
        self._folder = folder
        package = folder / "mfasession"
        shutil.copytree(Path(mfasession.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in files.items():
            path = package / "commands" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def run(self, *words: str) -> CompletedProcess[str]:
        """Run the copy's program."""
        environ = {"PYTHONPATH": str(self._folder), "COLUMNS": "120"}
        return self._home.run_program(sys.executable, "-P", "-m", "mfasession", *words, environ=environ)


def test_one_file_makes_a_command(home: Home, tmp_path: Path) -> None:
    """It runs, help and completion know it, behind the others, and a wrong word leads to it."""
    copy = Copy(home, tmp_path / "copy", {"greet.py": GREET})
    assert copy.run("greet", "--name", "Ada", "--loud-voice").stdout == "HELLO ADA\n"
    assert copy.run("greet").stdout == "hello you\n"
    assert copy.run("help", "greet").stdout.startswith("Greet somebody.\n\nusage: mfasession greet ")
    listed = copy.run("--help").stdout.partition("commands:\n")[2].partition("\n\n")[0].splitlines()
    assert listed[-1].split() == ["greet", "Greet", "somebody"]
    assert copy.run("shell", "complete", "--", "greet", "--l").stdout == "--loud-voice\n"
    done = copy.run("gret", "--name", "Ada")
    assert (done.returncode, done.stderr) == (
        2,
        complaint("unknown command gret", "did you mean: mfasession greet --name Ada"),
    )


def test_one_file_makes_an_action(home: Home, tmp_path: Path) -> None:
    """In the folder of its command; the same with a name of two words."""
    copy = Copy(home, tmp_path / "copy", {"keys/greet_all.py": GREET})
    assert copy.run("keys", "greet-all").stdout == "hello you\n"
    assert re.search(r"\n  greet-all +Greet somebody\n", copy.run("keys", "--help").stdout)


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (
            NO_FIELD,
            "greet adds --loud-voice, and there is no field loud_voice to keep it in",
            "add loud_voice to class Flags in mfasession.commands.greet",
        ),
        (
            NOT_DECLARED,
            "greet reads --whisper, which it does not declare",
            "add whisper to class Flags in mfasession.commands.greet",
        ),
        (
            NOT_AN_OPTION,
            "greet reads --whisper, which it does not declare",
            "add whisper to class Flags of the command",
        ),
    ],
    ids=["no field", "flags", "options"],
)
def test_a_flag_that_is_not_declared_is_named(home: Home, tmp_path: Path, text: str, what: str, hint: str) -> None:
    """Whoever writes a command learns which flag of which command it is, without a traceback."""
    copy = Copy(home, tmp_path / "copy", {"greet.py": text})
    done = copy.run("greet", "--loud-voice")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", complaint(what, hint))
