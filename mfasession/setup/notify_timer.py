"""The files by which the system runs `mfasession notify` each minute: a systemd user timer, or a launchd agent."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from mfasession import files
from mfasession.errors import ConfigurationError, StoreError
from mfasession.programs.helper import Helper, how_ended
from mfasession.setup.file_change import FileChange
from mfasession.values import Secret, Value

NAME = "mfasession-notify"
_LABEL = f"local.{NAME}"
_MARK = "written by mfasession notify --install"
_EVERY = 60
"""Seconds between two looks."""
_BY_A_SHELL = ("/bin/sh", "-c", 'exec "$0" "$@"')
_PASSED_ON = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "MFASESSION_CONFIG")
"""Where the files are: a timer has none of the shell's variables."""


class Timer(Value):
    """The files of a timer, and the commands that make the system take it up and leave it off."""

    texts: tuple[tuple[str, str], ...]
    """Pairs of a path and the text of the file."""
    starting: tuple[tuple[str, ...], ...]
    stopping: tuple[tuple[str, ...], ...]

    def changes(self) -> list[FileChange]:
        """Return the changes that write the files, none for those that are right. Raises ConfigurationError."""
        found = [FileChange(path=path, before=Secret(_present(path)), after=Secret(text)) for path, text in self.texts]
        return [each for each in found if each.before != each.after]

    def installed(self) -> list[str]:
        """Return the paths of the files that are there. Raises ConfigurationError for one that is not ours."""
        return [path for path, _ in self.texts if _present(path)]


def of(environ: Mapping[str, str], words: Sequence[str], platform: str = sys.platform) -> Timer:
    """Return the timer that runs these words, the first of them an absolute path."""
    variables = {name: os.path.abspath(environ[name]) for name in _PASSED_ON if environ.get(name)}
    if platform == "darwin":
        return _launchd(files.home(environ), words, variables)
    return _systemd(environ, words, variables)


def run(commands: Sequence[Sequence[str]]) -> None:
    """Run the commands of a timer. Raises ConfigurationError with the command that failed."""
    for words in commands:
        hint = f"when you are logged in: {' '.join(words)}"
        process = Helper(words=tuple(words), advice=hint, if_missing=hint).start(
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _, said = process.communicate()
        if process.returncode:
            reason = said.decode("utf-8", "replace").strip().splitlines()
            why = reason[0] if reason else how_ended(process.returncode)
            raise ConfigurationError(f"{words[0]} failed: {why}", hint)


def remove(path: str) -> None:
    """Delete a file of a timer. Raises StoreError."""
    try:
        os.unlink(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be deleted: {error.strerror}", f"rm {path}") from None


def _present(path: str) -> str:
    text = files.read_text(path) or ""
    if text and _MARK not in text:
        raise ConfigurationError(f"{path} is not from mfasession", "move it away")
    return text


def _systemd(environ: Mapping[str, str], words: Sequence[str], variables: Mapping[str, str]) -> Timer:
    """systemd.service(5), systemd.timer(5), and systemd.syntax(7) for the quotes."""
    configured = environ.get("XDG_CONFIG_HOME", "")
    folder = configured if os.path.isabs(configured) else os.path.join(files.home(environ), ".config")
    base = os.path.join(folder, "systemd", "user", NAME)
    # systemd refuses the name of a program with such characters, whatever the quotes, but takes them in arguments.
    if not all(char.isalnum() or char in "/._-+@" for char in words[0]):
        words = (*_BY_A_SHELL, *words)
    environment = "".join(f"Environment={_unit_word(f'{name}={value}')}\n" for name, value in variables.items())
    service = (
        f"# {_MARK}\n[Unit]\nDescription=Notify of AWS sessions that are about to end\n\n"
        f"[Service]\nType=oneshot\n{environment}ExecStart={' '.join(_unit_word(word, '$') for word in words)}\n"
    )
    timer = (
        f"# {_MARK}\n[Unit]\nDescription=Notify of AWS sessions that are about to end\n\n"
        f"[Timer]\nOnActiveSec=0\nOnUnitActiveSec={_EVERY}\nAccuracySec=10\n\n[Install]\nWantedBy=timers.target\n"
    )
    systemctl = ("systemctl", "--user")
    return Timer(
        texts=((f"{base}.service", service), (f"{base}.timer", timer)),
        starting=((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", f"{NAME}.timer")),
        stopping=((*systemctl, "disable", "--now", f"{NAME}.timer"),),
    )


def _unit_word(word: str, doubled: str = "") -> str:
    for char in f"%{doubled}":
        word = word.replace(char, char * 2)
    quoted = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _launchd(home: str, words: Sequence[str], variables: Mapping[str, str]) -> Timer:
    """launchd.plist(5)."""
    import plistlib

    path = os.path.join(home, "Library", "LaunchAgents", f"{_LABEL}.plist")
    agent = {
        "Label": _LABEL,
        "ProgramArguments": list(words),
        "StartInterval": _EVERY,
        "RunAtLoad": True,
        "EnvironmentVariables": dict(variables),
        "Comment": _MARK,
    }
    domain = f"gui/{os.getuid()}"
    return Timer(
        texts=((path, plistlib.dumps(agent).decode()),),
        starting=(("launchctl", "bootstrap", domain, path),),
        stopping=(("launchctl", "bootout", f"{domain}/{_LABEL}"),),
    )
