"""The program with all that it needs in one file, for the Python and the platform of this run: some is compiled.

At its first start the file unpacks itself into ~/.shiv.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

_PYTHON = "/usr/bin/env python3"


def file_name(name: str, version: str) -> str:
    """Return the file's name, with the tags of a wheel for this Python and this platform."""
    platform = sysconfig.get_platform().replace("-", "_")
    return f"{name}-{version}-cp{sys.version_info.major}{sys.version_info.minor}-{platform}.pyz"


def build(program: Path, *packages: str) -> None:
    """Pack packages into a new file: shiv's `--site-packages FOLDER`, or words for `pip install`.

    Raises CalledProcessError when a package is not to be had.
    """
    words = ("--reproducible", "--compressed", "--console-script", "mfasession", "--python", _PYTHON)
    subprocess.run([sys.executable, "-m", "shiv", *words, "--output-file", str(program), *packages], check=True)
