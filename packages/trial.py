"""`python -m packages.trial FOLDER PYTHON…`: run the tests against the wheel in a folder, without its source.

For each Python, twice: with the versions that the lock has, and with the oldest that pyproject.toml allows. The tests
come from the source archive, and stand where no `mfasession` folder is: what they import and run is the wheel's.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TESTS = ("tests/unit", "tests/scripts", "tests/terminal")
EXTRAS = "sandbox,import,encrypted-file"
OLDER = "awscli>=1.34"
"""The AWS CLI 1 pins the SDK's version: an older one goes with an older SDK."""


def main(folder: Path, pythons: list[str]) -> int:
    """Try the wheel; the number of environments in which tests failed."""
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    failed = 0
    for python in pythons:
        for oldest in (False, True):
            with tempfile.TemporaryDirectory(prefix="mfasession-wheel-") as place:
                tests = _unpacked(archive, Path(place))
                _environment(python, tests, wheel, oldest=oldest)
                name = f"{python}, {'oldest' if oldest else 'locked'} dependencies"
                print(f"== {name}", flush=True)
                failed += _is_broken(tests, wheel)
    return failed


def _unpacked(archive: Path, place: Path) -> Path:
    """The source archive without the package and its hooks."""
    with tarfile.open(archive) as files:
        top = files.getnames()[0].partition("/")[0]
        away = (f"{top}/mfasession/", f"{top}/shell/")
        files.extractall(place, [each for each in files if not each.name.startswith(away)], filter="data")
    return place / top


def _environment(python: str, tests: Path, wheel: Path, *, oldest: bool) -> None:
    """Make .venv beside the tests."""
    _run(python, "-m", "venv", ".venv", cwd=tests)
    pip = (".venv/bin/python", "-m", "pip", "install", "--quiet")
    if not oldest:
        _run(*pip, "--require-hashes", "--requirement", "tests/requirements.txt", cwd=tests)
        _run(*pip, "--no-deps", str(wheel), cwd=tests)
        return
    project = tomllib.loads((tests / "pyproject.toml").read_text())
    dev = [OLDER if each.startswith("awscli") else each for each in project["dependency-groups"]["dev"]]
    (tests / "dev.txt").write_text("".join(f"{each}\n" for each in dev))
    _run(*pip, "uv", cwd=tests)
    compiled = (".venv/bin/uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--all-extras")
    found = subprocess.run(
        [*compiled, "--no-annotate", "pyproject.toml"], cwd=tests, check=True, capture_output=True, text=True
    ).stdout
    (tests / "oldest.txt").write_text(
        "".join(f"{line}\n" for line in found.splitlines() if is_own(line, project["project"]))
    )
    _run(*pip, f"{wheel}[{EXTRAS}]", "--requirement", "dev.txt", "--constraint", "oldest.txt", cwd=tests)


def is_own(pin: str, project: Mapping[str, Any]) -> bool:
    """Whether a pin such as `boto3==1.35.0` is of a package that pyproject.toml names, in an extra, too."""
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    own = {canonicalize_name(Requirement(line).name) for line in lines}
    return "==" in pin and canonicalize_name(pin.partition("==")[0].partition("[")[0]) in own


def _is_broken(tests: Path, wheel: Path) -> bool:
    done = subprocess.run(
        [".venv/bin/pytest", "-q", "-m", "not checkout", "-n", str(os.cpu_count() or 1), "--dist", "worksteal", *TESTS],
        cwd=tests,
        env=_environ({"MFASESSION_WHEEL": str(wheel)}),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode != 0


def _run(*words: str, cwd: Path) -> None:
    subprocess.run(words, cwd=cwd, env=_environ({}), check=True)


def _environ(more: Mapping[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}, **more}


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1]).resolve(), sys.argv[2:] or [sys.executable]), 1))
