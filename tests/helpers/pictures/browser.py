"""A page as Chromium shows it, in a light and in a dark window."""

import os
import subprocess
from pathlib import Path

from tests.helpers.support import need

SIZE = (1000, 1160)
"""Of the window in pixels."""
SCHEMES = {"light": 1, "dark": 0}
"""Chromium's numbers for what `prefers-color-scheme` is."""


def shoot(page: Path, path: Path) -> None:
    """Write two pictures of the page, whose names end in `-light.png` and `-dark.png`."""
    for kind, number in SCHEMES.items():
        subprocess.run(
            [
                need("chromium-headless-shell"),
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--user-data-dir={page.parent / 'browser'}",
                f"--blink-settings=preferredColorScheme={number}",
                f"--window-size={SIZE[0]},{SIZE[1]}",
                f"--screenshot={path.with_name(f'{path.name}-{kind}.png')}",
                page.as_uri(),
            ],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            check=True,
        )
