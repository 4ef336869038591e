"""An installation as users have it: the built wheel, put by pip into a virtual environment of its own."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.helpers.patience import scaled

ROOT = Path(__file__).parents[2]


def wheel(folder: Path) -> Path:
    """Return the wheel that `make test-wheel` tries, else build the checkout's into a folder."""
    if named := os.environ.get("MFASESSION_WHEEL"):
        return Path(named)
    _run("hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def installed(built: Path, venv: Path, *, with_dependencies: bool = False) -> Path:
    """Install a wheel into a new virtual environment; the path of its console script.

    A hit needs no dependency. With them, the packages of the tests' own environment can be imported.
    """
    _run("venv", "--without-pip", str(venv))
    python = venv / "bin" / "python"
    _run("pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps", str(built))
    if with_dependencies:
        # Afterwards: pip would be content with the same wheel in the tests' environment.
        (packages,) = venv.glob("lib/python3*/site-packages")
        (packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return venv / "bin" / "mfasession"


def _run(module: str, *words: str, cwd: Path | None = None) -> None:
    subprocess.run(
        [sys.executable, "-m", module, *words], cwd=cwd, check=True, capture_output=True, timeout=scaled(120)
    )
