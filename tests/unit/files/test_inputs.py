"""Files that are only read: a pipe is one, too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mfasession.errors import ConfigurationError
from mfasession.files import inputs

WRITER = """
import sys, time
with open(sys.argv[1], "wb") as pipe:
    for piece in sys.argv[2:]:
        pipe.write(piece.encode())
        pipe.flush()
        time.sleep(0.05)
"""


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A FIFO that no process has opened."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def test_a_fifo_that_is_opened_later(fifo: Path) -> None:
    """Whoever comes first waits; every piece comes, in order."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(fifo), "one ", "caf\u00e9 ", "x" * 100_000]):
        assert inputs.read(str(fifo)) == "one caf\u00e9 " + "x" * 100_000


def test_a_pipe_by_its_descriptor() -> None:
    """As bash hands over `<(…)`."""
    reading, writing = os.pipe()
    os.write(writing, b"{}\n\xff")
    os.close(writing)
    assert inputs.is_pipe(f"/dev/fd/{reading}")
    assert inputs.read(f"/dev/fd/{reading}") == "{}\n\udcff"
    os.close(reading)


def test_a_file_and_none(tmp_path: Path) -> None:
    """As `files.read_text` reads them."""
    (tmp_path / "file").write_text("text")
    assert inputs.read(str(tmp_path / "file")) == "text"
    assert inputs.read(str(tmp_path / "none")) is None
    assert not inputs.is_pipe(str(tmp_path / "file"))
    with pytest.raises(ConfigurationError, match="is a directory"):
        inputs.read(str(tmp_path))
    with pytest.raises(ConfigurationError, match="larger than 3 bytes"):
        inputs.read(str(tmp_path / "file"), 3)


def test_a_pipe_without_end(fifo: Path) -> None:
    """It is left when it has given too much, or nothing for too long."""
    words = [sys.executable, "-c", WRITER, str(fifo), "x" * 5000]
    with (
        subprocess.Popen(words, stderr=subprocess.DEVNULL),
        pytest.raises(ConfigurationError, match="larger than 1000 bytes"),
    ):
        inputs.read(str(fifo), 1000)
    with pytest.raises(ConfigurationError, match="did not end within 0 s"):
        inputs.read(str(fifo), patience=0.1)
