"""Commands run in turn, so that a noisy machine is noisy for each of them: medians, and the peak of the memory."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_WARM = 3
"""Rounds that are not counted: files are read and compiled."""
_SPAWNER = """
import os, sys
pid = os.fork()
if not pid:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
"""


@dataclass
class Case:
    """One command, and what it took: seconds for each round, KiB at most."""

    name: str
    words: Sequence[str]
    environ: Mapping[str, str]
    seconds: list[float] = field(default_factory=list)
    peak: int = 0

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


def run(cases: Sequence[Case], rounds: int) -> None:
    """Run the cases in turn. Raises SystemExit when a command fails: what fails is fast for no good reason."""
    for number in range(rounds + _WARM):
        for case in cases:
            took = _once(case)
            if number >= _WARM:
                case.seconds.append(took)
    for case in cases:
        case.peak = _peak(case)


def _once(case: Case) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        case.words,
        env=dict(case.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{case.name}: {list(case.words)} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return took


def _peak(case: Case) -> int:
    """Return the peak of the resident memory in KiB, the median of five runs.

    A process counts the memory of the one that started it, up to its execve: so it is started by a small one.
    """
    words = [sys.executable, "-I", "-S", "-c", _SPAWNER, *case.words]
    peaks = [
        int(subprocess.run(words, env=dict(case.environ), capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    return int(statistics.median(peaks))


def environ_of(folder: "os.PathLike[str] | str", **more: str) -> dict[str, str]:
    """Return the environment of a home folder."""
    kept = {"PATH": os.environ["PATH"], "LANG": os.environ.get("LANG", "C.UTF-8")}
    return {**kept, "HOME": os.fspath(folder), "SHELL": "/bin/bash", **more}
