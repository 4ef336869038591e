"""Commands run in turn on one core, so that a noisy machine is noisy for each of them: times, and peaks of memory."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_WARM = 3
"""Rounds that are not counted: files are read and compiled."""
_WEIGHED = 5
"""Runs whose memory is weighed, after those that are timed."""
_SPAWNER = """
import os, sys
pid = os.fork()
if not pid:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Failed(Exception):
    """What was to be measured did not do its work; the reason. A failing command is fast for no good reason."""


@dataclass
class Case:
    """One command, and what it took: seconds for each round, KiB at most, or why it failed.

    `every`: a slow command runs in each n-th round only.
    """

    name: str
    words: Sequence[str]
    environ: Mapping[str, str]
    every: int = 1
    seconds: list[float] = field(default_factory=list)
    peak: int = 0
    failure: str = ""

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)

    @property
    def minimum(self) -> float:
        """Seconds: what the command takes when nothing else has the processor."""
        return min(self.seconds)


@contextmanager
def pinned() -> Iterator[None]:
    """Keep this thread, and what it starts, on the last core; servers that already run keep the others."""
    if not hasattr(os, "sched_setaffinity"):  # macOS has none
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(cases: Sequence[Case], rounds: int) -> None:
    """Run the cases in turn; one that fails is left out from there on. Raises Failed when the first one fails."""
    with pinned():
        for number in range(-_WARM, rounds):
            for case in cases:
                if not case.failure and (number < 0 or number % case.every == 0):
                    _run_counted(case, counts=number >= 0)
        for case in cases:
            if not case.failure:
                peaks = [weigh(case.words, case.environ) for _ in range(_WEIGHED)]
                case.peak = int(statistics.median(peaks))
    if cases[0].failure:
        raise Failed(cases[0].failure)


def _run_counted(case: Case, *, counts: bool) -> None:
    try:
        took = timed(case.words, case.environ)
    except Failed as error:
        case.failure = str(error)
    else:
        if counts:
            case.seconds.append(took)


def timed(words: Sequence[str], environ: Mapping[str, str], stdin: str = "") -> float:
    """Run a command and return its seconds. Raises Failed."""
    began = time.perf_counter()
    done = subprocess.run(
        words,
        env=dict(environ),
        input=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise Failed(f"`{' '.join([Path(words[0]).name, *words[1:]])[:100]}` {ended(done.returncode, done.stderr)}")
    return took


def ended(code: int, stderr: str) -> str:
    """Return how a command has failed, in its own words: the first line, or the last one of a traceback."""
    lines = stderr.strip().splitlines() or [""]
    return f"ended with {code}: {lines[-1 if lines[0].startswith('Traceback') else 0][:200]}"


@contextmanager
def weighed(words: Sequence[str]) -> "Iterator[tuple[list[str], Path]]":
    """Yield the words that run a command and the file that has the peak of its resident memory afterwards, in KiB.

    A process counts the memory of the one that started it, up to its execve: so it is started by a small one.
    """
    with tempfile.TemporaryDirectory() as folder:
        weight = Path(folder) / "peak"
        yield [sys.executable, "-I", "-S", "-c", _SPAWNER, str(weight), *words], weight


def weigh(words: Sequence[str], environ: Mapping[str, str], stdin: str = "") -> int:
    """Run a command and return the peak of its resident memory in KiB. Raises Failed."""
    with weighed(words) as (spawning, weight):
        timed(spawning, environ, stdin)
        return int(weight.read_text())


def environ_of(folder: "os.PathLike[str] | str", **more: str) -> dict[str, str]:
    """Return the environment of a home folder."""
    kept = {"PATH": os.environ["PATH"], "LANG": os.environ.get("LANG", "C.UTF-8")}
    return {**kept, "HOME": os.fspath(folder), "SHELL": "/bin/bash", **more}
