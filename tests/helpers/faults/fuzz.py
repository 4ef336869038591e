"""Fuzzing guided by coverage, as long as one likes: `python tests/helpers/faults/fuzz.py ini -max_total_time=60`.

Options are libFuzzer's; what it finds interesting is kept in the folder named last. Needs atheris, for Linux alone.
"""

import os
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[3]))


def main(words: list[str]) -> None:
    """Run one target until it fails or its time is over; without a target, name them."""
    with atheris.instrument_imports(include=["mfasession", "tomllib", "shlex"]):
        from tests.helpers.faults.targets import TARGETS

        if not words or words[0] not in TARGETS:
            sys.exit(f"which target? {' '.join(TARGETS)}")
        target = TARGETS[words[0]]
        # Once: what it imports by itself is instrumented too.
        target(b"")
    atheris.Setup([sys.argv[0], *words[1:]], target)
    os.umask(0o077)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
