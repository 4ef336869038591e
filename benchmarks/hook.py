"""What the prompt hook costs a shell each time it shows its prompt."""

import re
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks import tables
from benchmarks.hits import PROGRAM
from benchmarks.interleaved import environ_of

TIMES = 20_000
LOOPS = {
    "bash": "{hook}; i=0; while ((i++ < {times})); do {body}; done",
    "zsh": "{hook}; i=0; while ((i++ < {times})); do {body}; done",
    "fish": "{hook}; for i in (seq {times}); {body}; end",
}
SHELLS = {
    "bash": (["bash", "--norc"], 'eval "$({program} shell init bash)"', "__mfasession_hook", ":"),
    "zsh": (["zsh", "-f"], 'eval "$({program} shell init zsh)"', "__mfasession_hook", ":"),
    "fish": (["fish", "--no-config"], "{program} shell init fish | source", "mfasession_prompt >/dev/null", "true"),
}


def table(folder: Path) -> str:
    """Measure a loop with the hook and one without."""
    rows = []
    for shell, (words, hook, body, nothing) in SHELLS.items():
        if not shutil.which(words[0]):
            continue
        took = [_seconds(folder, shell, words, hook.format(program=PROGRAM), each) for each in (body, nothing)]
        rows.append((shell, f"{(took[0] - took[1]) / TIMES * 1e6:.0f}"))
    return tables.table(["the prompt hook with a session", "µs"], rows)


def _seconds(folder: Path, shell: str, words: list[str], hook: str, body: str) -> float:
    script = LOOPS[shell].format(hook=hook, times=TIMES, body=body)
    environ = environ_of(folder, MFASESSION_EXPIRES=str(int(time.time()) + 40_000), MFASESSION_PROFILE="default")
    began = time.perf_counter()
    done = subprocess.run([*words, "-c", script], env=environ, capture_output=True, text=True, check=True)
    if re.search("not found|error", done.stderr):
        raise SystemExit(done.stderr)
    return time.perf_counter() - began
