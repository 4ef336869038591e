"""Races for the AWS credentials file, and what they cost: who wrote, how often, and what was lost.

`python -m tests.helpers.faults.races` prints a row for each kind of other writer, each of SECONDS.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigNotFound, ConfigParseError

from tests.helpers.faults.writers import BYSTANDER, KINDS, THEIRS
from tests.helpers.patience import scaled, wait_for

IS_LONG = os.environ.get("MFASESSION_FAULTS", "short") == "long"
SECONDS = 60 if IS_LONG else 3
"""How long a race lasts."""
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Writer:
    """One writer in a process of its own, and its counts."""

    kind: str
    written: int
    lost: int
    refused: int = 0
    damaged: int = 0
    """How often lines were gone that neither side writes."""

    def __str__(self) -> str:
        """Its counts for users."""
        text = f"{self.kind} wrote {self.written:5}, lost {self.lost}"
        return text + "".join(f", {name} {n}" for name in ("refused", "damaged") if (n := getattr(self, name)))


@dataclass(frozen=True)
class Race:
    """What some writers have done to one file."""

    writers: tuple[Writer, ...]
    text: str
    """The file in the end."""

    def __str__(self) -> str:
        """One row for users."""
        return " | ".join(map(str, self.writers))


def run(folder: Path, writers: Mapping[str, str], seconds: float = SECONDS) -> Race:
    """Let writers race for a file: our sections, each with the kind of its writer, and `theirs`, who takes no lock."""
    path = folder / "credentials"
    path.write_text(BYSTANDER + THEIRS)
    path.chmod(0o600)
    environ = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "tests/helpers/faults/writers.py"),
                kind,
                str(path),
                str(seconds),
                *_section(name),
            ],
            env=environ,
            umask=0o077,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, kind in writers.items()
    ]
    ended = [process.communicate(timeout=scaled(seconds + 60)) for process in started]
    counts = []
    for kind, (out, err) in zip(writers.values(), ended, strict=True):
        assert out, err
        counts.append(Writer(kind, **json.loads(out)))
    return Race(tuple(counts), path.read_text())


def _section(name: str) -> list[str]:
    return [] if name == "theirs" else [name]


class Watch:
    """A program that reads a file all the time, as botocore does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._over = threading.Event()
        self.looks = 0
        self.faults: list[str] = []

    def run(self) -> None:
        """Look until it is over, from the first file on; note what no reader should see."""
        wait_for(self._path.exists)
        while not self._over.is_set():
            self.looks += 1
            try:
                sections = raw_config_parse(str(self._path))
            except (ConfigParseError, ConfigNotFound) as error:
                self.faults.append(str(error))
                continue
            for name, keys in sections.items():
                if "aws_access_key_id" not in keys or ("manager" in keys and "mfasession_key_id" not in keys):
                    self.faults.append(f"[{name}] has only {sorted(keys)}")

    def end(self) -> None:
        """Let it be over."""
        self._over.set()


@contextmanager
def watched(path: Path) -> Iterator[Watch]:
    """Have a file watched."""
    watch = Watch(path)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()


def rows() -> Iterator[str]:
    """Yield a row for each kind of other writer, here and without notice of other writers, and one for all."""
    races: list[Race] = []
    for ours in ("ours", "ours elsewhere"):
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as folder:
                races.append(run(Path(folder), {"raced-mfa": ours, "theirs": kind}))
            yield str(races[-1])
    writers = [writer for race in races for writer in race.writers]
    written, lost, damaged = (sum(getattr(each, name) for each in writers) for name in ("written", "lost", "damaged"))
    yield f"races {len(races)}, processes {len(writers)}, updates {written}, lost {lost}, bystanders hit {damaged}"


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
