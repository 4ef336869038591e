"""How this program was installed, and the commands that add packages to it or repair it.

`pip install` may install into another Python when the program was installed with pipx or uv. pipx keeps
pipx_metadata.json in the program's environment, uv its uv-receipt.toml (uv documentation, "Tools"). A zipapp takes no
more packages; shiv unpacks it into a folder of its own, and starts what SHIV_ENTRY_POINT names (shiv documentation).
"""

import os
import shutil
import sys
from importlib.util import find_spec
from shlex import quote

from mfasession.errors import MfaSessionError

NAME = "mfasession"


def unsupported() -> MfaSessionError:
    """Return the error of native Windows: terminals, locks and file modes are POSIX's."""
    return MfaSessionError(
        "native Windows is not supported", "run it in WSL: https://learn.microsoft.com/windows/wsl/install"
    )


def adding(package: str) -> str:
    """Return the command that adds a package, or an extra of ours as in `mfasession[sandbox]`, to this installation."""
    if _is_kept_by("pipx_metadata.json"):
        # Without --force, older releases of pipx skip a package that is installed already, with its extra.
        return f"pipx inject --force {quote(os.path.basename(sys.prefix))} {quote(package)}"
    if _is_kept_by("uv-receipt.toml"):
        return f"uv tool install {quote(package)}" if package.startswith(NAME) else _with_uv(package)
    if _zipapp() and package.startswith(NAME):
        return f"pipx install {quote(package)}"
    if _zipapp():
        return f"pipx install {NAME} && pipx inject {NAME} {quote(package)}"
    return f"{_pip()} {quote(package)}"


def program(package: str) -> str:
    """Return the command that installs another program in the same way as this one."""
    if _is_kept_by("pipx_metadata.json") or _zipapp():
        return f"pipx install {quote(package)}"
    if _is_kept_by("uv-receipt.toml"):
        return f"uv tool install {quote(package)}"
    return f"{_pip()} {quote(package)}"


def repairing() -> str:
    """Return the command that reinstalls this program."""
    if _is_kept_by("pipx_metadata.json"):
        return f"pipx reinstall {quote(os.path.basename(sys.prefix))}"
    if _is_kept_by("uv-receipt.toml"):
        return f"uv tool upgrade --reinstall {NAME}"
    if archive := _zipapp():
        return f"SHIV_FORCE_EXTRACT=1 {_started(archive)} --version"
    return f"{_pip()} --force-reinstall {NAME}"


def removing() -> str:
    """Return the command that removes this program, or the file that it is and what that has unpacked."""
    if _is_kept_by("pipx_metadata.json"):
        return f"pipx uninstall {quote(os.path.basename(sys.prefix))}"
    if _is_kept_by("uv-receipt.toml"):
        return f"uv tool uninstall {NAME}"
    if archive := _zipapp():
        unpacked = _unpacked(archive)
        return " ".join(["rm -r" if unpacked else "rm", *map(quote, [archive, *unpacked])])
    if "dist-packages" in __file__:
        return f"sudo apt-get remove {NAME}"
    if find_spec("pip") is None:
        return f"uv pip uninstall --python {quote(sys.executable)} {NAME}"
    return f"{quote(sys.executable)} -m pip uninstall {NAME}"


def _with_uv(package: str) -> str:
    return f"uv tool install --with {quote(package)} {NAME}"


def _pip() -> str:
    if find_spec("pip") is None:
        return f"uv pip install --python {quote(sys.executable)}"
    return f"{quote(sys.executable)} -m pip install"


def _is_kept_by(receipt: str) -> bool:
    return os.path.exists(os.path.join(sys.prefix, receipt))


def _zipapp() -> str:
    """Return the path of the one file that this program is, or ""."""
    import zipfile

    archive = os.path.abspath(sys.argv[0])
    return archive if os.path.isfile(archive) and zipfile.is_zipfile(archive) else ""


def _unpacked(archive: str) -> list[str]:
    """Return the folder into which shiv has unpacked this program, and the lock beside it."""
    above, name = os.path.split(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    if not name.startswith(f"{os.path.basename(os.path.realpath(archive))}_"):
        return []
    return [os.path.join(above, each) for each in (name, f".{name}_lock")]


def _started(archive: str) -> str:
    """Return the words that run this file with this Python."""
    return f"{quote(sys.executable)} {quote(archive)}"


def keyring(*words: str) -> str:
    """Return the command line of the keyring package's program, which pipx and uv do not put on the PATH."""
    if archive := _zipapp():
        return " ".join([f"SHIV_ENTRY_POINT=keyring.cli:main {_started(archive)}", *map(quote, words)])
    found = shutil.which("keyring") or ""
    if os.path.dirname(os.path.realpath(found)) == os.path.realpath(os.path.join(sys.prefix, "bin")):
        return " ".join(map(quote, ("keyring", *words)))
    return " ".join(map(quote, (sys.executable, "-m", "keyring", *words)))
