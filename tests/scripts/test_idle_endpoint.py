"""What an endpoint does while nobody asks it for credentials: nothing."""

import sys

import pytest

from tests.helpers.support import Home, key_pair, session_section

WOKEN = """
import pathlib, sys, time, os

def wakings():
    tasks = pathlib.Path(f"/proc/{os.getppid()}/task").glob("*/status")
    lines = [line for task in tasks for line in task.read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))

# Until the server has started altogether.
before = wakings()
while time.sleep(0.5) or before != (before := wakings()):
    pass
time.sleep(2.5)
print(wakings() - before)
"""
"""How often any thread of the parent, which is the server, woke up in 2.5 seconds."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts by /proc")
def test_an_idle_endpoint_never_wakes_up(home: Home) -> None:
    """It sleeps until something is due or a file changes: an hour may cost 0.05 s of the processor."""
    home.write_credentials(key_pair() + session_section())
    done = home.run("exec", "--server", "--", sys.executable, "-c", WOKEN)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 0, f"{done.stdout.strip()} times in 2.5 s"
