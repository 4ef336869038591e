"""A real terminal program, tmux: what its screen shows is what a user would see."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.patience import wait_for
from tests.helpers.support import need


class Tmux:
    """One window, and the shell in it."""

    def __init__(self, folder: Path, columns: int, lines: int, environ: Mapping[str, str] | None) -> None:
        self._base = [need("tmux"), "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self._environ = environ
        size = ("-x", str(columns), "-y", str(lines))
        self.run("new-session", "-d", *size, "-c", str(folder), "env PS1='$ ' bash --norc")

    def run(self, *words: str) -> str:
        """Give tmux a command."""
        done = subprocess.run([*self._base, *words], capture_output=True, text=True, check=True, env=self._environ)
        return done.stdout

    def type(self, text: str) -> None:
        """Press keys, and Enter."""
        self.run("send-keys", "-l", text)
        self.run("send-keys", "Enter")

    def see(self, text: str) -> list[str]:
        """Wait until the screen shows a text; return its lines that are not empty."""
        screen = wait_for(lambda: self._screen_with(text), seconds=30, why=self._screen)
        return [line.rstrip() for line in screen.splitlines() if line.strip()]

    def _screen_with(self, text: str) -> str:
        screen = self._screen()
        return screen if text in screen else ""

    def _screen(self) -> str:
        return self.run("capture-pane", "-p")


@contextmanager
def tmux(
    folder: Path, *, columns: int = 90, lines: int = 24, environ: Mapping[str, str] | None = None
) -> Iterator[Tmux]:
    """Open a window in a folder; it is closed in the end, with all that runs there."""
    window = Tmux(folder, columns, lines, environ)
    try:
        window.see("$")
        yield window
    finally:
        window.run("kill-server")
