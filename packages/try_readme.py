"""`python -m packages.try_readme DIST [SUITE]`: follow README to the letter on a machine with nothing on it.

The machine is a new Debian (debootstrap, in a chroot; so it needs root) with pipx and Python, and a user who has never
logged in. A person types what the blocks of README say, into a terminal: install, demo, a sandbox, a first login there.
pip finds the wheel of DIST by the name that README has; the rest comes from where pip is set up to look.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect

from packages.pins import ROOT

PACKAGES = "python3,python3-venv,pipx,ca-certificates"
USER = "stranger"
HOME = f"/home/{USER}"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PROMPT = "stranger> "
SHOWN = rf"(?:\n|\x1b\[\?2004h){PROMPT}"
"""The prompt, at the beginning of a line or behind what bash sends before it."""
PATIENCE = 15 * 60
"""Seconds after which a line does nothing any more; the sandbox has a hundred packages."""


def main(dist: Path, suite: str) -> None:
    """Follow README. Raises SystemExit at the first line that does not do what it says."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    root = ROOT / ".tools" / f"readme-{suite}"
    _machine(root, suite)
    shutil.copytree(dist, root / "dist", dirs_exist_ok=True)
    with _terminals(root):
        _follow(root, readme)
    _say("all lines of README did what they say")


def _follow(root: Path, readme: str) -> None:
    install, trial = commands(readme, "Install"), commands(readme, "Try it without an account")
    *lines, sandbox = [*(each for each in install if not each.startswith("mfasession ")), *trial]
    person = Person(root)
    # Whoever has the file alone, before there is a release of it.
    for line in ("pipx install /dist/*.whl", "~/.local/bin/mfasession --version", "pipx uninstall mfasession"):
        person.does(line)
    for line in lines:
        person.does(line)
        if line == "pipx ensurepath":
            person = Person(root)
    person.enters(sandbox)
    (init,) = (each for each in install if each.startswith("mfasession "))
    person.logs_in(init)
    for line in commands(readme, "The three habits"):
        person.does(line)
    person.shows("mfasession status", "in 123456789012")


def commands(readme: str, section: str) -> list[str]:
    """Return the lines of a section's first block for a shell, without comments."""
    (text,) = re.findall(rf"^## {re.escape(section)}\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
    block = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0]
    return [line.partition(" #")[0].rstrip() for line in block.splitlines()]


class Person:
    """Somebody at a terminal of that machine, in a shell that has read its start-up files."""

    def __init__(self, root: Path) -> None:
        """Open a terminal."""
        environ = (f"HOME={HOME}", "TERM=xterm", "LANG=C.UTF-8", "SHELL=/bin/bash", "PATH=/usr/local/bin:/usr/bin:/bin")
        words = [f"--userspec={USER}:{USER}", str(root), "env", "-i", *environ, "PIP_FIND_LINKS=/dist", "bash", "-l"]
        self.screen = pexpect.spawn("chroot", words, encoding="utf-8", timeout=PATIENCE, dimensions=(50, 250))
        self.screen.logfile_read = sys.stderr
        self._settle()

    def does(self, line: str) -> None:
        """Type a line that must succeed."""
        self.shows(f"{line}; echo exit code $?", r"exit code 0\r")

    def shows(self, line: str, what: str) -> None:
        """Type a line that must print this."""
        self.screen.sendline(line)
        # The echo of the line itself has the question in it.
        if self.screen.expect([rf"\n[^\n]*{what}", r"[\r\n]exit code [1-9]", SHOWN]):
            raise SystemExit(f"not as README says: {line}")
        self._wait()

    def enters(self, line: str) -> None:
        """Start a shell with the sandbox, and read there how to get a code."""
        self.screen.sendline(line)
        self.code = self._read(r"the code of her device:\s+(\S[^\r\n]*)")
        self._settle()

    def logs_in(self, line: str) -> None:
        """Get a code as the sandbox says, agree to what is shown, and type the code where it is asked for."""
        self.screen.sendline(self.code)
        code = self._read(r"[\r\n](\d{6})\r")
        self._wait()
        self.screen.sendline(line)
        if self.screen.expect([r"\[y/N\]", "MFA code for alice"]) == 0:
            self.screen.sendline("y")
            self.screen.expect("MFA code for alice")
        self.screen.sendline(code)
        self.screen.expect("session for default until")
        self._wait()

    def _read(self, what: str) -> str:
        self.screen.expect(what)
        found = self.screen.match
        assert isinstance(found, re.Match)
        return str(found[1])

    def _settle(self) -> None:
        self.screen.sendline(f"cd; PS1='{PROMPT[:4]}''{PROMPT[4:]}'")
        self._wait()

    def _wait(self) -> None:
        self.screen.expect(SHOWN)


def _machine(root: Path, suite: str) -> None:
    """Make the machine, or a new home on it; certificates and pip's configuration are those of this computer."""
    if not (root / "ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        sources = subprocess.run(["apt-cache", "policy"], capture_output=True, text=True, check=True).stdout
        # Of Debian itself, not of its updates or of others.
        (mirror, *_) = re.findall(r"(https?://\S+/debian/?) [a-z]+/main ", sources) or ["https://deb.debian.org/debian"]
        script = "/usr/share/debootstrap/scripts/sid"
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(root), mirror, script)
        _run("chroot", str(root), "useradd", USER)
        (root / "ready").touch()
    (root / BUNDLE[1:]).write_bytes(Path(os.environ.get("SSL_CERT_FILE", BUNDLE)).read_bytes())
    for path in (os.environ.get("PIP_CONFIG_FILE", ""), "~/.config/pip/pip.conf", "/etc/pip.conf"):
        if os.path.isfile(configured := os.path.expanduser(path)):
            shutil.copy(configured, root / "etc" / "pip.conf")
            break
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    shutil.rmtree(root / HOME[1:], ignore_errors=True)
    _run("chroot", str(root), "cp", "--recursive", "/etc/skel", HOME)
    _run("chroot", str(root), "chown", "--recursive", f"{USER}:{USER}", HOME)


@contextmanager
def _terminals(root: Path) -> Iterator[None]:
    """Let programs on the machine open terminals, as the demo does."""
    folder = str(root / "dev" / "pts")
    _run("mount", "--types", "devpts", "--options", "ptmxmode=0666", "devpts", folder)
    try:
        yield
    finally:
        _run("umount", "--lazy", folder)


def _run(*words: str) -> None:
    _say(" ".join(words))
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def _say(text: str) -> None:
    sys.stderr.write(f"== {text}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), (sys.argv[2:] or ["trixie"])[0])
