"""The AWS CLI on the `PATH`: its version, read from its files without a start of it, and what it lacks."""

import glob
import os
import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.setup.checks import Seen

if TYPE_CHECKING:
    from mfasession.sessions import Context

_NUMBER = r"(\d+\.\d+(?:\.\d+)?)"
_IN_PATH = re.compile(rf"/(?:aws-cli/v2|awscli|[a-z0-9]{{32}}-awscli2?)[/-]{_NUMBER}(?:_\d+)?/")
"""The folders of the official installer, Homebrew, Nix: `aws-cli/v2/2.32.0`, `awscli/2.32.0`, `HASH-awscli2-2.32.0`."""
_OF_PACKAGE = re.compile(rf"/awscli-{_NUMBER}[^/]*\.(?:dist|egg)-info$")
_PACKAGES = ("lib/python3*/site-packages", "lib/python3*/dist-packages")
_WITH_LOGIN = (2, 32)
"""The first version with `aws login` (the AWS CLI's changelog)."""


def check(context: "Context") -> Iterator[Seen]:
    """Yield which version is there. Every version runs a `credential_process`, so none is wrong."""
    path = shutil.which("aws", path=context.environ.get("PATH"))
    if path is None:
        yield Seen(what="AWS CLI", found="not on the PATH (mfasession does not need it)")
        return
    version = _version(os.path.realpath(path))
    yield Seen(what="AWS CLI", found=f"{version or 'unknown version'} at {path}{_lacks(version)}")


def _version(program: str) -> str:
    """Return the version of the program, by the folders that it lies in; empty when they do not say it."""
    if found := _IN_PATH.search(program):
        return found[1]
    prefix = os.path.dirname(os.path.dirname(program))
    packages = (
        each for folder in _PACKAGES for each in glob.glob(os.path.join(glob.escape(prefix), folder, "awscli-*"))
    )
    numbers = (match[1] for each in packages if (match := _OF_PACKAGE.search(each)))
    return next(numbers, "")


def _lacks(version: str) -> str:
    if not version:
        return ""
    number = tuple(map(int, version.split(".")))
    if number < (2,):
        return ", which has no aws login and no aws configure export-credentials"
    return ", which has no aws login (2.32)" if number < _WITH_LOGIN else ""
