"""An X display of its own without a window manager, and a person at its keyboard."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.helpers.patience import scaled
from tests.helpers.support import need


class Display:
    """What xdotool(1) sees and types there. `name` is the value of DISPLAY."""

    def __init__(self, name: str, server: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self._server = server
        need("xdotool")

    def window(self, title: str, *, but: str = "") -> str:
        """Give the keyboard to the visible window of a title, and return the process that shows it.

        `but` is the process of one that is closing: X gives its number to the next window.
        """
        deadline = time.monotonic() + scaled(20)
        while time.monotonic() < deadline:
            for number in self._xdotool("search", "--onlyvisible", "--name", f"^{title}$").split():
                process = self._xdotool("getwindowpid", number).strip()
                if process in ("", but):
                    continue
                # Without a window manager no window has the keyboard by itself.
                self._xdotool("windowfocus", "--sync", number)
                if self._xdotool("getwindowfocus").strip() == number:
                    return process
            time.sleep(0.1)
        raise AssertionError(f"no window {title} on {self.name}")

    def type(self, text: str) -> None:
        """Press the keys of a text in the window that has them."""
        self._xdotool("type", "--delay", "20", text)

    def press(self, key: str) -> None:
        """Press one key by its name in X."""
        self._xdotool("key", key)

    def close(self) -> None:
        """End the server, and with it all that has a window there."""
        self._server.terminate()

    def _xdotool(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words],
            env={**os.environ, "DISPLAY": self.name},
            capture_output=True,
            text=True,
            timeout=scaled(20),
            check=False,
        )
        return done.stdout


@contextmanager
def display() -> Iterator[Display]:
    """Run an X server on a number that is free (Xvfb(1), Xserver(1): -displayfd)."""
    reading, writing = os.pipe()
    words = [need("Xvfb"), "-displayfd", str(writing), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    with subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with open(reading) as number:
                yield Display(f":{number.readline().strip()}", server)
        finally:
            server.terminate()
