"""Canaries: secrets that are planted, and searched for wherever they must not be."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.helpers.patience import scaled
from tests.helpers.support import MFASESSION, Home, need

_CUT = re.compile(
    r"^(\d+) +(execve\(.*) <unfinished \.\.\.>\n((?:.*\n)*?)\1 +<\.\.\. execve resumed>\) +(=.*\n)", re.MULTILINE
)
"""A call in whose middle strace reported another process; it pads the result of the second half to a column."""
Done = subprocess.CompletedProcess[str]
_EXEC = re.compile(
    r'^(?:\[pid +\d+\] |\d+ +)?execve\((".*?"), \[(.*?)\](?:\.\.\.)?, \[(.*)\](?:\.\.\.)?\) = 0$', re.MULTILINE
)


class Canaries:
    """What was planted, how many places were searched, and what was found there."""

    def __init__(self) -> None:
        self._planted: dict[str, re.Pattern[bytes]] = {}
        self.places = 0
        self.found: list[str] = []

    def plant(self, **values: str) -> None:
        """Take secrets by their names. Six digits count where they stand alone."""
        for name, value in values.items():
            text = re.escape(value.encode())
            self._planted[name] = re.compile(rb"(?<!\d)" + text + rb"(?!\d)" if value.isdigit() else text)

    @property
    def planted(self) -> int:
        """How many."""
        return len(self._planted)

    def counts(self, text: bytes) -> dict[str, int]:
        """How often each stands in a text."""
        return {name: len(pattern.findall(text)) for name, pattern in self._planted.items()}

    def search(self, where: str, text: str | bytes, *, but: Iterable[str] = ()) -> None:
        """Look through one place; `but` are those that belong there."""
        self.places += 1
        counts = self.counts(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
        self.found += [f"{name} in {where}" for name, count in counts.items() if count and name not in but]

    def search_folder(self, folder: Path, *, but: Mapping[str, Iterable[str]]) -> None:
        """Look through every file and its name; `but`: what belongs into the files of these names."""
        for path in folder.rglob("*"):
            self.search(f"the name {path}", os.fsencode(path))
            if path.is_symlink():
                self.search(f"the link {path}", os.readlink(path))
            elif path.is_file():
                self.search(str(path), path.read_bytes(), but=but.get(path.name, ()))

    def search_process(self, process: int) -> None:
        """Look at what the kernel shows of a running process and of all that it has started."""
        for pid in (process, *_children(process)):
            for name in ("cmdline", "environ", "comm"):
                self.search(f"/proc/{pid}/{name} of {_name(pid)}", _read(f"/proc/{pid}/{name}"))

    def search_run(
        self, run: "Run", *, stdout: Iterable[str] = (), argv: Iterable[str] = (), environ: Iterable[str] = ()
    ) -> None:
        """Look at what a run wrote, and at the arguments and the environment of every program in it.

        `stdout`: what was asked for there; `argv` and `environ`: what the user has put into our own arguments and
        environment; what `exec` becomes has in its own what `run.handed` says.
        """
        self.search(f"stdout of {run.name}", run.done.stdout, but=stdout)
        self.search(f"stderr of {run.name}", run.done.stderr)
        for number, (arguments, environment) in enumerate(run.programs):
            what = f"{arguments[:60]} in {run.name}"
            self.search(f"argv of {what}", arguments, but=() if number else argv)
            self.search(
                f"environ of {what}", environment, but=environ if not number or run.handed is None else run.handed
            )


class Run:
    """One command, run to its end without a terminal, and every program that was started on the way (strace)."""

    def __init__(
        self, home: Home, *words: str, stdin: str = "", environ: Mapping[str, str] | None = None, log: str = "execs"
    ) -> None:
        self.name = " ".join(words)
        self.handed: tuple[str, ...] | None = None
        """What the command under `exec` gets in its environment; a server's client gets nothing."""
        if "exec" in words:
            self.handed = () if "--server" in words else ("session_secret", "session_token")
        path = home.folder.parent / f"{home.folder.name}.{log}"
        strace = (need("strace"), "-f", "-qq", "--seccomp-bpf", "-v", "-s", "99999", "-e", "trace=execve", "-e")
        self.done: Done = home.run_program(
            *strace, "signal=none", "-o", str(path), MFASESSION, *words, stdin=stdin, environ=environ
        )
        self.programs = programs_in(path.read_text(errors="replace"))
        path.unlink()
        assert self.programs, "strace saw nothing"


def programs_in(log: str) -> list[tuple[str, str]]:
    """Return the arguments and the environment of every program that strace saw start, in the order of their calls."""
    cut = 1
    while cut:
        log, cut = _CUT.subn(r"\1 \2) \4\3", log)
    return [(found[2], found[3]) for found in _EXEC.finditer(log)]


def core_counts(canaries: Canaries, process: int, folder: Path) -> dict[str, int]:
    """How often each canary stands in the memory of a running process (gcore), whatever it forbids: needs root."""
    prefix = folder / "memory"
    subprocess.run(
        [need("gcore"), "-o", str(prefix), str(process)], capture_output=True, check=True, timeout=scaled(60)
    )
    core = Path(f"{prefix}.{process}")
    counts = canaries.counts(core.read_bytes())
    core.unlink()
    return counts


def _children(process: int) -> list[int]:
    text = _read(f"/proc/{process}/task/{process}/children").decode()
    found = [int(word) for word in text.split()]
    return [*found, *(each for child in found for each in _children(child))]


def _name(process: int) -> str:
    return _read(f"/proc/{process}/comm").decode().strip()


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
