"""`python -m packages.trial FOLDER [PYTHON…]`: run the tests against the wheel in a folder, without its source.

For each Python, twice: with the versions that the lock has, and with the oldest that pyproject.toml allows. The tests
come from the source archive, and stand where no `mfasession` folder is: what they import and run is the wheel's. A
table at the end says what ran with which versions, and how it ended.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from packages import pins

PARTS = ("unit", "scripts", "terminal")
DEPENDENCIES = ("locked", "oldest")
EXTRAS = "sandbox,import,encrypted-file"
OLDER = "awscli>=1.34"
"""The AWS CLI 1 pins the SDK's version: an older one goes with an older SDK."""
SHOWN = ("boto3", "keyring", "jeepney", "prompt_toolkit", "cryptography", "joserfc", "moto")
"""The packages whose versions the table has."""


class Environment(NamedTuple):
    """A Python, as a program's name or path, and one of DEPENDENCIES."""

    python: str
    dependencies: str


def main(words: list[str]) -> int:
    """Try the wheel; 1 if tests failed or dependencies could not be installed in any environment, else 0."""
    asked = _arguments(words)
    rows = [
        _tried(asked.folder.resolve(), Environment(python, dependencies), asked.parts)
        for python in asked.pythons or [sys.executable]
        for dependencies in asked.dependencies
    ]
    print("\n".join(["", *(row for row, _ in rows)]))
    return int(not all(passed for _, passed in rows))


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m packages.trial")
    parser.add_argument("folder", type=Path)
    parser.add_argument("pythons", nargs="*")
    parser.add_argument("--dependencies", nargs="*", choices=DEPENDENCIES, default=DEPENDENCIES)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    return parser.parse_args(words)


def _tried(folder: Path, environment: Environment, parts: list[str]) -> tuple[str, bool]:
    """Run the tests in one environment; its line of the table, and whether all passed."""
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mfasession-wheel-") as place:
        # Tests run the program as other users, who also have to reach the Python.
        Path(place).chmod(0o755)
        tests = _unpacked(archive, Path(place))
        print(f"== {environment.python}, {environment.dependencies} dependencies", flush=True)
        try:
            _install(environment, tests, wheel)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"{environment.python} {environment.dependencies}: not installed ({error})", False
        passed = _passes(tests, wheel, parts)
        minutes = (time.monotonic() - began) / 60
        end = "passed" if passed else "FAILED"
        return f"{end} in {minutes:.0f} min: {_versions(tests)} ({environment.dependencies}): {' '.join(parts)}", passed


def _unpacked(archive: Path, place: Path) -> Path:
    """The source archive without the package and its hooks, beside the programs that `make tools` has built."""
    with tarfile.open(archive) as files:
        top = files.getnames()[0].partition("/")[0]
        away = (f"{top}/mfasession/", f"{top}/shell/")
        files.extractall(place, [each for each in files if not each.name.startswith(away)], filter="data")
    if (tools := pins.ROOT / ".tools").exists():
        (place / top / ".tools").symlink_to(tools)
    return place / top


def _install(environment: Environment, tests: Path, wheel: Path) -> None:
    """Make .venv beside the tests. Raises CalledProcessError, and OSError without that Python."""
    _run(environment.python, "-m", "venv", ".venv", cwd=tests)
    pip = (".venv/bin/python", "-m", "pip", "install", "--quiet")
    if environment.dependencies == "locked":
        _run(*pip, "--require-hashes", "--requirement", "tests/requirements.txt", cwd=tests)
        _run(*pip, "--no-deps", str(wheel), cwd=tests)
        return
    project = tomllib.loads((tests / "pyproject.toml").read_text())
    dev = [OLDER if each.startswith("awscli") else each for each in project["dependency-groups"]["dev"]]
    (tests / "dev.txt").write_text("".join(f"{each}\n" for each in dev))
    # Older ones write a console script that imports `re` at each start.
    _run(*pip, "uv", "pip>=25.2", cwd=tests)
    compiled = (".venv/bin/uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--all-extras")
    found = subprocess.run(
        [*compiled, "--no-annotate", "pyproject.toml"], cwd=tests, check=True, stdout=subprocess.PIPE, text=True
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


def _passes(tests: Path, wheel: Path, parts: list[str]) -> bool:
    # They wait more than they compute.
    workers = ("-n", str(2 * (os.cpu_count() or 1)), "--dist", "worksteal")
    done = subprocess.run(
        [".venv/bin/pytest", "-q", "-m", "not checkout", *workers, *(f"tests/{part}" for part in parts)],
        cwd=tests,
        env=_environ({"MFASESSION_WHEEL": str(wheel)}),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def _versions(tests: Path) -> str:
    """Return the versions of an environment's Python and of the packages that matter."""
    script = (
        "import importlib.metadata, platform, sys\n"
        "print('Python', platform.python_version(), *(f'{n} {importlib.metadata.version(n)}' for n in sys.argv[1:]))"
    )
    command = [".venv/bin/python", "-c", script, *SHOWN]
    return subprocess.run(command, cwd=tests, check=True, capture_output=True, text=True).stdout.strip()


def _run(*words: str, cwd: Path) -> None:
    subprocess.run(words, cwd=cwd, env=_environ({}), check=True)


def _environ(more: Mapping[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}, **more}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
