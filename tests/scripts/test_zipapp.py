"""The program in one file: all that it needs of the machine is a Python."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from packages import pins, zipapp
from tests.helpers.installation import wheel
from tests.helpers.patience import scaled
from tests.helpers.support import Home


def packed(folder: Path) -> Path:
    """Pack the wheel and the packages that it needs, as they are installed here: no index is asked."""
    site = folder / "site-packages"
    install = ("pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile", "--target", str(site))
    subprocess.run([sys.executable, "-m", *install, str(wheel(folder))], check=True, timeout=scaled(60))
    for pin in pins.of_the_program():
        try:
            files = importlib.metadata.files(pin.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # another platform's
        for file in files:
            if file.parts[0] != ".." and "__pycache__" not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), site / file)
    program = folder / "mfasession.pyz"
    zipapp.build(program, "--site-packages", str(site))
    return program


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of `make dist` where it is for this Python (`make test-wheel`); else one that is packed now."""
    released = Path(os.environ.get("MFASESSION_WHEEL", "")).parent.glob(zipapp.file_name("mfasession", "*"))
    return next(released, None) or packed(tmp_path_factory.mktemp("packed"))


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with no package at all."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=scaled(60))
    (packages,) = folder.glob("lib/python3*/site-packages")
    assert list(packages.iterdir()) == []
    return str(folder / "bin" / "python")


def test_a_day_with_nothing_but_python(
    alices_home: Home, alice: SandboxUser, aws: Sandbox, program: Path, bare_python: str
) -> None:
    """It logs in, and then hands out the session without AWS; the hint that removes it leaves nothing of it."""
    kept = ("HOME", "AWS_ENDPOINT_URL", "AWS_REGION")
    environ = [f"{name}={alices_home.environ[name]}" for name in kept]
    own = str(shutil.copy(program, alices_home.folder))

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return alices_home.run_program("env", "-i", *environ, "PATH=/usr/bin:/bin", bare_python, "-I", own, *words)

    done = run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    calls = len(aws.calls())
    session = json.loads(run("process").stdout)
    assert f"aws_access_key_id = {session['AccessKeyId']}\n" in alices_home.credentials.read_text()
    assert len(aws.calls()) == calls

    refused = run("sandbox")
    assert refused.returncode == 3
    assert refused.stderr.endswith("  hint: pipx install 'mfasession[sandbox]'\n")

    *_, line = run("uninstall", "--yes").stderr.splitlines()
    how = line.removeprefix("mfasession: to remove the program itself: ")
    assert alices_home.run_program("sh", "-c", how).returncode == 0
    assert not os.path.exists(own)
    assert os.listdir(alices_home.folder / ".shiv") == []
