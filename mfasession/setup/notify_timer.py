"""The files by which the system runs `mfasession notify` each minute: a systemd user timer, or a launchd agent."""

import os
import subprocess
import sys
import time
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
_NOT_LOADED = (3, 113)
"""Exit codes of `launchctl bootout` for an agent that is not loaded: ESRCH, and 113, "Could not find service"."""
_UNLOADING = 36
"""Its exit code when it will unload the agent after it has ended (EINPROGRESS)."""
_STILL_LOADED = 5
"""Exit code of `launchctl bootstrap` for an agent that is loaded (EIO)."""
_TRIES = 10
_PAUSE = 0.2
"""Seconds before the next try."""


class Step(Value):
    """A command that starts or stops a timer."""

    words: tuple[str, ...]
    accepted: tuple[int, ...] = ()
    """Exit codes other than 0 with which nothing was to be done."""
    retried: int = 0
    """The exit code with which it is run again, for two seconds at most; 0 for none."""


class Timer(Value):
    """The files of a timer, and the commands that start and stop it."""

    texts: tuple[tuple[str, str], ...]
    """Pairs of a path and the text of the file."""
    starting: tuple[Step, ...]
    stopping: tuple[Step, ...]

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


def run(steps: Sequence[Step]) -> None:
    """Run the commands of a timer. Raises ConfigurationError with the command that failed."""
    for step in steps:
        code, reason = _run(step.words)
        for _ in range(_TRIES):
            if code == 0 or code != step.retried:
                break
            time.sleep(_PAUSE)
            code, reason = _run(step.words)
        if code not in (0, *step.accepted):
            raise ConfigurationError(f"{step.words[0]} failed: {reason}", _hint(step.words))


def _run(words: tuple[str, ...]) -> tuple[int, str]:
    """Return the exit code of a command, and the first line of its complaint. Raises ConfigurationError."""
    process = Helper(words=words, advice=_hint(words), if_missing=_hint(words)).start(
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, said = process.communicate()
    reason = said.decode("utf-8", "replace").strip().splitlines()
    return process.returncode, reason[0] if reason else how_ended(process.returncode)


def _hint(words: Sequence[str]) -> str:
    return f"when you are logged in: {' '.join(words)}"


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
        starting=(
            Step(words=(*systemctl, "daemon-reload")),
            Step(words=(*systemctl, "enable", "--now", f"{NAME}.timer")),
        ),
        stopping=(Step(words=(*systemctl, "disable", "--now", f"{NAME}.timer")),),
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
    stop = Step(words=("launchctl", "bootout", f"{domain}/{_LABEL}"), accepted=(*_NOT_LOADED, _UNLOADING))
    # An agent that is loaded keeps the file as it was, and launchctl refuses to load it a second time.
    start = Step(words=("launchctl", "bootstrap", domain, path), retried=_STILL_LOADED)
    return Timer(texts=((path, plistlib.dumps(agent).decode()),), starting=(stop, start), stopping=(stop,))
