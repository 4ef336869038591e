"""One file adds a command, a shell, a source of codes or a store: each is dropped into a copy of the package here.

The files are in `one_file`, in the folders where they would lie. Nothing else of the copy is changed, and the contract
suites of the copy test what was added.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.patience import scaled
from tests.helpers.support import MFASESSION, Home

ROOT = Path(__file__).parents[2]
ADDED = Path(__file__).parent / "one_file"
TOYSH = """
import os, subprocess, sys

def evaluate(line):
    command, _, rest = line.partition(" ")
    name, _, value = rest.partition(" ")
    if command == "put":
        os.environb[os.fsencode(name)] = bytes.fromhex(value)
    elif command == "drop":
        os.environ.pop(name, None)
    elif command == "fail":
        sys.exit(1)
    elif command not in ("rem", ""):
        sys.exit("toysh: " + command + ": not a command")

for line in open(sys.argv[1]).read().split("\\n"):
    if line.startswith("load "):
        done = subprocess.run(line.removeprefix("load "), shell=True, stdout=subprocess.PIPE, text=True)
        for each in done.stdout.split("\\n"):
            evaluate(each)
    elif line and subprocess.call(line, shell=True):
        sys.exit(1)
"""
"""The program that speaks the made-up dialect."""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's tree with one file more of each kind."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("mfasession", "tests", "shell"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    if (ROOT / ".tools").exists():
        (folder / ".tools").symlink_to(ROOT / ".tools")
    shutil.copytree(ADDED, folder / "mfasession", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "bin").mkdir()
    program = folder / "bin" / "toysh"
    program.write_text(f"#!{sys.executable}\n{TOYSH}")
    program.chmod(0o755)
    return folder


@pytest.fixture
def new_home(alices_home: Home, copied: Path) -> Home:
    """Alice's home, in which mfasession is that of the copy."""
    alices_home.environ["PYTHONPATH"] = str(copied)
    return alices_home


CONTRACTS = {
    "shell": ("tests/contracts/test_shells.py", "toysh", 5),
    "shell, for other shells": ("tests/contracts/test_wrong_shells.py", "toysh and (bash or fish or tcsh)", 4),
    "source of codes": ("tests/contracts/test_codes.py", "dice", 4),
    "store": ("tests/contracts/test_stores.py", "shelf", 20),
    "command": ("tests/scripts/test_examples.py", "greet", 2),
}
"""The suite of each kind, what selects the added subject in it, and how many tests that are at least."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", CONTRACTS)
def test_the_contract_of_its_kind_holds(copied: Path, kind: str) -> None:
    """The suite finds the file by itself, and passes."""
    suite, chosen, least = CONTRACTS[kind]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ |= {"PYTHONPATH": str(copied), "PATH": f"{copied / 'bin'}:{environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", suite, "-k", chosen],
        cwd=copied,
        env=environ,
        capture_output=True,
        text=True,
        timeout=scaled(170),
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= least
    assert "skipped" not in done.stdout, done.stdout


def test_help_lists_the_command(new_home: Home) -> None:
    """And the command runs, has a help of its own, and is offered for a word that is nearly its name."""
    assert re.search(r"^ +greet +Greet the user of a profile$", new_home.run("--help").stdout, re.MULTILINE)
    assert "--twice" in new_home.run("greet", "--help").stdout
    assert new_home.run("greet", "--twice").stdout == "hello, default\n" * 2
    assert "mfasession greet" in new_home.run_program(MFASESSION, "gret").stderr


def test_env_knows_the_shell(new_home: Home, copied: Path) -> None:
    """By its flag, by the program that runs it, and by another name of that program."""
    lines = new_home.run("env", "--unset", "--shell", "toysh").stdout.splitlines()
    assert lines[0].startswith("rem ${mfasession_env?")
    assert "drop AWS_SESSION_TOKEN" in lines
    assert "toysh" in new_home.run("env", "--help").stdout
    assert "did you mean toysh?" in new_home.run("env", "--shell", "toysch").stderr
    assert new_home.run("shell", "complete", "--", "env", "--shell", "to").stdout == "toysh\n"
    (new_home.folder / "script").write_text("load mfasession env --unset\necho token=$AWS_SESSION_TOKEN\n")
    done = new_home.run_program(str(copied / "bin" / "toysh"), "script", environ={"AWS_SESSION_TOKEN": "old"})
    assert (done.stdout, done.stderr) == ("token=\n", "")
    code = "from mfasession.shells import detection; print(detection.detect('/opt/toyshell'))"
    assert new_home.run_program(sys.executable, "-c", code).stdout == "toysh\n"


def test_the_configuration_knows_the_source_of_codes(new_home: Home) -> None:
    """It is asked by a login, and named where the name is wrong."""
    new_home.write_settings('code = "dices"\n')
    listed = re.findall(r"code: must be one of ([^{]+) or", new_home.run("login").stderr)
    assert "dice" in listed[0].split(", ")
    new_home.write_settings('code = "dice"\n')
    done = new_home.run("login")
    assert done.returncode == 4
    assert "code" in done.stderr


def test_login_knows_the_store(new_home: Home, alice: SandboxUser) -> None:
    """A session is kept there, found there, and forgotten there."""
    assert "shelf" in new_home.run("login", "--help").stdout
    assert "shelf" in new_home.run("login", "--store", "shelv").stderr
    assert new_home.run("shell", "complete", "--", "login", "--store", "s").stdout == "shelf\n"
    done = new_home.run("login", "--store", "shelf", "--code", "-", stdin=alice.devices[0].code() + "\n")
    assert done.returncode == 0, done.stderr
    assert "[default-mfa]" not in new_home.credentials.read_text()
    assert "shelf" in new_home.run("status").stdout
    assert new_home.run("process", "--no-input").returncode == 0
    new_home.write_settings('store = "shelf"\n')
    assert new_home.run("process", "--no-input").returncode == 0
    assert "forgot default-mfa (shelf)" in new_home.run("logout").stderr
    assert new_home.run("process", "--no-input").returncode == 6
