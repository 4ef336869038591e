"""`make test-wheel`: each environment is tried, and the table says how it ended."""

import tarfile
import tomllib
from pathlib import Path

import pytest

from packages import pins, trial

PYTHON = """\
#!/bin/sh
mkdir -p .venv/bin
printf '#!/bin/sh\\necho Python 3.99.0 boto3 9.9\\n' >.venv/bin/python
printf '#!/bin/sh\\nls mfasession shell tests >&2; exit {status}\\n' >.venv/bin/pytest
chmod +x .venv/bin/*
exit {broken}
"""
"""A Python whose environments end tests with a status."""


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A wheel, and a source archive with the package, its hooks and tests."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "mfasession-0.1.0-py3-none-any.whl").touch()
    with tarfile.open(folder / "mfasession-0.1.0.tar.gz", "w:gz") as archive:
        for name in ("mfasession/__init__.py", "shell/mfasession.bash", "tests/test_it.py"):
            archive.add(__file__, f"mfasession-0.1.0/{name}")
    return folder


def python(folder: Path, name: str, *, status: int, broken: int = 0) -> str:
    """Write such a Python."""
    path = folder / name
    path.write_text(PYTHON.format(status=status, broken=broken))
    path.chmod(0o755)
    return str(path)


def test_every_python_is_tried(dist: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One that is not there, or whose packages are not to be had, does not stop the others; all are in the table."""
    good = python(tmp_path, "good", status=0)
    pythons = [str(tmp_path / "none"), python(tmp_path, "broken", status=0, broken=1), good]
    ending = ["--dependencies", "locked", "--parts", "unit", "scripts"]
    assert trial.main([str(dist), *pythons, *ending]) == 1
    none, broken, passed = capfd.readouterr().out.splitlines()[-3:]
    assert none.startswith(f"{pythons[0]} locked: not installed ([Errno 2]")
    assert broken.startswith(f"{pythons[1]} locked: not installed (Command")
    assert passed == "passed in 0 min: Python 3.99.0 boto3 9.9 (locked): unit scripts"
    assert trial.main([str(dist), good, *ending]) == 0


def test_failed_tests_fail_the_whole(dist: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The tests stand alone: neither the package nor its hooks are beside them."""
    bad = python(tmp_path, "bad", status=1)
    assert trial.main([str(dist), bad, "--dependencies", "locked"]) == 1
    out, err = capfd.readouterr()
    assert out.endswith("FAILED in 0 min: Python 3.99.0 boto3 9.9 (locked): unit scripts terminal\n")
    assert "test_it.py" in err
    assert "__init__.py" not in err
    assert "mfasession.bash" not in err


def test_the_oldest_are_those_of_the_project_alone() -> None:
    """The tests' own packages are the newest: an old pytest says nothing about this program."""
    project = tomllib.loads((pins.ROOT / "pyproject.toml").read_text())["project"]
    pins_of = ("boto3==1.40.0", "prompt-toolkit==3.0.43", "moto[all]==5.2.5", "botocore==1.40.0", "pytest==8.0", "# x")
    assert [each for each in pins_of if trial.is_own(each, project)] == list(pins_of[:3])
