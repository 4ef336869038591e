"""The console script that pip writes for the wheel: docs/decisions/0013-console-script-stays.md."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.helpers.doctoring import records
from tests.helpers.installation import installed, wheel
from tests.helpers.support import MFASESSION, Home, key_pair, missing, session_section

NO_NAMES_OF_SHELLS = {"BASH_FUNC_greet%%": "() { echo hi; }", "npm_config_@scope:registry": "r", "a.b": "1"}
"""Variables whose names are no names in a shell: dash, busybox and mksh do not pass them on."""
OF_OLD_PIP = """\
#!{python}
# -*- coding: utf-8 -*-
import re
import sys
from mfasession.cli import program
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(program())
"""
"""What pip before 25.2 writes, and installer 1.1."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One wheel."""
    return wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def script(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script of an installation with nothing else in it."""
    return installed(built, tmp_path_factory.mktemp("installed") / "venv")


@pytest.fixture(scope="module")
def script_in_a_folder_with_a_space(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its first line cannot name Python: the kernel would split it (execve(2))."""
    return installed(built, tmp_path_factory.mktemp("with a space") / "venv", with_dependencies=True)


def passed_on(home: Home, program: Path) -> dict[str, str]:
    """The variables of NO_NAMES_OF_SHELLS that a command behind `exec` gets."""
    home.write_credentials(key_pair() + session_section())
    command = ("exec", "--", "env", "-0")
    done = home.run_program(str(program), *command, environ=NO_NAMES_OF_SHELLS)
    assert done.returncode == 0, done.stderr
    variables = dict(each.split("=", 1) for each in done.stdout.split("\0") if each)
    return {name: variables[name] for name in NO_NAMES_OF_SHELLS if name in variables}


def test_nothing_stands_between_the_caller_and_python(home: Home, script: Path) -> None:
    """A shell there would lose variables: exported functions of bash are gone behind dash."""
    assert script.read_text().startswith(f"#!{script.parent}/python")
    assert passed_on(home, script) == NO_NAMES_OF_SHELLS


def test_doctor_reports_a_shell_before_python(home: Home, script_in_a_folder_with_a_space: Path) -> None:
    """Where the folder has a space, pip starts Python through /bin/sh."""
    if os.path.basename(os.path.realpath("/bin/sh")) != "dash":
        missing("dash as /bin/sh")
    program = script_in_a_folder_with_a_space
    assert passed_on(home, program) == {}
    done = home.run_program(str(program), "doctor", "--offline", "--json")
    (finding,) = json.loads(done.stdout)
    assert (finding["name"], finding["severity"]) == ("program-through-shell", "warning")


def seen_of(home: Home, program: str) -> str:
    """What doctor shows of the program."""
    home.write_credentials(key_pair() + session_section())
    lines = re.sub(r"\n  +", " ", home.run_program(program, "doctor", "--offline").stdout)
    (line,) = re.findall(r"^program +(.*)$", lines, re.MULTILINE)
    return str(line)


def test_doctor_shows_the_program(home: Home) -> None:
    """For reports: which version, where, and on which Python."""
    assert re.fullmatch(rf"\d+\.\d+\.\d+ at {re.escape(MFASESSION)}, Python 3\.\d+\.\d+", seen_of(home, MFASESSION))
    assert records(home, "--offline") == []


def test_doctor_shows_a_console_script_that_starts_slowly(home: Home, tmp_path: Path) -> None:
    """`import re` costs more than half as much as Python itself; the hit needs nothing of it."""
    script = tmp_path / "mfasession"
    script.write_text(OF_OLD_PIP.format(python=sys.executable))
    script.chmod(0o755)
    seen = seen_of(home, str(script))
    assert seen.endswith("imports re at each start; pip 25.2, pipx and uv write a faster one")


def test_doctor_of_a_module(home: Home) -> None:
    """`python -m mfasession` has no console script."""
    home.write_credentials(key_pair() + session_section())
    done = home.run_program(sys.executable, "-m", "mfasession", "doctor", "--offline")
    assert done.returncode == 0, done.stdout
    assert "__main__.py" in done.stdout
