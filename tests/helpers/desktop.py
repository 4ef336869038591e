"""A desktop as far as notifications need one: a bus and dunst, a real notification daemon, under an X server."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.display import display
from tests.helpers.patience import scaled, wait_for
from tests.helpers.support import need

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""


class Desktop:
    """What programs find there, and what was shown."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ

    def shown(self) -> list[tuple[str, str]]:
        """Return the title and the text of each notification that is or was on the screen, the first one first."""
        self._dunstctl("close-all")
        history = json.loads(self._dunstctl("history"))["data"][0]
        return [(each["summary"]["data"], each["body"]["data"]) for each in reversed(history)]

    def is_ready(self) -> bool:
        """Return whether the daemon answers."""
        return self._run("count").returncode == 0

    def _dunstctl(self, *words: str) -> str:
        done = self._run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environ = {**os.environ, **self.environ}
        return subprocess.run(
            [need("dunstctl"), *words],
            env=environ, capture_output=True, text=True, timeout=scaled(20), check=False,
        )  # fmt: skip


@contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    """Run a bus, an X server and dunst for the block."""
    folder.mkdir()
    (folder / "bus.conf").write_text(_BUS.format(socket=folder / "bus"))
    address = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder / 'bus'}"}
    bus = subprocess.Popen(
        [need("dbus-daemon"), "--nofork", "--nopidfile", f"--config-file={folder / 'bus.conf'}"],
        stderr=subprocess.DEVNULL,
    )
    daemon = None
    try:
        wait_for((folder / "bus").exists, why=lambda: "the bus did not start")
        with display() as screen:
            environ = {**address, "DISPLAY": screen.name}
            daemon = subprocess.Popen(
                [need("dunst"), "-conf", "/dev/null"],
                env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            ours = Desktop(environ)
            wait_for(ours.is_ready, why=lambda: "dunst does not answer")
            yield ours
            daemon.terminate()
            daemon.wait(scaled(10))
    finally:
        for process in (daemon, bus):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(scaled(10))
