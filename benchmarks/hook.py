"""What the prompt hook costs a shell each time it shows its prompt."""

import re
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.interleaved import Failed, environ_of, pinned
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from tests.helpers.support import MFASESSION

TIMES = {"bash": 20_000, "zsh": 20_000, "fish": 5_000}
LOOPS = {
    "bash": "{hook}; i=0; while ((i++ < {times})); do {body}; done",
    "zsh": "{hook}; i=0; while ((i++ < {times})); do {body}; done",
    "fish": "{hook}; for i in (seq {times}); {body}; end",
}
SHELLS = {
    "bash": (["bash", "--norc"], 'eval "$({program} shell init bash)"', "__mfasession_hook", ":"),
    "zsh": (["zsh", "-f"], 'eval "$({program} shell init zsh)"', "__mfasession_hook", ":"),
    "fish": (
        ["fish", "--no-config"],
        "{program} shell init fish | source",
        "__mfasession_hook ; mfasession_prompt >/dev/null",
        "true",
    ),
}


def table(folder: Path) -> Measured:
    """Measure a loop with the hook and one without."""
    rows, figures = [], {}
    with pinned():
        for shell, (words, hook, body, nothing) in SHELLS.items():
            name = f"`{body.partition(' ')[0]}` in {shell}"
            if not shutil.which(words[0]):
                rows.append((name, f"{shell} is not installed"))
                continue
            loaded = hook.format(program=MFASESSION)
            took = [_seconds(folder, shell, words, loaded, each) for each in (body, nothing)]
            figures[f"{shell} µs"] = (took[0] - took[1]) / TIMES[shell] * 1e6
            rows.append((name, f"{figures[f'{shell} µs']:.0f}"))
    return Measured(as_table(["the prompt hook with a session", "µs"], rows), figures)


def _seconds(folder: Path, shell: str, words: list[str], hook: str, body: str) -> float:
    script = LOOPS[shell].format(hook=hook, times=TIMES[shell], body=body)
    environ = environ_of(folder, MFASESSION_EXPIRES=str(int(time.time()) + 40_000), MFASESSION_PROFILE="default")
    began = time.perf_counter()
    done = subprocess.run([*words, "-c", script], env=environ, capture_output=True, text=True, check=True)
    if re.search("not found|error", done.stderr):
        raise Failed(done.stderr[-200:])
    return time.perf_counter() - began
